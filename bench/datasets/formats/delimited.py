"""Text with a header: separated by commas, semicolons or tabs, whichever the header has most of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.datasets.formats import RawTable
from bench.datasets.formats._columns import column_names, mapped
from bench.errors import DataError

if TYPE_CHECKING:
    from bench.datasets import Dataset

SUFFIXES = (".csv", ".tsv", ".txt")
ORIGIN = 0
DURATIONS = "ms"
SEPARATORS = ",;\t"


def read(path: Path, dataset: Dataset) -> RawTable:
    """The table in the file; names of images and viewers stay text, for 001 is not viewer 1.

    Raises DataError for what is no such text, ValidationError for a missing column.
    """
    import pandas as pd

    names = column_names(dataset)
    text = dict.fromkeys((names["image_id"], names["subject_id"]), "string")
    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
            separator = max(SEPARATORS, key=header.count)
            file.seek(0)
            raw = pd.read_csv(file, sep=separator, dtype=text)
    except (ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not readable as a table ({reason}).") from None
    raw.columns = [str(name).strip() for name in raw.columns]
    return mapped(raw, path, dataset, first_row=2)
