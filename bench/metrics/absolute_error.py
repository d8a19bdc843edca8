"""Mean absolute error between a map and the human heatmap: the paper's, and two that mean more.

The paper's own, taken literally, is won by an all-zero map on every image: the heatmap's values lie
far below a map's, which reach 1, so the error is nearly the map's mean.
"""

import numpy as np
from numpy.typing import NDArray

from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap, blocks
from bench.metrics._target import GazeTarget

PAPER = "Ebrahimpour, Falandays, Spevack, Noelle 2019"


@metric(
    label="MAE (paper)",
    direction="lower",
    range=(0.0, np.inf),
    needs=("heatmap",),
    heatmap="paper kernel, divided by its maximum before the convolution, not after",
    reference=PAPER,
    description=(
        "Mean |S - G| over pixels, S scaled to [0, 1], G exactly as the paper writes it.\n"
        "Lower is better, but an all-zero map wins: it measures how dark a map is, not agreement."
    ),
)
def mae_paper(saliency: SaliencyMap, target: GazeTarget) -> float:
    return _mean_difference(saliency, target.heatmap_values)


@metric(
    label="MAE (G to 1)",
    direction="lower",
    range=(0.0, 1.0),
    needs=("heatmap",),
    heatmap="any scale, divided by its maximum after the convolution",
    reference=f"{PAPER}, with the heatmap rescaled to a maximum of 1",
    description=(
        "Mean |S - G / max G| over pixels, S scaled to [0, 1].\n"
        "Lower is better; where most of G is close to 0, dark maps are favoured."
    ),
)
def mae_paper_renorm(saliency: SaliencyMap, target: GazeTarget) -> float:
    return _mean_difference(saliency, target.heatmap_to_one)


@metric(
    label="MAE of densities",
    direction="lower",
    range=(0.0, 2.0),
    needs=("heatmap",),
    heatmap="any scale, as a density",
    reference="twice the total variation distance; = 2 (1 - SIM)",
    description=(
        "Mean |p - q| N over pixels: map and heatmap each scaled to a mean of 1.\n"
        "Lower is better: 0 is the human density itself, 2 has no pixel in common with it."
    ),
)
def mae_density(saliency: SaliencyMap, target: GazeTarget) -> float:
    total = 0.0
    for part in blocks(saliency.size):
        difference = saliency.density(part)
        difference -= target.density[part]
        total += float(np.abs(difference, out=difference).sum())
    return total


def _mean_difference(saliency: SaliencyMap, heatmap: NDArray[np.float64]) -> float:
    """Mean |Sm - heatmap|, Sm the min-max scaled map."""
    total = 0.0
    for part in blocks(saliency.size):
        difference = saliency.scaled(part)
        difference -= heatmap[part]
        total += float(np.abs(difference, out=difference).sum())
    return total / saliency.size
