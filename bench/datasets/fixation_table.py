"""Data sets whose gaze is a published table: one row per fixation, already in image pixels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import DataError, ValidationError
from bench.files import sha256

if TYPE_CHECKING:
    import pandas as pd

    from bench.datasets import Dataset

REQUIRED = ("image_id", "subject_id", "x_image_px", "y_image_px", "duration_ms")


def inputs(dataset: Dataset) -> list[Path]:
    """The table's file."""
    return [dataset.file(dataset.spec["fixations"]["file"])]


def read_gaze(
    dataset: Dataset, sizes: dict[str, tuple[int, int]]
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The fixation table and one summary per viewer.

    The published duration stands in `duration_ms` and in `span_ms`: a table does not say which
    of the two conventions it follows. Raises ValidationError for a missing column, a value that
    is no number, or an image that the data set does not have, with the row's number.
    """
    import pandas as pd

    from bench.gaze import as_fixation_table

    (path,) = inputs(dataset)
    names = {key: dataset.spec["fixations"]["columns"].get(key, key) for key in REQUIRED}
    raw = _read(path, text=[names["image_id"], names["subject_id"]])
    missing = [name for name in names.values() if name not in raw.columns]
    if missing:
        raise ValidationError(
            f"{path}: missing column {', '.join(map(repr, missing))}; found "
            f"{', '.join(map(repr, raw.columns))}. Add it, or map its name under fixations: "
            f"columns: in the dataset.yaml of {dataset.id!r}."
        )
    if raw.empty:
        raise ValidationError(f"{path}: no row below the header; expected one per fixation.")
    table = pd.DataFrame({key: raw[name] for key, name in names.items()})
    for column in ("image_id", "subject_id"):
        table[column] = _texts(path, table[column], names[column])
    _check_images(path, table, sizes)
    for column in REQUIRED[2:]:
        table[column] = _numbers(path, table[column], names[column])
    _check_durations(path, table, names["duration_ms"])
    table["status"] = _status(table, sizes)
    table["span_ms"] = table["duration_ms"]
    table["recording_id"] = table["subject_id"]
    table["fixation_index"] = table.groupby("subject_id").cumcount()
    table["source"] = "table"
    table = as_fixation_table(table)
    return table, [_summary(path, viewer, rows) for viewer, rows in _by_viewer(table)]


def _read(path: Path, *, text: list[str]) -> pd.DataFrame:
    """The table as it is; the columns `text` stay text, for viewer 001 is not viewer 1."""
    import pandas as pd

    if not path.is_file():
        raise DataError(f"{path}: no such file. Expected the table of fixations there.")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=dict.fromkeys(text, "string"))
    except (ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not readable as a table ({reason}).") from None


def _texts(path: Path, values: pd.Series, name: str) -> pd.Series:
    texts = values.astype("string").str.strip()
    empty = texts.isna() | (texts == "")
    if empty.any():
        row = int(np.flatnonzero(empty)[0])
        raise ValidationError(f"{path}, row {row + 2}: {name} is empty; expected a name.")
    return texts


def _check_images(path: Path, table: pd.DataFrame, sizes: dict[str, tuple[int, int]]) -> None:
    unknown = ~table["image_id"].isin(sizes)
    if not unknown.any():
        return
    row = int(np.flatnonzero(unknown)[0])
    name = table["image_id"].iloc[row]
    by_case = {known.lower(): known for known in sizes}
    near = by_case.get(str(name).lower())
    hint = f" Did you mean {near!r}?" if near else ""
    raise ValidationError(
        f"{path}, row {row + 2}: image {name!r} is not among the {len(sizes)} photographs "
        f"(rows like this: {int(unknown.sum())}).{hint} Add the photograph or take the rows out."
    )


def _numbers(path: Path, values: pd.Series, name: str) -> pd.Series:
    import pandas as pd

    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    broken = (numbers.isna() & values.notna()) | np.isinf(numbers)
    if broken.any():
        row = int(np.flatnonzero(broken)[0])
        raise ValidationError(
            f"{path}, row {row + 2}: {name} is {str(values.iloc[row])!r}, expected a number."
        )
    return numbers


def _check_durations(path: Path, table: pd.DataFrame, name: str) -> None:
    wrong = ~((table["duration_ms"] > 0) & np.isfinite(table["duration_ms"]))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        value = table["duration_ms"].iloc[row]
        raise ValidationError(
            f"{path}, row {row + 2}: {name} is {value}, expected milliseconds above 0 "
            f"(rows like this: {int(wrong.sum())})."
        )


def _status(table: pd.DataFrame, sizes: dict[str, tuple[int, int]]) -> np.ndarray:
    height = table["image_id"].map({name: size[0] for name, size in sizes.items()})
    width = table["image_id"].map({name: size[1] for name, size in sizes.items()})
    column = np.floor(table["x_image_px"] + 0.5)
    row = np.floor(table["y_image_px"] + 0.5)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    missing = table["x_image_px"].isna() | table["y_image_px"].isna()
    return np.select([missing, ~inside], ["missing_position", "off_image"], default="kept")


def _by_viewer(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(viewer), rows) for viewer, rows in table.groupby("subject_id", sort=True)]


def _summary(path: Path, viewer: str, rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "recording_id": viewer,
        "subject_id": viewer,
        "format": f"published table ({path.name})",
        "sha256": sha256(path),
        "trials": {"found": int(rows["image_id"].nunique())},
        "duration_convention": "as published",
        "fixations": {
            status: {"count": len(group), "ms": float(group["duration_ms"].sum())}
            for status, group in rows.groupby("status", observed=True)
        },
        "median_fixation_ms": float(rows["duration_ms"].median()),
        "warnings": [],
        "errors": [],
    }
