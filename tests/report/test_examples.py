"""Photographs are chosen by score or by name: best, median, worst, and what to do without them."""

import math

import pandas as pd
import pytest

from bench.report.examples import examples, image_scores, spread

IMAGES = [f"{number}.png" for number in range(9)]


def chosen(values, higher=True):
    return [(one.role, one.image) for one in examples(values, IMAGES, higher_is_better=higher)]


def test_best_median_and_worst_follow_the_direction_of_the_metric():
    values = {"0.png": 3.0, "1.png": 1.0, "2.png": 2.0}
    assert chosen(values) == [("Best", "0.png"), ("Median", "2.png"), ("Worst", "1.png")]
    assert chosen(values, higher=False) == [
        ("Best", "1.png"),
        ("Median", "2.png"),
        ("Worst", "0.png"),
    ]


def test_equal_scores_stand_in_order_of_their_names_whatever_order_they_come_in():
    values = dict.fromkeys(reversed(IMAGES), 0.5)
    assert chosen(values) == [("Best", "0.png"), ("Median", "4.png"), ("Worst", "8.png")]


@pytest.mark.parametrize(
    ("values", "roles"),
    [
        ({}, ["Not scored"] * 3),
        ({"1.png": 1.0}, ["Only one"]),
        ({"1.png": 1.0, "2.png": 0.0}, ["Best", "Worst"]),
    ],
)
def test_fewer_scores_give_fewer_roles(values, roles):
    assert [role for role, _ in chosen(values)] == roles


def test_a_spread_over_fewer_names_than_asked_is_all_of_them():
    assert spread(IMAGES, 20) == IMAGES
    assert spread(IMAGES, 3) == ["0.png", "3.png", "6.png"]


@pytest.fixture
def folder(tmp_path):
    """A score table: two maps of one method, the second without a score on b.png."""
    rows = [
        ("a.png", "m1", "nss", 1.0),
        ("a.png", "m2", "nss", 3.0),
        ("b.png", "m1", "nss", -0.5),
        ("b.png", "m2", "nss", None),
        ("nan", "m1", "nss", 0.25),
        ("a.png", "m1", "kl", 9.0),
    ]
    table = pd.DataFrame(rows, columns=["image", "map", "metric", "value"])
    table.assign(model="net", method="x").to_csv(tmp_path / "scores.csv", index=False)
    return tmp_path


def test_a_method_with_several_maps_is_judged_by_their_mean(folder):
    scores = image_scores(folder, ["kl", "nss"])
    assert scores.metric.name == "nss"
    # a: (1 + 3) / 2; b: of the one map that has a score; an image may be called "nan"
    assert scores.over_maps("net", "x", ["m1", "m2"]) == {"a.png": 2.0, "b.png": -0.5, "nan": 0.25}
    assert scores.mean("net", "x", "m2") == 3.0
    assert scores.mean("net", "x", "none") == -math.inf
    assert scores.text(scores.of("net", "x", "m2", "b.png")) == "no NSS"


def test_without_nss_another_metric_chooses_and_says_so(folder):
    scores = image_scores(folder, ["kl"])
    assert scores.metric.name == "kl"
    assert scores.over_maps("net", "x", ["m1"]) == {"a.png": 9.0}
    assert scores.mean("net", "x", "none") == math.inf  # lower is better
    assert image_scores(folder, []) is None
