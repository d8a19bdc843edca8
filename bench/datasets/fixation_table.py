"""Data sets whose gaze is a published table: one row per fixation, already in image pixels.

How the file is read is a matter of its format (bench/datasets/formats); what is in it is judged
here, alike for all.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.datasets.formats import get_format
from bench.errors import DataError, ValidationError, shown
from bench.files import sha256

if TYPE_CHECKING:
    import pandas as pd

    from bench.datasets import Dataset
    from bench.datasets.formats import RawTable

MILLISECONDS = {"ms": 1.0, "s": 1000.0}
# A median fixation outside of it says that the unit is another one.
PLAUSIBLE_MS = (10.0, 10_000.0)
# A day: longer than any recording. One such value would be the whole human heatmap.
LONGEST_MS = 86_400_000.0
# What pandas would turn into numbers, though nobody means it as such.
NO_NUMBERS = (
    "boolean",
    "date",
    "datetime",
    "datetime64",
    "period",
    "time",
    "timedelta",
    "timedelta64",
)


def inputs(dataset: Dataset) -> list[Path]:
    """The table's file, and the list of photographs where a format has numbers for them."""
    fixations = dataset.spec["fixations"]
    return [dataset.file(fixations[key]) for key in ("file", "stimuli") if key in fixations]


def read_gaze(
    dataset: Dataset, sizes: dict[str, tuple[int, int]]
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The fixation table and one summary per viewer.

    The published duration stands in `duration_ms` and in `span_ms`: a table does not say which
    of the two conventions it follows. With `durations: none` every fixation counts as 1 ms, so
    that all weigh the same, and each summary warns of it.

    Raises DataError for a file that cannot be read, UsageError for an ending that is no format's,
    ValidationError for a missing column, a value that is no number, durations in what must be
    another unit, or an image that the data set does not have, with the row.
    """
    import pandas as pd

    from bench.gaze import as_fixation_table

    fixations = dataset.spec["fixations"]
    path = dataset.file(fixations["file"])
    form = get_format(path, fixations.get("format"))
    if not path.is_file():
        raise DataError(f"{path}: no such file. Expected the table of fixations there.")
    raw = form.read(path, dataset)
    if raw.rows.empty:
        below = " below the header" if form.SUFFIXES[0] == ".csv" else ""
        raise ValidationError(f"{path}: no row{below}; expected one per fixation.")
    origin = fixations.get("origin", form.ORIGIN)
    table = pd.DataFrame(index=raw.rows.index)
    for column in ("image_id", "subject_id"):
        table[column] = _texts(path, raw, column)
    _check_images(path, raw, table, sizes)
    for column in ("x_image_px", "y_image_px"):
        table[column] = _numbers(path, raw, column) - origin
    unit = fixations.get("durations", form.DURATIONS)
    table["duration_ms"] = 1.0 if unit == "none" else _durations(path, raw, unit)
    table["status"] = _status(table, sizes)
    table["span_ms"] = table["duration_ms"]
    table["recording_id"] = table["subject_id"]
    table["fixation_index"] = table.groupby("subject_id").cumcount()
    table["source"] = "table"
    table = as_fixation_table(table)
    return table, _summaries(path, table, has_durations=unit != "none")


def _texts(path: Path, raw: RawTable, column: str) -> pd.Series:
    try:
        texts = raw.rows[column].astype("string").str.strip()
    except (ValueError, TypeError):  # bytes that are not UTF-8
        raise ValidationError(
            f"{path}: {raw.names[column]} holds what is no text; expected names in UTF-8."
        ) from None
    empty = texts.isna() | (texts == "")
    if empty.any():
        row = int(np.flatnonzero(empty)[0])
        raise ValidationError(
            f"{path}, {raw.place(row)}: {raw.names[column]} is empty; expected a name."
        )
    return texts


def _check_images(
    path: Path, raw: RawTable, table: pd.DataFrame, sizes: dict[str, tuple[int, int]]
) -> None:
    unknown = ~table["image_id"].isin(sizes)
    if not unknown.any():
        return
    row = int(np.flatnonzero(unknown)[0])
    name = table["image_id"].iloc[row]
    by_case = {known.lower(): known for known in sizes}
    near = by_case.get(str(name).lower())
    hint = f" Did you mean {near!r}?" if near else ""
    raise ValidationError(
        f"{path}, {raw.place(row)}: image {shown(str(name))} is not among the {len(sizes)} "
        f"photographs (rows like this: {int(unknown.sum())}).{hint} Add the photograph or take "
        "the rows out."
    )


def _numbers(path: Path, raw: RawTable, column: str) -> pd.Series:
    import pandas as pd

    values = raw.rows[column]
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in NO_NUMBERS and values.notna().any():
        raise ValidationError(
            f"{path}: {raw.names[column]} holds values of type {kind}, expected numbers."
        )
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    broken = (numbers.isna() & values.notna()) | np.isinf(numbers)
    if broken.any():
        row = int(np.flatnonzero(broken)[0])
        raise ValidationError(
            f"{path}, {raw.place(row)}: {raw.names[column]} is {shown(str(values.iloc[row]))}, "
            "expected a number."
        )
    return numbers


def _durations(path: Path, raw: RawTable, unit: str) -> pd.Series:
    """In milliseconds. ValidationError for none, one that is not above 0, and an unlikely unit."""
    if "duration_ms" not in raw.rows:
        raise ValidationError(
            f"{path}: no durations in it. Say fixations: durations: none in dataset.yaml to let "
            "every fixation weigh the same, or name them under columns: duration_ms."
        )
    durations = _numbers(path, raw, "duration_ms")
    longest = LONGEST_MS / MILLISECONDS[unit]
    wrong = ~((durations > 0) & (durations <= longest))
    words = {"ms": "milliseconds", "s": "seconds"}[unit]
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValidationError(
            f"{path}, {raw.place(row)}: {raw.names['duration_ms']} is {durations.iloc[row]}, "
            f"expected {words} above 0 and at most {longest:g} (rows like this: "
            f"{int(wrong.sum())})."
        )
    median = float(durations.median()) * MILLISECONDS[unit]
    if not PLAUSIBLE_MS[0] <= median <= PLAUSIBLE_MS[1]:
        other = {"ms": "s", "s": "ms"}[unit]
        raise ValidationError(
            f"{path}: read as {words}, the median fixation lasts {median:g} ms, expected "
            f"{PLAUSIBLE_MS[0]:g} to {PLAUSIBLE_MS[1]:g}. Say fixations: durations: {other} (or "
            "none) in dataset.yaml."
        )
    return durations * MILLISECONDS[unit]


def _status(table: pd.DataFrame, sizes: dict[str, tuple[int, int]]) -> np.ndarray:
    height = table["image_id"].map({name: size[0] for name, size in sizes.items()})
    width = table["image_id"].map({name: size[1] for name, size in sizes.items()})
    column = np.floor(table["x_image_px"] + 0.5)
    row = np.floor(table["y_image_px"] + 0.5)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    missing = table["x_image_px"].isna() | table["y_image_px"].isna()
    return np.select([missing, ~inside], ["missing_position", "off_image"], default="kept")


def _summaries(path: Path, table: pd.DataFrame, *, has_durations: bool) -> list[dict[str, Any]]:
    digest = sha256(path)
    convention = "as published" if has_durations else "none published: each counts as 1 ms"
    warnings = [] if has_durations else ["no durations: every fixation weighs the same"]
    return [
        {
            "recording_id": str(viewer),
            "subject_id": str(viewer),
            "format": f"published table ({path.name})",
            "sha256": digest,
            "trials": {"found": int(rows["image_id"].nunique())},
            "duration_convention": convention,
            "fixations": {
                status: {"count": len(group), "ms": float(group["duration_ms"].sum())}
                for status, group in rows.groupby("status", observed=True)
            },
            "median_fixation_ms": float(rows["duration_ms"].median()) if has_durations else None,
            "warnings": warnings,
            "errors": [],
        }
        for viewer, rows in table.groupby("subject_id", sort=True)
    ]
