"""Areas under the ROC curve: a map as a detector of fixations. They differ in what is a miss.

Positives are the map's values at fixations. No jitter anywhere: ties count half.
"""

import numpy as np
from numpy.typing import NDArray

from bench.metrics._pair import Pair
from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap, blocks
from bench.metrics._target import GazeTarget

STEPS = 10  # thresholds 0, 0.1 ... 1 of AUC-Borji


@metric(
    label="AUC",
    direction="higher",
    range=(0.0, 1.0),
    needs=("fixations",),
    constant_value=0.5,
    reference="Mann, Whitney 1947, doi:10.1214/aoms/1177730491; pysaliency's AUC, all pixels",
    formula="P(S at a fixation > S at a pixel) + P(equal) / 2, over all pixels",
    description=(
        "The chance that the map is higher at a fixation than at a random pixel; ties count half.\n"
        "Higher is better: 0.5 is chance; a centred blob scores well, so read it beside sAUC."
    ),
)
def auc(saliency: SaliencyMap, target: GazeTarget) -> float:
    """All pixels are negatives, all values are thresholds, ties are those of float64."""
    if saliency.constant:
        return 0.5
    found = Pair.of(saliency, target).fixated
    return _mann_whitney(found.hits, found.pixels)


def _all_fixated(saliency: SaliencyMap, target: GazeTarget) -> str:
    return "all_fixated" if target.unique_cells.size == saliency.size else ""


@metric(
    label="AUC-Judd",
    direction="higher",
    range=(0.0, 1.0),
    needs=("fixations",),
    constant_value=0.5,
    reference=(
        "Judd, Ehinger, Durand, Torralba 2009, doi:10.1109/ICCV.2009.5459462; without the jitter "
        "of Bylinskii et al. 2018, doi:10.1109/TPAMI.2018.2815601"
    ),
    formula="trapezoids through (fp, tp) at fixated values t: share of unfixated, fixations >= t",
    description=(
        "Area under the ROC curve with thresholds at fixated values only, negatives unfixated.\n"
        "Higher is better: 0.5 is chance, 1 all fixations on top; to compare with published AUCs."
    ),
    undefined=_all_fixated,
)
def auc_judd(saliency: SaliencyMap, target: GazeTarget) -> float:
    """Every fixation is a positive, repeats kept. From (0, 0) to (1, 1)."""
    if saliency.constant:
        return 0.5
    found = Pair.of(saliency, target).fixated
    at_or_above = np.cumsum(found.unfixated[::-1])[::-1][1::2]
    false_positives = at_or_above[::-1] / found.unfixated.sum()
    true_positives = np.cumsum(found.hits[::-1]) / found.hits.sum()
    return _trapezoids(false_positives, true_positives)


@metric(
    label="AUC-Borji",
    direction="higher",
    range=(0.0, 1.0),
    needs=("fixations",),
    constant_value=0.5,
    reference=(
        "Borji, Tavakoli, Sihite, Itti 2013, doi:10.1109/ICCV.2013.118; as in Bylinskii et al. "
        "2018, doi:10.1109/TPAMI.2018.2815601, mean over all draws"
    ),
    formula="trapezoids through (fp, tp) at t = 1, 0.9 ... 0: share of pixels, fixated >= t, of Sm",
    description=(
        "ROC area with eleven thresholds on the map scaled to [0, 1], negatives random pixels.\n"
        "Higher is better: 0.5 is chance; coarse steps cost peaked maps a lot (human: .92 to .85)."
    ),
)
def auc_borji(saliency: SaliencyMap, target: GazeTarget) -> float:
    """The exact expectation of the usual random draws.

    Positives are the fixated pixels, each once. The area is linear in the false-positive rates, so
    its mean over draws is the area at their means, which are shares of all pixels.
    """
    if saliency.constant:
        return 0.5
    thresholds = np.arange(STEPS, -1, -1) / STEPS
    fixated = _unit_range(saliency, saliency.values[target.unique_cells])
    true_positives = (fixated >= thresholds[:, None]).mean(axis=1)
    counts = np.zeros(thresholds.size)
    for part in blocks(saliency.size):
        values = _unit_range(saliency, saliency.values[part])
        counts += [np.count_nonzero(values >= threshold) for threshold in thresholds]
    return _trapezoids(counts / saliency.size, true_positives)


@metric(
    label="sAUC",
    direction="higher",
    range=(0.0, 1.0),
    needs=("fixations", "other_fixations"),
    constant_value=0.5,
    reference=(
        "Tatler, Baddeley, Gilchrist 2005, doi:10.1016/j.visres.2004.09.017; negatives as in the "
        "MIT/Tuebingen benchmark"
    ),
    formula="P(S at a fixation > S at another image's fixation) + P(equal) / 2",
    description=(
        "The chance that the map is higher at a fixation than where people look in other images.\n"
        "Higher is better: 0.5 is chance, and about what a blob in the middle scores."
    ),
)
def sauc(saliency: SaliencyMap, target: GazeTarget) -> float:
    """All fixations of all other images are negatives, repeats kept: no random choice of images."""
    if saliency.constant:
        return 0.5
    found = Pair.of(saliency, target).fixated
    return _mann_whitney(found.hits, found.others)


def _mann_whitney(hits: NDArray[np.intp], negatives: NDArray[np.float64]) -> float:
    """From how many positives have each value and how many negatives are at each place."""
    below, equal = np.cumsum(negatives)[0:-1:2], negatives[1::2]
    return float(hits @ (below + equal / 2)) / (hits.sum() * negatives.sum())


def _trapezoids(false_positives: NDArray[np.float64], true_positives: NDArray[np.float64]) -> float:
    """The area under the lines from (0, 0) through the points to (1, 1)."""
    across = np.concatenate([[0.0], false_positives, [1.0]])
    up = np.concatenate([[0.0], true_positives, [1.0]])
    return min(float(np.diff(across) @ (up[1:] + up[:-1])) / 2, 1.0)


def _unit_range(saliency: SaliencyMap, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sm by one division, whose rounding meets thresholds like 0.2 exactly (51 / 255)."""
    lifted = values - saliency.lowest
    lifted /= saliency.highest - saliency.lowest
    return lifted
