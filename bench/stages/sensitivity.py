"""Bring the sensitivity of all maps together, and compare the rankings that metrics give."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from bench.files import written_whole
from bench.stages._inputs import read_attributes, read_csv
from bench.stages._options import add_output

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The pieces, the table of scores, and the two tables to write."""
    parser.add_argument(
        "pieces", nargs="+", type=Path, metavar="PARQUET", help="sensitivity/{method}.parquet"
    )
    parser.add_argument("--scores", type=Path, required=True, metavar="CSV", help="scores.csv")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (%(default)s)")
    add_output(parser, "output", "sensitivity.csv")
    add_output(parser, "agreement", "agreement.csv: Kendall's tau between metrics")


def run(arguments: argparse.Namespace) -> None:
    """Writes sensitivity.csv and agreement.csv."""
    from bench.controls import is_control
    from bench.leaderboard import SCORE_COLUMNS
    from bench.rankings import metric_agreement, sensitivity_table
    from bench.sensitivity import COLUMNS
    from bench.stages._rows import read_rows
    from bench.stages.leaderboard import FLOATS

    references = {}
    for path in arguments.pieces:
        references |= read_attributes(path).get("references", {})
    pieces = read_rows(arguments.pieces, "", list(COLUMNS))
    table = sensitivity_table(pieces, references, seed=arguments.seed)
    scores = read_csv(arguments.scores, *SCORE_COLUMNS, "protocol")
    ranked = scores[(scores["model"] != "baseline") & ~scores["method"].map(is_control)]
    agreement = metric_agreement(ranked, seed=arguments.seed)
    for content, path in ((table, arguments.output), (agreement, arguments.agreement)):
        with written_whole(path) as part:
            content.assign(protocol="".join(scores["protocol"].unique())).to_csv(
                part, index=False, float_format=FLOATS, lineterminator="\n"
            )
    settings = len(table[["factor", "setting"]].drop_duplicates())
    log.info("%d settings of %d choices", settings, len(references))
