"""Draw the figures and write the report that a scientist reads."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from bench.files import written_whole
from bench.stages._inputs import read_json
from bench.stages._options import add_dataset, add_output, chosen_dataset

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The data set and the folder that holds its results."""
    add_dataset(parser)
    parser.add_argument("--results", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--models", nargs="+", required=True, metavar="NAME")
    parser.add_argument("--methods", nargs="+", required=True, metavar="NAME")
    parser.add_argument("--external", nargs="+", default=[], metavar="NAME", help="maps as given")
    parser.add_argument(
        "--controls", nargs="+", default=[], metavar="NAME", help="methods with {method}_random"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap, as stated")
    parser.add_argument(
        "--partial",
        action="store_true",
        help="from what is there: make the tables anew, beside the page, and mark the rest",
    )
    add_output(parser, "output", "report.html")


def run(arguments: argparse.Namespace) -> None:
    """Writes figures/*.svg and *.png beside the page, then the page with the figures inside.

    With --partial the tables come first, made from the rows that have scores; they too lie beside
    the page, which therefore cannot lie among the results: the workflow owns the tables there.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["text.parse_math"] = False  # a dollar sign in a file's name is a dollar sign
    from bench.report.content import page_text
    from bench.report.drawing import draw_charts, draw_galleries, draw_sensitivity
    from bench.report.labels import network_label
    from bench.report.page import embedded, render
    from bench.report.results import Results
    from bench.stages._partial import make_tables

    results = Results(
        arguments.results,
        arguments.models,
        arguments.methods,
        external=arguments.external,
        controls=arguments.controls,
        beside=arguments.output.parent if arguments.partial else None,
        partial=arguments.partial,
    )
    summary = read_json(results.folder / "recordings.json")
    if arguments.partial:
        make_tables(results, seed=arguments.seed)
    board = results.board()
    note = "Simulated viewers" if summary["simulated"] else ""
    paths = draw_charts(results, board, note)
    paths |= draw_sensitivity(results, board, note)
    paths |= draw_galleries(results, chosen_dataset(arguments).stimuli(), note)
    pictures = {name: embedded(path) for name, path in paths.items()}
    page = render(
        **page_text(results, summary, board, seed=arguments.seed),
        figures=pictures,
        galleries=[(network_label(name), pictures[f"gallery_{name}"]) for name in results.models],
    )
    with written_whole(arguments.output) as path:
        path.write_text(page, encoding="utf-8")
    log.info("%s, %d figures, %.1f MB", arguments.output, len(paths), len(page) / 1e6)
