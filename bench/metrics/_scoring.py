"""One map against the gaze on its image: scores by name, and what is degenerate, in words."""

import math
from collections.abc import Iterable

from numpy.typing import ArrayLike

from bench.errors import ValidationError
from bench.metrics._registry import Metric, get_metric, metric_names
from bench.metrics._saliency import SaliencyMap
from bench.metrics._target import GazeTarget


def evaluate(
    saliency: ArrayLike,
    *,
    fixations: ArrayLike | None = None,
    durations: ArrayLike | None = None,
    heatmap: ArrayLike | None = None,
    other_fixations: ArrayLike | None = None,
    centre: ArrayLike | None = None,
    metrics: str | Iterable[str] | None = None,
) -> dict[str, float]:
    """The scores of one map, by the metrics' names.

    saliency: (H, W), any scale, at the image's own resolution. fixations: (F, 2) positions (x, y)
    in pixels, pixel centres at whole numbers; those outside the image are not used. durations:
    (F,) ms. heatmap: (H, W) human map, normalised inside, except by `mae_paper`, which takes it as
    given. other_fixations: (M, 2), those of other images scaled to this one. centre: (H, W)
    centre-bias density. metrics: a name or several; by default all that the given data allow, but
    for legacy forms and slow ones (`metric_names(default_only=True)`).

    NaN, never a number, where a map holds NaN or infinity or no fixation is inside; `flags` says
    which. A constant map has the scores of chance: AUC and sAUC 0.5, NSS and CC 0.

    Errors: UsageError for an unknown metric, with the nearest names; ValidationError for a shape
    that differs from the map's, or a metric asked for without the data that it needs.

    >>> import numpy as np
    >>> rising = np.arange(12.0).reshape(3, 4)
    >>> scores = evaluate(rising, fixations=[(3, 2), (0, 1)], metrics=["auc", "nss"])
    >>> {name: round(score, 4) for name, score in scores.items()}
    {'auc': 0.6667, 'nss': 0.5794}
    """
    found = SaliencyMap(saliency)
    target = GazeTarget(found.shape, fixations, durations, heatmap, other_fixations, centre)
    return score_map(found, target, metrics)


def score_map(
    saliency: SaliencyMap | ArrayLike,
    target: GazeTarget,
    metrics: str | Iterable[str] | None = None,
) -> dict[str, float]:
    """The scores of one map against a `GazeTarget`, which many maps of the same image share.

    As `evaluate`, of which this is the fast form. metrics=None means the default ones whose needs
    the target meets.
    """
    saliency = _as_map(saliency, target)
    chosen = _chosen(metrics, target)
    return {metric.name: _score(metric, saliency, target) for metric in chosen}


def score_flags(
    saliency: SaliencyMap | ArrayLike, target: GazeTarget, metric: str | None = None
) -> list[str]:
    """What is degenerate in the map, or in the gaze as far as `metric` (default any) needs it.

    The words of `flags`; `no_other_fixation`; `no_duration`, `too_small`, ... where that metric is
    not defined; `constant_heatmap`. The score is NaN but for `constant`, `empty` (the map's) and
    `constant_heatmap`, where a score stands.
    """
    saliency = _as_map(saliency, target)
    needs = get_metric(metric).needs if metric else None
    found = saliency.flags + target.flags(needs) + target.notes(needs)
    if metric:
        why = _undefined(get_metric(metric), saliency, target)
        found += [why] * (bool(why) and why not in found)
    return found


def flags(saliency: ArrayLike, fixations: ArrayLike | None = None) -> list[str]:
    """What is degenerate in a map and its fixations, in words; an empty list where nothing is.

    `nan`, `infinite`: the map holds such values and has no score. `constant`: all values are equal
    (up to 8 units in the last place of its own number type). `empty`: all are zero. `no_fixation`:
    fixations are given, but none is inside the map.

    >>> flags([[0, 0], [0, 0]], fixations=[(5, 0)])
    ['constant', 'empty', 'no_fixation']
    """
    found = SaliencyMap(saliency)
    return found.flags + GazeTarget(found.shape, fixations).flags()


def _score(metric: Metric, saliency: SaliencyMap, target: GazeTarget) -> float:
    blocked = saliency.problems or target.flags(metric.needs)
    if blocked or _undefined(metric, saliency, target):
        return math.nan
    return float(metric.compute(saliency, target))


def _undefined(metric: Metric, saliency: SaliencyMap, target: GazeTarget) -> str:
    """Why a metric has no score although map and gaze hold what it needs; "" where it has one."""
    if metric.undefined is None or saliency.problems or target.flags(metric.needs):
        return ""
    return metric.undefined(saliency, target)


def _as_map(saliency: SaliencyMap | ArrayLike, target: GazeTarget) -> SaliencyMap:
    found = saliency if isinstance(saliency, SaliencyMap) else SaliencyMap(saliency)
    if found.shape != tuple(target.shape):
        raise ValidationError(
            f"the map has the shape {found.shape}, the image {tuple(target.shape)}; resize the map "
            "to the image first"
        )
    return found


def _chosen(metrics: str | Iterable[str] | None, target: GazeTarget) -> list[Metric]:
    if metrics is None:
        every = [get_metric(name) for name in metric_names(default_only=True)]
        return [metric for metric in every if not target.missing(metric.needs)]
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    chosen = [get_metric(name) for name in names]
    for metric in chosen:
        missing = target.missing(metric.needs)
        if missing:
            raise ValidationError(
                f"metric {metric.name!r} needs {', '.join(metric.needs)}; "
                f"not given: {', '.join(missing)}"
            )
    return chosen
