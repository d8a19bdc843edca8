"""Score attention maps, or a baseline, against human gaze."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from bench import __version__
from bench.errors import UsageError
from bench.files import written_whole
from bench.stages._inputs import read_fixations
from bench.stages._options import add_output

if TYPE_CHECKING:
    from bench.scores import Gaze

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The maps, the gaze and the metrics."""
    parser.add_argument("--model", required=True, help="network, or baseline")
    parser.add_argument("--method", required=True, help="method, or zero, uniform, centre, human")
    parser.add_argument("--maps", type=Path, metavar="FILE", help="maps/{method}.h5")
    parser.add_argument("--heatmaps", type=Path, required=True, metavar="FILE")
    parser.add_argument("--fixations", type=Path, required=True, metavar="FILE")
    parser.add_argument("--metrics", nargs="+", metavar="NAME", help="default: the usual ones")
    add_output(parser, "output", "scores/{method}.parquet: image, map, metric, value, flag")
    parser.add_argument(
        "--sensitivity",
        type=Path,
        metavar="FILE",
        help="sensitivity/{method}.parquet: scores under other blurs, viewers, resolutions",
    )
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (%(default)s)")


def run(arguments: argparse.Namespace) -> None:
    """Writes one row per image, map and metric."""
    import pandas as pd
    from tqdm import tqdm

    from bench.maps import stored_fingerprint
    from bench.metrics import get_metric, metric_names
    from bench.scores import COLUMNS, Gaze, baseline_scores, method_scores

    names = arguments.metrics or metric_names(default_only=True)
    metrics = [get_metric(name).name for name in names]
    gaze = Gaze(read_fixations(arguments.fixations), arguments.heatmaps)
    if arguments.model == "baseline":
        rows = baseline_scores(gaze, arguments.method, metrics)
    elif arguments.maps:
        rows = method_scores(gaze, arguments.maps, metrics)
    else:
        raise UsageError("--maps FILE is needed for the scores of a method.")
    what = f"{arguments.model}/{arguments.method}"
    rows = tqdm(rows, desc=f"score {what}", unit="row", disable=arguments.quiet or None)
    table = pd.DataFrame(list(rows), columns=list(COLUMNS)).astype(
        {"value": "float64", "flag": "string", "n_fixations": "int64"}
    )
    table.attrs = {
        "attention-bench": __version__,
        "dataset": str(gaze.protocol["dataset"]),
        "protocol": str(gaze.protocol["protocol"]),
        "maps": stored_fingerprint(arguments.maps)[0] if arguments.maps else what,
    }
    with written_whole(arguments.output) as path:
        table.to_parquet(path, index=False)
    log.info("%s: %d maps on %d images", what, table["map"].nunique(), len(gaze.images))
    if arguments.sensitivity:
        _write_sensitivity(gaze, arguments, what)


def _write_sensitivity(gaze: Gaze, arguments: argparse.Namespace, what: str) -> None:
    """Writes the scores of every map under every other setting (bench/sensitivity.py)."""
    import pandas as pd
    from tqdm import tqdm

    from bench.scores import maps_of
    from bench.sensitivity import COLUMNS, chosen_images, looks, references, sensitivity_rows

    rows = []
    with maps_of(gaze, arguments.maps, arguments.method) as maps:
        images = looks(gaze, seed=arguments.seed) if maps else ()
        total = len(chosen_images(gaze)) if maps else 0
        for look in tqdm(
            images, f"sensitivity {what}", total, unit="image", disable=arguments.quiet or None
        ):
            for name, read in maps.items():
                rows.extend(sensitivity_rows(look, name, read(look.image)))
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"value": "float64"})
    table.attrs = {"references": references(gaze)}
    with written_whole(arguments.sensitivity) as path:
        table.to_parquet(path, index=False)
