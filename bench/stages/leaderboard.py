"""Join the score tables into the leaderboard and the paired differences."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from bench.errors import ValidationError
from bench.files import written_whole
from bench.stages._inputs import read_attributes
from bench.stages._options import add_output

log = logging.getLogger("bench")

PLAIN = dict.fromkeys(("dataset", "image", "model", "method", "map", "metric"), "str")
ROWS_AT_ONCE = 10_000
FLOATS = "%.9g"  # nine digits identify a float32, and the file compares equal between runs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The score tables and the three outputs."""
    parser.add_argument("tables", nargs="+", type=Path, metavar="PARQUET")
    parser.add_argument(
        "--viewers", nargs="*", default=[], type=Path, metavar="PARQUET", help="scores by viewer"
    )
    parser.add_argument("--dataset", required=True, metavar="ID")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (%(default)s)")
    add_output(parser, "scores", "scores.csv: every score")
    add_output(parser, "leaderboard", "leaderboard.csv: mean, interval, rank")
    add_output(parser, "comparisons", "comparisons.csv: paired differences")


def run(arguments: argparse.Namespace) -> None:
    """Writes the three tables, each with the protocol in its last column.

    The path {model}/scores/{method}.parquet says whose scores a table holds. Scores by viewer, by
    far the most, are read metric by metric.
    """
    import pandas as pd

    from bench.leaderboard import comparisons, leaderboard
    from bench.stages._rows import read_rows

    protocol = _protocol([*arguments.tables, *arguments.viewers])
    names = ["image", "map", "metric", "value", "flag", "half_value"]
    scores = read_rows(arguments.tables, arguments.dataset, names)
    boards, pairs = [], []
    for metric in sorted(scores["metric"].unique()):
        own, viewers = scores[scores["metric"] == metric].astype(PLAIN), None
        if arguments.viewers:
            names = ["image", "map", "metric", "viewer", "value", "weight"]
            viewers = read_rows(arguments.viewers, arguments.dataset, names, metric=metric)
            viewers = viewers.astype(PLAIN | {"viewer": "str"})
        boards.append(leaderboard(own, viewers, seed=arguments.seed))
        pairs.append(comparisons(own, viewers, seed=arguments.seed))
    keys = ["dataset", "image", "model", "method", "map", "metric"]
    scores = scores[[*keys, "value", "flag"]].assign(half_value=scores["half_value"])
    scores = scores.sort_values(keys, kind="stable", ignore_index=True)
    for target, table in (
        (arguments.scores, scores),
        (arguments.leaderboard, pd.concat(boards, ignore_index=True)),
        (arguments.comparisons, pd.concat(pairs, ignore_index=True)),
    ):
        with written_whole(target) as path:
            table.assign(protocol=protocol).to_csv(
                path, index=False, float_format=FLOATS, lineterminator="\n", chunksize=ROWS_AT_ONCE
            )
        log.info("%s: %d rows", target.name, len(table))


def _protocol(paths: list[Path]) -> str:
    """The protocol of all tables; ValidationError for tables of several."""
    found = {path: str(read_attributes(path).get("protocol", "")) for path in paths}
    first = paths[0]
    for path, protocol in found.items():
        if protocol != found[first]:
            raise ValidationError(
                f"{path}: scored by the protocol {protocol!r}, {first} by {found[first]!r}; "
                "expected one protocol. Score both by the same, or give only what belongs together."
            )
    return found[first]
