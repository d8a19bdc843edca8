"""Files: written whole or not at all, and known by their checksum."""

import glob
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.errors import UsageError, shown


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renames it to `path` on success, removes it otherwise.

    A reader never sees half a file, and an exception or a kill leaves the former file untouched.
    The temporary name keeps the suffix, for writers that choose a format by it. UsageError where
    `path` is a folder, or its own folder cannot be made.
    """
    path = Path(path)
    if path.is_dir():
        raise UsageError(f"{path}: cannot be written, for it is a folder. Name a file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"its folder cannot be made: {error.strerror}"
        raise UsageError(f"{path}: cannot be written ({reason}). Name another file.") from None
    _remove_leftovers(path)
    part = path.with_name(f".{path.stem}.part{os.getpid()}{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
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
    for part in path.parent.glob(f".{glob.escape(path.stem)}.part*{path.suffix}"):
        number = part.name.removeprefix(f".{path.stem}.part").removesuffix(path.suffix)
        if number.isdigit() and not _alive(int(number)):
            part.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
