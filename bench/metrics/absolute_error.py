"""Errors of a map against the human heatmap, pixel by pixel: the paper's, and some that mean more.

The paper's own, taken literally, is won by an all-zero map on every image: the heatmap's values lie
far below a map's, which reach 1, so the error is nearly the map's mean.

Pixels where the heatmap is 0 are not visited one by one: there the error is the map itself, and its
sum over all pixels is known.
"""

import numpy as np
from numpy.typing import NDArray

from bench.metrics._pair import Pair
from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap
from bench.metrics._target import GazeTarget

PAPER = "Ebrahimpour, Falandays, Spevack, Noelle 2019, doi:10.1007/978-3-030-33723-0_5"


@metric(
    label="MAE (paper)",
    direction="lower",
    range=(0.0, np.inf),
    needs=("heatmap",),
    heatmap="paper kernel, divided by its maximum before the convolution, not after",
    reference=PAPER,
    formula="mean |Sm - G|, Sm = (S - min S) / (max S - min S)",
    description=(
        "Mean |S - G| over pixels, S scaled to [0, 1], G exactly as the paper writes it.\n"
        "Lower is better, but an all-zero map wins: it measures how dark a map is, not agreement."
    ),
)
def mae_paper(saliency: SaliencyMap, target: GazeTarget) -> float:
    return _mean_difference(saliency, target, target.support_values)


@metric(
    label="MSE (paper)",
    direction="lower",
    range=(0.0, np.inf),
    needs=("heatmap",),
    heatmap="paper kernel, divided by its maximum before the convolution, not after",
    reference=f"{PAPER}; squared instead of absolute",
    formula="mean (Sm - G)^2",
    description=(
        "Mean (S - G)^2 over pixels, S scaled to [0, 1], G exactly as the paper writes it.\n"
        "Lower is better, and an all-zero map wins here as well."
    ),
)
def mse_paper(saliency: SaliencyMap, target: GazeTarget) -> float:
    if saliency.constant:
        every = saliency.mean_scaled**2
    else:
        spread = saliency.highest - saliency.lowest
        every = (saliency.deviation / spread) ** 2 + saliency.mean_scaled**2
    difference = 0.0
    for part, values in Pair.of(saliency, target).support_blocks():
        scaled = saliency.scaled(values)
        difference -= float(scaled @ scaled)
        scaled -= target.support_values[part]
        difference += float(scaled @ scaled)
    return max(every + difference / saliency.size, 0.0)


@metric(
    label="MAE (G to 1)",
    direction="lower",
    range=(0.0, 1.0),
    needs=("heatmap",),
    heatmap="any scale, divided by its maximum after the convolution",
    reference=f"{PAPER}; with the heatmap rescaled to a maximum of 1",
    formula="mean |Sm - G / max G|",
    description=(
        "Mean |S - G / max G| over pixels, S scaled to [0, 1].\n"
        "Lower is better: 0 is the human heatmap; most of it is near 0, so dark maps are favoured."
    ),
)
def mae_paper_renorm(saliency: SaliencyMap, target: GazeTarget) -> float:
    return _mean_difference(saliency, target, target.heatmap_to_one[target.support])


@metric(
    label="MAE of densities",
    direction="lower",
    range=(0.0, 2.0),
    needs=("heatmap",),
    heatmap="any scale, as a density",
    reference="Bylinskii et al. 2018, doi:10.1109/TPAMI.2018.2815601; = 2 (1 - SIM)",
    formula="N mean |p - q| = 2 (1 - SIM)",
    description=(
        "Mean |p - q| N over pixels: map and heatmap each scaled to a mean of 1.\n"
        "Lower is better: 0 is the human density itself, 2 has no pixel in common with it."
    ),
)
def mae_density(saliency: SaliencyMap, target: GazeTarget) -> float:
    total = 1.0
    for part, values in Pair.of(saliency, target).support_blocks():
        difference = saliency.as_density(values)
        total -= float(difference.sum())
        difference -= target.support_density[part]
        total += float(np.abs(difference, out=difference).sum())
    return min(max(total, 0.0), 2.0)


@metric(
    label="MAE of histograms",
    direction="lower",
    range=(0.0, 1.0),
    needs=("heatmap",),
    heatmap="any scale, divided by its maximum after the convolution",
    reference="Gonzalez, Woods, Digital Image Processing: histogram matching, here before the MAE",
    formula="mean |G*(rank S) - G / max G|, G* the sorted values of G / max G",
    description=(
        "Mean |S' - G / max G|: S' has the values of G / max G in the order of the map.\n"
        "Lower is better: 0 is the same order of pixels; a map's scale and contrast play no part."
    ),
)
def mae_hist(saliency: SaliencyMap, target: GazeTarget) -> float:
    ranking = saliency.ranking
    matched = ranking.tied_means(target.ascending_to_one)
    return float(np.abs(matched - target.heatmap_to_one.take(ranking.order)).mean())


def _no_skill(saliency: SaliencyMap, target: GazeTarget) -> str:
    return "" if target.median_error else "constant_heatmap"


@metric(
    label="MAE skill",
    direction="higher",
    range=(-np.inf, 1.0),
    needs=("heatmap",),
    heatmap="any scale, divided by its maximum after the convolution",
    reference=(
        "Murphy 1988, doi:10.1175/1520-0493(1988)116<2417:SSBOTM>2.0.CO;2, here over the best "
        "constant map"
    ),
    formula="1 - mae_paper_renorm(S) / mean |median(G / max G) - G / max G|",
    description=(
        "1 - MAE / MAE of the best blank map (G's median everywhere), both against G / max G.\n"
        "Higher is better: 1 is the heatmap itself, 0 as good as a blank map, negative is worse."
    ),
    undefined=_no_skill,
)
def mae_skill(saliency: SaliencyMap, target: GazeTarget) -> float:
    return 1 - mae_paper_renorm(saliency, target) / target.median_error


def _mean_difference(
    saliency: SaliencyMap, target: GazeTarget, heatmap: NDArray[np.float64]
) -> float:
    """Mean |Sm - G|, Sm the min-max scaled map, `heatmap` the values of G where it is not 0."""
    error = saliency.mean_scaled * saliency.size
    for part, values in Pair.of(saliency, target).support_blocks():
        scaled = saliency.scaled(values)
        error -= float(scaled.sum())
        scaled -= heatmap[part]
        error += float(np.abs(scaled, out=scaled).sum())
    return max(error / saliency.size, 0.0)
