"""How well a map agrees with human gaze: one file per family of metrics, one function per metric.

`evaluate` scores one map. For many maps of one image make a `GazeTarget` once (it keeps what
depends on the humans alone) and call `score_map` with each. `flags` and `score_flags` say in words
what is degenerate. A new metric is one function with the decorator `@metric(...)` in a file of this
folder; files that begin with `_` are infrastructure.

Importing this package loads numpy and nothing heavier.
"""

from bench.metrics._baselines import (
    CentreBias,
    centre_density,
    scale_fixations,
    uniform_map,
    zero_map,
)
from bench.metrics._fitted import (
    CELLS,
    SAMPLE,
    Example,
    FittedDensity,
    example,
    fitted_densities,
    fitted_information_gain,
    mean_gain,
    spread_evenly,
)
from bench.metrics._registry import Metric, get_metric, metric, metric_names
from bench.metrics._saliency import BLOCK, SaliencyMap, blocks
from bench.metrics._scoring import evaluate, flags, score_flags, score_map
from bench.metrics._target import GazeTarget
from bench.metrics._viewer_scores import MEAN_OVER_FIXATIONS, against_heatmap, scores_by_viewer
from bench.metrics._viewers import SPLITS, LeftOutViewer, leave_one_viewer_out, split_viewers

__all__ = [
    "BLOCK",
    "CELLS",
    "MEAN_OVER_FIXATIONS",
    "SAMPLE",
    "SPLITS",
    "CentreBias",
    "Example",
    "FittedDensity",
    "GazeTarget",
    "LeftOutViewer",
    "Metric",
    "SaliencyMap",
    "against_heatmap",
    "blocks",
    "centre_density",
    "evaluate",
    "example",
    "fitted_densities",
    "fitted_information_gain",
    "flags",
    "get_metric",
    "leave_one_viewer_out",
    "mean_gain",
    "metric",
    "metric_names",
    "scale_fixations",
    "score_flags",
    "score_map",
    "scores_by_viewer",
    "split_viewers",
    "spread_evenly",
    "uniform_map",
    "zero_map",
]
