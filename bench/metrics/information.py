"""How many bits a map tells about where people look."""

import numpy as np

from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap
from bench.metrics._target import MIX, GazeTarget


@metric(
    label="IG over centre bias",
    direction="higher",
    unit="bits per fixation",
    needs=("fixations", "centre"),
    reference="Kuemmerer, Wallis, Bethge 2015, with a mixture instead of an epsilon",
    description=(
        "Mean log2(p' / c') at fixations, map and centre bias each 0.999 density + 0.001 uniform.\n"
        "Higher is better: 0 is as good as the centre bias; raw maps are no densities, mind that."
    ),
)
def ig(saliency: SaliencyMap, target: GazeTarget) -> float:
    density = saliency.density(target.cells, mix=MIX)
    return float((np.log2(density) - target.centre_log2).mean())
