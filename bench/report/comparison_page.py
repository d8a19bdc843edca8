"""The comparison's page: its sentences, tables and one picture, ready for compare.html.j2."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any

from bench.controls import is_control
from bench.leaderboard import BASELINE
from bench.metrics import Metric, get_metric, metric_names
from bench.report.labels import in_reading_order, label_of, map_label
from bench.report.numbers import interval, number
from bench.report.reports import Report, facts, letter, target_differs
from bench.statistics import DRAWS

if TYPE_CHECKING:
    import pandas as pd

    from bench.report.comparison import Comparison

FIRST = ("nss", "sauc")  # the headline metrics: in sentences and in the picture
ROW_PX, LABEL_PX, PLOT_PX = 18, 250, 420


@dataclass(frozen=True)
class Line:
    """One map in one metric: both means with intervals, the difference, and whether it counts."""

    label: str
    networks: str
    baseline: bool  # or a control
    a: tuple[str, str]
    b: tuple[str, str]
    difference: tuple[str, str]
    images: int
    better: str  # "A", "B", "=" or "" where nothing is paired
    p: str


@dataclass(frozen=True)
class MetricPart:
    """One metric: its lines, what they add up to, and whether it measures the same in both."""

    metric: Metric
    lines: list[Line]
    counts: dict[str, int]  # of maps of networks: better in "a", in "b", "unclear", "" not paired
    significant: int  # of them with Holm's p below .05
    tau: tuple[str, str]
    tau_images: int
    maps: int
    differs: str


@dataclass(frozen=True)
class Part:
    """One report beside the first: letter and label, sentences, metrics, what only one has."""

    letter: str
    label: str
    shared: str
    paired: bool
    sentences: list[str]
    metrics: list[MetricPart]
    charts: list[dict[str, Any]]
    only: list[tuple[str, list[str]]]


def comparison_text(
    reports: list[Report], parts: list[tuple[Report, str, Comparison, str]], *, seed: int
) -> dict[str, Any]:
    """Everything on the page, by the names of template/compare.html.j2.

    parts: for every report but the first (the report, its letter, the comparison with the first,
    the sentence on shared images).
    """
    unknown = sorted({name for report in reports for name in report.unknown_metrics})
    simulated = [report.label for report in reports if report.summary.get("simulated")]
    return {
        "reports": [(letter(index), report.label) for index, report in enumerate(reports)],
        "facts": facts(reports),
        "parts": [_part(reports[0], *part) for part in parts],
        "unknown": unknown,
        "simulated": simulated,
        "draws": DRAWS,
        "seed": seed,
    }


def _part(first: Report, other: Report, mark: str, found: Comparison, shared: str) -> Part:
    texts = other.texts | first.texts
    scored = set(found.rows["metric"])
    order = [*FIRST, *(name for name in metric_names() if name not in FIRST)]
    metrics = [
        _metric(name, found, mark, texts, target_differs(name, first, other))
        for name in order
        if name in scored
    ]
    paired = bool((found.rows["n_shared"] > 1).any())
    shown = [part for part in metrics if part.metric.name in FIRST] or metrics[:1]
    return Part(
        letter=mark,
        label=other.label,
        shared=shared,
        paired=paired,
        sentences=[_sentence(part, mark) for part in shown],
        metrics=metrics,
        charts=[_chart(part, found, mark, texts) for part in shown],
        only=[
            (f"{one} ({here.label})", lines)
            for one, here, there, rows in (
                ("A", first, other, found.only_a),
                (mark, other, first, found.only_b),
            )
            if (lines := _only(here, there, rows, texts))
        ],
    )


def _metric(
    name: str, found: Comparison, mark: str, texts: dict[str, Any], differs: str
) -> MetricPart:
    rows = _in_order(found.rows[found.rows["metric"] == name])
    candidates = [row for row in rows if not _is_reference(row)]
    tau = found.agreement.set_index("metric").loc[name]
    counts = {key: sum(row["better"] == key for row in candidates) for key in ("a", "b", "unclear")}
    known = tau["tau"] == tau["tau"]
    return MetricPart(
        metric=get_metric(name),
        lines=[_line(row, mark, texts) for row in rows],
        counts=counts,
        significant=sum(row["p_sign_flip_holm"] < 0.05 for row in candidates),
        tau=(number(tau["tau"]), interval(tau["ci_low"], tau["ci_high"])) if known else ("", ""),
        tau_images=int(tau["n_images"]),
        maps=int(tau["n_maps"]),
        differs=differs,
    )


def _in_order(rows: pd.DataFrame) -> list[pd.Series]:
    """By network, its maps in reading order; controls after them, baselines last."""
    maps = in_reading_order(list(zip(rows["method"], rows["map"], strict=True)))
    found = [row for _, row in rows.iterrows()]

    def place(row: pd.Series) -> tuple:
        key = row["method"], row["map"]
        return row["model_a"] == BASELINE, row["model_a"], is_control(row["map"]), maps.index(key)

    return sorted(found, key=place)


def _is_reference(row: pd.Series) -> bool:
    return row["model_a"] == BASELINE or is_control(row["map"])


def _line(row: pd.Series, mark: str, texts: dict[str, Any]) -> Line:
    sides = {
        side: (
            number(row[f"mean_{side}"]) if row[f"n_images_{side}"] else "not scored",
            interval(row[f"ci_low_{side}"], row[f"ci_high_{side}"]),
        )
        for side in "ab"
    }
    difference = ("", "")
    if row["n_shared"]:
        spread = interval(row["ci_low"], row["ci_high"], signed=True)
        difference = number(row["b_minus_a"], signed=True), spread
    p = row["p_sign_flip_holm"]
    return Line(
        label=map_label(row["method"], row["map"], texts),
        networks=_networks(row),
        baseline=_is_reference(row),
        a=sides["a"],
        b=sides["b"],
        difference=difference,
        images=int(row["n_shared"]),
        better={"a": "A", "b": mark, "unclear": "="}.get(row["better"], ""),
        p="" if p != p else "< 0.001" if p < 0.001 else f"{p:.3f}",
    )


def _networks(row: pd.Series) -> str:
    """The network, or "EfficientNet-Lite0 → VGG16" where A and B have one each."""
    names = dict.fromkeys(label_of(row[f"model_{side}"]) for side in "ab")
    return " → ".join(names)


def _sentence(part: MetricPart, mark: str) -> str:
    name, counts = part.metric.label, part.counts
    total = sum(counts.values())
    better = "score better" if part.differs else "agree better with gaze"
    if not total:
        text = f"{name}: no map is paired."
    else:
        text = (
            f"{name}: of {total} maps {counts['b']} {better} in {mark}, "
            f"{counts['a']} better in A, {counts['unclear']} cannot be told apart; "
            f"after Holm's correction {part.significant} differ at p < .05."
        )
    if part.tau[0]:
        spread = f" {part.tau[1]}" if part.tau[1] else ""
        text += f" Order of the {part.maps} maps: τ = {part.tau[0]}{spread}."
    if part.differs:
        text += f" Not the same measurement in both, so no finding on the maps: {part.differs}."
    return text


def _only(
    here: Report, there: Report, rows: list[tuple[str, str, str, tuple[str, ...]]], texts: dict
) -> list[str]:
    """What only one side has: its own metrics in one line, then map by map."""
    own = {*here.scores["metric"]} - {*there.scores["metric"]}
    known = [name for name in metric_names() if name in own]
    lines = [f"Metrics: {_listed(known)}"] if known else []
    for model, method, name, metrics in rows:
        text = map_label(method, name, texts)
        text = text if model == BASELINE else f"{text} on {label_of(model)}"
        left = [metric for metric in metrics if metric not in own]
        if left or not metrics:
            lines.append(f"{text}, in {_listed(left)}" if left else text)
    return lines


def _listed(metrics: list[str]) -> str:
    return ", ".join(get_metric(metric).label for metric in metrics)


def _chart(part: MetricPart, found: Comparison, mark: str, texts: dict[str, Any]) -> dict[str, Any]:
    """What an inline SVG needs: a line per map from A (ring) to the other (disc), in pixels."""
    rows = _in_order(found.rows[found.rows["metric"] == part.metric.name])
    rows = [row for row in rows if row["n_images_a"] and row["n_images_b"]]
    rows = [row for row in rows if not is_control(row["map"])]
    values = [row[f"{name}_{side}"] for row in rows for side in "ab" for name in _SPREAD]
    values = [value for value in values if value == value]
    ticks = _ticks(min(values), max(values)) if values else [0.0, 1.0]
    low, high = ticks[0], ticks[-1]

    def place(value: float) -> float:
        return round(LABEL_PX + PLOT_PX * (value - low) / (high - low), 1)

    several = len({(row["model_a"]) for row in rows} - {BASELINE}) > 1
    lines = []
    for index, row in enumerate(rows):
        line = _line(row, mark, texts)
        lines.append(
            {
                "y": ROW_PX * (index + 1),
                "label": f"{line.label}, {line.networks}"
                if several and not line.baseline
                else line.label,
                "baseline": line.baseline,
                "better": line.better,
                **{
                    f"{name}_{side}": place(row[f"{name}_{side}"])
                    if row[f"{name}_{side}"] == row[f"{name}_{side}"]
                    else place(row[f"mean_{side}"])
                    for side in "ab"
                    for name in _SPREAD
                },
            }
        )
    return {
        "metric": part.metric,
        "lines": lines,
        "ticks": [(place(value), f"{value:g}".replace("-", "−")) for value in ticks],
        "chance": None
        if part.metric.constant_value is None or not low <= part.metric.constant_value <= high
        else place(part.metric.constant_value),
        "height": ROW_PX * (len(rows) + 3),
        "width": LABEL_PX + PLOT_PX + 30,
        "bottom": ROW_PX * (len(rows) + 1),
        "alt": _sentence(part, mark),
    }


_SPREAD = ("mean", "ci_low", "ci_high")


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers that enclose the range, some five steps apart."""
    span = high - low or abs(high) or 1.0
    raw = span / 5
    size = 10 ** floor(log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
    first, last = floor(low / step), ceil(high / step)
    last = max(last, first + 1)
    return [round(step * number, 12) for number in range(first, last + 1)]
