"""Write the report of a data set, or compare finished reports: bench report A B -o compare.html."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

from bench.errors import UsageError
from bench.files import written_whole
from bench.stages import _comparison
from bench.stages._inputs import read_fixations, read_json
from bench.stages._options import add_dataset, chosen_dataset, json_object

log = logging.getLogger("bench")

EXPLORED = 4  # metrics of the table of scores, its first, under every map of the explorer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The data set and the folder that holds its results; or the reports to compare."""
    _comparison.add_arguments(parser)
    add_dataset(parser, required=False)
    parser.add_argument("--results", type=Path, metavar="FOLDER")
    parser.add_argument("--models", nargs="+", metavar="NAME")
    parser.add_argument("--methods", nargs="+", metavar="NAME")
    parser.add_argument("--external", nargs="+", default=[], metavar="NAME", help="maps as given")
    parser.add_argument(
        "--controls", nargs="+", default=[], metavar="NAME", help="methods with {method}_random"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap, as stated")
    parser.add_argument(
        "--configuration",
        type=json_object,
        default={},
        metavar="JSON",
        help="that of the workflow, to be stated",
    )
    parser.add_argument(
        "--partial",
        action="store_true",
        help="from what is there: make the tables anew, beside the page, and mark the rest",
    )
    parser.add_argument(
        *("-o", "--output"), type=Path, required=True, metavar="FILE", help="the page to write"
    )


def run(arguments: argparse.Namespace) -> None:
    """Writes figures/*.svg and *.png beside the page, then the page with the figures inside.

    With --partial the tables come first, made from the rows that have scores; they too lie beside
    the page, which therefore cannot lie among the results: the workflow owns the tables there.
    """
    _check_form(arguments)
    if arguments.reports:
        _comparison.compare_reports(arguments)
        return
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["text.parse_math"] = False  # a dollar sign in a file's name is a dollar sign
    from bench.report.content import page_text
    from bench.report.drawing import draw_figures
    from bench.report.explorer import make_explorer
    from bench.report.page import page_figures, render
    from bench.report.provenance import record
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
    stimuli = chosen_dataset(arguments).stimuli()
    drawings = draw_figures(results, board, stimuli, note)
    text = page_text(
        results, summary, board, seed=arguments.seed, configuration=arguments.configuration
    )
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
    facts = record(arguments.configuration, results, summary, arguments.seed)
    with written_whole(arguments.output.with_name("provenance.json")) as path:
        path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    log.info("%s, %d figures, %.1f MB", arguments.output, len(drawings), len(page) / 1e6)


def _check_form(arguments: argparse.Namespace) -> None:
    """UsageError for words of the one form beside words of the other, or too few of either."""
    one = (*("dataset", "root", "results", "models", "methods", "external", "controls", "partial"),)
    given = [f"--{name}" for name in one if getattr(arguments, name)]
    comparing = [f"--{name}" for name in ("labels", "networks") if getattr(arguments, name)]
    if arguments.reports and given:
        raise UsageError(
            f"found reports to compare ({', '.join(map(str, arguments.reports))}) and "
            f"{', '.join(given)}; expected either: bench report A B -o compare.html, or the report "
            "of one data set by --dataset, --results, --models and --methods."
        )
    if comparing and not arguments.reports:
        raise UsageError(f"{', '.join(comparing)}: only where reports are compared (REPORT ...).")
    missing = [f"--{name}" for name in ("dataset", "results", "models", "methods")]
    missing = [name for name in missing if name not in given]
    if missing and not arguments.reports:
        raise UsageError(
            f"{', '.join(missing)} missing. The report of a data set needs --dataset, --results, "
            "--models and --methods; a comparison two reports: bench report A B -o compare.html."
        )
