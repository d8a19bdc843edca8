"""A map's scores on each viewer alone, for resampling viewers and for ceilings by viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from bench.heatmaps import fixation_cells
from bench.metrics._ranking import fraction_below
from bench.metrics._registry import get_metric
from bench.metrics._saliency import SaliencyMap
from bench.metrics._target import MIX, GazeTarget

Floats = NDArray[np.float64]


def _nss(saliency: SaliencyMap, target: GazeTarget) -> Floats:
    if saliency.constant:
        return np.zeros(target.cells.size)
    return (saliency.values[target.cells] - saliency.mean) / saliency.deviation


def _auc(saliency: SaliencyMap, target: GazeTarget) -> Floats:
    if saliency.constant:
        return np.full(target.cells.size, 0.5)
    return fraction_below(saliency.values, saliency.values[target.cells])


def _sauc(saliency: SaliencyMap, target: GazeTarget) -> Floats:
    if saliency.constant:
        return np.full(target.cells.size, 0.5)
    values = saliency.values
    return fraction_below(values[target.other_cells], values[target.cells])


def _ig(saliency: SaliencyMap, target: GazeTarget) -> Floats:
    return np.log2(saliency.density(target.cells, mix=MIX)) - target.centre_log2


def _ig_uniform(saliency: SaliencyMap, target: GazeTarget) -> Floats:
    return np.log2(saliency.density(target.cells, mix=MIX) * saliency.size)


# Metrics that are a mean over fixations: each fixation's own contribution. Metrics that need
# durations weigh them by milliseconds, the others alike. A metric that is not here (AUC-Judd, whose
# thresholds are the fixations themselves) has no scores by viewer.
MEAN_OVER_FIXATIONS: dict[str, Callable[[SaliencyMap, GazeTarget], Floats]] = {
    "nss": _nss,
    "nss_duration": _nss,
    "auc": _auc,
    "sauc": _sauc,
    "ig": _ig,
    "ig_uniform": _ig_uniform,
}


def against_heatmap(metric: str) -> bool:
    """Whether a metric compares with the human heatmap, and not with single fixations."""
    return "heatmap" in get_metric(metric).needs


def scores_by_viewer(
    saliency: SaliencyMap, target: GazeTarget, viewer: NDArray[np.intp], metrics: Iterable[str]
) -> dict[str, tuple[Floats, Floats]]:
    """{metric: (the map's score on each viewer's fixations alone (V,), weights (V,))}.

    viewer: (F,) number of the viewer, 0 to V - 1, whose fixation each of `target.cells` is. With
    the weights (the number of fixations, or their milliseconds where the metric needs durations)
    the mean over viewers is the score on all fixations. Only for `MEAN_OVER_FIXATIONS`; all NaN
    where the map has no score.
    """
    found = {}
    viewers = int(viewer.max(initial=-1)) + 1
    for name in MEAN_OVER_FIXATIONS.keys() & set(metrics):
        needs = get_metric(name).needs
        means, total = np.full((2, viewers), np.nan)
        if not saliency.problems and not target.flags(needs):
            parts = MEAN_OVER_FIXATIONS[name](saliency, target)
            weights = _durations(target) if "durations" in needs else np.ones(parts.size)
            total = np.bincount(viewer, weights, viewers)
            sums = np.bincount(viewer, weights * parts, viewers)
            np.divide(sums, total, out=means, where=total > 0)
        found[name] = (means, total)
    return {name: found[name] for name in metrics if name in found}


def _durations(target: GazeTarget) -> Floats:
    """Milliseconds of each of `target.cells`."""
    x, y = target.fixations.T
    return target.durations[fixation_cells(x, y, target.shape)[2]]
