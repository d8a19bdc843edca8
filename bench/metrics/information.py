"""How many bits a map tells about where people look."""

from collections.abc import Mapping, Sequence

import numpy as np

from bench.metrics._fitted import Example, fitted_information_gain
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


@metric(
    label="IG over centre bias, fitted",
    direction="higher",
    unit="bits per fixation",
    needs=("fixations", "centre", "other_maps"),
    constant_value=None,
    reference="Kuemmerer, Wallis, Bethge 2018, Saliency Benchmarking Made Easy, section 3",
    description=(
        "IG of the map after a blur, a rising curve and a centre bias fitted on the other images.\n"
        "Higher is better: 0 is as good as the centre bias, whatever scale the raw map has."
    ),
)
def ig_fitted(examples: Mapping[str, Sequence[Example]]) -> dict[str, float]:
    """By cross-validation over images (`bench.metrics.fitted_information_gain`)."""
    return fitted_information_gain(examples)
