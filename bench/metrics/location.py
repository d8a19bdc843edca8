"""How high a map is at fixations, in its standard deviations. Repeated fixations count again."""

from bench.metrics._registry import metric
from bench.metrics._saliency import SaliencyMap
from bench.metrics._target import GazeTarget

PETERS = "Peters, Iyer, Itti, Koch 2005, doi:10.1016/j.visres.2005.03.019"


@metric(
    label="NSS",
    direction="higher",
    unit="standard deviations",
    needs=("fixations",),
    constant_value=0.0,
    reference=f"{PETERS}; Bylinskii et al. 2018, doi:10.1109/TPAMI.2018.2815601",
    formula="mean over fixations of (S - mean S) / sd S, ddof 0",
    description=(
        "Mean of the map at fixations, in standard deviations (ddof 0) above its own mean.\n"
        "Higher is better: 0 is chance, 1 means one standard deviation above the average pixel."
    ),
)
def nss(saliency: SaliencyMap, target: GazeTarget) -> float:
    if saliency.constant:
        return 0.0
    return float(saliency.centred(saliency.values[target.cells]).mean()) / saliency.deviation


def _no_duration(saliency: SaliencyMap, target: GazeTarget) -> str:
    return "" if target.duration_shares.size else "no_duration"


@metric(
    label="NSS by duration",
    direction="higher",
    unit="standard deviations",
    needs=("fixations", "durations"),
    constant_value=0.0,
    reference=f"{PETERS}; here each fixation weighted by its milliseconds",
    formula="sum over fixations of w (S - mean S) / sd S, w = ms / sum ms",
    description=(
        "As NSS, each fixation weighted by its share of the looking time.\n"
        "Higher is better: 0 is chance; above NSS where a map is high at what is looked at long."
    ),
    undefined=_no_duration,
)
def nss_duration(saliency: SaliencyMap, target: GazeTarget) -> float:
    if saliency.constant:
        return 0.0
    centred = saliency.centred(saliency.values[target.cells])
    return float(centred @ target.duration_shares) / saliency.deviation
