"""Draw the figures and write the report that a scientist reads."""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.files import written_whole
from bench.stages._inputs import read_json
from bench.stages._options import add_dataset, add_output, chosen_dataset

if TYPE_CHECKING:
    import numpy as np

    from bench.datasets import Dataset
    from bench.report.findings import Board

log = logging.getLogger("bench")

CHARTS = {"agreement": ("nss", "sauc"), "errors": ("mae_paper", "mae_density")}
SHOWN_IN_GALLERY = 6
SHOWN_HUMAN = 12
MAE_METRICS = ("mae_paper", "mae_paper_renorm", "mae_density", "nss")
TABLE_METRICS = (
    "nss", "sauc", "ig", "auc", "cc", "sim", "kl", "mae_density", "mae_paper_renorm", "mae_paper",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The data set and the folder that holds its results."""
    add_dataset(parser)
    parser.add_argument("--results", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--models", nargs="+", required=True, metavar="NAME")
    parser.add_argument("--methods", nargs="+", required=True, metavar="NAME")
    parser.add_argument("--draws", type=int, default=10_000, help="of the bootstrap, as stated")
    add_output(parser, "output", "report.html")


def run(arguments: argparse.Namespace) -> None:
    """Writes figures/*.svg and *.png beside the page, then the page with the figures inside."""
    import matplotlib as mpl

    mpl.use("Agg")
    from bench.report.page import embedded, render

    dataset = chosen_dataset(arguments)
    summary = read_json(arguments.results / "recordings.json")
    board = _read_board(arguments.results)
    figures = _charts(board, arguments.models, arguments.results / "figures")
    figures |= _galleries(arguments, dataset, board)
    page = render(
        **_text(arguments, summary, board),
        figures={name: embedded(path) for name, path in figures.items()},
        galleries=[(model, embedded(figures[f"gallery_{model}"])) for model in arguments.models],
    )
    with written_whole(arguments.output) as path:
        path.write_text(page, encoding="utf-8")
    log.info("%s, %d figures, %.1f MB", arguments.output, len(figures), len(page) / 1e6)


def _read_board(results: Path) -> Board:
    import pandas as pd

    from bench.metrics import get_metric
    from bench.report.findings import Board
    from bench.report.labels import map_label, network_label

    leaderboard = pd.read_csv(results / "leaderboard.csv", keep_default_na=True)
    leaderboard["label"] = [
        map_label(method, name)
        for method, name in zip(leaderboard["method"], leaderboard["map"], strict=True)
    ]
    leaderboard["network"] = [network_label(model) for model in leaderboard["model"]]
    metrics = {name: get_metric(name) for name in leaderboard["metric"].unique()}
    return Board(
        leaderboard,
        pd.read_csv(results / "comparisons.csv"),
        {name: metric.label for name, metric in metrics.items()},
        frozenset(name for name, metric in metrics.items() if metric.direction == "higher"),
    )


def _charts(board: Board, models: list[str], folder: Path) -> dict[str, Path]:
    """The two bar charts; the page shows the PNG, the SVG is for papers."""
    from bench.report.charts import score_chart
    from bench.report.pictures import save

    scored = set(board.leaderboard["metric"])
    shown = {}
    for name, metrics in CHARTS.items():
        figure = score_chart(board.leaderboard, [m for m in metrics if m in scored], models)
        shown[name] = save(figure, folder / name)[0]
    return shown


def _galleries(arguments: argparse.Namespace, dataset: Dataset, board: Board) -> dict[str, Path]:
    from bench.maps import open_maps, read_map
    from bench.report.pictures import gallery, human_heatmaps, photograph, save

    folder = arguments.results / "figures"
    stimuli = {path.name: path for path in dataset.stimuli()}
    with open_maps(arguments.results / "heatmaps.h5") as file:
        human = {name: read_map(file, name) for name in stimuli}
    pictures = {name: photograph(stimuli[name]) for name in _spread(list(stimuli), SHOWN_HUMAN)}
    figure = human_heatmaps(pictures, human)
    paths = {"human_heatmaps": save(figure, folder / "human_heatmaps")[1]}
    chosen = _spread(list(stimuli), SHOWN_IN_GALLERY)
    pictures = {name: photograph(stimuli[name]) for name in chosen}
    for model in arguments.models:
        rows, titles = _gallery_rows(arguments, model, list(pictures))
        shown = {name: human[name] for name in pictures}
        figure = gallery(pictures, [("Human", shown), *rows], titles)
        paths[f"gallery_{model}"] = save(figure, folder / f"gallery_{model}")[1]
    return paths


def _spread(names: list[str], count: int) -> list[str]:
    """`count` names evenly spread over the sorted list, so that no choice of ours is in it."""
    step = max(len(names) / count, 1)
    return [names[int(number * step)] for number in range(min(count, len(names)))]


def _gallery_rows(
    arguments: argparse.Namespace, model: str, names: list[str]
) -> tuple[list[tuple[str, dict[str, np.ndarray]]], dict[str, str]]:
    """One row per map of every method, and each image's title: its name and the class seen."""
    from bench.maps import map_names, open_maps, read_map
    from bench.report.labels import in_reading_order, map_label

    found, titles = {}, {name: name for name in names}
    for method in arguments.methods:
        with open_maps(arguments.results / model / "maps" / f"{method}.h5") as file:
            for map_name in map_names(file):
                group = file[map_name]
                found[method, map_name] = {name: read_map(group, name) for name in names}
                for name in names:
                    titles[name] = f"{name}\n{group[name].attrs['target_name']}"
    rows = [(map_label(*pair), found[pair]) for pair in in_reading_order(list(found))]
    return rows, titles


def _text(arguments: argparse.Namespace, summary: dict[str, Any], board: Board) -> dict[str, Any]:
    """Everything on the page but the pictures."""
    import pandas as pd

    from bench.maps import open_maps
    from bench.metrics import get_metric
    from bench.report import tables
    from bench.report.findings import findings
    from bench.report.labels import method_texts

    scored = set(board.leaderboard["metric"])
    shown = [name for name in TABLE_METRICS if name in scored]
    shown += sorted(scored - set(shown))
    scores = pd.read_csv(arguments.results / "scores.csv", usecols=["flag"])
    with open_maps(arguments.results / "heatmaps.h5") as file:
        heatmap = dict(file.attrs)
    texts = method_texts()
    return {
        "summary": summary,
        "findings": findings(board),
        "draws": arguments.draws,
        "conditions": tables.beside_the_paper(summary, heatmap["sigma_px"]),
        "metrics": [get_metric(name) for name in shown],
        "rows": tables.leaderboard_rows(board, shown, shown[0]),
        "above": tables.ABOVE,
        "not_applicable": _not_applicable(arguments),
        "mae_metrics": [get_metric(name) for name in MAE_METRICS if name in scored],
        "mae_rows": tables.leaderboard_rows(
            board, [name for name in MAE_METRICS if name in scored], "mae_paper"
        ),
        "difference_metrics": [get_metric(name) for name in shown[:3]],
        "differences": tables.differences_to(board, "centre", shown[:3]),
        "sigma_px": f"{heatmap['sigma_px']:g}",
        "shown": range(SHOWN_IN_GALLERY),
        "fixation_count": sum(part["count"] for part in summary["fixations_by_status"].values()),
        "fates": tables.fates(summary["fixations_by_status"]),
        "recordings": [tables.recording_row(item) for item in summary["recordings"]],
        "flags": sorted(Counter(scores["flag"].dropna()).items()),
        "methods": [texts[name] for name in arguments.methods],
        "provenance": _provenance(arguments, heatmap),
    }


def _not_applicable(arguments: argparse.Namespace) -> list[tuple[str, str, str]]:
    from bench.maps import open_maps
    from bench.report.labels import method_texts, network_label

    found = []
    for model in arguments.models:
        for method in arguments.methods:
            with open_maps(arguments.results / model / "maps" / f"{method}.h5") as file:
                if "not_applicable" in file.attrs:
                    label = method_texts()[method].label
                    found.append((network_label(model), label, file.attrs["not_applicable"]))
    return found


def _provenance(arguments: argparse.Namespace, heatmap: dict[str, Any]) -> list[tuple[str, str]]:
    """What the numbers were made from; nothing here differs between two equal runs."""
    from importlib.metadata import version

    from bench import __version__
    from bench.maps import open_maps

    weights = []
    for model in arguments.models:
        with open_maps(arguments.results / model / "maps" / f"{arguments.methods[0]}.h5") as file:
            weights.append(f"{model}: {file.attrs['weights']}")
    choices = ("protocol", "kernel", "sigma_px", "size_px", "normalise", "duration")
    heatmap["protocol"] = heatmap["name"]
    packages = ("torch", "numpy", "scipy", "pandas", "snakemake")
    return [
        ("attention-bench", __version__),
        ("Packages", ", ".join(f"{name} {version(name)}" for name in packages)),
        ("Human heatmap", ", ".join(f"{name} {heatmap[name]}" for name in choices)),
        ("Weights", "; ".join(weights)),
    ]
