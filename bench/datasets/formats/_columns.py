"""The columns of a table under our names, by the mapping in dataset.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.datasets.formats import COLUMNS, RawTable
from bench.errors import ValidationError

if TYPE_CHECKING:
    import pandas as pd

    from bench.datasets import Dataset


def column_names(dataset: Dataset) -> dict[str, str]:
    """{our name: the file's}; without duration_ms where dataset.yaml says `durations: none`."""
    fixations = dataset.spec["fixations"]
    wanted = [key for key in COLUMNS if (key, fixations.get("durations")) != (COLUMNS[-1], "none")]
    return {key: fixations["columns"].get(key, key) for key in wanted}


def mapped(raw: pd.DataFrame, path: Path, dataset: Dataset, *, first_row: int) -> RawTable:
    """The columns of `raw` that count, under our names; rows are counted from `first_row`.

    Raises ValidationError for a missing column, with those that are there.
    """
    import pandas as pd

    names = column_names(dataset)
    missing = [name for name in names.values() if name not in raw.columns]
    if missing:
        without = ", or say durations: none" if missing == [names.get("duration_ms")] else ""
        raise ValidationError(
            f"{path}: missing column {', '.join(map(repr, missing))}; found "
            f"{', '.join(map(repr, raw.columns))}. Add it, or map its name under fixations: "
            f"columns: in the dataset.yaml of {dataset.id!r}{without}."
        )
    rows = pd.DataFrame({key: raw[name].array for key, name in names.items()})
    return RawTable(rows, names, lambda row: f"row {row + first_row}")
