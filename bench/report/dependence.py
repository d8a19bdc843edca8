"""What the controls say: does a method's map depend on what the network learned?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.report.numbers import interval, number

if TYPE_CHECKING:
    import pandas as pd

    from bench.report.findings import Board

# Above this rank correlation, with confidence, a map and its control order more than half alike.
ALIKE = 0.5
LISTED = 4


@dataclass(frozen=True)
class Control:
    """One map beside its control: rank correlation, and the difference of scores per metric."""

    network: str
    label: str
    correlation: str
    differences: list[str]


def controls_rows(board: Board) -> list[Control]:
    """A row per map with a control, the most alike first; none where there are no controls."""
    from bench.report.findings import HEADLINE

    rows = []
    for _, found in _by_correlation(board).iterrows():
        texts = []
        for metric in (name for name in HEADLINE if name in board.names):
            pair = _pair(board, metric, found)
            texts.append("not scored" if pair is None else str(board.difference(metric, *pair)))
        row = _labelled(board, found)
        if row is not None:
            rows.append(Control(row["network"], row["label"], _correlation(found), texts))
    return rows


def control_findings(board: Board, metrics: list[str]) -> list[str]:
    """Sentences on which maps do not depend on what the network learned."""
    if board.controls is None:
        return []
    return [text for text in [_alike(board), *(_scores(board, name) for name in metrics)] if text]


def _alike(board: Board) -> str:
    table = _by_correlation(board)
    same = table[table["ci_low"] > ALIKE]
    listed = [
        f"{row['label']} on {row['network']}, {_correlation(found)}"
        for _, found in same.iterrows()
        if (row := _labelled(board, found)) is not None
    ]
    if not listed:
        return ""
    return (
        "Much the same map without any training: the rank correlation with the map of the "
        f"untrained network is above {ALIKE} with confidence for {_first(listed)}. Such a map "
        "shows the picture and the architecture more than what was learned."
    )


def _scores(board: Board, metric: str) -> str:
    """How many maps beat their control, and which do not."""
    verdicts: dict[int, list[str]] = {1: [], 0: [], -1: []}
    for _, row in board.rows(metric).iterrows():
        control = board.control(metric, row)
        if control is None:
            continue
        difference = board.difference(metric, row, control)
        if difference.low == difference.low:  # enough photographs for an interval
            text = f"{row['label']} on {row['network']} ({difference})"
            verdicts[difference.better].append(text)
    count = sum(map(len, verdicts.values()))
    if not count:
        return ""
    text = (
        f"What training adds, by {board.names[metric]}: of {count} maps {len(verdicts[1])} score "
        "better than the same method on the untrained network"
    )
    if verdicts[0]:
        text += f"; no difference can be told for {_first(verdicts[0])}"
    if verdicts[-1]:
        text += f"; worse than untrained: {_first(verdicts[-1])}"
    if verdicts[0] or verdicts[-1]:
        text += (
            ". These photographs do not show that the scores of those owe anything to what the "
            "network learned"
        )
    return f"{text}."


def _by_correlation(board: Board) -> pd.DataFrame:
    if board.controls is None:
        return board.leaderboard.iloc[:0]
    return board.controls.sort_values("spearman", ascending=False, kind="stable")


def _labelled(board: Board, found: pd.Series) -> pd.Series | None:
    """Any row of the leaderboard for this map, for its label."""
    table = board.leaderboard
    rows = table[(table["model"] == found["model"]) & (table["map"] == found["map"])]
    return rows.iloc[0] if len(rows) else None


def _pair(board: Board, metric: str, found: pd.Series) -> tuple[pd.Series, pd.Series] | None:
    rows = board.rows(metric)
    rows = rows[(rows["model"] == found["model"]) & (rows["map"] == found["map"])]
    control = board.control(metric, rows.iloc[0]) if len(rows) else None
    return None if control is None else (rows.iloc[0], control)


def _correlation(found: pd.Series) -> str:
    if found["spearman"] != found["spearman"]:
        return "not defined"
    return f"{number(found['spearman'])} {interval(found['ci_low'], found['ci_high'])}".rstrip()


def _first(items: list[str]) -> str:
    more = f"; and {len(items) - LISTED} more" if len(items) > LISTED else ""
    return "; ".join(items[:LISTED]) + more
