"""Files: written whole or not at all, and known by their checksum."""

import errno
import glob
import hashlib
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.errors import UsageError, shown

# What the place that is written to can do to a writer, and the cure.
CANNOT_WRITE = {
    errno.ENOSPC: "Make room on that disk.",
    errno.EDQUOT: "Make room: your share of that disk is used up.",
    errno.EFBIG: "Raise the limit on a file's size (ulimit -f), or write to another disk.",
    errno.EROFS: "Write to another folder (snakemake --directory FOLDER).",
    errno.EACCES: "Allow writing there, or write to another folder (snakemake --directory FOLDER).",
    errno.EPERM: "Allow writing there, or write to another folder (snakemake --directory FOLDER).",
}


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renames it to `path` on success, removes it otherwise.

    A reader never sees half a file, and an exception or a kill leaves the former file untouched.
    Two processes may write `path` at a time, on one machine or several: each has a temporary file
    of its own, and the last to finish wins with a whole file. The temporary name keeps the suffix,
    for writers that choose a format by it. UsageError where `path` is a folder, its own folder
    cannot be made, the disk is full or nothing may be written there.
    """
    path = Path(path)
    if path.is_dir():
        raise UsageError(f"{path}: cannot be written, for it is a folder. Name a file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"its folder cannot be made: {error.strerror}"
        raise UsageError(f"{path}: cannot be written ({reason}). Name another file.") from None
    part = path.with_name(f".{path.stem}.part{_machine()}-{os.getpid()}{path.suffix}")
    try:
        _remove_leftovers(path)
        yield part
        part.replace(path)
    except (OSError, RuntimeError) as error:
        if (number := _number(error)) not in CANNOT_WRITE:
            raise
        raise UsageError(
            f"{path}: cannot be written ({os.strerror(number)}). {CANNOT_WRITE[number]} What was "
            "there before is untouched; run the same command again."
        ) from None
    finally:
        if part.exists():  # else an unlink would hide the message that nothing may be written
            part.unlink(missing_ok=True)


def user_path(text: str | Path, key: str) -> Path:
    """A path that a user wrote, `~` written out; it need not exist.

    UsageError, naming the configuration's `key`, for what can be no path here: another person's
    `~name` that nobody has, a name longer than the system takes, a folder that may not be entered.
    """
    try:
        path = Path(text).expanduser()
        path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{key}: {shown(str(text))} is no path that can be used here ({reason}). Correct it."
        ) from None
    return path


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal; OSError where it cannot be read."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _remove_leftovers(path: Path) -> None:
    """Removes temporary files of processes that were killed while they wrote `path`."""
    if os.name != "posix":
        return  # elsewhere a process cannot be asked whether it lives without harm
    own = f".{path.stem}.part{_machine()}-"
    for part in path.parent.glob(f"{glob.escape(own)}*{glob.escape(path.suffix)}"):
        number = part.name.removeprefix(own).removesuffix(path.suffix)
        if number.isdigit() and not _alive(int(number)):
            part.unlink(missing_ok=True)


def _machine() -> str:
    """This machine's name, of which only letters and digits: process numbers are its own."""
    return re.sub(r"\W", "", platform.node())[:32]


def _number(error: OSError | RuntimeError) -> int | None:
    """The error's number; HDF5 and Arrow have it in the text only."""
    found = re.search(r"errno\D{1,4}(\d+)", str(error), re.IGNORECASE)
    return getattr(error, "errno", None) or (int(found[1]) if found else None)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
