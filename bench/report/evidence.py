"""What a verdict on a claim rests on: paired comparisons, corrected, and the sentence they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.report.numbers import interval, number
from bench.statistics import holm

if TYPE_CHECKING:
    import pandas as pd

    from bench.report.findings import Board, Difference

ALPHA = 0.05


@dataclass(frozen=True)
class Pair:
    """A map against another one: subject - other; p plain, and by Holm over the claim's pairs."""

    subject: pd.Series
    other: pd.Series
    difference: Difference
    n_images: int
    p: float
    p_holm: float

    @property
    def wins(self) -> bool:
        """Whether the subject is better in this pair, on its own."""
        return self.difference.better > 0 and self.p < ALPHA

    @property
    def loses(self) -> bool:
        """Whether the other is better, among all pairs of the claim."""
        return self.difference.better < 0 and self.p_holm < ALPHA


def paired(board: Board, metric: str, asked: list[tuple[pd.Series, pd.Series]]) -> list[Pair]:
    """The paired comparisons (subject, other) that a claim asks for, one family for Holm."""
    found = [board.pair(metric, *pair) for pair in asked]
    numbers = [np.nan if pair is None else float(pair["p_sign_flip"]) for pair in found]
    return [
        Pair(
            subject,
            other,
            board.difference(metric, subject, other),
            0 if pair is None else int(pair["n_images"]),
            p,
            float(p_holm),
        )
        for (subject, other), pair, p, p_holm in zip(
            asked, found, numbers, holm(numbers), strict=True
        )
    ]


def evidence(pairs: list[Pair], *, doubt: bool = False) -> str:
    """The map, its difference to the best of the others, and how many pairs are clear."""
    subject, rival = pairs[0].subject, pairs[0]
    wins, losses = sum(pair.wins for pair in pairs), sum(pair.loses for pair in pairs)
    spread = interval(subject["ci_low"], subject["ci_high"])
    text = (
        f"{short(subject)} {number(subject['mean'])} {spread}; difference to the best other, "
        f"{short(rival.other)}: {rival.difference}; of {len(pairs)} others {losses} clearly "
        f"closer, {wins} clearly farther; {_photographs(pairs)}"
    )
    return text + (_too_few(pairs) if doubt else "")


def combined_evidence(pairs: dict[str, list[Pair]], worse: int, better: list[str]) -> str:
    """How many combinations are worse or better, and the one that decides against its best layer.

    That is the first that is better than each of its layers, otherwise the longest.
    """
    every = [pair for of in pairs.values() for pair in of]
    shown = pairs[better[0] if better else max(pairs, key=len)]
    best = min(shown, key=lambda pair: pair.other["rank"])
    text = (
        f"of {len(pairs)} combinations {worse} clearly worse than a layer of theirs, {len(better)} "
        f"clearly better than each; {short(best.subject)} against its best layer, "
        f"{short(best.other)}: {best.difference}; {_photographs(every)}"
    )
    return text + ("" if worse or better else _too_few(every))


def short(row: pd.Series) -> str:
    return row["map"].removeprefix("dense_") if row["method"] == "dense" else row["label"]


def _photographs(pairs: list[Pair]) -> str:
    n = max(pair.n_images for pair in pairs)
    return f"{n} photograph{'' if n == 1 else 's'}"


def _too_few(pairs: list[Pair]) -> str:
    """That so few photographs could not tell, whatever they showed: 2^(1-n) is the smallest p."""
    if 2.0 ** (1 - max(pair.n_images for pair in pairs)) * len(pairs) < ALPHA:
        return ""
    return f", too few to tell anything after correction for {len(pairs)} comparisons"
