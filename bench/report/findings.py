"""The report's sentences, made from the tables: what the data say, and what they cannot tell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bench.controls import control_of, is_control
from bench.leaderboard import ranking_sentence
from bench.report.dependence import control_findings
from bench.report.numbers import interval, number

if TYPE_CHECKING:
    import pandas as pd

HEADLINE = ("nss", "sauc")


@dataclass(frozen=True)
class Difference:
    """A paired difference with its interval; `better` is 1, -1 or, where it holds 0, 0."""

    mean: float
    low: float
    high: float
    better: int

    def __str__(self) -> str:
        return f"{number(self.mean, signed=True)} {interval(self.low, self.high, signed=True)}"


@dataclass(frozen=True)
class Board:
    """The leaderboard and the paired differences, with the questions that sentences ask.

    `leaderboard` has one row per (model, map, metric) with the columns `label` and `network`, what
    people read for map and model; `comparisons` one row per pair (bench.leaderboard). `names` are
    the metrics' labels, `higher` those metrics for which more is better. `controls` says how alike
    maps and their controls on random weights are (bench.dependence), None where there are none.
    """

    leaderboard: pd.DataFrame
    comparisons: pd.DataFrame
    names: dict[str, str]
    higher: frozenset[str]
    controls: pd.DataFrame | None = None

    def rows(self, metric: str, *, baseline: bool = False) -> pd.DataFrame:
        """The rows of a metric, best first: the networks' maps, or the baselines; no controls."""
        board = self.leaderboard
        of_metric = board[(board["metric"] == metric) & board["mean"].notna()]
        of_metric = of_metric[~of_metric["method"].map(is_control).astype(bool)]
        chosen = of_metric[(of_metric["model"] == "baseline") == baseline]
        return chosen.sort_values("mean", ascending=metric not in self.higher, kind="stable")

    def baseline(self, metric: str, method: str) -> pd.Series | None:
        """One baseline's row, or None where it was not scored."""
        rows = self.rows(metric, baseline=True)
        found = rows[rows["method"] == method]
        return found.iloc[0] if len(found) else None

    def control(self, metric: str, row: pd.Series) -> pd.Series | None:
        """The row of a map's control on random weights, or None where there is none."""
        board = self.leaderboard
        found = board[
            (board["metric"] == metric)
            & (board["model"] == row["model"])
            & (board["map"] == control_of(row["map"]))
        ]
        return found.iloc[0] if len(found) else None

    def pair(self, metric: str, first: pd.Series, second: pd.Series) -> pd.Series | None:
        """The row of `comparisons` for two maps, whichever of them stands first in it."""
        for one, other in ((first, second), (second, first)):
            key = metric, one["model"], one["map"], other["model"], other["map"]
            if key in self._places:
                return self.comparisons.iloc[self._places[key]]
        return None

    @cached_property
    def _places(self) -> dict[tuple[str, ...], int]:
        """{(metric, model_a, map_a, model_b, map_b): the row of `comparisons`}."""
        columns = ["metric", "model_a", "map_a", "model_b", "map_b"]
        keys = self.comparisons[columns].itertuples(index=False, name=None)
        return {key: place for place, key in enumerate(keys)}

    def difference(self, metric: str, first: pd.Series, second: pd.Series) -> Difference:
        """The paired difference first - second on the same images; NaN where it was not made."""
        pair = self.pair(metric, first, second)
        if pair is None:
            return Difference(math.nan, math.nan, math.nan, 0)
        sign = 1 if (pair["model_a"], pair["map_a"]) == (first["model"], first["map"]) else -1
        low, high = sorted((sign * pair["ci_low"], sign * pair["ci_high"]))
        better = sign * {"a": 1, "b": -1}.get(pair["better"], 0)
        return Difference(sign * pair["mean_difference"], low, high, better)

    def ties(self, metric: str) -> list[pd.Series]:
        """The best map of a metric, then those that cannot be told apart from it."""
        rows = [row for _, row in self.rows(metric).iterrows()]
        return rows[:1] + [
            row for row in rows[1:] if not self.difference(metric, rows[0], row).better
        ]


def findings(board: Board) -> list[tuple[str, list[str]]]:
    """What the data say beyond the short answer: (topic, its sentences), the first topic first.

    Topics without a sentence are left out.
    """
    metrics = [metric for metric in HEADLINE if len(board.rows(metric))]
    topics = [
        ("The closest maps", [_closest(board, metric) for metric in metrics]),
        ("Against the centre bias", [_above_centre(board, metric) for metric in metrics]),
        ("The human ceiling", [_ceiling(board, metric) for metric in metrics]),
        ("Layers", [sentence for metric in metrics for sentence in _dense(board, metric)]),
        ("Training", control_findings(board, metrics)),
        ("The paper’s MAE", [_literal_error(board)]),
    ]
    filled = [(topic, [text for text in texts if text]) for topic, texts in topics]
    return [(topic, texts) for topic, texts in filled if texts]


def named(row: pd.Series) -> str:
    """A map with its network: "Grad-CAM on VGG16"."""
    return row["label"] if row["model"] == "baseline" else f"{row['label']} on {row['network']}"


def valued(row: pd.Series) -> str:
    """A mean with its interval."""
    return f"{number(row['mean'])} {interval(row['ci_low'], row['ci_high'])}".rstrip()


def _closest(board: Board, metric: str) -> str:
    best, *others = board.ties(metric)
    text = f"Closest to human gaze by {board.names[metric]}: {named(best)}, {valued(best)}."
    rows = board.rows(metric)
    if others:
        listed = "; ".join(named(row) for row in others[:4])
        more = f"; and {len(others) - 4} more" if len(others) > 4 else ""
        pair = board.pair(metric, best, others[0])
        names = (board.names[metric], named(best), named(others[0]))
        why = "" if pair is None else ranking_sentence(pair, *names)
        return f"{text} It cannot be told apart from {listed}{more}. {why}".rstrip()
    if len(rows) < 2:
        return text
    second = rows.iloc[1]
    return f"{text} Next is {named(second)}; difference {board.difference(metric, best, second)}."


def _above_centre(board: Board, metric: str) -> str:
    centre = board.baseline(metric, "centre")
    if centre is None:
        return ""
    rows = board.rows(metric)
    if not rows["above_centre"].isin(["yes", "no", "unclear"]).any():
        return ""  # too few photographs for an interval
    above = rows[rows["above_centre"] == "yes"]
    below = rows[rows["above_centre"] == "no"]
    name = board.names[metric]
    against = f"a blob in the middle that never saw the image ({name} {valued(centre)})"
    if above.empty:
        text = f"No map is above {against} with confidence"
    else:
        text = f"Of {len(rows)} maps {len(above)} are above {against}"
    return f"{text}; below it: {len(below)}, unclear: {len(rows) - len(above) - len(below)}."


def _ceiling(board: Board, metric: str) -> str:
    human, centre = board.baseline(metric, "human"), board.baseline(metric, "centre")
    if human is None or centre is None:
        return f"No human ceiling by {board.names[metric]}: it needs two viewers on a photograph."
    best = board.ties(metric)[0]
    share = best["ceiling_share"]
    if share != share:
        return (
            f"No share of the human ceiling by {board.names[metric]}: {best['ceiling_note']}. "
            f"Other viewers {valued(human)}, centre bias {valued(centre)}."
        )
    text = (
        f"Human ceiling by {board.names[metric]}: other viewers predict a viewer with "
        f"{valued(human)}; the best map, {named(best)}, reaches {number(best['mean'])}"
        f"{_viewer_by_viewer(best)}"
    )
    spread = f"95 % interval {100 * best['share_low']:.0f} to {100 * best['share_high']:.0f} %"
    if share < 0:
        return f"{text}, below the centre bias ({number(centre['mean'])})."
    return (
        f"{text}, {100 * share:.0f} % of the way from the centre bias to that ceiling ({spread})."
    )


def _viewer_by_viewer(best: pd.Series) -> str:
    """What the share is made of, where it is not the mean that stands in the tables."""
    matched = best.get("matched_mean", math.nan)
    if matched != matched or number(matched) == number(best["mean"]):
        return ""
    return f" ({number(matched)} with each viewer alone, as the ceiling is scored)"


def _dense(board: Board, metric: str) -> list[str]:
    """One sentence per network: its best layer, and what the best combination adds to it."""
    rows = board.rows(metric)
    sentences = []
    for network, of_network in rows[rows["method"] == "dense"].groupby("network", sort=False):
        layers = of_network["map"].str.removeprefix("dense_conv").str.len()
        single, combined = of_network[layers == 1], of_network[layers > 1]
        if single.empty or combined.empty:
            continue
        one, several = single.iloc[0], combined.iloc[0]
        difference = board.difference(metric, several, one)
        word = {1: "better", -1: "worse", 0: "no clear difference"}[difference.better]
        sentences.append(
            f"Dense-attention layers of {network} by {board.names[metric]}: the best single layer "
            f"is {_layer(one)}, {valued(one)}; the best combination is {_layer(several)}, "
            f"{difference} against it ({word})."
        )
    return sentences


def _layer(row: pd.Series) -> str:
    return row["map"].removeprefix("dense_")


def zero_comes_first(board: Board) -> bool:
    """Whether the all-zero map has the lowest literal MAE of all rows, other viewers included."""
    zero = board.baseline("mae_paper", "zero")
    if zero is None:
        return False
    everyone = [*board.rows("mae_paper")["mean"], *board.rows("mae_paper", baseline=True)["mean"]]
    return len(everyone) > 1 and zero["mean"] <= min(everyone)


def _literal_error(board: Board) -> str:
    zero = board.baseline("mae_paper", "zero")
    human = board.baseline("mae_paper", "human")
    maps = board.rows("mae_paper")
    if zero is None or human is None or maps.empty:
        return ""
    best = maps.iloc[0]
    place = "first" if zero_comes_first(board) else "not first"
    verdict = (
        "It rewards emptiness, not agreement, and must not be read alone."
        if place == "first"
        else "Elsewhere it comes first; do not read this error alone."
    )
    return (
        f"The paper's MAE, taken literally, puts the all-zero map {place}: error "
        f"{number(zero['mean'])}, against {number(human['mean'])} for other viewers (on one "
        f"viewer's map at a time) and "
        f"{number(best['mean'])} for the best map ({named(best)}). {verdict}"
    )
