"""A map's values at fixated cells against its values elsewhere. Repeated fixations count again."""

from bench.metrics._ranking import fraction_below
from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap
from bench.metrics._target import GazeTarget


@metric(
    label="NSS",
    direction="higher",
    unit="standard deviations",
    needs=("fixations",),
    constant_value=0.0,
    reference="Peters, Iyer, Itti, Koch 2005; Bylinskii et al. 2018",
    description=(
        "Mean of the map at fixations, in standard deviations (ddof 0) above its own mean.\n"
        "Higher is better: 0 is chance, 1 means one standard deviation above the average pixel."
    ),
)
def nss(saliency: SaliencyMap, target: GazeTarget) -> float:
    if saliency.constant:
        return 0.0
    return float((saliency.values[target.cells] - saliency.mean).mean()) / saliency.deviation


@metric(
    label="AUC",
    direction="higher",
    range=(0.0, 1.0),
    needs=("fixations",),
    constant_value=0.5,
    reference="Mann-Whitney form of the area under the ROC curve; pysaliency's AUC, uniform",
    description=(
        "The chance that the map is higher at a fixation than at a random pixel; ties count half.\n"
        "Higher is better: 0.5 is chance; a centred blob scores well, so read it beside sAUC."
    ),
)
def auc(saliency: SaliencyMap, target: GazeTarget) -> float:
    """All pixels are negatives, all values are thresholds, ties are those of float64."""
    if saliency.constant:
        return 0.5
    return float(fraction_below(saliency.values, saliency.values[target.cells]).mean())


@metric(
    label="sAUC",
    direction="higher",
    range=(0.0, 1.0),
    needs=("fixations", "other_fixations"),
    constant_value=0.5,
    reference="Tatler, Baddeley, Gilchrist 2005; negatives as in the MIT/Tuebingen benchmark",
    description=(
        "The chance that the map is higher at a fixation than where people look in other images.\n"
        "Higher is better: 0.5 is chance, and about what a centre bias scores."
    ),
)
def sauc(saliency: SaliencyMap, target: GazeTarget) -> float:
    """All fixations of all other images are negatives, repeats kept: no random choice of images."""
    if saliency.constant:
        return 0.5
    values = saliency.values
    return float(fraction_below(values[target.other_cells], values[target.cells]).mean())
