"""The human ceiling of a metric, measured on the same target as the maps, and each map's share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.leaderboard._table import MetricTable, column_means
from bench.metrics import against_heatmap, get_metric
from bench.statistics import MeanInterval, bootstrap_mean, bootstrap_share, spearman_brown

UNINFORMED = ("zero", "uniform")
NEGLIGIBLE = 0.1  # share of the way up that a map which knows nothing may have


@dataclass(frozen=True, eq=False)
class Ceiling:
    """The ceiling of one metric.

    kind: `leave_one_out`, `split_half`, `split_half_spearman_brown`, or "" where there is none.
    mean: of the ceiling over images. matched: (k,) each map's mean on the ceiling's own target.
    share: of the way from the centre bias to the ceiling, with its interval; all NaN where `note`
    says why no share is fair.
    """

    kind: str
    mean: float
    matched: np.ndarray
    share: MeanInterval
    note: str


def human_ceiling(table: MetricTable, options: dict[str, float]) -> Ceiling:
    """The ceiling of a metric, with the shares of all its maps.

    Fixation metrics, `leave_one_out`: other viewers predict the viewer left out, mean over viewers;
    the maps are scored on each viewer alone, too, where the metric is a mean over fixations. (With
    no scores by viewer in the table, their scores on all fixations stand in.)
    Metrics against a heatmap, `split_half`: one half of the viewers predicts the heatmap of the
    other; the maps are scored on a half's heatmap, too.
    CC, `split_half_spearman_brown`: the correlation between halves, extended to all viewers image
    by image; the maps are scored on the heatmap of all viewers.

    No share where other viewers are not above the centre bias, or where a map that knows nothing
    (zero, uniform) is itself more than a tenth of the way up, both as their intervals say: such a
    scale does not measure what is known about the image.
    """
    none = np.full(table.values.shape[1], np.nan)
    human, centre = table.baseline("human"), table.baseline("centre")
    nothing = MeanInterval(none, none, none, np.zeros(none.size, dtype=np.intp))
    if human is None:
        return Ceiling("", np.nan, none, nothing, "other viewers were not scored")
    kind, matched = _matched(table, human)
    ceiling = matched[:, human]
    if np.isnan(ceiling).all():
        return Ceiling("", np.nan, none, nothing, "no image with two viewers")
    mean, means = float(np.nanmean(ceiling)), column_means(matched)
    note = _no_scale(table.metric, matched, human, centre, options)
    if not note:
        share = bootstrap_share(matched, matched[:, centre], ceiling, **options)
        note = _uninformed(table, share)
    return Ceiling(kind, mean, means, nothing if note else share, note)


def _matched(table: MetricTable, human: int) -> tuple[str, np.ndarray]:
    """The kind of ceiling, and all columns' scores (n, k) on its target."""
    if not against_heatmap(table.metric):
        matched = _viewer_means(table)
        matched[:, human] = table.values[:, human]
        return "leave_one_out", matched
    if table.metric != "cc":
        return "split_half", table.half_values
    matched = table.values.copy()
    matched[:, human] = spearman_brown(table.half_values[:, human])
    return "split_half_spearman_brown", matched


def _viewer_means(table: MetricTable) -> np.ndarray:
    """Plain means over the viewers of an image (n, k); the scores themselves without viewers."""
    cells, n = table.cells, len(table.values)
    if cells is None:
        return table.values.copy()
    present = ~np.isnan(cells.values)
    means = np.full(table.values.shape, np.nan)
    for column in range(means.shape[1]):
        own = present[:, column]
        count = np.bincount(cells.image[own], minlength=n)
        total = np.bincount(cells.image[own], cells.values[own, column], n)
        np.divide(total, count, out=means[:, column], where=count > 0)
    return means


def _no_scale(
    metric: str, matched: np.ndarray, human: int, centre: int | None, options: dict[str, float]
) -> str:
    """Why there is no way up from the centre bias to other viewers, in words; "" where there is."""
    if centre is None:
        return "the centre bias was not scored"
    if np.isnan(matched[:, centre]).all():
        return "maps have no score viewer by viewer in this metric"
    difference = get_metric(metric).sign * (matched[:, human] - matched[:, centre])
    low = bootstrap_mean(difference, **options).ci_low
    if np.isnan(low):
        return "too few images for an interval"
    return "" if low > 0 else "other viewers are not above the centre bias"


def _uninformed(table: MetricTable, share: MeanInterval) -> str:
    """Which map that knows nothing is clearly on its way up, in words; "" where none is."""
    for name in UNINFORMED:
        column = table.baseline(name)
        if column is not None and share.ci_low[column] > NEGLIGIBLE:
            percent = f"{100 * share.mean[column]:.0f} %"
            return f"the {name} map, which knows nothing, is {percent} of the way up"
    return ""
