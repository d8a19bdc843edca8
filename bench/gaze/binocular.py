"""The mean of both eyes: fixations that both made at the same time, each pair one fixation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

MINIMUM_IOU = 0.5


def averaged_fixations(
    fixations: pd.DataFrame, *, minimum_iou: float = MINIMUM_IOU
) -> pd.DataFrame:
    """Rows of eye 'LR', by start, from the fixations of a binocular `Recording`.

    A left and a right fixation of one block are a pair where their times share at least
    `minimum_iou` of what they cover together (intersection over union, each from its first sample
    to the end of its last). Best pairs first, the earlier one of equals; nobody is in two pairs.
    A pair's position and pupil are the means of the two (NaN where one is); it lasts as long as
    both eyes fixated, the intersection of the times, so that no ms rests on one eye alone and none
    counts twice. A fixation without a partner is in no row.

    Half of the union is the usual measure for two detectors' fixations being the same one
    (notes/eyetracking.md section 4); above it a partner is unique.
    """
    left = fixations[fixations["eye"] == "L"].reset_index(drop=True)
    right = fixations[fixations["eye"] == "R"].reset_index(drop=True)
    pairs = _pairs(_spans(left), _spans(right), minimum_iou)
    first = left.iloc[[i for i, _ in pairs]].reset_index(drop=True)
    second = right.iloc[[j for _, j in pairs]].reset_index(drop=True)
    rows = first.copy()
    rows["eye"] = "LR"
    rows["start_ms"] = np.maximum(first["start_ms"], second["start_ms"])
    rows["end_ms"] = np.minimum(first["end_ms"], second["end_ms"])
    rows["span_ms"] = rows["end_ms"] - rows["start_ms"]
    # A sample more, as long as that recording's are.
    rows["duration_ms"] = rows["span_ms"] + (first["duration_ms"] - first["span_ms"])
    for column in ("x_screen_px", "y_screen_px", "pupil"):
        rows[column] = (first[column] + second[column]) / 2
    return rows


def _spans(fixations: pd.DataFrame) -> list[tuple[float, float, int]]:
    until = fixations["start_ms"] + fixations["duration_ms"]
    columns = (fixations["start_ms"].tolist(), until.tolist(), fixations["block"].tolist())
    return list(zip(*columns, strict=True))


def _pairs(
    left: list[tuple[float, float, int]],
    right: list[tuple[float, float, int]],
    minimum_iou: float,
) -> list[tuple[int, int]]:
    """(left, right) positions of the pairs, in the order of the left eye."""
    candidates = []
    begin = 0
    for i, (start, until, block) in enumerate(left):
        while begin < len(right) and right[begin][1] <= start:
            begin += 1
        for j in range(begin, len(right)):
            other_start, other_until, other_block = right[j]
            if other_start >= until:
                break
            shared = min(until, other_until) - max(start, other_start)
            iou = shared / (max(until, other_until) - min(start, other_start))
            if block == other_block and iou >= minimum_iou:
                candidates.append((-iou, start, i, j))
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    pairs = []
    for _, _, i, j in sorted(candidates):
        if i not in taken_left and j not in taken_right:
            taken_left.add(i)
            taken_right.add(j)
            pairs.append((i, j))
    return sorted(pairs)
