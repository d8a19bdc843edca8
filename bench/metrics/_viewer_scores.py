"""A map's scores on each viewer alone, for resampling viewers and for ceilings by viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from bench.heatmaps import fixation_cells
from bench.metrics._pair import Pair
from bench.metrics._registry import get_metric
from bench.metrics._saliency import SaliencyMap
from bench.metrics._target import MIX, GazeTarget

Floats = NDArray[np.float64]


def _nss(saliency: SaliencyMap, target: GazeTarget) -> Floats:
    if saliency.constant:
        return np.zeros(target.cells.size)
    return saliency.centred(saliency.values[target.cells]) / saliency.deviation


def _auc(saliency: SaliencyMap, target: GazeTarget) -> Floats:
    if saliency.constant:
        return np.full(target.cells.size, 0.5)
    fixated = Pair.of(saliency, target).fixated
    return _shares_below(fixated.pixels, fixated.index)


def _sauc(saliency: SaliencyMap, target: GazeTarget) -> Floats:
    if saliency.constant:
        return np.full(target.cells.size, 0.5)
    fixated = Pair.of(saliency, target).fixated
    return _shares_below(fixated.others, fixated.index)


def _shares_below(counts: Floats, index: NDArray[np.intp]) -> Floats:
    """For each fixation the share of negatives below its value, equal ones counting half."""
    below, equal = np.cumsum(counts)[0:-1:2], counts[1::2]
    return ((below + equal / 2) / counts.sum())[index]


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
