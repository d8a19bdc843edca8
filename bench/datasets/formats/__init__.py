"""Formats of published fixation tables; one file adds one.

A format is a module here, named by its id. It says which endings of file names are its own
(`SUFFIXES`), where its coordinates begin (`ORIGIN`: what the centre of the top left pixel is in
them) and the usual unit of its durations (`DURATIONS`: ms or s), and has the function
`read(path, dataset) -> RawTable`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UsageError, unknown_name

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("image_id", "subject_id", "x_image_px", "y_image_px", "duration_ms")


@dataclass(frozen=True)
class RawTable:
    """A published table as its file has it, one row per fixation, in the order of viewing.

    `rows` has the columns COLUMNS, values and units as in the file, `duration_ms` only where the
    file has durations (so named whatever their unit). `names` says what the file calls each of
    them, `place` what people call a row, counted from 0.
    """

    rows: pd.DataFrame
    names: dict[str, str]
    place: Callable[[int], str]


def format_names() -> list[str]:
    """The ids of the formats."""
    return sorted(
        path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_")
    )


def get_format(path: Path, name: str | None = None) -> Any:
    """The module of the format `name`, or of the one that the ending of `path` belongs to.

    Raises UsageError for an unknown name and for an ending that is no format's.
    """
    if name is not None:
        if name not in format_names():
            raise unknown_name("format of fixations", name, format_names())
        return importlib.import_module(f"{__name__}.{name}")
    endings = []
    for known in format_names():
        module = importlib.import_module(f"{__name__}.{known}")
        if path.suffix.lower() in module.SUFFIXES:
            return module
        endings += module.SUFFIXES
    raise UsageError(
        f"{path.name}: {path.suffix or 'no ending'} is no known ending of a fixation table "
        f"({', '.join(endings)}). Say fixations: format: with one of {', '.join(format_names())}."
    )
