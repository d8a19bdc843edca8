"""The table of scores as people read it: ceiling on top, methods inside networks, floor below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.controls import controlled, is_control
from bench.report.labels import MethodText, map_label, network_label
from bench.report.outcomes import MARKS, SCORED, Outcome
from bench.report.tables import Row

CEILING, FLOOR = "ceiling", "floor"
MADE_ELSEWHERE = "Maps made elsewhere"


@dataclass(frozen=True)
class Missing:
    """A method without scores on a network, and what became of it."""

    label: str
    method: str
    outcome: Outcome

    @property
    def of_method(self) -> str:
        """The method, or the one that a control belongs to."""
        return controlled(self.method)


@dataclass(frozen=True)
class Group:
    """Rows that stay together: the ceiling, a network's maps, its controls, or the floor.

    `fixed` groups keep their place, their rows and their order whatever is sorted and filtered.
    """

    title: str
    model: str
    fixed: bool = False
    controls: bool = False
    rows: list[Row] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)


def grouped(
    rows: list[Row],
    outcomes: Mapping[tuple[str, str], Outcome],
    texts: Mapping[str, MethodText],
) -> list[Group]:
    """The rows of `leaderboard_rows` in groups, each with the methods that have no scores.

    Other viewers stand first, then the networks in the order of `outcomes` ({(model, method):
    Outcome}), then their controls, and last all other baselines. Empty groups are left out.
    """
    models = dict.fromkeys([*(model for model, _ in outcomes), *(row.model for row in rows)])
    networks = [model for model in models if model != "baseline"]
    groups = [Group("Human ceiling", CEILING, fixed=True)]
    groups += [Group(_title(model), model) for model in networks]
    groups += [
        Group(f"{_title(model)}, random weights", model, controls=True) for model in networks
    ]
    groups.append(Group("Baselines", FLOOR, fixed=True))
    found = {(group.model, group.controls): group for group in groups}
    for row in rows:
        found[_place(row.model, row.method)].rows.append(row)
    for (model, method), outcome in outcomes.items():
        if outcome.state != SCORED:
            label = map_label(method, method, dict(texts))
            found[_place(model, method)].missing.append(Missing(label, method, outcome))
    return [group for group in groups if group.rows or group.missing]


def outcome_rows(
    outcomes: Mapping[tuple[str, str], Outcome], texts: Mapping[str, MethodText]
) -> list[tuple[str, str, Outcome]]:
    """(network, label, outcome) of every row without scores: failed, not run, not applicable."""
    order = list(MARKS)
    found = [
        (network_label(model), map_label(method, method, dict(texts)), outcome)
        for (model, method), outcome in outcomes.items()
        if outcome.state != SCORED
    ]
    return sorted(found, key=lambda row: order.index(row[2].state))


def _place(model: str, method: str) -> tuple[str, bool]:
    if model == "baseline":
        return (CEILING if method == "human" else FLOOR), False
    return model, is_control(method)


def _title(model: str) -> str:
    return MADE_ELSEWHERE if model == "external" else network_label(model)
