"""The chart of scores: the paper's Fig. 9, error per dense layer and method, with NSS and sAUC."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
# Shape and colour both tell a network, so that either may be lost.
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
PALETTE = "colorblind"
HOLLOW = "hollow: the same before training"


@contextmanager
def chart_style() -> Iterator[None]:
    """Seaborn's look of all charts; what is drawn outside keeps its own."""
    import seaborn as sns

    with sns.axes_style("whitegrid"), sns.plotting_context("paper"):
        yield


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
    with chart_style():
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
    _marks(axis, _shown(by_map, lines, models, lambda name: name), lines, models)
    controls = _shown(by_map, lines, models, control_of)
    _marks(axis, controls, lines, models, hollow=True)
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


def _shown(
    by_map: pd.DataFrame, lines: list[Line], models: list[str], row_of: Callable[[str], str]
) -> pd.DataFrame:
    """The rows to mark: place (that of the line), network, mean, ci_low, ci_high."""
    import pandas as pd

    found = [
        (place, network_label(model), *by_map.loc[model, row_of(line.map)])
        for model in models
        for place, line in enumerate(lines)
        if line.map and (model, row_of(line.map)) in by_map.index
    ]
    return pd.DataFrame(found, columns=["place", "network", "mean", "ci_low", "ci_high"])


def _marks(
    axis: Axes, rows: pd.DataFrame, lines: list[Line], models: list[str], *, hollow: bool = False
) -> None:
    """A mark per map and network with its interval; the hollow ones of controls have none."""
    import seaborn as sns

    # seaborn summarises observations: of (low, mean, high) the median and the range
    values = ["mean"] if hollow else ["mean", "ci_low", "ci_high"]
    shown = rows.melt(["place", "network"], values, value_name="score").dropna()
    if shown.empty:
        return
    networks = list(dict.fromkeys(map(network_label, models)))
    palette = sns.color_palette(PALETTE, len(networks))
    before = len(axis.lines)
    sns.pointplot(
        shown,
        x="score",
        y="place",
        hue="network",
        order=range(len(lines)),
        hue_order=networks,
        orient="y",
        estimator="median",
        errorbar=None if hollow else ("pi", 100),
        dodge=0.8 * (1 - 1 / len(networks)),
        palette=palette,
        markers=[MARKERS[place % len(MARKERS)] for place in range(len(networks))],
        linestyles="none",
        markersize=5,
        markeredgewidth=1,
        markeredgecolor="0.15",
        markerfacecolor="none" if hollow else None,
        err_kws={"color": "0.15", "linewidth": 1.1, "zorder": 2},
        zorder=3 if hollow else 4,
        legend=False,
        ax=axis,
    )
    axis.set(xlabel="", ylabel="")
    marks = [line for line in axis.lines[before:] if line.get_marker() not in ("None", "")]
    for name, line in zip(networks, marks, strict=True):
        if name in set(shown["network"]):
            line.set_label(HOLLOW if hollow else name)


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
