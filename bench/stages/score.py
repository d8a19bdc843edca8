"""Score attention maps, or a baseline, against human gaze."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from bench import __version__
from bench.errors import UsageError
from bench.files import written_whole
from bench.stages._inputs import read_fixations, write_table
from bench.stages._options import add_dataset, add_output, chosen_dataset

if TYPE_CHECKING:
    from bench.scores import Gaze

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The maps, the gaze and the metrics."""
    parser.add_argument("--model", required=True, help="network, or baseline")
    parser.add_argument("--method", required=True, help="method, or zero, centre, human, ...")
    parser.add_argument("--maps", type=Path, metavar="FILE", help="maps/{method}.h5")
    parser.add_argument("--heatmaps", type=Path, required=True, metavar="FILE")
    parser.add_argument("--fixations", type=Path, required=True, metavar="FILE")
    parser.add_argument("--metrics", nargs="+", metavar="NAME", help="default: the usual ones")
    add_dataset(parser, required=False)
    parser.add_argument(
        "--sensitivity",
        type=Path,
        metavar="FILE",
        help="sensitivity/{method}.parquet: scores under other blurs, viewers, resolutions",
    )
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
    from bench.baselines import baseline_scores
    from bench.maps import stored_fingerprint
    from bench.messages import progress
    from bench.metrics import get_metric, metric_names
    from bench.score_tables import score_tables
    from bench.scores import Gaze, method_scores

    names = arguments.metrics or metric_names(default_only=True)
    metrics = [get_metric(name).name for name in names]
    gaze = Gaze(read_fixations(arguments.fixations), arguments.heatmaps, seed=arguments.seed)
    stimuli = chosen_dataset(arguments).stimuli() if arguments.dataset else None
    photographs = stimuli and {path.name: path for path in stimuli}
    if arguments.model == "baseline":
        found = baseline_scores(gaze, arguments.method, metrics, photographs)
    elif arguments.maps:
        found = method_scores(gaze, arguments.maps, metrics)
    else:
        raise UsageError("--maps FILE is needed for the scores of a method.")
    what = f"{arguments.model}/{arguments.method}"
    scores, by_viewer = score_tables(progress(found, f"score {what}", unit="map"))
    for table, target in ((scores, arguments.output), (by_viewer, arguments.viewers)):
        if target is None:
            continue
        table.attrs = {
            "attention-bench": __version__,
            "dataset": str(gaze.protocol["dataset"]),
            "protocol": str(gaze.protocol["protocol"]),
            "maps": stored_fingerprint(arguments.maps)[0] if arguments.maps else what,
            "seed": arguments.seed,
        }
        with written_whole(target) as path:
            write_table(table, path)
    log.info("%s: %d maps on %d images", what, scores["map"].nunique(), len(gaze.images))
    if arguments.sensitivity:
        _write_sensitivity(gaze, arguments, what, photographs)


def _write_sensitivity(
    gaze: Gaze,
    arguments: argparse.Namespace,
    what: str,
    photographs: dict[str, Path] | None,
) -> None:
    """Writes the scores of every map under every other setting (bench/sensitivity.py).

    Not of a control, which no choice of ours is made for: its table has no rows.
    """
    import pandas as pd

    from bench.baselines import maps_of
    from bench.controls import is_control
    from bench.messages import progress
    from bench.sensitivity import COLUMNS, chosen_images, looks, references, sensitivity_rows

    rows = []
    with maps_of(gaze, arguments.maps, arguments.method, photographs) as maps:
        wanted = bool(maps) and not is_control(arguments.method)
        images = looks(gaze, seed=arguments.seed) if wanted else ()
        total = len(chosen_images(gaze)) if wanted else 0
        for look in progress(images, f"sensitivity {what}", unit="image", total=total):
            for name, read in maps.items():
                rows.extend(sensitivity_rows(look, name, read(look.image)))
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"value": "float64"})
    table.attrs = {"references": references(gaze)}
    with written_whole(arguments.sensitivity) as path:
        write_table(table, path)
