"""The tidy fixation table: every fixation of a recording one row, `status` says how it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import ValidationError
from bench.gaze.binocular import averaged_fixations
from bench.gaze.columns import as_fixation_table
from bench.gaze.eyes import choose_eye
from bench.gaze.placements import Layout, placed_trials
from bench.gaze.screen import Placement, image_pixels

if TYPE_CHECKING:
    import pandas as pd

    from bench.gaze.recording import Recording
    from bench.gaze.screen import Screen


def fixation_table(
    recording: Recording,
    trials: pd.DataFrame,
    *,
    placement: Placement | None = None,
    screen: Screen,
    image_sizes: Mapping[str, tuple[int, int]],
    recording_id: str,
    subject_id: str,
    eye: str = "better",
    min_duration_ms: float | None = None,
    drop_blink_overlaps: bool = False,
) -> pd.DataFrame:
    """One row per fixation of `recording`, sorted by start, with the columns FIXATION_COLUMNS.

    `trials` comes from `placed_trials`, or from `find_trials`: then every picture stands at
    `placement` (None: unscaled in the middle of the screen). `image_sizes` is {name: (height,
    width)} in px, as `bench.datasets.image_sizes` gives it; the ids are pseudonyms from the
    configuration. fixation_index counts the fixations of an eye by their start, unfinished ones
    included. With the eye rule 'average' the pairs of both eyes' fixations are rows of eye LR
    beside the eyes' own.

    Nothing is deleted. `status` is the first that applies: other_eye (not the eye of the rule
    `eye`, see `choose_eye`), unfinished (started, never ended), outside_window (touches no display
    period), bad_trial (the trial has a problem, or the eye was not recorded in its block),
    straddles_both, straddles_onset, straddles_offset (not entirely within the display period;
    starting exactly at the onset or ending exactly at the offset is within), missing_position,
    off_screen, off_image (the cell floor(v + 0.5) lies outside), too_short (duration_ms below
    `min_duration_ms`, where set), overlaps_blink (shares time with a blink of either eye, where
    `drop_blink_overlaps` asks for it; with one of the same eye none does), kept.

    `frame.attrs["warnings"]` says what was completed. Raises ValidationError for trials of
    `find_trials` with an unknown image and where no eye can be chosen.
    """
    warnings: list[str] = []
    if "x_scale" not in trials:
        placed = placed_trials(
            trials, recording, Layout(placement or Placement()), image_sizes, screen
        )
        if (placed["problem"].notna() & trials["problem"].isna()).any():
            raise ValidationError("\n".join(placed.attrs["errors"]))
        trials, warnings = placed, list(placed.attrs["warnings"])
    chosen = choose_eye(recording, eye).eye
    frame = _all_fixations(recording, average=chosen == "LR")
    start, end = frame["start_ms"].to_numpy(), frame["end_ms"].to_numpy()
    trial_of, relation = _assign(trials, start, end)
    inside = trial_of >= 0
    for column in ("trial_index", "trial_label", "image_id"):
        frame[column] = trials[column].take(np.maximum(trial_of, 0)).array if len(trials) else None
        frame.loc[~inside, column] = None
    onset, *place = (
        np.where(inside, _taken(trials[column].to_numpy(dtype=np.float64), trial_of), np.nan)
        for column in ("onset_ms", "x_offset_px", "y_offset_px", "x_scale", "y_scale")
    )
    frame["onset_ms"] = start - onset
    x = frame["x_image_px"] = image_pixels(frame["x_screen_px"], place[0], place[2])
    y = frame["y_image_px"] = image_pixels(frame["y_screen_px"], place[1], place[3])
    bad = trial_problems(trials, recording, chosen).notna().to_numpy(dtype=bool)
    heights, widths = _shapes(frame, image_sizes)
    frame["status"] = _first_that_applies(
        {
            "other_eye": frame["eye"] != chosen,
            "unfinished": np.isnan(end),
            "outside_window": ~inside,
            "bad_trial": _taken(bad, trial_of) & inside,
            "straddles_both": relation == "straddles_both",
            "straddles_onset": relation == "straddles_onset",
            "straddles_offset": relation == "straddles_offset",
            "missing_position": frame["x_screen_px"].isna() | frame["y_screen_px"].isna(),
            "off_screen": ~_in_cells(frame["x_screen_px"], screen.width_px)
            | ~_in_cells(frame["y_screen_px"], screen.height_px),
            "off_image": ~_in_cells(x, widths) | ~_in_cells(y, heights),
            "too_short": frame["duration_ms"] < (min_duration_ms or 0.0),
            "overlaps_blink": _overlaps(recording.blinks, start, end) & drop_blink_overlaps,
        }
    )
    if drop_blink_overlaps and recording.quality["format"] in ("edfplus", "bdfplus"):
        warnings.append("no blink events in this format: drop_blink_overlaps drops nothing here")
    frame["recording_id"], frame["subject_id"] = recording_id, subject_id
    table = as_fixation_table(frame)
    table.attrs = {"recording_id": recording_id, "subject_id": subject_id, "warnings": warnings}
    return table


def _first_that_applies(reasons: Mapping[str, Any]) -> np.ndarray:
    """The name of the first reason that holds for each row, 'kept' where none does."""
    holds = [np.asarray(reason, dtype=bool) for reason in reasons.values()]
    return np.select(holds, list(reasons), default="kept")


def trial_problems(trials: pd.DataFrame, recording: Recording, eye: str) -> pd.Series:
    """Why each trial cannot be used with `eye`, null where it can."""
    eyes = dict(zip(recording.blocks["block"], recording.blocks["eyes"], strict=True))
    lacking = [block in eyes and not set(eye) <= set(eyes[block]) for block in trials["block"]]
    words = {"L": "the left eye was", "R": "the right eye was", "LR": "both eyes were"}
    without_eye = trials["problem"].isna() & np.array(lacking, dtype=bool)
    return trials["problem"].mask(without_eye, f"{words.get(eye, 'no eye was')} not recorded")


def _all_fixations(recording: Recording, *, average: bool) -> pd.DataFrame:
    """Finished and unfinished fixations by start, numbered per eye; pairs too for `average`."""
    import pandas as pd

    frame = recording.fixations.astype({"eye": "object", "source": "object"})
    if average and len(pairs := averaged_fixations(recording.fixations)):
        frame = pd.concat([frame, pairs.astype(frame.dtypes)], ignore_index=True)
    if len(recording.unfinished):
        unfinished = recording.unfinished.assign(source="tracker").astype({"eye": "object"})
        frame = pd.concat([frame, unfinished.reindex(columns=frame.columns)], ignore_index=True)
    frame = frame.sort_values(["start_ms", "eye"], kind="stable", ignore_index=True)
    frame["fixation_index"] = frame.groupby("eye", observed=True).cumcount()
    return frame


def _assign(
    trials: pd.DataFrame, start: np.ndarray, end: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each fixation the trial's position, -1 for none, and '' or how it leaves the period.

    A fixation that touches two display periods belongs to the one it shares more time with. A
    trial without a complete period claims whatever lies between its first and last message.
    """
    trial_of = np.full(start.size, -1)
    relation = np.full(start.size, "", dtype=object)
    shared_ms = np.full(start.size, -1.0)
    until = np.where(np.isnan(end), start, end)
    columns = ("onset_ms", "offset_ms", "start_ms", "end_ms")
    spans = zip(*(trials[column].tolist() for column in columns), strict=True)
    for number, (onset, offset, trial_start, trial_end) in enumerate(spans):
        if np.isnan(onset) or np.isnan(offset):
            onset, offset = trial_start, trial_end
        overlap = np.minimum(until, offset) - np.maximum(start, onset)
        mine = (overlap >= 0) & (overlap > shared_ms)
        before, after = start < onset, until > offset
        words = np.select(
            [before & after, before, after],
            ["straddles_both", "straddles_onset", "straddles_offset"],
            default="",
        )
        trial_of[mine], shared_ms[mine], relation[mine] = number, overlap[mine], words[mine]
    return trial_of, relation


def _overlaps(blinks: pd.DataFrame, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Whether each span shares a moment with a blink of either eye; an open span does not."""
    found = np.zeros(start.size, dtype=bool)
    for _, own in blinks.groupby("eye", observed=True):
        begun = np.searchsorted(np.sort(own["start_ms"].to_numpy()), end, side="right")
        over = np.searchsorted(np.sort(own["end_ms"].to_numpy()), start, side="left")
        found |= begun > over
    return found & ~np.isnan(end)


def _shapes(
    frame: pd.DataFrame, image_sizes: Mapping[str, tuple[int, int]]
) -> tuple[np.ndarray, np.ndarray]:
    """Heights and widths of each row's image, NaN without one."""
    shapes = [image_sizes.get(name, (np.nan, np.nan)) for name in frame["image_id"]]
    heights, widths = np.array(shapes, dtype=np.float64).reshape(-1, 2).T
    return heights, widths


def _in_cells(values: pd.Series | np.ndarray, size: float | np.ndarray) -> np.ndarray:
    cell = np.floor(np.asarray(values, dtype=np.float64) + 0.5)
    return (cell >= 0) & (cell < size)


def _taken(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """values[rows], anything where a row is -1; also for no values at all."""
    if not values.size:
        return np.zeros(rows.size, dtype=values.dtype)
    return values[np.maximum(rows, 0)]
