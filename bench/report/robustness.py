"""What the answer depends on: rankings under each metric, and scores under each free choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.controls import is_control
from bench.metrics import get_metric
from bench.report.numbers import interval, number
from bench.sensitivity import FACTORS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bench.report.findings import Board

SHOWN = ("nss", "sauc", "ig", "cc", "mae_density", "mae_paper")
RANKED = (
    *("mae_paper", "mae_paper_renorm", "mae_density", "mae_hist", "mae_skill"),
    *("nss", "sauc", "ig", "ig_fitted"),
)
Names = dict[tuple[str, str], str]  # what people read for (model, map)
DASHES = ("", (4, 1.5), (4, 1.5, 1, 1.5), (1, 1))


@dataclass(frozen=True)
class Setting:
    """One line of the table: a choice, its setting, and per metric what becomes of the order."""

    factor: str
    setting: str
    reference: bool
    cells: list[tuple[str, str, str]]  # (agreement of the order, best score, best map)


def read_names(board: Board) -> Names:
    """{(model, map): "Grad-CAM on VGG16"}, of baselines without a network."""
    from bench.report.findings import named

    rows = board.leaderboard.drop_duplicates(["model", "map"])
    return {(row["model"], row["map"]): named(row) for _, row in rows.iterrows()}


def setting_rows(table: pd.DataFrame, metrics: list[str], names: Names) -> list[Setting]:
    """The table of choices: per setting and metric the best map and the agreement of the order."""
    maps = table[table["model"] != "baseline"]
    rows = []
    for factor in FACTORS:
        of_factor = maps[maps["factor"] == factor.name]
        for setting in in_order(of_factor["setting"]):
            of_setting = of_factor[of_factor["setting"] == setting]
            of_metric = {metric: of_setting[of_setting["metric"] == metric] for metric in metrics}
            cells = [_cell(rows_, metric, names) for metric, rows_ in of_metric.items()]
            reference = bool(of_setting["reference"].iloc[0])
            rows.append(Setting(factor.label, setting, reference, cells))
    return rows


def in_order(settings: pd.Series) -> list[str]:
    """Settings by number, then words ("all", "keep", "drop") in the order found.

    >>> import pandas as pd
    >>> in_order(pd.Series(["all", "8", "16", "8"]))
    ['8', '16', 'all']
    """
    found = list(dict.fromkeys(settings))
    return sorted(found, key=lambda word: float(word) if word.isdigit() else np.inf)


def _cell(rows: pd.DataFrame, metric: str, names: Names) -> tuple[str, str, str]:
    scored = rows[rows["mean"].notna()]
    if scored.empty:
        return "", "not scored", ""
    sign = get_metric(metric).sign
    best = scored.loc[(sign * scored["mean"]).idxmax()]
    agreement = best["agreement"]
    told = "" if agreement != agreement else f"τ {agreement:.2f}".replace("-", "−")
    return told, number(best["mean"]), names[best["model"], best["map"]]


@dataclass(frozen=True)
class Ranks:
    """One map's place under each metric: (rank, mean)."""

    network: str
    label: str
    baseline: bool
    cells: list[tuple[str, str]]


def rank_rows(board: Board, metrics: list[str]) -> list[Ranks]:
    """Every map and baseline, the all-zero map first, with its rank among them by each metric."""
    board_ = board.leaderboard
    table = board_[~board_["method"].map(is_control).astype(bool)]
    keys = ["model", "method", "map", "network", "label"]
    means = table.pivot(index=keys, columns="metric", values="mean")[metrics]
    signs = [get_metric(metric).sign for metric in metrics]
    ranks = (-means * signs).rank(method="min")
    rows = []
    for (model, method, _, network, label), of_map in ranks.iterrows():
        cells = [
            (f"{rank:.0f}", number(mean)) if rank == rank else ("", "")
            for rank, mean in zip(of_map, means.loc[of_map.name], strict=True)
        ]
        zero = (model, method) == ("baseline", "zero")
        row = Ranks(network, label, model == "baseline", cells)
        rows.append(((not zero, of_map.iloc[0]), row))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def agreement_rows(
    table: pd.DataFrame, metrics: list[str]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """(metric's label, Kendall's tau with each of `metrics`: (value, interval))."""
    found = {}
    for row in table.itertuples():
        text = f"{row.tau:.2f}".replace("-", "−"), interval(row.ci_low, row.ci_high)
        found[row.metric_a, row.metric_b] = found[row.metric_b, row.metric_a] = text
    return [(get_metric(a).label, [found.get((a, b), ("", "")) for b in metrics]) for a in metrics]


def sensitivity_figure(table: pd.DataFrame, metrics: list[str], names: Names) -> Figure:
    """A panel per metric and choice: each map's mean score over the settings of the choice.

    The best map of each metric (as the protocol has it), the centre bias and the all-zero map have
    colours, marks and names; all others are thin grey lines.
    """
    import matplotlib.pyplot as plt

    from bench.report.charts import chart_style

    factors = [factor for factor in FACTORS if factor.name in set(table["factor"])]
    named = _named(table, metrics, names)
    with chart_style():
        figure, axes = plt.subplots(
            len(metrics),
            len(factors),
            figsize=(11, 1 + 2 * len(metrics)),
            sharex="col",
            sharey="row",
            squeeze=False,
            layout="constrained",
        )
        for axis_row, metric in zip(axes, metrics, strict=True):
            described = get_metric(metric)
            arrow = "higher" if described.sign > 0 else "lower"
            for axis, factor in zip(axis_row, factors, strict=True):
                rows = table[(table["factor"] == factor.name) & (table["metric"] == metric)]
                _panel(axis, rows, named)
                axis.set_ylabel("")
            axis_row[0].set_ylabel(f"{described.label}\n({arrow} is better)")
        for axis, factor in zip(axes[-1], factors, strict=True):
            axis.set_xlabel(factor.label.replace(", ", ",\n"), fontsize="small")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    return figure


def _named(table: pd.DataFrame, metrics: list[str], names: Names) -> Names:
    """{(model, map): what the legend says}: the best of each metric, then two baselines."""
    reference = table[table["reference"] & (table["factor"] == "map_blur_px")]
    found = {}
    for metric in metrics:
        rows = reference[(reference["metric"] == metric) & (reference["model"] != "baseline")]
        if rows["mean"].notna().any():
            best = rows.loc[(get_metric(metric).sign * rows["mean"]).idxmax()]
            key = best["model"], best["map"]
            found[key] = names[key]
    for name in ("centre", "zero"):
        if ((reference["model"] == "baseline") & (reference["map"] == name)).any():
            found["baseline", name] = names["baseline", name]
    return found


def _panel(axis: Axes, rows: pd.DataFrame, named: Names) -> None:
    import seaborn as sns

    from bench.report.charts import MARKERS, PALETTE

    settings = in_order(rows["setting"])
    means = rows.pivot(index=["model", "map"], columns="setting", values="mean")[settings]
    shown = [key for key in named if key in means.index and means.loc[key].notna().any()]
    others = means.drop(index=shown)
    xs = np.arange(len(settings))
    if len(others):
        # one line with gaps: a line each made half of the figure's bytes and time
        gaps = np.column_stack([others, np.full(len(others), np.nan)]).ravel()
        axis.plot(np.tile([*xs, np.nan], len(others)), gaps, color="0.75", linewidth=0.6, zorder=1)
    count = len(named)
    lines = means.loc[shown].set_axis(xs, axis=1).set_axis([named[key] for key in shown])
    before = len(axis.lines)
    sns.lineplot(
        lines.rename_axis("map").reset_index().melt("map", var_name="place", value_name="mean"),
        x="place",
        y="mean",
        hue="map",
        style="map",
        hue_order=list(named.values()),
        style_order=list(named.values()),
        palette=sns.color_palette(PALETTE, count),
        markers=[MARKERS[place % len(MARKERS)] for place in range(count)],
        dashes=[DASHES[place % len(DASHES)] for place in range(count)],
        estimator=None,
        markersize=5,
        zorder=3,
        legend=False,
        ax=axis,
    )
    for name, line in zip(lines.index, axis.lines[before:], strict=True):
        line.set_label(name)
    axis.set(xlabel="", xlim=(-0.3, len(settings) - 0.7))
    axis.set_xticks(xs, settings)
    reference = rows.loc[rows["reference"], "setting"]
    if len(reference):
        own = settings.index(reference.iloc[0])
        axis.axvline(own, color="0.3", linewidth=1.2, linestyle=":", zorder=0.8)
