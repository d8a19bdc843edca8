"""The tidy fixation table: every fixation of a recording one row, `status` says how it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from bench.gaze.columns import as_fixation_table
from bench.gaze.eyes import choose_eye
from bench.gaze.images import matched_images

if TYPE_CHECKING:
    import pandas as pd

    from bench.gaze.recording import Recording
    from bench.gaze.screen import Placement, Screen


def fixation_table(
    recording: Recording,
    trials: pd.DataFrame,
    *,
    placement: Placement,
    screen: Screen,
    image_sizes: Mapping[str, tuple[int, int]],
    recording_id: str,
    subject_id: str,
    eye: str = "better",
) -> pd.DataFrame:
    """One row per fixation of `recording`, sorted by start, with the columns FIXATION_COLUMNS.

    `trials` comes from `find_trials`; `image_sizes` is {name: (height, width)} in px, as
    `bench.datasets.image_sizes` gives it; the ids are pseudonyms from the configuration.
    fixation_index counts the fixations of an eye by their start, unfinished ones included.

    Nothing is deleted. `status` is the first that applies: other_eye (not the eye of the rule
    `eye`, see `choose_eye`), unfinished (started, never ended), outside_window (touches no display
    period), bad_trial (the trial has a problem, or the eye was not recorded in its block),
    straddles_both, straddles_onset, straddles_offset (not entirely within the display period;
    starting exactly at the onset or ending exactly at the offset is within), missing_position,
    off_screen, off_image (the cell floor(v + 0.5) lies outside), kept.

    `frame.attrs["warnings"]` lists image names that were completed. Raises ValidationError for
    trials with an unknown image and where no eye can be chosen.
    """
    cut_names = recording.quality["format"] in ("edfplus", "bdfplus")
    trials, warnings = matched_images(trials, image_sizes, cut_names=cut_names)
    chosen = choose_eye(recording, eye).eye
    frame = _all_fixations(recording)
    start, end = frame["start_ms"].to_numpy(), frame["end_ms"].to_numpy()
    trial_of, relation = _assign(trials, start, end)
    inside = trial_of >= 0
    for column in ("trial_index", "trial_label", "image_id"):
        frame[column] = trials[column].take(np.maximum(trial_of, 0)).array if len(trials) else None
        frame.loc[~inside, column] = None
    onsets = trials["onset_ms"].to_numpy(dtype=np.float64)
    frame["onset_ms"] = np.where(inside, start - _taken(onsets, trial_of), np.nan)
    x, y = _image_positions(frame, placement, screen, image_sizes)
    frame["x_image_px"], frame["y_image_px"] = x, y
    problems = trial_problems(trials, recording, chosen)
    bad = _taken(problems.notna().to_numpy(dtype=bool), trial_of) & inside
    heights, widths = _shapes(frame, image_sizes)
    on_screen = _in_cells(frame["x_screen_px"], screen.width_px) & _in_cells(
        frame["y_screen_px"], screen.height_px
    )
    missing = frame["x_screen_px"].isna() | frame["y_screen_px"].isna()
    frame["status"] = np.select(
        [
            (frame["eye"] != chosen).to_numpy(),
            np.isnan(end),
            ~inside,
            bad,
            relation != "",
            missing.to_numpy(),
            ~on_screen,
            ~(_in_cells(x, widths) & _in_cells(y, heights)),
        ],
        [
            "other_eye",
            "unfinished",
            "outside_window",
            "bad_trial",
            relation,
            "missing_position",
            "off_screen",
            "off_image",
        ],
        default="kept",
    )
    frame["recording_id"], frame["subject_id"] = recording_id, subject_id
    table = as_fixation_table(frame)
    table.attrs = {"recording_id": recording_id, "subject_id": subject_id, "warnings": warnings}
    return table


def trial_problems(trials: pd.DataFrame, recording: Recording, eye: str) -> pd.Series:
    """Why each trial cannot be used with `eye`, null where it can."""
    eyes = dict(zip(recording.blocks["block"], recording.blocks["eyes"], strict=True))
    lacking = [block in eyes and eye not in eyes[block] for block in trials["block"]]
    word = {"L": "left", "R": "right"}.get(eye, "chosen")
    without_eye = trials["problem"].isna() & np.array(lacking, dtype=bool)
    return trials["problem"].mask(without_eye, f"the {word} eye was not recorded")


def _all_fixations(recording: Recording) -> pd.DataFrame:
    """Finished and unfinished fixations by start, numbered per eye."""
    import pandas as pd

    frame = recording.fixations
    if len(recording.unfinished):
        unfinished = recording.unfinished.assign(source="tracker")
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


def _image_positions(
    frame: pd.DataFrame,
    placement: Placement,
    screen: Screen,
    image_sizes: Mapping[str, tuple[int, int]],
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.full(len(frame), np.nan), np.full(len(frame), np.nan)
    screen_x, screen_y = frame["x_screen_px"].to_numpy(), frame["y_screen_px"].to_numpy()
    for name in frame["image_id"].dropna().unique():
        rows = (frame["image_id"] == name).to_numpy(dtype=bool, na_value=False)
        x[rows], y[rows] = placement.to_image(
            screen_x[rows], screen_y[rows], image_sizes[name], screen
        )
    return x, y


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
