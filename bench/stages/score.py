"""Score attention maps, or a baseline, against human gaze."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from bench import __version__
from bench.errors import UsageError
from bench.files import written_whole
from bench.stages._inputs import read_fixations
from bench.stages._options import add_dataset, add_output, chosen_dataset

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The maps, the gaze and the metrics."""
    parser.add_argument("--model", required=True, help="network, or baseline")
    parser.add_argument("--method", required=True, help="method, or zero, centre, human, ...")
    parser.add_argument("--maps", type=Path, metavar="FILE", help="maps/{method}.h5")
    parser.add_argument("--heatmaps", type=Path, required=True, metavar="FILE")
    parser.add_argument("--fixations", type=Path, required=True, metavar="FILE")
    parser.add_argument("--metrics", nargs="+", metavar="NAME", help="default: all")
    add_dataset(parser, required=False)
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (%(default)s)")
    add_output(parser, "output", "scores/{method}.parquet: image, map, metric, value, flag")
    parser.add_argument(
        "--viewers",
        type=Path,
        metavar="FILE",
        help="viewers/{method}.parquet: the same by viewer",
    )


def run(arguments: argparse.Namespace) -> None:
    """Writes one row per image, map and metric, and one per viewer beneath it."""
    from tqdm import tqdm

    from bench.baselines import baseline_scores
    from bench.maps import stored_fingerprint
    from bench.metrics import get_metric, metric_names
    from bench.scores import Gaze, method_scores, score_tables

    metrics = [get_metric(name).name for name in arguments.metrics or metric_names()]
    gaze = Gaze(read_fixations(arguments.fixations), arguments.heatmaps, seed=arguments.seed)
    if arguments.model == "baseline":
        stimuli = chosen_dataset(arguments).stimuli() if arguments.dataset else None
        photographs = stimuli and {path.name: path for path in stimuli}
        found = baseline_scores(gaze, arguments.method, metrics, photographs)
    elif arguments.maps:
        found = method_scores(gaze, arguments.maps, metrics)
    else:
        raise UsageError("--maps FILE is needed for the scores of a method.")
    what = f"{arguments.model}/{arguments.method}"
    found = tqdm(found, desc=f"score {what}", unit="map", disable=arguments.quiet or None)
    scores, by_viewer = score_tables(found)
    for table, target in ((scores, arguments.output), (by_viewer, arguments.viewers)):
        if target is None:
            continue
        table.attrs = {
            "attention-bench": __version__,
            "dataset": str(gaze.protocol["dataset"]),
            "protocol": str(gaze.protocol["name"]),
            "maps": stored_fingerprint(arguments.maps)[0] if arguments.maps else what,
            "seed": arguments.seed,
        }
        with written_whole(target) as path:
            table.to_parquet(path, index=False)
    log.info("%s: %d maps on %d images", what, scores["map"].nunique(), len(gaze.images))
