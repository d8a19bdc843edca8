"""Bar charts of the leaderboard: the paper's Fig. 9, and the same for NSS and shuffled AUC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.controls import is_control
from bench.metrics import get_metric
from bench.report.labels import in_reading_order, network_label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REFERENCE_LINES = {
    "human": ("-", "other viewers"),
    "centre": ("--", "centre bias"),
    "zero": (":", "all-zero map"),
}
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++++")


def score_chart(leaderboard: pd.DataFrame, metrics: list[str], models: list[str]) -> Figure:
    """One panel per metric: a bar per map and network with its interval, baselines as lines.

    `leaderboard` needs the columns model, method, map, label, metric, mean, ci_low, ci_high. Bars
    start at the score of a constant map, where there is one: their length is what is above chance.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    maps = leaderboard[leaderboard["model"] != "baseline"]
    maps = maps[~maps["method"].map(is_control).astype(bool)]
    label = dict(zip(zip(maps["method"], maps["map"], strict=True), maps["label"], strict=True))
    labels = [label[pair] for pair in in_reading_order(list(label))]
    height = 1.4 + 0.17 * len(labels) * (0.6 + len(models))
    with sns.axes_style("whitegrid"), sns.plotting_context("paper"):
        figure, axes = plt.subplots(
            1, len(metrics), figsize=(9, height), sharey=True, squeeze=False, layout="constrained"
        )
        for axis, metric in zip(axes[0], metrics, strict=True):
            _panel(axis, leaderboard[leaderboard["metric"] == metric], labels, models, metric)
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=3 + len(models), frameon=False)
    return figure


def _panel(
    axis: Axes, rows: pd.DataFrame, labels: list[str], models: list[str], metric: str
) -> None:
    import seaborn as sns

    described = get_metric(metric)
    maps = rows[rows["model"] != "baseline"]
    colours = sns.color_palette("colorblind", len(models))
    chance = described.constant_value or 0.0
    thickness = 0.8 / max(len(models), 1)
    for number, (model, colour) in enumerate(zip(models, colours, strict=True)):
        of_model = maps[maps["model"] == model].set_index("label").reindex(labels)
        places = [place + (number + 0.5) * thickness - 0.4 for place in range(len(labels))]
        axis.barh(
            places,
            of_model["mean"] - chance,
            left=chance,
            height=thickness,
            color=colour,
            hatch=HATCHES[number % len(HATCHES)],
            edgecolor="white",
            label=network_label(model),
        )
        spread = [of_model["mean"] - of_model["ci_low"], of_model["ci_high"] - of_model["mean"]]
        axis.errorbar(
            of_model["mean"], places, xerr=spread, fmt="none", ecolor="black", elinewidth=0.9
        )
    for baseline, (style, name) in REFERENCE_LINES.items():
        if baseline == "human" and "heatmap" in described.needs:
            continue  # scored on one viewer's map at a time: not comparable with the bars
        found = rows.loc[(rows["model"] == "baseline") & (rows["method"] == baseline), "mean"]
        if len(found):
            axis.axvline(found.iloc[0], color="black", linestyle=style, linewidth=1.2, label=name)
    axis.use_sticky_edges = False
    axis.margins(x=0.03)  # a line at 0, where the all-zero map stands, must not hide in the frame
    axis.set_yticks(range(len(labels)), labels)
    axis.set_ylim(max(len(labels), 1) - 0.5, -0.5)
    better = "higher" if described.direction == "higher" else "lower"
    axis.set_xlabel(f"{described.label}{f' ({described.unit})' if described.unit else ''}")
    axis.set_title(f"{described.label}: {better} is better", fontsize="medium")
    axis.grid(visible=False, axis="y")
