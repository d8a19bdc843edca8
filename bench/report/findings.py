"""The report's sentences, made from the tables: what the data say, and what they cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.report.numbers import interval, number

if TYPE_CHECKING:
    import pandas as pd

HEADLINE = ("nss", "sauc")


@dataclass(frozen=True)
class Board:
    """The leaderboard and the paired differences, with the questions that sentences ask.

    `leaderboard` has one row per (model, map, metric) with a column `label`; `comparisons` one
    row per pair (bench.leaderboard). `names` are the metrics' labels, `higher` those metrics
    for which more is better.
    """

    leaderboard: pd.DataFrame
    comparisons: pd.DataFrame
    names: dict[str, str]
    higher: frozenset[str]

    def rows(self, metric: str, *, baseline: bool = False) -> pd.DataFrame:
        """The rows of a metric, best first: the networks' maps, or the baselines."""
        board = self.leaderboard
        of_metric = board[(board["metric"] == metric) & board["mean"].notna()]
        chosen = of_metric[(of_metric["model"] == "baseline") == baseline]
        return chosen.sort_values("mean", ascending=metric not in self.higher, kind="stable")

    def baseline(self, metric: str, method: str) -> pd.Series | None:
        """One baseline's row, or None where it was not scored."""
        rows = self.rows(metric, baseline=True)
        found = rows[rows["method"] == method]
        return found.iloc[0] if len(found) else None

    def verdict(self, metric: str, first: pd.Series, second: pd.Series) -> str:
        """'better', 'worse' or 'unclear': what the paired interval says of first against second."""
        pairs = self.comparisons[self.comparisons["metric"] == metric]
        for one, other, words in (
            (first, second, {"a": "better", "b": "worse"}),
            (second, first, {"a": "worse", "b": "better"}),
        ):
            found = pairs[
                (pairs["model_a"] == one["model"])
                & (pairs["map_a"] == one["map"])
                & (pairs["model_b"] == other["model"])
                & (pairs["map_b"] == other["map"])
            ]
            if len(found):
                return words.get(found["better"].iloc[0], "unclear")
        return "unclear"

    def ties(self, metric: str) -> list[pd.Series]:
        """The best map of a metric, then those that cannot be told apart from it."""
        rows = [row for _, row in self.rows(metric).iterrows()]
        return rows[:1] + [
            row for row in rows[1:] if self.verdict(metric, rows[0], row) == "unclear"
        ]


def findings(board: Board) -> list[str]:
    """The answers to the paper's question, one sentence or two each, the most important first."""
    metrics = [metric for metric in HEADLINE if len(board.rows(metric))]
    sentences = [_closest(board, metric) for metric in metrics]
    sentences += [_above_centre(board, metric) for metric in metrics]
    sentences += [_ceiling(board, metric) for metric in metrics]
    sentences += [_dense(board, metric) for metric in metrics]
    sentences.append(_literal_error(board))
    return [sentence for sentence in sentences if sentence]


def named(row: pd.Series) -> str:
    """A map with its network: "Grad-CAM (vgg16_voc)"."""
    return row["label"] if row["model"] == "baseline" else f"{row['label']} ({row['model']})"


def valued(row: pd.Series) -> str:
    """A mean with its interval."""
    return f"{number(row['mean'])} {interval(row['ci_low'], row['ci_high'])}".rstrip()


def _closest(board: Board, metric: str) -> str:
    best, *others = board.ties(metric)
    text = f"Closest to human gaze by {board.names[metric]}: {named(best)}, {valued(best)}."
    if not others:
        return f"{text} Every other map is worse on the same images."
    listed = ", ".join(named(row) for row in others[:4])
    more = f" and {len(others) - 4} more" if len(others) > 4 else ""
    return f"{text} It cannot be told apart from {listed}{more}."


def _above_centre(board: Board, metric: str) -> str:
    centre = board.baseline(metric, "centre")
    if centre is None:
        return ""
    rows = board.rows(metric)
    above = rows[rows["above_centre"] == "yes"]
    below = rows[rows["above_centre"] == "no"]
    name = board.names[metric]
    against = f"a blob in the middle that never saw the image ({name} {valued(centre)})"
    if above.empty:
        text = f"No map is above {against} with confidence"
    else:
        text = f"{len(above)} of {len(rows)} maps are above {against}"
    return f"{text}; {len(below)} are below it, {len(rows) - len(above) - len(below)} unclear."


def _ceiling(board: Board, metric: str) -> str:
    human, centre = board.baseline(metric, "human"), board.baseline(metric, "centre")
    if human is None or centre is None:
        return ""
    best = board.ties(metric)[0]
    text = (
        f"Human ceiling by {board.names[metric]}: other viewers predict a viewer with "
        f"{valued(human)}; the best map, {named(best)}, reaches {number(best['mean'])}"
    )
    share = best["ceiling_share"]
    if share == share:
        text += f", {100 * share:.0f} % of the way from the centre bias to that ceiling"
    return f"{text}."


def _dense(board: Board, metric: str) -> str:
    rows = board.rows(metric)
    rows = rows[rows["method"] == "dense"]
    parts = []
    for model, of_model in rows.groupby("model", sort=False):
        layer = of_model["map"].str.removeprefix("dense_conv")
        single = of_model[layer.str.len() == 1]
        combined = of_model[layer.str.len() > 1]
        if single.empty or combined.empty:
            continue
        words = {
            "better": "combining layers makes it better",
            "worse": "combining layers makes it worse",
            "unclear": "the best combination cannot be told apart from it",
        }
        verdict = board.verdict(metric, combined.iloc[0], single.iloc[0])
        parts.append(
            f"on {model} {_layer(single.iloc[0])} is best ({valued(single.iloc[0])}), "
            f"{words[verdict]} ({_layer(combined.iloc[0])}: {valued(combined.iloc[0])})"
        )
    if not parts:
        return ""
    return f"Dense-attention layers by {board.names[metric]}: {'; '.join(parts)}."


def _layer(row: pd.Series) -> str:
    return row["map"].removeprefix("dense_")


def _literal_error(board: Board) -> str:
    zero = board.baseline("mae_paper", "zero")
    human = board.baseline("mae_paper", "human")
    maps = board.rows("mae_paper")
    if zero is None or human is None or maps.empty:
        return ""
    best = maps.iloc[0]
    everyone = [best["mean"], *board.rows("mae_paper", baseline=True)["mean"]]
    place = "first" if zero["mean"] <= min(everyone) else "not first"
    return (
        f"The paper's MAE, taken literally, puts the all-zero map {place}: error "
        f"{number(zero['mean'])}, against {number(human['mean'])} for other viewers and "
        f"{number(best['mean'])} for the best map ({named(best)}). It rewards emptiness, not "
        "agreement, and must not be read alone."
    )
