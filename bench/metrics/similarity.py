"""What a map and the human heatmap have in common: mass, structure, their brightest tenth."""

import numpy as np

from bench.metrics._pair import Pair
from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap
from bench.metrics._structure import BORDER, structural_similarity
from bench.metrics._target import GazeTarget


@metric(
    label="SIM",
    direction="higher",
    range=(0.0, 1.0),
    needs=("heatmap",),
    heatmap="any scale, as a density",
    reference=(
        "Judd, Durand, Torralba 2012, as histogram intersection; Bylinskii et al. 2018, "
        "doi:10.1109/TPAMI.2018.2815601"
    ),
    formula="sum min(p, q), p = S - min(S, 0) over its sum, q likewise of G",
    description=(
        "The share of the two densities that overlaps: sum of min(p, q); no min-max before.\n"
        "Higher is better: 1 is the human density itself, 0 has no pixel in common with it."
    ),
)
def sim(saliency: SaliencyMap, target: GazeTarget) -> float:
    total = 0.0
    for part, values in Pair.of(saliency, target).support_blocks():
        shared = saliency.as_density(values)
        total += float(np.minimum(shared, target.support_density[part], out=shared).sum())
    return min(total, 1.0)


def _too_small(saliency: SaliencyMap, target: GazeTarget) -> str:
    return "too_small" if min(saliency.shape) <= 2 * BORDER else ""


@metric(
    label="SSIM",
    direction="higher",
    range=(-1.0, 1.0),
    needs=("heatmap",),
    heatmap="any scale, divided by its maximum after the convolution",
    reference="Wang, Bovik, Sheikh, Simoncelli 2004, equation 13, doi:10.1109/TIP.2003.819861",
    formula="mean SSIM of Sm and G / max G; Gaussian 1.5 px, data range 1, population covariance",
    description=(
        "Mean local similarity of the map, scaled to [0, 1], and G / max G (Gaussian 1.5 px).\n"
        "Higher is better: 1 is the heatmap itself; but flat zeros shared by both dominate it."
    ),
    undefined=_too_small,
)
def ssim(saliency: SaliencyMap, target: GazeTarget) -> float:
    """Pixels closer than 5 to the border are left out, as in scikit-image."""
    scaled = saliency.scaled(saliency.values).reshape(saliency.shape)
    return structural_similarity(scaled, target.structure)


@metric(
    label="IoU of top 10 %",
    direction="higher",
    range=(0.0, 1.0),
    needs=("heatmap",),
    constant_value=0.0,
    heatmap="any scale",
    reference=(
        "Jaccard 1901, doi:10.5169/seals-266450, of the brightest tenths; as in Fel et al. 2022, "
        "doi:10.48550/arXiv.2211.04533"
    ),
    formula="|A and B| / |A or B|, A = S > its 90th percentile, B = G > its own",
    description=(
        "Overlap of the pixels above the map's 90th percentile with those above the heatmap's.\n"
        "Higher is better: 0.053 is chance for independent maps, 1 the same brightest tenth."
    ),
)
def iou_top10(saliency: SaliencyMap, target: GazeTarget) -> float:
    """Percentiles by linear interpolation; 0 where neither has a pixel above its own."""
    cut = float(np.quantile(saliency.values, 0.9))
    both = np.count_nonzero(saliency.values[target.top_tenth] > cut)
    either = np.count_nonzero(saliency.values > cut) + target.top_tenth.size - both
    return both / either if either else 0.0
