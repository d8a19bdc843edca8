"""Draw the figures and write the report that a scientist reads."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from bench.files import written_whole
from bench.stages._inputs import read_fixations, read_json
from bench.stages._options import add_dataset, add_output, chosen_dataset

log = logging.getLogger("bench")

EXPLORED = 4  # metrics of the table of scores, its first, under every map of the explorer


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
    add_output(parser, "output", "report.html")


def run(arguments: argparse.Namespace) -> None:
    """Writes figures/*.svg and *.png beside the page, then the page with the figures inside."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["text.parse_math"] = False  # a dollar sign in a file's name is a dollar sign
    from bench.report.content import page_text
    from bench.report.drawing import draw_figures
    from bench.report.explorer import make_explorer
    from bench.report.page import page_figures, render
    from bench.report.results import Results

    results = Results(
        arguments.results,
        arguments.models,
        arguments.methods,
        external=arguments.external,
        controls=arguments.controls,
    )
    summary = read_json(results.folder / "recordings.json")
    board = results.board()
    note = "Simulated viewers" if summary["simulated"] else ""
    stimuli = chosen_dataset(arguments).stimuli()
    drawings = draw_figures(results, board, stimuli, note)
    text = page_text(results, summary, board, seed=arguments.seed)
    page = render(
        **text,
        **page_figures(drawings),
        explorer=make_explorer(
            results,
            stimuli,
            read_fixations(results.folder / "fixations.parquet"),
            text["metrics"][:EXPLORED],
            arguments.output.with_name("explorer"),
        ),
    )
    with written_whole(arguments.output) as path:
        path.write_text(page, encoding="utf-8")
    log.info("%s, %d figures, %.1f MB", arguments.output, len(drawings), len(page) / 1e6)
