"""The chart of scores: the paper's Fig. 9, error per dense layer and method, with NSS and sAUC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.controls import control_of, is_control
from bench.metrics import get_metric
from bench.report.labels import in_reading_order, network_label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = ("mae_paper", "mae_density", "nss", "sauc")
REFERENCE_LINES = {
    "human": ("-", "other viewers"),
    "centre": ("--", "centre bias"),
    "zero": (":", "all-zero map"),
}
# Colour and shape both tell a network, so that either may be lost. The colours are those of
# seaborn's palette "colorblind", whose import takes longer than the chart.
MARKS = (
    ("#0173b2", "o"),
    ("#de8f05", "s"),
    ("#029e73", "^"),
    ("#d55e00", "D"),
    ("#cc78bc", "v"),
    ("#56b4e9", "P"),
)
HOLLOW = "hollow: the same before training"
STYLE = ["seaborn-v0_8-whitegrid", "seaborn-v0_8-paper"]


def shown_metrics(scored: list[str]) -> list[str]:
    """The metrics of the chart; where none of them was scored, the first two that were."""
    return [name for name in SHOWN if name in scored] or sorted(scored)[:2]


@dataclass(frozen=True)
class Line:
    """One line of the chart: a heading (no map), or one map of one method."""

    label: str
    method: str = ""
    map: str = ""


def chart_lines(maps: list[tuple[str, str]], labels: dict[tuple[str, str], str]) -> list[Line]:
    """The chart from top to bottom: layers, their combinations, then the methods with one map.

    maps: (method, map) pairs; labels: what people read for them. Layers are the maps of a method
    with several; those of the dense model whose names are longest are combinations.
    """
    ordered = in_reading_order(maps)
    several = [method for method, _ in ordered]
    groups: dict[str, list[Line]] = {}
    singles = []
    for method, name in ordered:
        label = labels[method, name]
        if several.count(method) == 1:
            singles.append(Line(label, method, name))
            continue
        title, _, suffix = label.rpartition(", ")
        if method == "dense":
            layers = name.removeprefix("dense_conv")
            title += ": one layer" if len(layers) == 1 else ": layers combined"
        groups.setdefault(title or method, []).append(Line(suffix, method, name))
    if singles:
        groups["Methods"] = singles
    if len(groups) < 2:
        return [line for group in groups.values() for line in group]
    return [line for title, group in groups.items() for line in (Line(title), *group)]


def score_chart(leaderboard: pd.DataFrame, metrics: list[str], models: list[str]) -> Figure:
    """One panel per metric: a mark per map and network with its interval, baselines as lines.

    `leaderboard` needs the columns model, method, map, label, metric, mean, ci_low, ci_high. A
    hollow mark is the map's control, the same method on the network before any training.
    """
    import matplotlib.pyplot as plt

    maps = leaderboard[leaderboard["model"] != "baseline"]
    maps = maps[~maps["method"].map(is_control).astype(bool)]
    labels = dict(zip(zip(maps["method"], maps["map"], strict=True), maps["label"], strict=True))
    lines = chart_lines(list(labels), labels)
    step = 0.12 + 0.09 * len(models)
    figure_size = (9.6, 1.6 + step * max(len(lines), 1))
    with plt.style.context(STYLE):
        figure, axes = plt.subplots(
            1,
            max(len(metrics), 1),
            figsize=figure_size,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis, metric in zip(axes[0], metrics, strict=False):
            _panel(axis, leaderboard[leaderboard["metric"] == metric], lines, models, metric)
        _name_lines(axes[0][0], lines)
        handles = {}
        for axis in axes[0]:
            handles |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
        order = [
            *map(network_label, models),
            HOLLOW,
            *(name for _, name in REFERENCE_LINES.values()),
        ]
        names = [name for name in order if name in handles]
        figure.legend(
            [handles[name] for name in names],
            names,
            loc="outside upper center",
            ncols=4,
            frameon=False,
            fontsize="medium",
        )
    return figure


def _panel(
    axis: Axes, rows: pd.DataFrame, lines: list[Line], models: list[str], metric: str
) -> None:
    described = get_metric(metric)
    for place, line in enumerate(lines):
        if line.map and place % 2:
            axis.axhspan(place - 0.5, place + 0.5, color="0.95", zorder=0)
    by_map = rows.set_index(["model", "map"])[["mean", "ci_low", "ci_high"]]
    for number, model in enumerate(models):
        offset = 0.8 * ((number + 0.5) / len(models) - 0.5)
        _marks(axis, by_map, lines, model, offset, MARKS[number % len(MARKS)])
    for baseline, (style, name) in REFERENCE_LINES.items():
        if baseline == "human" and "heatmap" in described.needs:
            continue  # scored on one viewer's map at a time: not comparable with the marks
        if ("baseline", baseline) in by_map.index:
            mean = by_map.loc[("baseline", baseline), "mean"]
            axis.axvline(mean, color="black", linestyle=style, linewidth=1.2, label=name, zorder=1)
    axis.margins(x=0.06)
    better = "higher" if described.direction == "higher" else "lower"
    axis.set_title(f"{described.label}\n{better} is better", fontsize="medium")
    if described.unit:
        axis.set_xlabel(described.unit)
    axis.locator_params(axis="x", nbins=5)
    axis.grid(visible=False, axis="y")
    axis.tick_params(labelsize="medium")


def _marks(
    axis: Axes,
    by_map: pd.DataFrame,
    lines: list[Line],
    model: str,
    offset: float,
    mark: tuple[str, str],
) -> None:
    """One network's marks: its maps with their intervals, and hollow their controls."""
    colour, shape = mark
    found, places, hollow, hollow_places = [], [], [], []
    for place, line in enumerate(lines):
        if line.map and (model, line.map) in by_map.index:
            found.append(by_map.loc[(model, line.map)])
            places.append(place + offset)
        if line.map and (model, control_of(line.map)) in by_map.index:
            hollow.append(by_map.loc[(model, control_of(line.map)), "mean"])
            hollow_places.append(place + offset)
    if not found:
        return
    style = {"linestyle": "none", "marker": shape, "markersize": 5, "markeredgewidth": 1}
    style |= {"color": colour, "markeredgecolor": "0.15"}
    for row, place in zip(found, places, strict=True):
        axis.plot([row["ci_low"], row["ci_high"]], [place, place], color="0.15", linewidth=1.1)
    if hollow:
        axis.plot(hollow, hollow_places, **style | {"color": "none"}, zorder=3, label=HOLLOW)
    means = [row["mean"] for row in found]
    axis.plot(means, places, **style, zorder=4, label=network_label(model))


def _name_lines(axis: Axes, lines: list[Line]) -> None:
    axis.set_yticks(range(len(lines)), [line.label for line in lines])
    for line, label in zip(lines, axis.get_yticklabels(), strict=True):
        label.set_fontweight("normal" if line.map else "bold")
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(max(len(lines), 1) - 0.5, -0.5)


def _rounded(svg: str) -> str:
    """The drawing with two decimals of a point in its lines: a third less on the page."""
    return re.sub(r' d="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found.group()), svg)


def save(figure: Figure, stem: Path, note: str = "") -> list[Path]:
    """Writes STEM.svg and STEM.png, the same bytes for the same figure, and closes the figure.

    `note` stands below the figure, wherever it travels.
    """
    import matplotlib.pyplot as plt

    from bench.files import written_whole

    if note:
        figure.supxlabel(note, fontsize="small", style="italic")
    written = []
    with plt.rc_context({"svg.hashsalt": stem.name, "svg.fonttype": "path"}):
        for suffix, metadata in ((".svg", {"Date": None}), (".png", {"Software": None})):
            target = stem.with_suffix(suffix)
            with written_whole(target) as path:
                figure.savefig(path, dpi=150, metadata=metadata)
                if suffix == ".svg":
                    path.write_text(_rounded(path.read_text(encoding="utf-8")), encoding="utf-8")
            figure.set_layout_engine("none")  # laid out once, for both
            written.append(target)
    plt.close(figure)
    return written
