"""The report's figures, drawn from the results and saved as SVG and PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.maps import map_names, open_maps, read_map
from bench.report import robustness
from bench.report.charts import score_chart
from bench.report.labels import in_reading_order, map_label
from bench.report.pictures import gallery, human_heatmaps, photograph, save

if TYPE_CHECKING:
    import numpy as np

    from bench.report.findings import Board
    from bench.report.results import Results

CHARTS = {"agreement": ("nss", "sauc"), "errors": ("mae_paper", "mae_density")}
SHOWN_IN_GALLERY = 6
SHOWN_HUMAN = 12


def draw_charts(results: Results, board: Board, note: str) -> dict[str, Path]:
    """The two bar charts as SVG; where none of its metrics was scored, with those that were."""
    shown = {}
    for name in CHARTS:
        models = results.models + (["external"] if results.external else [])
        figure = score_chart(board.leaderboard, chart_metrics(board, name), models)
        shown[name] = save(figure, results.tables / "figures" / name, note)[0]
    return shown


def draw_sensitivity(results: Results, board: Board, note: str) -> dict[str, Path]:
    """The figure of what the answer depends on, as SVG; it says so where nothing was measured."""
    import matplotlib.pyplot as plt

    table = results.table("sensitivity")
    metrics = [name for name in robustness.SHOWN if name in set(table["metric"])]
    if metrics:
        figure = robustness.sensitivity_figure(table, metrics, robustness.read_names(board))
    else:
        figure = plt.figure(figsize=(6, 1))
        figure.text(0.5, 0.5, "Nothing was measured: no gaze on any photograph", ha="center")
    return {"sensitivity": save(figure, results.tables / "figures" / "sensitivity", note)[0]}


def chart_metrics(board: Board, chart: str) -> list[str]:
    """The metrics that a chart shows."""
    scored = sorted(board.names)
    return [metric for metric in CHARTS[chart] if metric in scored] or scored[:2]


def draw_galleries(results: Results, photographs: list[Path], note: str) -> dict[str, Path]:
    """The human heatmaps and one gallery per network, {name: PNG}."""
    folder = results.tables / "figures"
    stimuli = {path.name: path for path in photographs}
    many, few = _spread(list(stimuli), SHOWN_HUMAN), _spread(list(stimuli), SHOWN_IN_GALLERY)
    pictures = {name: photograph(stimuli[name]) for name in dict.fromkeys([*many, *few])}
    with open_maps(results.folder / "heatmaps.h5") as file:
        human = {name: read_map(file, name) for name in pictures}
    figure = human_heatmaps({name: pictures[name] for name in many}, human)
    paths = {"human_heatmaps": save(figure, folder / "human_heatmaps", note)[1]}
    chosen = {name: pictures[name] for name in few}
    for model in results.models:
        rows, titles = _gallery_rows(results, model, few)
        maps = {name: human[name] for name in few}
        figure = gallery(chosen, [("Human", maps), *rows], titles)
        paths[f"gallery_{model}"] = save(figure, folder / f"gallery_{model}", note)[1]
    return paths


def _spread(names: list[str], count: int) -> list[str]:
    """`count` names evenly spread over the sorted list, so that no choice of ours is in it."""
    step = max(len(names) / count, 1)
    return [names[int(number * step)] for number in range(min(count, len(names)))]


def _gallery_rows(
    results: Results, model: str, names: list[str]
) -> tuple[list[tuple[str, dict[str, np.ndarray]]], dict[str, str]]:
    """One row per map of every method, maps made elsewhere below, and each image's title.

    The title is its name and the class that the network saw.
    """
    found, titles = {}, {name: name for name in names}
    for _, method, file in results.map_files(model):
        for map_name in map_names(file):
            group = file[map_name]
            found[method, map_name] = {name: read_map(group, name) for name in names}
            for name in names:
                if "target_name" in group[name].attrs:
                    titles[name] = f"{name}\n{group[name].attrs['target_name']}"
    rows = [
        (map_label(*pair, results.texts), found[pair]) for pair in in_reading_order(list(found))
    ]
    return rows, titles
