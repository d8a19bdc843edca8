"""`bench report A B -o FILE`: two reports or more, side by side on one page.

A report is a folder of results, or a table like its scores.csv alone; the table knows the protocol
by name and nothing else of the configuration.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UsageError, ValidationError
from bench.files import written_whole
from bench.stages._inputs import read_csv, read_json

if TYPE_CHECKING:
    import pandas as pd

    from bench.report.reports import Report

log = logging.getLogger("bench")

SCORES = ("dataset", "image", "model", "method", "map", "metric", "value")
FLOATS = "%.9g"  # as the other tables


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The reports to compare, what to call them, and which network of each."""
    parser.add_argument(
        "reports",
        nargs="*",
        type=Path,
        metavar="REPORT",
        help="two or more to compare: folders like results/osie, or scores.csv files",
    )
    parser.add_argument("--labels", nargs="+", metavar="TEXT", help="what to call each REPORT")
    parser.add_argument(
        "--networks", nargs="+", metavar="NAME", help="one network of each REPORT: compare these"
    )


def compare_reports(arguments: argparse.Namespace) -> None:
    """Writes the page and, beside it, the table with the same name and the ending .csv."""
    import pandas as pd

    from bench.report.comparison import compare
    from bench.report.comparison_page import comparison_text
    from bench.report.page import render
    from bench.report.reports import letter, shared_images

    reports = _chosen(arguments)
    parts, tables = [], []
    for index, other in enumerate(reports[1:], start=1):
        images, sentence = shared_images(reports[0], other, letter(index))
        found = compare(reports[0].scores, other.scores, images, seed=arguments.seed)
        parts.append((other, letter(index), found, sentence))
        sides = {"report_a": reports[0].label, "report_b": other.label}
        tables.append(found.rows.assign(**sides))
    text = comparison_text(reports, parts, seed=arguments.seed)
    table = pd.concat(tables, ignore_index=True)
    first = ["report_a", "report_b"]
    table = table[[*first, *(name for name in table.columns if name not in first)]]
    with written_whole(arguments.output.with_suffix(".csv")) as path:
        table.to_csv(path, index=False, float_format=FLOATS, lineterminator="\n")
    with written_whole(arguments.output) as path:
        page = render("compare.html.j2", **text, csv=arguments.output.with_suffix(".csv").name)
        path.write_text(page, encoding="utf-8")
    for other, _, found, sentence in parts:
        maps = len(found.rows[["model_a", "method", "map"]].drop_duplicates())
        log.info("%s, %s: %d rows in both. %s", reports[0].label, other.label, maps, sentence)


def _chosen(arguments: argparse.Namespace) -> list[Report]:
    from bench.report.labels import label_of
    from bench.report.reports import labels_of, of_network

    paths = arguments.reports
    if len(paths) < 2:
        raise UsageError(
            f"found one report to compare, {paths[0]}; expected two or more. For the report of one "
            "data set give --dataset, --results, --models, --methods and --output."
        )
    if arguments.output.suffix == ".csv":
        raise UsageError(
            f"--output {arguments.output}: the table is written beside the page; "
            "name the page, like compare.html."
        )
    for option in ("labels", "networks"):
        given = getattr(arguments, option)
        if given is not None and len(given) != len(paths):
            raise UsageError(f"--{option}: found {len(given)} for {len(paths)} reports.")
    networks = arguments.networks
    labels = arguments.labels
    if labels is None and networks and len(set(networks)) == len(networks) > len(set(paths)):
        labels = [label_of(name) for name in networks]
    labels = labels or labels_of(paths)
    if len(set(labels)) < len(labels):
        raise UsageError(f"--labels: {', '.join(labels)}: expected a name of its own for each.")
    reports = [read_report(path, label) for path, label in zip(paths, labels, strict=True)]
    if networks is None:
        return reports
    return [of_network(one, name) for one, name in zip(reports, networks, strict=True)]


def read_report(path: Path, label: str) -> Report:
    """The report in a folder of results, or of a table alone.

    Errors: DataError for what is not there or cannot be read; ValidationError for a table without
    the columns of scores.csv, with scores of several data sets, with a score twice, or that holds
    no score.
    """
    from bench.leaderboard import BASELINE
    from bench.metrics import metric_names
    from bench.report.reports import Report

    folder = path if path.is_dir() else None
    table = path / "scores.csv" if folder else path
    scores = read_csv(table, *SCORES)
    _check(scores, table)
    protocol = str(scores["protocol"].iloc[0]) if "protocol" in scores else ""
    known = scores["metric"].isin(metric_names())
    unknown = tuple(sorted(set(scores.loc[~known, "metric"])))
    scores = scores.loc[known, list(SCORES)].reset_index(drop=True)
    if scores.empty:
        raise ValidationError(f"{table}: none of its metrics is known here: {', '.join(unknown)}.")
    if folder is None:
        return Report(label, scores, protocol, unknown, _choices_by_name(protocol))
    heatmap = _attributes(folder / "heatmaps.h5") or _choices_by_name(protocol)
    pairs = scores.loc[scores["model"] != BASELINE, ["model", "method"]].drop_duplicates()
    maps = {
        (model, method): _attributes(folder / model / "maps" / f"{method}.h5")
        for model, method in pairs.itertuples(index=False)
    }
    summary, provenance = (
        read_json(folder / name) if (folder / name).is_file() else {}
        for name in ("recordings.json", "provenance.json")
    )
    return Report(label, scores, protocol, unknown, heatmap, summary, maps, provenance)


def _attributes(path: Path) -> dict[str, Any]:
    """What a map file says of itself; nothing where it is absent."""
    from bench.maps import open_maps

    if not path.is_file():
        return {}
    with open_maps(path) as file:
        return dict(file.attrs)


def _choices_by_name(protocol: str) -> dict[str, Any]:
    """The choices of a protocol that comes with the bench; sigma may depend on the data set."""
    from bench.protocols import get_protocol
    from bench.report.reports import CHOICES

    try:
        found = get_protocol(protocol) if not protocol.endswith((".yaml", ".yml")) else None
    except UsageError:
        found = None
    if found is None or found.sigma_deg is not None:
        return {}
    return {name: getattr(found, name) for name in CHOICES}


def _check(scores: pd.DataFrame, table: Path) -> None:
    if scores.empty:
        raise ValidationError(f"{table}: no score in it.")
    datasets = sorted(map(str, set(scores["dataset"])))
    if len(datasets) > 1:
        raise ValidationError(
            f"{table}: scores of {len(datasets)} data sets ({', '.join(datasets)}); expected one. "
            "Give the scores.csv of one data set."
        )
    if scores["value"].dtype.kind not in "fi":
        raise ValidationError(f"{table}: column 'value' holds text; expected numbers.")
    keys = list(SCORES[:-1])
    twice = scores.duplicated(keys)
    if twice.any():
        first = ", ".join(str(text) for text in scores.loc[twice, keys].iloc[0])
        raise ValidationError(f"{table}: {int(twice.sum())} scores stand twice, the first {first}.")
