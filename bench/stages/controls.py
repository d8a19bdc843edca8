"""Compare maps with their controls on random weights: what depends on what was learned."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from bench.errors import BenchError
from bench.files import written_whole
from bench.stages._options import add_output
from bench.stages.leaderboard import FLOATS

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder of results, and which networks and methods in it."""
    parser.add_argument("--results", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--models", nargs="+", required=True, metavar="NAME")
    parser.add_argument("--methods", nargs="+", required=True, metavar="NAME")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (%(default)s)")
    parser.add_argument(
        "--partial", action="store_true", help="leave out what is missing or failed"
    )
    add_output(parser, "output", "controls.csv: rank correlation of map and control")


def run(arguments: argparse.Namespace) -> None:
    """Writes one row per network and map."""
    import pandas as pd

    from bench.controls import control_of
    from bench.dependence import dependence_table, map_correlations

    rows = []
    for model in arguments.models:
        folder = arguments.results / model / "maps"
        for method in arguments.methods:
            pair = folder / f"{method}.h5", folder / f"{control_of(method)}.h5"
            try:
                found = list(map_correlations(*pair))
            except BenchError as error:
                if not arguments.partial:
                    raise
                log.info("left out: %s", error)
                continue
            rows += [(arguments.results.name, model, method, *one) for one in found]
    columns = ["dataset", "model", "method", "map", "image", "spearman"]
    table = dependence_table(pd.DataFrame(rows, columns=columns), seed=arguments.seed)
    with written_whole(arguments.output) as path:
        table.to_csv(path, index=False, float_format=FLOATS, lineterminator="\n")
    log.info("%s: %d maps beside their controls", arguments.output.name, len(table))
