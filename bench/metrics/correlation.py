"""Correlation between a map and the human heatmap."""

from bench.metrics._pair import Pair
from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap
from bench.metrics._target import GazeTarget


@metric(
    label="CC",
    direction="higher",
    range=(-1.0, 1.0),
    needs=("heatmap",),
    constant_value=0.0,
    heatmap="any scale",
    reference="Bylinskii, Judd et al. 2018, section 4, doi:10.1109/TPAMI.2018.2815601",
    formula="sum (S - mean S) (G - mean G) / (N sd S sd G)",
    description=(
        "Pearson's correlation over pixels between the map and the human heatmap.\n"
        "Higher is better: 1 is the heatmap up to scale and offset, 0 is unrelated or constant."
    ),
)
def cc(saliency: SaliencyMap, target: GazeTarget) -> float:
    """0 if either is constant. As S - mean S sums to 0, G may be taken from its minimum."""
    if saliency.constant or not target.norm:
        return 0.0
    near_0 = max(abs(saliency.lowest), abs(saliency.highest)) < 1e3 * saliency.deviation
    total = -saliency.mean * target.support_rise_sum if near_0 else 0.0
    for part, values in Pair.of(saliency, target).support_blocks():
        # far from 0, or nearly constant: subtract the mean before, at the price of two more passes
        found = values if near_0 else saliency.centred(values)
        total += float(found @ target.support_rise[part])
    correlation = total / (saliency.deviation * saliency.size**0.5 * target.norm)
    return min(max(correlation, -1.0), 1.0)


@metric(
    label="Spearman",
    direction="higher",
    range=(-1.0, 1.0),
    needs=("heatmap",),
    constant_value=0.0,
    heatmap="any scale",
    reference=(
        "Spearman 1904, doi:10.2307/1412159; as in Fel et al. 2022, doi:10.48550/arXiv.2211.04533"
    ),
    formula="CC of the ranks of S and G, ties sharing their mean rank",
    description=(
        "Pearson's correlation of the pixels' ranks, ties sharing their mean rank.\n"
        "Higher is better: 1 is the same order of pixels; G's many zeros count as one large tie."
    ),
)
def spearman(saliency: SaliencyMap, target: GazeTarget) -> float:
    if saliency.constant:
        return 0.0
    ranks = saliency.ranking.average_ranks()
    ranks -= (saliency.size - 1) / 2
    norm = float(ranks @ ranks) ** 0.5
    correlation = float(ranks @ target.rank_centred.take(saliency.ranking.order)) / norm
    return min(max(correlation, -1.0), 1.0)
