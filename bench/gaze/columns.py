"""The fixation table: its columns, their types, and the words of the column `status`."""

from __future__ import annotations

import pandas as pd

STATUSES = (
    "kept",
    "outside_window",
    "straddles_onset",
    "straddles_offset",
    "straddles_both",
    "other_eye",
    "missing_position",
    "off_screen",
    "off_image",
    "too_short",
    "overlaps_blink",
    "unfinished",
    "bad_trial",
)
# What a tracker records; a row of the fixation table may also be the mean of both.
RECORDED_EYE = pd.CategoricalDtype(["L", "R"])
SOURCES = ("tracker", "ivt", "annotation", "table")

# duration_ms = end - start + one sample (the tracker's text convention), span_ms = end - start
# (what Edf2Mat gives). Indices of fixations count from 0 within recording and eye, in time order;
# blocks and trials count from 1. Block 0: before any recording, or not known. Eye LR: the mean of
# both eyes (bench.gaze.binocular).
FIXATION_COLUMNS = {
    "recording_id": pd.StringDtype(),
    "subject_id": pd.StringDtype(),
    "eye": pd.CategoricalDtype(["L", "R", "LR"]),
    "block": "int16",
    "trial_index": "Int32",
    "trial_label": pd.StringDtype(),
    "image_id": pd.StringDtype(),
    "fixation_index": "int32",
    "start_ms": "float64",
    "end_ms": "float64",
    "onset_ms": "float64",
    "duration_ms": "float64",
    "span_ms": "float64",
    "x_screen_px": "float64",
    "y_screen_px": "float64",
    "x_image_px": "float64",
    "y_image_px": "float64",
    "pupil": "float32",
    "source": pd.CategoricalDtype(list(SOURCES)),
    "status": pd.CategoricalDtype(list(STATUSES)),
}


def empty_fixation_table() -> pd.DataFrame:
    """A fixation table without rows, with all columns and types."""
    return as_fixation_table(pd.DataFrame())


def as_fixation_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with exactly the columns and types of FIXATION_COLUMNS.

    An absent column is filled with missing values, 0 in the integer ones that have no missing
    value (`block`, `fixation_index`); columns of other names are left out. Raises ValueError or
    TypeError, as pandas does, for values that a type cannot hold.
    """
    columns = {}
    for name, dtype in FIXATION_COLUMNS.items():
        if name in frame:
            values = frame[name]
            if dtype in ("float64", "float32"):
                values = pd.to_numeric(values)
            columns[name] = values.astype(dtype)
        else:
            fill = 0 if dtype in ("int16", "int32") else None
            columns[name] = pd.Series(fill, index=frame.index, dtype=dtype)
    return pd.DataFrame(columns, index=frame.index)
