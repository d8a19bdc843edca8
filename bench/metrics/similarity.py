"""A map and the human heatmap as two densities: what they share, and how they diverge.

As a density a map is p = S - min(S, 0), divided by its sum; an all-zero map is uniform.
"""

import numpy as np

from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap, blocks
from bench.metrics._target import MIX, GazeTarget


@metric(
    label="SIM",
    direction="higher",
    range=(0.0, 1.0),
    needs=("heatmap",),
    heatmap="any scale, as a density",
    reference="Judd, Durand, Torralba 2012; Bylinskii et al. 2018 (histogram intersection)",
    description=(
        "The share of the two densities that overlaps: sum of min(p, q); no min-max before.\n"
        "Higher is better: 1 is the human density itself, 0 has no pixel in common with it."
    ),
)
def sim(saliency: SaliencyMap, target: GazeTarget) -> float:
    total = 0.0
    for part in blocks(saliency.size):
        shared = saliency.density(part)
        total += float(np.minimum(shared, target.density[part], out=shared).sum())
    return min(total, 1.0)


@metric(
    label="KL",
    direction="lower",
    range=(0.0, np.inf),
    unit="nats",
    needs=("heatmap",),
    heatmap="any scale, as a density",
    reference="Bylinskii et al. 2018 (image-based KL), with a mixture instead of an epsilon",
    description=(
        "sum q log(q / p') in nats, human density q first, p' = 0.999 p + 0.001 uniform.\n"
        "Lower is better: 0 is the human density; mass that the map misses costs most."
    ),
)
def kl(saliency: SaliencyMap, target: GazeTarget) -> float:
    """The mixture keeps the logarithm finite; q itself is not mixed, so p = q gives below 0.001."""
    cross = 0.0
    for part in blocks(target.support.size):
        density = saliency.density(target.support[part], mix=MIX)
        cross += float(target.support_density[part] @ np.log(density, out=density))
    return max(target.negative_entropy - cross, 0.0)
