"""Output files that appear only when they are complete."""

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renames it to `path` on success, removes it otherwise.

    A reader never sees half a file, and an exception or a kill leaves the former file untouched.
    The temporary name keeps the suffix, for writers that choose a format by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path)
    part = path.with_name(f".{path.stem}.part{os.getpid()}{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


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
