"""Score attention maps, or a baseline, against human gaze."""

from __future__ import annotations

import argparse
import logging
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from bench import __version__
from bench.errors import UsageError
from bench.files import written_whole
from bench.stages._inputs import write_table
from bench.stages._options import (
    add_dataset,
    add_jobs,
    add_output,
    add_shard,
    chosen_dataset,
    chosen_shard,
)

if TYPE_CHECKING:
    from bench.scores import Gaze
    from bench.stages._scoring import ScoredRow

log = logging.getLogger("bench")


def add_row(parser: argparse.ArgumentParser) -> None:
    """The maps, the gaze and the metrics."""
    parser.add_argument("--model", required=True, help="network, or baseline")
    parser.add_argument("--method", required=True, help="method, or zero, centre, human, ...")
    parser.add_argument("--maps", type=Path, metavar="FILE", help="maps/{method}.h5")
    parser.add_argument("--heatmaps", type=Path, required=True, metavar="FILE")
    parser.add_argument("--fixations", type=Path, required=True, metavar="FILE")
    parser.add_argument("--metrics", nargs="+", metavar="NAME", help="default: the usual ones")
    add_dataset(parser, required=False)
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (%(default)s)")
    add_jobs(parser, "images scored")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is scored on which gaze, and the tables to write."""
    add_row(parser)
    add_shard(parser)
    add_output(parser, "output", "scores/{method}.parquet: image, map, metric, value, flag")
    parser.add_argument(
        "--viewers",
        type=Path,
        metavar="FILE",
        help="viewers/{method}.parquet: the same by viewer",
    )
    parser.add_argument(
        "--sensitivity",
        type=Path,
        metavar="FILE",
        help="sensitivity/{method}.parquet: scores under other blurs, viewers, resolutions",
    )


def run(arguments: argparse.Namespace) -> None:
    """Writes one row per image, map and metric, and one per viewer beneath it.

    Of a shard, without the metrics that take the whole data set: `bench join-scores` adds those.
    """
    from bench.messages import progress
    from bench.score_tables import score_tables
    from bench.stages._scoring import fitted_scores, image_scores

    row, shard = scored_row(arguments), chosen_shard(arguments)
    images = row.gaze().images if shard is None else shard
    found = image_scores(row, images, arguments.jobs)
    if shard is None:
        found = chain(found, fitted_scores(row, images, arguments.jobs))
    what = f"{arguments.model}/{arguments.method}"
    scores, by_viewer = score_tables(progress(found, f"score {what}", unit="map"))
    for table, target in ((scores, arguments.output), (by_viewer, arguments.viewers)):
        if target is None:
            continue
        table.attrs = described(arguments, row.gaze())
        with written_whole(target) as path:
            write_table(table, path)
    log.info("%s: %d maps on %d images", what, scores["map"].nunique(), len(images))
    if arguments.sensitivity:
        _write_sensitivity(row, images, arguments, what)


def scored_row(arguments: argparse.Namespace) -> ScoredRow:
    """What the options of `add_row` ask for. UsageError where they do not fit together."""
    from bench.metrics import get_metric, metric_names
    from bench.stages._scoring import ScoredRow

    if arguments.model != "baseline" and not arguments.maps:
        raise UsageError("--maps FILE is needed for the scores of a method.")
    names = arguments.metrics or metric_names(default_only=True)
    stimuli = chosen_dataset(arguments).stimuli() if arguments.dataset else None
    return ScoredRow(
        method=arguments.method,
        metrics=[get_metric(name).name for name in names],
        fixations=arguments.fixations,
        heatmaps=arguments.heatmaps,
        maps=None if arguments.model == "baseline" else arguments.maps,
        photographs=stimuli and {path.name: path for path in stimuli},
        seed=arguments.seed,
    )


def described(arguments: argparse.Namespace, gaze: Gaze) -> dict[str, object]:
    """What a table of scores says of itself."""
    from bench.maps import stored_fingerprint

    what = f"{arguments.model}/{arguments.method}"
    return {
        "attention-bench": __version__,
        "dataset": str(gaze.protocol["dataset"]),
        "protocol": str(gaze.protocol["protocol"]),
        "maps": stored_fingerprint(arguments.maps)[0] if arguments.maps else what,
        "seed": arguments.seed,
    }


def _write_sensitivity(
    row: ScoredRow, images: list[str], arguments: argparse.Namespace, what: str
) -> None:
    """Writes the scores of every map under every other setting (bench/sensitivity.py).

    Not of a control, which no choice of ours is made for: its table has no rows.
    """
    import pandas as pd

    from bench.baselines import BASELINES
    from bench.controls import is_control
    from bench.messages import progress
    from bench.sensitivity import COLUMNS, chosen_images, references
    from bench.stages._scoring import sensitivity_of

    gaze, rows = row.gaze(), []
    wanted = row.maps is not None or BASELINES[row.method].map is not None
    if wanted and not is_control(row.method):
        here = set(images)
        chosen = [image for image in chosen_images(gaze) if image in here]
        found = sensitivity_of(row, chosen, arguments.jobs)
        for part in progress(found, f"sensitivity {what}", unit="image", total=len(chosen)):
            rows.extend(part)
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(
        {"value": "float64", **dict.fromkeys(COLUMNS[:-1], "str")}
    )
    table.attrs = {"references": references(gaze)}
    with written_whole(arguments.sensitivity) as path:
        write_table(table, path)
