"""The words beside the figures: alternative texts made from the numbers, and captions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.controls import is_control
from bench.metrics import get_metric
from bench.report.method_figures import MOST_MAPS
from bench.report.numbers import number

if TYPE_CHECKING:
    from bench.report.examples import Example, ImageScores
    from bench.report.findings import Board
    from bench.report.method_figures import MapSet

# Which figure of the paper shows the maps of a method.
PAPER = {"cam": 2, "gradcam": 3, "guided_backprop": 5, "guided_gradcam": 6, "dense": 8}
Words = tuple[str, str]  # alternative text, caption


def of_chart(board: Board, metrics: list[str]) -> Words:
    """What the chart of layers and methods shows."""
    from bench.report.findings import named

    parts = []
    for metric in metrics:
        rows = board.rows(metric)
        if rows.empty:
            continue
        best, worst = rows.iloc[0], rows.iloc[-1]
        text = f"{board.names[metric]}: from {named(best)}, {number(best['mean'])}, the best, to "
        text += f"{named(worst)}, {number(worst['mean'])}, the worst"
        lines = [
            f"{name} {number(row['mean'])}"
            for method, name in (("human", "other viewers"), ("centre", "centre bias"))
            if (row := board.baseline(metric, method)) is not None
            and not (method == "human" and "heatmap" in get_metric(metric).needs)
        ]
        parts.append(text + (f" ({', '.join(lines)})" if lines else ""))
    alt = f"A mark for the mean score of every map, with its interval. {'; '.join(parts)}."
    fig9 = {"mae_paper", "mae_density"} & set(metrics)
    of = "The paper's Fig. 9, the error" if fig9 else "Scores"
    listed = ", ".join(board.names[metric] for metric in metrics)
    caption = (
        f"{of} per dense layer, combination of layers and method: {listed}. Horizontal lines are "
        "95 % intervals over photographs, vertical ones the baselines."
    )
    if "mae_paper" in metrics:
        caption += " The literal MAE is the paper's; it is lower the emptier a map is."
    if "mae_density" in metrics:
        caption += (
            " The MAE of densities depends on where a map is bright, not on how bright it is."
        )
    if fig9 and any(board.baseline(metric, "human") is not None for metric in fig9):
        caption += (
            " Other viewers have no line under an MAE: they are scored on one viewer's map at a "
            "time, a harder target."
        )
    if board.leaderboard["method"].map(is_control).any():
        caption += (
            " Hollow: the same method on the same network before any training. Where it lies on "
            "the filled mark, training changed nothing by this score."
        )
    return alt, caption


def of_sensitivity(metrics: list[str]) -> Words:
    """What the figure of choices shows; its caption stands in the section."""
    listed = ", ".join(get_metric(metric).label for metric in metrics)
    return (
        f"A panel per choice and metric ({listed}): the mean score of every map over the settings "
        "of the choice. The numbers stand in the table below and in sensitivity.csv.",
        "",
    )


def of_human(images: list[str], count: int) -> Words:
    """What the figure of human heatmaps shows."""
    return (
        f"{_listed(images)}: each photograph, and beside it the human heatmap over it.",
        f"{_of_all(len(images), count)}, evenly spread over the sorted names, and the human "
        "heatmaps over them (the paper's Fig. 1).",
    )


def of_method(
    shown: MapSet, chosen: list[Example], values: dict[str, float], scores: ImageScores | None
) -> Words:
    """What the figure of one method shows: which photographs, and their scores."""
    several = len(shown.maps) > 1
    found = []
    for one in chosen:
        text = f"{one.role.lower()} {'on ' if one.ordered else ''}{one.image}"
        if scores is not None and one.image in values:
            text += f", {scores.text(values[one.image])}"
        found.append(text)
    maps = f"{len(shown.maps)} maps" if several else "the method's map"
    alt = (
        f"{shown.title}: {'; '.join(found)}. For each the photograph, the human map and {maps} "
        "over it."
    )
    figure = f" (the paper's Fig. {PAPER[shown.method]})" if shown.method in PAPER else ""
    by = "no photograph has a score"
    if scores is not None and values:
        by = f"best, median and worst of {len(values)} by {scores.metric.label}"
        by += f", the mean over the {len(shown.maps)} maps" if several else ""
    if len(shown.maps) > MOST_MAPS:
        by += f"; drawn are the first {MOST_MAPS}"
    return alt, f"{shown.title}{figure}: {by}."


def of_nothing(shown: MapSet) -> Words:
    """That a method has no maps, and why."""
    reason = shown.reason or "it gave no map"
    text = (
        f"{shown.title}: does not apply, {reason}" if shown.reason else f"{shown.title}: {reason}"
    )
    return text, text


def of_gallery(
    rows: list[tuple[MapSet, str]],
    images: list[str],
    count: int,
    network: str,
    scores: ImageScores | None,
) -> Words:
    """What the figure of all methods on the same photographs shows."""
    methods = _listed([shown.labels[name] for shown, name in rows]) or "no map"
    alt = f"{network} on {_listed(images)}: the human map, then {methods}."
    caption = (
        f"{network}, all methods on the same photographs: {_of_all(len(images), count).lower()}, "
        "evenly spread over the sorted names"
    )
    if any(len(shown.maps) > 1 for shown, _ in rows):
        caption += "; of a method with several maps the one with "
        caption += f"the best mean {scores.metric.label}" if scores else "the first name"
    if any(shown.classes(image) for shown, _ in rows for image in images):
        caption += (
            ". Below each name stands the class that the network saw, which the class-driven maps "
            "explain (the dense ones know no class)"
        )
    return alt, f"{caption}."


def _of_all(shown: int, count: int) -> str:
    return f"All {count} photographs" if shown == count else f"{shown} of {count} photographs"


def _listed(names: list[str]) -> str:
    return ", ".join(names)
