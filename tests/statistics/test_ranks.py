"""Ranks and how firm they are, against scipy and by hand."""

import numpy as np
from scipy import stats

from bench.statistics import bootstrap_means, rank_stability, ranks, spearman_brown


def test_ranks_are_scipy_s_with_1_for_the_highest():
    means = np.random.default_rng(0).integers(0, 5, (20, 7)).astype(float)
    np.testing.assert_array_equal(ranks(means), stats.rankdata(-means, method="min", axis=1))


def test_rounding_does_not_part_equal_means():
    assert ranks(np.array([[0.1 + 0.2, 0.3, 0.5]])).tolist() == [[2, 2, 1]]


def test_stability_is_the_share_of_the_bootstrap_s_draws():
    values = np.random.default_rng(1).normal((0, 0.1, 3), 1, (30, 3))
    found = rank_stability(values, draws=2000, seed=5)
    drawn = stats.rankdata(-bootstrap_means(values, draws=2000, seed=5), method="min", axis=1)
    rank = stats.rankdata(-values.mean(axis=0), method="min")
    np.testing.assert_array_equal(found.rank, rank)
    np.testing.assert_allclose(found.kept, (drawn == rank).mean(axis=0))
    assert (found.low[2], found.high[2], found.kept[2]) == (1, 1, 1)
    assert (found.low[0], found.high[0]) == (2, 3)


def test_a_map_that_always_wins_keeps_its_rank():
    values = np.random.default_rng(2).normal(size=(10, 1)) - np.arange(3.0)
    found = rank_stability(values, draws=200)
    assert found.kept.tolist() == [1, 1, 1]
    assert found.low.tolist() == found.high.tolist() == [1, 2, 3]


def test_a_map_without_scores_has_no_rank_and_gaps_are_left_out():
    values = np.column_stack([np.arange(8.0), np.full(8, np.nan), np.arange(8.0) - 1])
    values[:5, 2] = np.nan  # mean of 4, 5, 6: above the first column's 3.5
    found = rank_stability(values, draws=500)
    assert found.rank[[0, 2]].tolist() == [2, 1]
    assert np.isnan([found.rank[1], found.kept[1], found.low[1]]).all()
    assert 0.5 < found.kept[2] < 1


def test_one_image_has_ranks_but_no_stability():
    found = rank_stability(np.array([[1.0, 2.0]]))
    assert found.rank.tolist() == [2, 1]
    assert np.isnan(found.kept).all()


def test_spearman_brown_recovers_the_correlation_of_twice_as_many_viewers():
    # viewers' maps = truth + noise of their own; halves of 8, and two groups of 16
    rng = np.random.default_rng(3)
    truth = rng.normal(size=40_000)
    viewers = truth + 3 * rng.normal(size=(32, truth.size))
    means = viewers.reshape(4, 8, -1).mean(axis=1)
    halves = np.corrcoef(means[0], means[1])[0, 1]
    wholes = np.corrcoef(means[:2].mean(axis=0), means[2:].mean(axis=0))[0, 1]
    assert abs(spearman_brown(halves) - wholes) < 0.01
    assert halves < wholes - 0.1


def test_no_correlation_has_nothing_to_extend():
    assert spearman_brown([0.0, -0.5, 1.0]).tolist() == [0.0, -0.5, 1.0]
