"""Kullback-Leibler divergence of a map from the human heatmap, both as densities.

As a density a map is p = S - min(S, 0), divided by its sum; an all-zero map is uniform. What is
done about the zeros of p decides the number: ours is mixed with a little uniform density, the
legacy forms add an epsilon.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bench.metrics._pair import Pair
from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap
from bench.metrics._target import EPSILON, MIX, GazeTarget

BYLINSKII = "doi:10.1109/TPAMI.2018.2815601"
HEATMAP = "any scale, as a density"
LEGACY = "Lower is better; zeros of a map decide it: kept to compare with published numbers."


@metric(
    label="KL",
    direction="lower",
    range=(0.0, np.inf),
    unit="nats",
    needs=("heatmap",),
    heatmap=HEATMAP,
    reference=f"Bylinskii et al. 2018, {BYLINSKII}; with a mixture instead of an epsilon",
    formula="sum q log(q / p'), p' = 0.999 p + 0.001 / N",
    description=(
        "What is lost, in nats, by taking the map's density p' for the human density q.\n"
        "Lower is better: 0 is the human density; mass that the map misses costs most."
    ),
)
def kl(saliency: SaliencyMap, target: GazeTarget) -> float:
    """The mixture keeps the logarithm finite; q itself is not mixed, so p = q gives below 0.001."""

    def log_map(values: NDArray[np.float64]) -> NDArray[np.float64]:
        density = saliency.as_density(values, mix=MIX)
        return np.log(density, out=density)

    return max(target.negative_entropy - _over_humans(log_map, saliency, target), 0.0)


@metric(
    label="KL, 1e-20",
    direction="lower",
    range=(0.0, np.inf),
    unit="nats",
    needs=("heatmap",),
    heatmap=HEATMAP,
    reference="pysaliency 0.2.22, image_based_kl_divergence with minimum_value 1e-20",
    formula="sum q log(q / p), p = (S - min(S, 0) + 1e-20) / sum",
    description=f"As KL, with 1e-20 added to every pixel of the map first.\n{LEGACY}",
    default=False,
)
def kl_eps20(saliency: SaliencyMap, target: GazeTarget) -> float:
    def log_map(values: NDArray[np.float64]) -> NDArray[np.float64]:
        density = saliency.lifted_density(values)
        return np.log(density, out=density)

    return max(target.negative_entropy - _over_humans(log_map, saliency, target), 0.0)


@metric(
    label="KL, MIT",
    direction="lower",
    unit="nats",
    needs=("heatmap",),
    heatmap=HEATMAP,
    reference=f"Bylinskii et al. 2018, {BYLINSKII}; KLdiv of the MIT benchmark's MATLAB code",
    formula="sum q log(e + q / (p + e)), e = 2.2204e-16",
    description=f"As KL, in the MIT benchmark's form: e = 2.2204e-16 in the logarithm.\n{LEGACY}",
    default=False,
)
def kl_mit(saliency: SaliencyMap, target: GazeTarget) -> float:
    total = 0.0
    for part, values in Pair.of(saliency, target).support_blocks():
        human = target.support_density[part]
        quotient = human / (saliency.as_density(values) + EPSILON)
        total += float(human @ np.log(EPSILON + quotient))
    return total


def _over_humans(
    log_map: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    saliency: SaliencyMap,
    target: GazeTarget,
) -> float:
    """sum q log p."""
    total = 0.0
    for part, values in Pair.of(saliency, target).support_blocks():
        total += float(target.support_density[part] @ log_map(values))
    return total
