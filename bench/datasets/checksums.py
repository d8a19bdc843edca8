"""The laboratory's own checksums of its files: the one sure sign that none of them was changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import DataError, UsageError
from bench.files import sha256

if TYPE_CHECKING:
    from bench.datasets import Dataset

_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")


def list_file(dataset: Dataset) -> list[Path]:
    """The file that lists the checksums, in a list; none where dataset.yaml itself holds them."""
    given = dataset.spec.get("checksums")
    return [dataset.file(given)] if isinstance(given, str) else []


def expected_checksums(dataset: Dataset, paths: list[Path]) -> dict[Path, str | None]:
    """{path: expected SHA-256, None where none is listed}; {} without `checksums:`.

    A file is listed by its path below the data set's folder or by its bare name.

    Raises DataError for a list that cannot be read, UsageError for a name in dataset.yaml that
    belongs to none of `paths`.
    """
    given = dataset.spec.get("checksums")
    if given is None:
        return {}
    listed = _read_list(dataset.file(given)) if isinstance(given, str) else dict(given)
    listed = {name.removeprefix("./"): digest.lower() for name, digest in listed.items()}
    expected, used = {}, set()
    for path in paths:
        names = (path.relative_to(dataset.root).as_posix(), path.name)
        name = next((name for name in names if name in listed), None)
        used.add(name)
        expected[path] = None if name is None else listed[name]
    # A list made by sha256sum names photographs as well; one written by hand may be misspelt.
    if not isinstance(given, str) and (unknown := sorted(set(listed) - used)):
        raise UsageError(
            f"data set {dataset.id!r}: checksums: {unknown[0]!r} is the name of none of the "
            f"{len(paths)} recordings. Correct it in dataset.yaml."
        )
    return expected


def check(path: Path, expected: str | None) -> None:
    """DataError where the file at `path` has not the SHA-256 expected; None passes."""
    if expected is None or not path.is_file():
        return  # a missing file is the reader's to name
    try:
        found = sha256(path)
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror or error}).") from None
    if found != expected:
        raise DataError(
            f"{path.name}: SHA-256 is {found}, expected {expected} (checksums: in dataset.yaml): "
            "the file was damaged or changed since the list was made. Copy it again."
        )


def _read_list(path: Path) -> dict[str, str]:
    """The file that sha256sum writes: a checksum, two spaces, a name."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise DataError(f"{path}: the list of checksums cannot be read ({reason}).") from None
    listed = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.rstrip())
        if match is None:
            raise DataError(
                f"{path}, line {number}: not a line of a SHA256SUMS file, expected 64 hexadecimal "
                "digits, two spaces and a name."
            )
        listed[match[2]] = match[1]
    return listed
