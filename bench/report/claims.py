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

from bench.report.evidence import ALPHA, Pair, combined_evidence, evidence, paired, short
from bench.report.labels import network_label
from bench.report.numbers import percent
from bench.report.outcomes import NOT_RUN, Outcome
from bench.statistics import holm

if TYPE_CHECKING:
    import pandas as pd

    from bench.report.findings import Board

METRICS = ("nss", "sauc", "mae_paper")
PAPER_METHODS = (
    *("cam", "gradcam", "gradient", "guided_backprop", "guided_gradcam"),
    "dense",
)
NO_NETWORK = ("baseline", "external")
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


def _closest(
    board: Board, metric: str, model: str, outcomes: Mapping[tuple[str, str], Outcome]
) -> Verdict:
    """CAM against every other map of the paper's methods on the same network."""
    subject, others = _split(_rows(board, metric, model), "cam")
    if subject is None:
        return _absent(outcomes, model, "cam")
    if not others:
        return Verdict(UNCLEAR, "no other method of the paper has scores on this network")
    pairs = paired(board, metric, [(subject, other) for other in others])
    if all(pair.wins for pair in pairs):
        return Verdict(HELD, evidence(pairs))
    if any(pair.loses for pair in pairs):
        return Verdict(NOT_HELD, evidence(pairs))
    return Verdict(UNCLEAR, evidence(pairs, doubt=True))


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
    pairs = paired(board, metric, [(subject, other) for other in others])
    worse = sum(pair.wins for pair in pairs)
    behind = [pair for pair in pairs if pair.difference.better < 0 and pair.p < ALPHA]
    if len(behind) == 1 and worse == len(pairs) - 1:
        return Verdict(HELD, evidence(pairs))
    if worse == len(pairs) or sum(pair.loses for pair in pairs) > 1:
        return Verdict(NOT_HELD, evidence(pairs))
    return Verdict(UNCLEAR, evidence(pairs, doubt=True))


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
    for pair in paired(board, metric, every):
        pairs[pair.subject["map"]].append(pair)
    worse = sum(any(pair.loses for pair in of) for of in pairs.values())
    # Better than each of its layers: its weakest pair decides; Holm over the combinations.
    weakest = holm([max(pair.p for pair in of) for of in pairs.values()])
    better = [
        name
        for (name, of), p in zip(pairs.items(), weakest, strict=True)
        if p < ALPHA and all(pair.difference.better > 0 for pair in of)
    ]
    text = combined_evidence(pairs, worse, better)
    if worse == len(pairs):
        return Verdict(HELD, text)
    return Verdict(NOT_HELD if better else UNCLEAR, text)


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
    text = (
        f"the best of {len(known)} maps, {short(best)}, is {spread} of the way; "
        f"{int(best['n_images'])} photographs"
    )
    if known["share_high"].max() < CLOSE:
        return Verdict(HELD, text)
    return Verdict(NOT_HELD if known["share_low"].max() >= CLOSE else UNCLEAR, text)


def _split(rows: list[pd.Series], name: str) -> tuple[pd.Series | None, list[pd.Series]]:
    """The row of one map, None where it has no scores, and the other rows."""
    own = [row for row in rows if row["map"] == name]
    return (own[0] if own else None), [row for row in rows if row["map"] != name]


def _absent(outcomes: Mapping[tuple[str, str], Outcome], model: str, method: str) -> Verdict:
    found = outcomes.get((model, method), Outcome(NOT_RUN, "not among the methods of this report"))
    return Verdict(found.state if found.reason else NOT_RUN, found.reason or "no such map")


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
