"""Counts without sorting against a full sort, on values that are hard to put into bins."""

import numpy as np
import pytest

from bench.metrics._ranking import counts


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
        "few": noise[:50],
    }


@pytest.mark.parametrize("name", hard_values())
def test_counts_equal_those_of_a_full_sort(name):
    values = hard_values()[name]
    rng = np.random.default_rng(1)
    chosen = rng.choice(values, 150)
    outside = [values.min() - 1, values.max() + 1, values.min(), values.max()]
    between = np.nextafter(chosen[:40], np.inf)
    queries = rng.permutation(np.concatenate([chosen, outside, between, chosen[:5]]))
    ordered = np.sort(values)
    below = np.searchsorted(ordered, queries, "left")
    equal = np.searchsorted(ordered, queries, "right") - below
    found = counts(values, queries)
    np.testing.assert_array_equal(found[0], below)
    np.testing.assert_array_equal(found[1], equal)
