"""What a recording file is, by its first bytes; the extension is never asked."""

from __future__ import annotations

import stat
import zlib
from pathlib import Path

from bench.errors import DataError

EXPECTED = "Expected an EyeLink .edf or .asc (also .asc.gz), or a European EDF+/BDF+ file"
EYELINK_MAGIC = b"SR_RESEARCH"
# The vendor's library crashes on a file with the right first bytes and no complete preamble.
PREAMBLE_END = b"ENDP:"
PREAMBLE_LIMIT = 64 * 1024

_ASC_WORDS = {b"**", b"MSG", b"START", b"INPUT", b"BUTTON", b"EFIX", b"SFIX", b"PRESCALER"}
_KNOWN_OTHERS = (
    (b"PK\x03\x04", "a ZIP archive; unpack it first and pass the file inside"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PAR1", "a Parquet table"),
    (b"MATLAB", "a MATLAB file"),
    (b"BZh", "a bzip2 archive; unpack it first and pass the file inside"),
    (b"\xfd7zXZ", "an xz archive; unpack it first and pass the file inside"),
    (b"\xff\xfe", "text in UTF-16; save it as UTF-8 or convert the recording again with edf2asc"),
    (b"\xfe\xff", "text in UTF-16; save it as UTF-8 or convert the recording again with edf2asc"),
)


def recording_format(path: str | Path) -> str:
    """'eyelink_edf', 'asc', 'asc_gz', 'edfplus' or 'bdfplus': the format of the file at `path`.

    Plain EDF and BDF count as 'edfplus' and 'bdfplus'. At most 64 KiB are read.

    Raises DataError for a path that is missing, a folder, a device or not permitted, for an empty
    file, and for anything else than the five formats, naming what the first bytes look like.
    """
    path = Path(path)
    head = _head(path)
    if not head:
        raise DataError(f"{path.name}: empty file. {EXPECTED}.")
    if head.startswith(EYELINK_MAGIC):
        if PREAMBLE_END not in head:
            raise DataError(
                f"{path.name}: starts like an EyeLink EDF, but its preamble does not end "
                f"(no 'ENDP:' in the first {len(head)} bytes), so it is truncated or damaged. "
                "Copy it again from the tracker's host PC."
            )
        return "eyelink_edf"
    if head.startswith(b"\xffBIOSEMI"):
        return "bdfplus"
    if head.startswith(b"0       "):
        return "edfplus"
    if head.startswith(b"\x1f\x8b"):
        return _inside_gzip(path, head)
    if _is_asc(head):
        return "asc"
    raise DataError(f"{path.name}: {describe(head)}. {EXPECTED}.")


def name_warnings(path: Path, kind: str) -> list[str]:
    """What to say where the file's name promises another format than its header has."""
    suffixes = {"eyelink_edf": ".edf", "asc": ".asc", "asc_gz": ".gz", "bdfplus": ".bdf"}
    promised = path.suffix.lower()
    if promised in (".edf", ".bdf", ".asc") and promised != suffixes.get(kind, ".edf"):
        return [f"the name ends in {promised}, but the header is that of {kind}: read as that"]
    return []


def describe(head: bytes) -> str:
    """What the first bytes of a file that we cannot read look like, in words."""
    for magic, words in _KNOWN_OTHERS:
        if head.startswith(magic):
            return f"not EDF or ASC: this is {words}"
    if _is_asc(head[:64].replace(b"\0", b"")) and b"\0" in head[:64]:
        return "not EDF or ASC: this is text in UTF-16 without its mark; save it as UTF-8"
    start = head[:24]
    try:
        text = head[:4096].decode("utf-8", errors="strict" if len(head) < 4096 else "ignore")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        first = text.lstrip("\ufeff").splitlines()[0] if text.strip() else ""
        kind = "a table or plain text" if "," in first or "\t" in first else "plain text"
        return f"not EDF or ASC: {kind} that starts with {first[:40]!r}"
    return f"not EDF or ASC: starts with the bytes {start!r}"


def _head(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        reason = "a link to a file that does not exist" if path.is_symlink() else "no such file"
        raise DataError(f"{path}: {reason}. {EXPECTED}.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be reached ({_reason(error)}). {EXPECTED}.") from None
    if stat.S_ISDIR(mode):
        raise DataError(f"{path}: a folder, not a file. {EXPECTED}.")
    if not stat.S_ISREG(mode):
        raise DataError(f"{path}: a device or pipe, not a regular file. {EXPECTED}.")
    try:
        with path.open("rb") as file:
            return file.read(PREAMBLE_LIMIT)
    except PermissionError:
        raise DataError(f"{path}: no permission to read it. Change its permissions.") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({_reason(error)}).") from None


def _inside_gzip(path: Path, packed: bytes) -> str:
    try:
        # Unlike gzip.open, this gives the beginning of a truncated stream too.
        head = zlib.decompressobj(wbits=31).decompress(packed, 4096)
    except zlib.error as error:
        raise DataError(
            f"{path.name}: a gzip file that cannot be unpacked ({error}). Copy or compress it "
            "again."
        ) from None
    if _is_asc(head):
        return "asc_gz"
    if head.startswith((EYELINK_MAGIC, b"0       ", b"\xffBIOSEMI")):
        raise DataError(
            f"{path.name}: a gzip of an EDF or BDF recording. Unpack it first and pass the file "
            "inside; only .asc is read compressed."
        )
    raise DataError(f"{path.name}: a gzip file; inside it: {describe(head)}. {EXPECTED}.")


def _is_asc(head: bytes) -> bool:
    words = head.removeprefix(b"\xef\xbb\xbf").split(None, 1)
    return bool(words) and words[0] in _ASC_WORDS


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
