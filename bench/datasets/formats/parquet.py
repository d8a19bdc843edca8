"""Apache Parquet, a row per fixation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.datasets.formats import RawTable
from bench.datasets.formats._columns import mapped
from bench.errors import DataError

if TYPE_CHECKING:
    from bench.datasets import Dataset

SUFFIXES = (".parquet",)
ORIGIN = 0
DURATIONS = "ms"


def read(path: Path, dataset: Dataset) -> RawTable:
    """The table in the file.

    Raises DataError for what is no Parquet, ValidationError for a missing column.
    """
    import pandas as pd

    try:
        raw = pd.read_parquet(path)
    except (ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not readable as a Parquet table ({reason}).") from None
    # What was an index when the file was written is a column like the others.
    return mapped(raw.reset_index(), path, dataset, first_row=1)
