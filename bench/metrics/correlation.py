"""Correlation between a map and the human heatmap."""

from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap, blocks
from bench.metrics._target import GazeTarget


@metric(
    label="CC",
    direction="higher",
    range=(-1.0, 1.0),
    needs=("heatmap",),
    constant_value=0.0,
    heatmap="any scale",
    reference="Bylinskii, Judd, Oliva, Torralba, Durand 2018, section 4 (Pearson's correlation)",
    description=(
        "Pearson's correlation over pixels between the map and the human heatmap.\n"
        "Higher is better: 1 is a linear function of the heatmap, 0 is unrelated or constant."
    ),
)
def cc(saliency: SaliencyMap, target: GazeTarget) -> float:
    """sum (S - mean S) g / (N sd S), g the centred heatmap of unit length; 0 if one is constant."""
    if saliency.constant:
        return 0.0
    total = 0.0
    for part in blocks(saliency.size):
        total += float((saliency.values[part] - saliency.mean) @ target.centred[part])
    correlation = total / (saliency.deviation * saliency.size**0.5)
    return min(max(correlation, -1.0), 1.0)
