"""Ranks without sorting against a full sort, on values that are hard to put into bins."""

import numpy as np
import pytest

from bench.metrics._order import Ranking, ascending
from bench.metrics._ranking import Places


def hard_values():
    rng = np.random.default_rng(0)
    noise = rng.random(200_000)
    return {
        "uniform": noise,
        "normal": rng.normal(size=200_000),
        "heavy_tail": noise**40,
        "log_uniform": 10 ** rng.uniform(-250, 0, 200_000),
        "concentrated_at_the_top": 1 - noise**30,
        "eight_bit": np.round(noise * 255),
        "sparse": np.where(noise > 0.97, noise, 0),
        "two_values": np.round(noise),
        "constant": np.full(200_000, 0.1),
        "neighbours_in_float64": 1 + np.floor(noise * 50) * np.finfo(float).eps,
        "offset": 1e9 + noise,
        "heavy_tails_on_both_sides": rng.laplace(size=200_000) ** 5,
        "sparse_with_dust": np.where(noise > 0.6, noise, 1e-90 * (noise > 0.3)),
        "high_with_holes": np.where(noise > 0.03, 7.0, noise),
        "few": noise[:50],
    }


@pytest.mark.parametrize("name", hard_values())
def test_counts_equal_those_of_a_search(name):
    values = hard_values()[name]
    rng = np.random.default_rng(1)
    chosen = rng.choice(values, 150)
    outside = [values.min() - 1, values.max() + 1, values.min(), values.max()]
    between = np.nextafter(chosen[:40], np.inf)
    queries = np.unique(np.concatenate([chosen, outside, between]))
    cells = rng.integers(0, values.size, 70_000)
    weights = rng.integers(0, 9, cells.size).astype(float)
    for some in (queries, queries[1:-1], queries[:1], queries[-1:], queries[2:3]):
        left, right = (np.searchsorted(some, values, side) for side in ("left", "right"))
        length = 2 * some.size + 1
        expected = np.bincount(left + right, minlength=length)
        np.testing.assert_array_equal(Places(values, some).counts(), expected)
        expected = np.bincount((left + right)[cells], weights, length)
        np.testing.assert_array_equal(Places(values, some).counts(cells, weights), expected)


@pytest.mark.parametrize("name", hard_values())
def test_the_order_is_that_of_numpy(name):
    values = hard_values()[name]
    order = ascending(values)
    np.testing.assert_array_equal(values[order], np.sort(values))
    np.testing.assert_array_equal(np.sort(order), np.arange(values.size))


@pytest.mark.parametrize("name", hard_values())
def test_average_ranks_are_those_of_scipy(name):
    from scipy.stats import rankdata

    values = hard_values()[name]
    found = Ranking.of(values)
    ranks = np.empty(values.size)
    ranks[found.order] = found.average_ranks() + 1
    np.testing.assert_array_equal(ranks, rankdata(values))
