"""The work that turns a map's mass into that of the human heatmap."""

import numpy as np

from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap
from bench.metrics._target import GazeTarget
from bench.metrics._transport import cell_masses, transport_cost


@metric(
    label="EMD",
    direction="lower",
    range=(0.0, np.inf),
    unit="pixels",
    needs=("heatmap",),
    heatmap="any scale, as a density, in 20 cells along the longer side",
    reference=(
        "Rubner, Tomasi, Guibas 2000, doi:10.1023/A:1026543900054; Bylinskii et al. 2018, "
        "doi:10.1109/TPAMI.2018.2815601"
    ),
    formula="min sum f_ij d_ij, f moves p to q, d in pixels between cells of max(H, W) / 20",
    description=(
        "Earth mover's distance in pixels: how far the map's mass has to move, on average.\n"
        "Lower is better: 0 is the human density; unlike the others it sees how far a miss is off."
    ),
    default=False,  # tens of ms a map, more than all others together
)
def emd(saliency: SaliencyMap, target: GazeTarget) -> float:
    """On 20 equal square cells along the longer side, in the middle of the image."""
    density = saliency.density().reshape(saliency.shape)
    return transport_cost(cell_masses(density), target.cell_masses, max(saliency.shape))
