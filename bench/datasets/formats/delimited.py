"""Text with a header: separated by commas, semicolons or tabs, whichever the header has most of."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from bench.datasets.formats import RawTable
from bench.datasets.formats._columns import column_names, mapped
from bench.errors import DataError, ValidationError, shown

if TYPE_CHECKING:
    import pandas as pd

    from bench.datasets import Dataset

SUFFIXES = (".csv", ".tsv", ".txt")
ORIGIN = 0
DURATIONS = "ms"
SEPARATORS = ",;\t"
NUMBERS = ("x_image_px", "y_image_px", "duration_ms")
# How programs write that a number is missing; in a column of names they may be names.
MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "-nan", "NULL", "null", "None")


def read(path: Path, dataset: Dataset) -> RawTable:
    """The table in the file; everything stays text, for 001 is not viewer 1 and a viewer may be
    called NA.

    Raises DataError for what is no such text, ValidationError for a missing column or
    one that stands there twice, and where rows and lines differ in number.
    """
    import pandas as pd

    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
            separator = max(SEPARATORS, key=header.count)
            lines = sum(bool(line.strip(" \t\n".replace(separator, ""))) for line in file)
            file.seek(0)
            raw = pd.read_csv(file, sep=separator, dtype=object, na_filter=False)
    except (ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not readable as a table ({reason}).") from None
    _check_shape(path, raw, next(csv.reader([header], delimiter=separator), []), lines)
    raw.columns = [str(name).strip() for name in raw.columns]
    names = column_names(dataset)
    for name in {names[key] for key in NUMBERS if key in names} & set(raw.columns):
        raw[name] = raw[name].str.strip()
        raw.loc[raw[name].isin(MISSING), name] = None
    return mapped(raw, path, dataset, first_row=2)


def _check_shape(path: Path, raw: pd.DataFrame, header: list[str], lines: int) -> None:
    """ValidationError where rows were shifted, or swallowed by a quotation mark."""
    import pandas as pd

    if not isinstance(raw.index, pd.RangeIndex):
        raise ValidationError(
            f"{path}: the rows have more fields than the header's {len(header)}; expected one name "
            "for each field. Complete the header, or take the separator off the ends of the rows."
        )
    named = [name.strip() for name in header]
    if twice := [name for name in named if name and named.count(name) > 1]:
        raise ValidationError(
            f"{path}: the column {shown(twice[0])} stands there twice; expected each name once."
        )
    if len(raw) != lines:
        raise ValidationError(
            f"{path}: found {len(raw)} rows on {lines} lines; expected one a line. A quotation "
            "mark opens on one line and closes on another: correct it."
        )
