"""What is known of one map on one image, and the tidy tables that it becomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("image", "map", "metric", "value", "flag", "n_fixations", "half_value")
VIEWERS = ("image", "map", "metric", "viewer", "value", "weight")


@dataclass(frozen=True)
class MapScores:
    """All scores of one map on one image.

    values, flags: by metric. half_values: the score against the heatmap of a random half of the
    viewers, by metric against a heatmap; NaN with fewer than two viewers. by_viewer: as
    `scores_by_viewer`, the rows being `viewers`.
    """

    image: str
    map: str
    values: dict[str, float]
    flags: dict[str, str]
    n_fixations: int
    half_values: dict[str, float]
    viewers: list[str]
    by_viewer: dict[str, tuple[np.ndarray, np.ndarray]]


def score_tables(found: Iterable[MapScores]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two tidy tables of scores: per image (COLUMNS), and per image and viewer (VIEWERS)."""
    import pandas as pd

    rows, labels, columns = [], [], []
    for one in found:
        for metric, value in one.values.items():
            half = one.half_values.get(metric, np.nan)
            rows.append((one.image, one.map, metric, value, one.flags[metric], one.n_fixations))
            rows[-1] += (half,)
        for metric, (values, weights) in one.by_viewer.items():
            labels += [(one.image, one.map, metric, viewer) for viewer in one.viewers]
            columns.append(np.column_stack([values, weights]))
    scores = pd.DataFrame(rows, columns=list(COLUMNS))
    kinds = {"value": "float64", "flag": "string", "n_fixations": "int64", "half_value": "float64"}
    by_viewer = pd.DataFrame(labels, columns=list(VIEWERS[:4]), dtype="str")
    numbers = np.concatenate(columns) if columns else np.empty((0, 2))
    return scores.astype(kinds), by_viewer.assign(value=numbers[:, 0], weight=numbers[:, 1])
