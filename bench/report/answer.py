"""The answer in a few sentences: who comes closest, better than a blob, how far to humans?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.controls import is_control
from bench.report.findings import HEADLINE, named, valued
from bench.report.numbers import counted, percent

if TYPE_CHECKING:
    import pandas as pd

    from bench.report.findings import Board

NAMED = 3  # ties beyond are counted


def answer(board: Board) -> list[tuple[str, str]]:
    """(question, answer) for the page's first screen; empty where no headline metric was scored.

    Which map comes closest, with what it cannot be told apart from; whether it is better than the
    centre bias, by the paired difference; how far it is on the way to other viewers.
    """
    metrics = [name for name in HEADLINE if len(board.rows(name))]
    if not metrics:
        return []
    best = {metric: board.ties(metric)[0] for metric in metrics}
    return [
        ("Which method looks where humans look?", _which(board, metrics)),
        (
            "Is the closest better than a blob in the middle, the centre bias?",
            " ".join(_blob(board, metric, best[metric]) for metric in metrics),
        ),
        (
            "How far is the closest from other people?",
            " ".join(_way(board, metric, best[metric]) for metric in metrics),
        ),
    ]


def studied(summary: dict[str, Any], board: Board) -> str:
    """What the answer is about: photographs, viewers, task, maps, in a line.

    `summary` is the content of recordings.json.
    """
    maps = board.leaderboard[["model", "method", "map"]].drop_duplicates()
    maps = maps[(maps["model"] != "baseline") & ~maps["method"].map(is_control).astype(bool)]
    networks = set(maps["model"]) - {"external"}
    parts = [
        counted(len(summary["images"]), "photograph"),
        counted(summary["viewers"], "viewer"),
        f"{summary['task']} for {summary['viewing_ms'] / 1000:g} s",
    ]
    return (
        f"{', '.join(parts)}; {counted(len(maps), 'map')} by "
        f"{counted(maps['method'].nunique(), 'method')} on {counted(len(networks), 'network')}."
    )


def _which(board: Board, metrics: list[str]) -> str:
    ties = {metric: board.ties(metric) for metric in metrics}
    first = {(rows[0]["model"], rows[0]["map"]) for rows in ties.values()}
    doubts = {name: _tied(board, name, rows) for name, rows in ties.items()}
    if len(first) > 1 or len(metrics) == 1:
        return " ".join(
            f"By {board.names[name]}, {_called(board, rows[0])} comes closest: {valued(rows[0])}."
            + (f" It {doubts[name]}." if doubts[name] else "")
            for name, rows in ties.items()
        )
    scores = " and ".join(f"{board.names[name]} ({valued(of[0])})" for name, of in ties.items())
    text = f"{_called(board, next(iter(ties.values()))[0])} comes closest, by {scores}."
    open_ = [f"By {board.names[name]}, it {doubt}." for name, doubt in doubts.items() if doubt]
    return " ".join([text, *open_])


def _tied(board: Board, metric: str, rows: list[pd.Series]) -> str:
    """What cannot be told apart from the best: by name where few, otherwise how many."""
    others = rows[1:]
    if not others:
        return ""
    if len(others) <= NAMED:
        *listed, last = (_called(board, row) for row in others)  # labels hold commas
        which = " and ".join(filter(None, ["; ".join(listed), last]))
    else:
        which = f"{len(others)} of the other {len(board.rows(metric)) - 1} maps"
    return f"cannot be told apart from {which}"


def _blob(board: Board, metric: str, best: pd.Series) -> str:
    centre, name = board.baseline(metric, "centre"), board.names[metric]
    if centre is None:
        return f"By {name}, it cannot be told: the centre bias was not scored."
    difference, rows = board.difference(metric, best, centre), board.rows(metric)
    if difference.low != difference.low:
        return f"By {name}, it cannot be told: too few photographs for an interval."
    word = {1: "yes", 0: "it cannot be told", -1: "no, it is worse"}[difference.better]
    above = int((rows["above_centre"] == "yes").sum())
    return (
        f"By {name}, {word}: {difference} against it; {above} of {len(rows)} maps are better than "
        "the blob."
    )


def _way(board: Board, metric: str, best: pd.Series) -> str:
    name, share = board.names[metric], best["ceiling_share"]
    if share != share:
        why = str(best["ceiling_note"] or "no ceiling was measured")
        return f"By {name}, no share can be given: {why}."
    if best["share_high"] < 0:
        return f"By {name}, it is below the blob."
    spread = percent(share, best["share_low"], best["share_high"])
    if share < 0:
        return (
            f"By {name}, it is not above the blob: {spread} of the way from there to how well "
            "other viewers predict."
        )
    return (
        f"By {name}, it goes {spread} of the way from the blob to how well other viewers predict."
    )


def _called(board: Board, row: pd.Series) -> str:
    """A map's name, with its network where there are several."""
    networks = set(board.leaderboard["model"]) - {"baseline"}
    return named(row) if len(networks) > 1 else str(row["label"])
