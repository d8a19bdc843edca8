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
    import pandas as pd

    from bench.datasets import Dataset
    from bench.report.findings import Board

log = logging.getLogger("bench")

CHARTS = {"agreement": ("nss", "sauc"), "errors": ("mae_paper", "mae_density")}
SHOWN_IN_GALLERY = 6
FEW_IMAGES = 20  # below, a percentile interval is clearly narrower than it says
SHOWN_HUMAN = 12
MAE_METRICS = ("mae_paper", "mae_paper_renorm", "mae_density", "nss")
TABLE_METRICS = ("nss", "sauc", "ig", "auc", "cc", "sim", "kl", "mae_density")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The data set and the folder that holds its results."""
    add_dataset(parser)
    parser.add_argument("--results", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--models", nargs="+", required=True, metavar="NAME")
    parser.add_argument("--methods", nargs="+", required=True, metavar="NAME")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap, as stated")
    add_output(parser, "output", "report.html")


def run(arguments: argparse.Namespace) -> None:
    """Writes figures/*.svg and *.png beside the page, then the page with the figures inside."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["text.parse_math"] = False  # a dollar sign in a file's name is a dollar sign
    from bench.report.labels import network_label
    from bench.report.page import embedded, render

    dataset = chosen_dataset(arguments)
    summary = read_json(arguments.results / "recordings.json")
    board = _read_board(arguments.results)
    note = "Simulated viewers" if summary["simulated"] else ""
    figures = _charts(board, arguments, note)
    figures |= _galleries(arguments, dataset, note)
    page = render(
        **_text(arguments, summary, board),
        figures={name: embedded(path) for name, path in figures.items()},
        galleries=[
            (network_label(model), embedded(figures[f"gallery_{model}"]))
            for model in arguments.models
        ],
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


def _charts(board: Board, arguments: argparse.Namespace, note: str) -> dict[str, Path]:
    """The two bar charts as SVG; where none of its metrics was scored, with those that were."""
    from bench.report.charts import score_chart
    from bench.report.pictures import save

    shown = {}
    for name in CHARTS:
        figure = score_chart(board.leaderboard, _chart_metrics(board, name), arguments.models)
        shown[name] = save(figure, arguments.results / "figures" / name, note)[0]
    return shown


def _chart_metrics(board: Board, chart: str) -> list[str]:
    scored = sorted(board.names)
    return [metric for metric in CHARTS[chart] if metric in scored] or scored[:2]


def _galleries(arguments: argparse.Namespace, dataset: Dataset, note: str) -> dict[str, Path]:
    from bench.maps import open_maps, read_map
    from bench.report.pictures import gallery, human_heatmaps, photograph, save

    folder = arguments.results / "figures"
    stimuli = {path.name: path for path in dataset.stimuli()}
    shown = [*_spread(list(stimuli), SHOWN_HUMAN), *_spread(list(stimuli), SHOWN_IN_GALLERY)]
    with open_maps(arguments.results / "heatmaps.h5") as file:
        human = {name: read_map(file, name) for name in dict.fromkeys(shown)}
    pictures = {name: photograph(stimuli[name]) for name in _spread(list(stimuli), SHOWN_HUMAN)}
    figure = human_heatmaps(pictures, human)
    paths = {"human_heatmaps": save(figure, folder / "human_heatmaps", note)[1]}
    chosen = _spread(list(stimuli), SHOWN_IN_GALLERY)
    pictures = {name: photograph(stimuli[name]) for name in chosen}
    for model in arguments.models:
        rows, titles = _gallery_rows(arguments, model, list(pictures))
        maps = {name: human[name] for name in pictures}
        figure = gallery(pictures, [("Human", maps), *rows], titles)
        paths[f"gallery_{model}"] = save(figure, folder / f"gallery_{model}", note)[1]
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
    from bench.report.findings import findings, zero_comes_first
    from bench.report.labels import method_texts
    from bench.statistics import DRAWS

    scored = set(board.leaderboard["metric"])
    shown = [name for name in TABLE_METRICS if name in scored]
    shown += sorted(scored - {*TABLE_METRICS, *MAE_METRICS})
    shown = shown or sorted(scored)
    scores = pd.read_csv(arguments.results / "scores.csv", usecols=["flag"])
    with open_maps(arguments.results / "heatmaps.h5") as file:
        heatmap = dict(file.attrs)
    texts = method_texts()
    return {
        "summary": summary,
        "findings": findings(board),
        "draws": DRAWS,
        "scored_images": _range(board.leaderboard["n_images"]),
        "headline": {"nss", "sauc"} <= scored,
        "zero_first": zero_comes_first(board),
        "human_line_left_out": board.baseline("mae_density", "human") is not None,
        "chart_labels": {
            name: " and ".join(board.names[metric] for metric in _chart_metrics(board, name))
            for name in CHARTS
        },
        "conditions": tables.beside_the_paper(summary, heatmap["sigma_px"]),
        "metrics": [get_metric(name) for name in shown],
        "terms": [get_metric(name) for name in [*shown, *sorted(scored - set(shown))]],
        "rows": tables.leaderboard_rows(board, shown, shown[0]),
        "above": tables.ABOVE,
        "not_applicable": _not_applicable(arguments),
        "mae_metrics": [get_metric(name) for name in MAE_METRICS if name in scored],
        "mae_rows": tables.leaderboard_rows(
            board, [name for name in MAE_METRICS if name in scored], "mae_paper"
        )
        if "mae_paper" in scored
        else [],
        "difference_metrics": [get_metric(name) for name in shown[:3]],
        "differences": tables.differences_to(board, "centre", shown[:3]),
        "sigma_px": f"{heatmap['sigma_px']:g}",
        "size_px": heatmap["size_px"],
        "shown": f"{min(len(summary['images']), SHOWN_IN_GALLERY)} of "
        f"{len(summary['images'])} photographs",
        "few": board.leaderboard["n_images"].max() < FEW_IMAGES,
        "fixation_count": sum(part["count"] for part in summary["fixations_by_status"].values()),
        "fates": tables.fates(summary["fixations_by_status"]),
        "recordings": [tables.recording_row(item) for item in summary["recordings"]],
        "flags": sorted(Counter(scores["flag"].dropna()).items()),
        "methods": [texts[name] for name in arguments.methods],
        "provenance": _provenance(arguments, summary, heatmap),
    }


def _range(counts: pd.Series) -> str:
    """ "60", or "57 to 60" where some scores have fewer images."""
    low, high = int(counts[counts > 0].min()), int(counts.max())
    return str(high) if low == high else f"{low} to {high}"


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


def _provenance(
    arguments: argparse.Namespace, summary: dict[str, Any], heatmap: dict[str, Any]
) -> list[tuple[str, str]]:
    """What the numbers were made from; nothing here differs between two equal runs."""
    from importlib.metadata import version

    from bench import __version__
    from bench.maps import open_maps
    from bench.statistics import DRAWS

    weights, made, options = [], set(), []
    for model in arguments.models:
        for method in arguments.methods:
            with open_maps(arguments.results / model / "maps" / f"{method}.h5") as file:
                weights.append(f"{model}: {file.attrs['weights']}")
                made.add(str(file.attrs["version"]))
                if file.attrs["options"] != "{}":
                    options.append(f"{model}, {method}: {file.attrs['options']}")
    choices = ("protocol", "kernel", "sigma_px", "size_px", "normalise", "duration")
    heatmap["protocol"] = heatmap["name"]
    packages = ("numpy", "scipy", "pandas", "snakemake")
    files: dict[str, list[str]] = {}
    for item in summary["recordings"]:
        files.setdefault(item["sha256"][:16], []).append(item["subject_id"])
    checksums = [
        digest if len(files) == 1 else f"{' '.join(viewers)}: {digest}"
        for digest, viewers in files.items()
    ]
    return [
        ("attention-bench", __version__),
        ("Maps made with", "; ".join(sorted(made))),
        ("Packages", ", ".join(f"{name} {version(name)}" for name in packages)),
        ("Human heatmap", ", ".join(f"{name} {heatmap[name]}" for name in choices)),
        ("Bootstrap", f"{DRAWS} draws, seed {arguments.seed}"),
        ("Methods with options", "; ".join(dict.fromkeys(options)) or "none"),
        ("Weights", "; ".join(dict.fromkeys(weights))),
        ("Recordings, SHA-256", ", ".join(checksums)),
        ("Photographs, SHA-256", summary["photographs_sha256"]),
    ]
