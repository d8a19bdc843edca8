"""The first screen's three questions, answered from tables made by hand."""

import dataclasses

import pandas as pd
import pytest

from bench.report.answer import answer, studied
from bench.report.findings import Board

NAMES = {"nss": "NSS", "sauc": "sAUC"}


def board(gaps, *, share=(0.5, 0.4, 0.6), centre=0, models=("net",), note="no viewers"):
    """The maps m0, m1, ... of each network: `gaps` are 1 where the first is clearly better.

    The first map is better (1), worse (-1) or not told apart (0) from the centre bias.
    """
    rows, pairs = [], []
    for metric in NAMES:
        maps = [(model, f"m{number}") for model in models for number in range(len(gaps) + 1)]
        for place, (model, name) in enumerate([*maps, ("baseline", "centre")]):
            rows.append(
                {
                    "model": model,
                    "method": name,
                    "map": name,
                    "metric": metric,
                    "mean": 2.0 - place,
                    "ci_low": 1.5 - place,
                    "ci_high": 2.5 - place,
                    "label": name.upper(),
                    "network": model.title(),
                    "ceiling_note": note,
                    **dict(zip(("ceiling_share", "share_low", "share_high"), share, strict=True)),
                    "above_centre": "yes" if place == 0 else "unclear",
                }
            )
        verdicts = [*(list(gaps) + [0] * (len(maps) - 1 - len(gaps))), centre]
        for (model, name), better in zip(
            [*maps[1:], ("baseline", "centre")], verdicts, strict=True
        ):
            pairs.append(
                {
                    "metric": metric,
                    "model_a": maps[0][0],
                    "map_a": "m0",
                    "model_b": model,
                    "map_b": name,
                    "mean_difference": 0.5,
                    "ci_low": 0.2,
                    "ci_high": 0.8,
                    "better": {1: "a", -1: "b", 0: "unclear"}[better],
                }
            )
    return Board(pd.DataFrame(rows), pd.DataFrame(pairs), NAMES, frozenset(NAMES))


def test_a_clear_winner_by_both_metrics_is_named_once():
    which, blob, way = (text for _, text in answer(board([1, 1], centre=1)))
    assert which == "M0 comes closest, by NSS (2.00 [1.50, 2.50]) and sAUC (2.00 [1.50, 2.50])."
    assert blob.startswith("By NSS, yes: +0.500 [+0.200, +0.800] against it; 1 of 3 maps are")
    assert "By sAUC, it goes 50 % [40, 60] of the way" in way


def test_few_ties_are_named_and_many_counted():
    which = answer(board([0, 1]))[0][1]
    assert "By NSS, it cannot be told apart from M1. By sAUC" in which
    which = answer(board([0, 0, 0, 0, 1]))[0][1]
    assert "By NSS, it cannot be told apart from 4 of the other 5 maps." in which


def test_networks_are_named_where_there_are_several():
    which = answer(board([1], models=("one", "two")))[0][1]
    assert which.startswith("M0 on One comes closest")


@pytest.mark.parametrize(("centre", "word"), [(0, "it cannot be told"), (-1, "no, it is worse")])
def test_the_blob_is_told_from_the_best_map_by_the_paired_difference(centre, word):
    assert answer(board([1], centre=centre))[1][1].startswith(f"By NSS, {word}: +0.500")


def test_the_way_to_other_viewers_may_be_unknown_or_none():
    nothing = (float("nan"),) * 3
    assert "By NSS, no share can be given: no viewers." in answer(board([1], share=nothing))[2][1]
    below = answer(board([1], share=(-0.2, -0.4, 0.1)))[2][1]
    assert "By NSS, it is not above the blob: −20 % [−40, 10] of the way from there" in below
    clear = answer(board([1], share=(-0.2, -0.4, -0.1)))[2][1]
    assert "By NSS, it is below the blob." in clear


def test_two_that_cannot_be_told_apart_are_not_read_as_one():
    names = answer(board([0, 0, 1]))[0][1]
    assert "By NSS, it cannot be told apart from M1 and M2." in names


def test_the_line_above_the_answer_counts_no_baseline_and_no_control():
    full = board([1], models=("one", "two"))
    control = full.leaderboard.iloc[:1].assign(method="m0_random", map="m0_random")
    table = pd.concat([full.leaderboard, control])
    summary = {"images": {"a.png": 1, "b.png": 1}, "viewers": 1, "task": "search"}
    line = studied({**summary, "viewing_ms": 2500}, dataclasses.replace(full, leaderboard=table))
    assert line == "2 photographs, 1 viewer, search for 2.5 s; 4 maps by 2 methods on 2 networks."


def test_without_a_centre_bias_or_an_interval_nothing_is_claimed():
    full = board([1])
    kept = full.leaderboard[full.leaderboard["model"] != "baseline"]
    lone = dataclasses.replace(full, leaderboard=kept)
    assert "the centre bias was not scored" in answer(lone)[1][1]
    blank = full.comparisons.assign(ci_low=float("nan"), ci_high=float("nan"))
    few = dataclasses.replace(full, comparisons=blank)
    assert "too few photographs for an interval" in answer(few)[1][1]


def test_without_the_headline_metrics_there_is_no_answer():
    full = board([1])
    assert answer(dataclasses.replace(full, leaderboard=full.leaderboard.iloc[:0])) == []
