"""Which photographs of a folder were shown: `stimuli: list` of dataset.yaml."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import DataError, ValidationError

if TYPE_CHECKING:
    from bench.datasets import Dataset


def listed(dataset: Dataset, found: list[Path]) -> list[Path]:
    """Those of the photographs `found` that the data set's list names, in the order of `found`.

    A name stands with its suffix or, as in PASCAL VOC's ImageSets, without. Raises DataError for a
    list that cannot be read or names nothing, ValidationError for a name that stands twice or
    belongs to no photograph or to several.
    """
    given = dataset.spec["stimuli"]["list"]
    source = "stimuli: list" if isinstance(given, list) else given
    names = given if isinstance(given, list) else read_names(dataset.file(given))
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ValidationError(
            f"{source}: {twice[0]!r} stands there twice; expected each name once."
        )
    by_name: dict[str, list[Path]] = {}
    for path in found:
        for name in {path.name, path.stem}:
            by_name.setdefault(name, []).append(path)
    chosen = {name: by_name.get(name, []) for name in names}
    if missing := [name for name, paths in chosen.items() if not paths]:
        by_case = {name.lower(): name for name in by_name}
        near = by_case.get(missing[0].lower())
        hint = f" Did you mean {near!r}?" if near else ""
        raise ValidationError(
            f"{source}: no photograph is called {missing[0]!r} (names like this: {len(missing)} of "
            f"{len(names)}); expected names from {dataset.spec['stimuli']['folder']}, one a line, "
            f"with or without suffix.{hint}"
        )
    if several := [name for name, paths in chosen.items() if len(paths) > 1]:
        files = " and ".join(path.name for path in chosen[several[0]])
        raise ValidationError(f"{source}: {several[0]!r} may be {files}; write the suffix as well.")
    wanted = {path for paths in chosen.values() for path in paths}
    if len(wanted) < len(names):
        raise ValidationError(f"{source}: a photograph stands there with and without its suffix.")
    return [path for path in found if path in wanted]


def read_names(path: Path) -> list[str]:
    """The lines of a text file, without blanks around them, empty ones and # comments left out.

    Raises DataError for a file that cannot be read or holds no name.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise DataError(
            f"{path}: the list of photographs cannot be read ({reason}). Expected their names, one "
            "a line."
        ) from None
    names = [line.strip() for line in lines]
    names = [name for name in names if name and not name.startswith("#")]
    if not names:
        raise DataError(f"{path}: no name in the list; expected one photograph a line.")
    return names
