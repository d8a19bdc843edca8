"""Join the score tables into the leaderboard and the paired differences."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from bench.files import written_whole
from bench.stages._inputs import read_table
from bench.stages._options import add_output

log = logging.getLogger("bench")

FLOATS = "%.9g"  # nine digits identify a float32, and the file compares equal between runs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The score tables and the three outputs."""
    parser.add_argument("tables", nargs="+", type=Path, metavar="PARQUET")
    parser.add_argument("--dataset", required=True, metavar="ID")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (%(default)s)")
    add_output(parser, "scores", "scores.csv: every score")
    add_output(parser, "leaderboard", "leaderboard.csv: mean, interval, rank")
    add_output(parser, "comparisons", "comparisons.csv: paired differences")


def run(arguments: argparse.Namespace) -> None:
    """Writes the three tables; {model}/scores/{method}.parquet says whose scores a table holds."""
    import pandas as pd

    from bench.leaderboard import comparisons, leaderboard

    parts = []
    for path in arguments.tables:
        part = read_table(path, "image", "map", "metric", "value", "flag")
        part["dataset"], part["model"], part["method"] = (
            arguments.dataset,
            path.parents[1].name,
            path.stem,
        )
        parts.append(part)
    columns = ["dataset", "image", "model", "method", "map", "metric", "value", "flag"]
    scores = pd.concat(parts, ignore_index=True)[columns]
    for target, table in (
        (arguments.scores, scores.sort_values(columns[:6], kind="stable")),
        (arguments.leaderboard, leaderboard(scores, seed=arguments.seed)),
        (arguments.comparisons, comparisons(scores, seed=arguments.seed)),
    ):
        with written_whole(target) as path:
            table.to_csv(path, index=False, float_format=FLOATS, lineterminator="\n")
        log.info("%s: %d rows", target.name, len(table))
