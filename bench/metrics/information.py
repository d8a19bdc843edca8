"""How many bits a map tells about where people look."""

from collections.abc import Mapping, Sequence

import numpy as np

from bench.metrics._fitted import Example, fitted_information_gain
from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap
from bench.metrics._target import EPSILON, MIX, GazeTarget

SOURCE = "Kuemmerer, Wallis, Bethge 2015, doi:10.1073/pnas.1510393112"
BYLINSKII = "doi:10.1109/TPAMI.2018.2815601"
LEGACY = "Higher is better; zeros of a map decide it: kept to compare with published numbers."


@metric(
    label="IG over centre bias",
    direction="higher",
    unit="bits per fixation",
    needs=("fixations", "centre"),
    reference=f"{SOURCE}; with a mixture instead of an epsilon",
    formula="mean over fixations of log2(p' / c'), p' = 0.999 p + 0.001 / N, c' likewise",
    description=(
        "How much better the map predicts fixations than the centre bias: mean log2(p' / c').\n"
        "Higher is better: 0 is as good as it, 1 twice as good a guess; raw maps are no densities."
    ),
)
def ig(saliency: SaliencyMap, target: GazeTarget) -> float:
    density = saliency.density(target.cells, mix=MIX)
    return float((np.log2(density) - target.centre_log2).mean())


@metric(
    label="IG over uniform",
    direction="higher",
    unit="bits per fixation",
    needs=("fixations",),
    constant_value=0.0,
    reference=f"{SOURCE}; with a mixture instead of an epsilon",
    formula="mean over fixations of log2(N p'), p' = 0.999 p + 0.001 / N",
    description=(
        "How much better the map predicts fixations than a uniform map: mean log2(N p').\n"
        "Higher is better: 0 is a uniform map; a centre bias earns bits here, so read IG beside it."
    ),
)
def ig_uniform(saliency: SaliencyMap, target: GazeTarget) -> float:
    if saliency.constant:
        return 0.0
    return float(np.log2(saliency.density(target.cells, mix=MIX) * saliency.size).mean())


@metric(
    label="IG over centre bias, 1e-20",
    direction="higher",
    unit="bits per fixation",
    needs=("fixations", "centre"),
    reference="pysaliency 0.2.22, convert_saliency_map_to_density with minimum_value 1e-20",
    formula="mean over fixations of log2(p / c), p = (S - min(S, 0) + 1e-20) / sum, c likewise",
    description=(f"As IG over centre bias, with 1e-20 added to every pixel first.\n{LEGACY}"),
    default=False,
)
def ig_eps20(saliency: SaliencyMap, target: GazeTarget) -> float:
    centre = SaliencyMap(target.centre)
    density = saliency.lifted_density(saliency.values[target.cells])
    return float(np.log2(density / centre.lifted_density(centre.values[target.cells])).mean())


@metric(
    label="IG over centre bias, MIT",
    direction="higher",
    unit="bits per fixation",
    needs=("fixations", "centre"),
    reference=f"Bylinskii et al. 2018, {BYLINSKII}; InfoGain of the MIT benchmark's MATLAB code",
    formula="mean over fixated pixels of log2(e + p) - log2(e + c), e = 2.2204e-16, of Sm, cm",
    description=(
        "As IG over centre bias, in the form of the MIT benchmark: maps scaled to [0, 1] first.\n"
        + LEGACY
    ),
    default=False,
)
def ig_mit(saliency: SaliencyMap, target: GazeTarget) -> float:
    """Every fixated pixel once. A constant map, undefined there, counts as uniform."""
    gains = [
        np.log2(EPSILON + _scaled_density(found, target.unique_cells)).mean()
        for found in (saliency, SaliencyMap(target.centre))
    ]
    return float(gains[0] - gains[1])


def _scaled_density(found: SaliencyMap, cells: np.ndarray) -> np.ndarray:
    """Sm / sum Sm at `cells`."""
    if found.constant:
        return np.full(cells.size, 1 / found.size)
    return found.scaled(found.values[cells]) / (found.mean_scaled * found.size)


@metric(
    label="IG over centre bias, fitted",
    direction="higher",
    unit="bits per fixation",
    needs=("fixations", "centre", "other_maps"),
    reference=(
        "Kuemmerer, Wallis, Bethge 2018, Saliency Benchmarking Made Easy, "
        "doi:10.48550/arXiv.1704.08615"
    ),
    formula="IG with log p = sum_k a_k r_k(blurred S) + w log c - log Z, fitted on other images",
    description=(
        "IG of the map after a blur, a rising curve and a centre bias fitted on other images.\n"
        "Higher is better: 0 is as good as the centre bias, whatever scale the raw map has."
    ),
)
def ig_fitted(examples: Mapping[str, Sequence[Example]]) -> dict[str, float]:
    """By cross-validation over images (`bench.metrics.fitted_information_gain`)."""
    return fitted_information_gain(examples)
