"""The claims of Ebrahimpour et al. 2019, each held, not held, or not to be told, with evidence.

A verdict comes from paired differences on the same photographs, never from ranks. What has to be
true of every pair ("CAM is closer than each other map") holds where each interval excludes 0 and
each sign-flip test has p < .05: no correction is due, since the weakest pair decides. What is true
as soon as one pair shows it ("some map is closer than CAM") needs p < .05 after Holm's correction
over the pairs of that claim. Everything between cannot be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.report.labels import network_label
from bench.report.numbers import interval, number, percent
from bench.report.outcomes import NOT_RUN, Outcome
from bench.statistics import holm

if TYPE_CHECKING:
    import pandas as pd

    from bench.report.findings import Board, Difference

METRICS = ("nss", "sauc", "mae_paper")
PAPER_METHODS = (
    *("cam", "gradcam", "gradient", "guided_backprop", "guided_gradcam"),
    "dense",
)
NO_NETWORK = ("baseline", "external")
ALPHA = 0.05
CLOSE = 0.75  # of the way from the centre bias to other viewers
HELD, NOT_HELD, UNCLEAR = "held", "not held", "cannot be told"
MARKS = {HELD: "✓", NOT_HELD: "✗", UNCLEAR: "?"}
DENSE = "dense_conv"


@dataclass(frozen=True)
class Verdict:
    """`state` is held, not held, cannot be told, or why there is nothing to judge (an outcome)."""

    state: str
    evidence: str

    @property
    def mark(self) -> str:
        """The state's sign; "–" where there is nothing to judge."""
        return MARKS.get(self.state, "–")


@dataclass(frozen=True)
class Claim:
    """One claim; `reading` says how it was judged, `networks` are (network, verdict per metric)."""

    text: str
    reading: str
    networks: list[tuple[str, list[Verdict]]]


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


def claim_metrics(board: Board) -> list[str]:
    """The metrics that claims are judged by, as far as they were scored."""
    return [name for name in METRICS if name in board.names]


def claims(board: Board, outcomes: Mapping[tuple[str, str], Outcome]) -> list[Claim]:
    """The paper's claims in its order, each on every network; none where no metric was scored.

    `outcomes` ({(model, method): Outcome}, bench.report.outcomes) say why a method has no scores.
    """
    table = board.leaderboard
    networks = dict(zip(table["model"], table["network"], strict=True))
    networks |= {model: network_label(model) for model, _ in outcomes if model not in networks}
    networks = {model: label for model, label in networks.items() if model not in NO_NETWORK}
    metrics = claim_metrics(board)
    found = []
    for judge, (text, reading) in TEXTS.items():
        judged = [
            (network, [judge(board, metric, model, outcomes) for metric in metrics])
            for model, network in networks.items()
        ]
        judged = [(network, verdicts) for network, verdicts in judged if any(verdicts)]
        if judged and metrics:
            found.append(Claim(text, reading, judged))
    return found


def _rows(board: Board, metric: str, model: str) -> list[pd.Series]:
    """The rows of a network's maps that the paper compared, best first."""
    rows = board.rows(metric)
    rows = rows[(rows["model"] == model) & rows["method"].isin(PAPER_METHODS)]
    return [row for _, row in rows.iterrows()]


def _pairs(board: Board, metric: str, asked: list[tuple[pd.Series, pd.Series]]) -> list[Pair]:
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


def _closest(
    board: Board, metric: str, model: str, outcomes: Mapping[tuple[str, str], Outcome]
) -> Verdict:
    """CAM against every other map of the paper's methods on the same network."""
    subject, others = _split(_rows(board, metric, model), "cam")
    if subject is None:
        return _absent(outcomes, model, "cam")
    if not others:
        return Verdict(UNCLEAR, "no other method of the paper has scores on this network")
    pairs = _pairs(board, metric, [(subject, other) for other in others])
    if all(pair.wins for pair in pairs):
        return Verdict(HELD, _evidence(pairs))
    if any(pair.loses for pair in pairs):
        return Verdict(NOT_HELD, _evidence(pairs))
    return Verdict(UNCLEAR, _evidence(pairs, doubt=True))


def _second(
    board: Board,
    metric: str,
    model: str,
    outcomes: Mapping[tuple[str, str], Outcome],
    layer: str,
) -> Verdict:
    """Second place: exactly one map is better, and all others are worse."""
    subject, others = _split(_rows(board, metric, model), layer)
    if subject is None:
        return _absent(outcomes, model, "dense")
    if len(others) < 2:
        return Verdict(UNCLEAR, "fewer than two other maps of the paper's methods have scores")
    pairs = _pairs(board, metric, [(subject, other) for other in others])
    worse = sum(pair.wins for pair in pairs)
    behind = [pair for pair in pairs if pair.difference.better < 0 and pair.p < ALPHA]
    if len(behind) == 1 and worse == len(pairs) - 1:
        return Verdict(HELD, _evidence(pairs))
    if worse == len(pairs) or sum(pair.loses for pair in pairs) > 1:
        return Verdict(NOT_HELD, _evidence(pairs))
    return Verdict(UNCLEAR, _evidence(pairs, doubt=True))


def _second_from_image(
    board: Board, metric: str, model: str, outcomes: Mapping[tuple[str, str], Outcome]
) -> Verdict:
    return _second(board, metric, model, outcomes, f"{DENSE}2")


def _second_from_top(
    board: Board, metric: str, model: str, outcomes: Mapping[tuple[str, str], Outcome]
) -> Verdict | None:
    """The layer below the last; nothing where that is the second from the image, too."""
    names = [row["map"].removeprefix(DENSE) for row in _rows(board, metric, model)]
    layers = [int(name) for name in names if len(name) == 1 and name.isdigit()]
    if not layers:
        return _absent(outcomes, model, "dense")
    below = max(layers) - 1
    return _second(board, metric, model, outcomes, f"{DENSE}{below}") if below > 2 else None


def _combining(
    board: Board, metric: str, model: str, outcomes: Mapping[tuple[str, str], Outcome]
) -> Verdict:
    """Every combination against the single layers that it is made of."""
    rows = {row["map"]: row for row in _rows(board, metric, model) if row["method"] == "dense"}
    own = {
        name: [rows[DENSE + digit] for digit in name.removeprefix(DENSE) if DENSE + digit in rows]
        for name in rows
        if len(name) > len(DENSE) + 1
    }
    own = {name: layers for name, layers in own.items() if layers}
    if not own:
        return _absent(outcomes, model, "dense")
    every = [(rows[name], layer) for name, layers in own.items() for layer in layers]
    pairs: dict[str, list[Pair]] = {name: [] for name in own}
    for pair in _pairs(board, metric, every):
        pairs[pair.subject["map"]].append(pair)
    worse = sum(any(pair.loses for pair in of) for of in pairs.values())
    # Better than each of its layers: its weakest pair decides; Holm over the combinations.
    weakest = holm([max(pair.p for pair in of) for of in pairs.values()])
    better = [
        name
        for (name, of), p in zip(pairs.items(), weakest, strict=True)
        if p < ALPHA and all(pair.difference.better > 0 for pair in of)
    ]
    evidence = _combined_evidence(pairs, worse, better)
    if worse == len(pairs):
        return Verdict(HELD, evidence)
    return Verdict(NOT_HELD if better else UNCLEAR, evidence)


def _none_close(
    board: Board, metric: str, model: str, outcomes: Mapping[tuple[str, str], Outcome]
) -> Verdict:
    """Every map's share of the way from the centre bias to other viewers, against `CLOSE`."""
    rows = board.rows(metric)
    rows = rows[rows["model"] == model]
    if rows.empty:
        return Verdict(NOT_RUN, "no method has scores on this network")
    notes = rows["ceiling_note"].dropna() if "ceiling_note" in rows else rows["map"].iloc[:0]
    known = rows[rows["share_high"].notna()]
    if known.empty:
        why = next((str(note) for note in notes if note), "too few photographs for an interval")
        return Verdict(UNCLEAR, f"no share of the way to other viewers: {why}")
    best = known.loc[known["ceiling_share"].idxmax()]
    spread = percent(best["ceiling_share"], best["share_low"], best["share_high"])
    evidence = (
        f"the best of {len(known)} maps, {_short(best)}, is {spread} of the way; "
        f"{int(best['n_images'])} photographs"
    )
    if known["share_high"].max() < CLOSE:
        return Verdict(HELD, evidence)
    return Verdict(NOT_HELD if known["share_low"].max() >= CLOSE else UNCLEAR, evidence)


def _split(rows: list[pd.Series], name: str) -> tuple[pd.Series | None, list[pd.Series]]:
    """The row of one map, None where it has no scores, and the other rows."""
    own = [row for row in rows if row["map"] == name]
    return (own[0] if own else None), [row for row in rows if row["map"] != name]


def _absent(outcomes: Mapping[tuple[str, str], Outcome], model: str, method: str) -> Verdict:
    found = outcomes.get((model, method), Outcome(NOT_RUN, "not among the methods of this report"))
    return Verdict(found.state if found.reason else NOT_RUN, found.reason or "no such map")


def _evidence(pairs: list[Pair], *, doubt: bool = False) -> str:
    """The map, its difference to the best of the others, and how many pairs are clear."""
    subject, rival = pairs[0].subject, pairs[0]
    wins, losses = sum(pair.wins for pair in pairs), sum(pair.loses for pair in pairs)
    spread = interval(subject["ci_low"], subject["ci_high"])
    text = (
        f"{_short(subject)} {number(subject['mean'])} {spread}; difference to the best other, "
        f"{_short(rival.other)}: {rival.difference}; of {len(pairs)} others {losses} clearly "
        f"closer, {wins} clearly farther; {_photographs(pairs)}"
    )
    return text + (_too_few(pairs) if doubt else "")


def _combined_evidence(pairs: dict[str, list[Pair]], worse: int, better: list[str]) -> str:
    """How many combinations are worse or better, and the one that decides against its best layer.

    That is the first that is better than each of its layers, otherwise the longest.
    """
    every = [pair for of in pairs.values() for pair in of]
    shown = pairs[better[0] if better else max(pairs, key=len)]
    best = min(shown, key=lambda pair: pair.other["rank"])
    text = (
        f"of {len(pairs)} combinations {worse} clearly worse than a layer of theirs, {len(better)} "
        f"clearly better than each; {_short(best.subject)} against its best layer, "
        f"{_short(best.other)}: {best.difference}; {_photographs(every)}"
    )
    return text + ("" if worse or better else _too_few(every))


def _short(row: pd.Series) -> str:
    return row["map"].removeprefix("dense_") if row["method"] == "dense" else row["label"]


def _photographs(pairs: list[Pair]) -> str:
    n = max(pair.n_images for pair in pairs)
    return f"{n} photograph{'' if n == 1 else 's'}"


def _too_few(pairs: list[Pair]) -> str:
    """That so few photographs could not tell, whatever they showed: 2^(1-n) is the smallest p."""
    if 2.0 ** (1 - max(pair.n_images for pair in pairs)) * len(pairs) < ALPHA:
        return ""
    return f", too few to tell anything after correction for {len(pairs)} comparisons"


TEXTS = {
    _closest: (
        "CAM is closest to humans",
        "CAM against each other map of the paper’s methods on the same network",
    ),
    _second_from_image: (
        "The second dense layer comes second (conv2, counted from the image)",
        "first reading of “second”: exactly one map of the paper’s methods is closer, all others "
        "are farther",
    ),
    _second_from_top: (
        "The second dense layer comes second (the last but one, counted from the top)",
        "second reading: exactly one map of the paper’s methods is closer, all others are farther",
    ),
    _combining: (
        "Combining layers makes it worse",
        "every combination is worse than at least one of the layers it is made of; not held where "
        "some combination is better than each of its own",
    ),
    _none_close: (
        "No method is close",
        f"no map gets {100 * CLOSE:.0f} % of the way from the centre bias to other viewers, by the "
        "upper end of the interval; not held where the lower end of some map’s is beyond",
    ),
}
