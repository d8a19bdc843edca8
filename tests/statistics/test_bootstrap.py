"""Bootstrap means and paired differences: by hand, against scipy, and by their identities."""

import math
import tracemalloc

import numpy as np
import pytest

from bench.errors import UsageError, ValidationError
from bench.statistics import (
    bootstrap_mean,
    bootstrap_means,
    bootstrap_share,
    ceiling_share,
    compare_paired,
)


def test_two_images_by_hand():
    # samples of two from {0, 1}: means 0, 0.5, 1 with probability 1/4, 1/2, 1/4
    means = bootstrap_means(np.array([[0.0], [1.0]]), draws=40_000, seed=1)[:, 0]
    shares = [(means == value).mean() for value in (0, 0.5, 1)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.01)
    found = bootstrap_mean([0.0, 1.0])
    assert (found.mean, found.ci_low, found.ci_high, found.n_images) == (0.5, 0, 1, 2)
    # inside the middle half of the draws every mean is 0.5
    narrow = bootstrap_mean([0.0, 1.0], level=0.4)
    assert (narrow.ci_low, narrow.ci_high) == (0.5, 0.5)


def test_interval_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(0).gamma(2, 1, 60)
    found = bootstrap_mean(values, draws=20_000)
    other = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(5)
    ).confidence_interval
    assert found.mean == values.mean()
    # two independent runs: the quantiles differ by a few hundredths of the standard error
    error = values.std() / math.sqrt(60)
    assert found.ci_low == pytest.approx(other.low, abs=0.08 * error)
    assert found.ci_high == pytest.approx(other.high, abs=0.08 * error)


def test_width_is_that_of_the_normal_interval():
    values = np.random.default_rng(1).normal(size=400)
    found = bootstrap_mean(values)
    assert found.ci_high - found.ci_low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.03)


def test_images_with_nan_are_left_out_and_counted():
    values = np.random.default_rng(2).normal(size=20)
    with_gaps = np.insert(values, [0, 7, 20], np.nan)
    found, plain = bootstrap_mean(with_gaps), bootstrap_mean(values)
    assert found.n_images == 20
    assert (found.mean, found.ci_low, found.ci_high) == (plain.mean, plain.ci_low, plain.ci_high)


@pytest.mark.parametrize(
    ("values", "mean", "n"), [([], None, 0), ([2.0], 2, 1), ([np.nan], None, 0)]
)
def test_one_image_or_none_has_no_interval(values, mean, n):
    found = bootstrap_mean(values)
    assert math.isnan(found.mean) if mean is None else found.mean == mean
    assert math.isnan(found.ci_low)
    assert math.isnan(found.ci_high)
    assert found.n_images == n


def test_columns_are_treated_as_if_alone():
    rng = np.random.default_rng(3)
    table = rng.normal(size=(30, 4))
    table[4, 1] = table[9, 3] = table[10, 3] = np.nan
    together = bootstrap_mean(table, draws=2000)
    assert together.n_images.tolist() == [30, 29, 30, 28]
    for column in range(4):
        alone = bootstrap_mean(table[:, column], draws=2000)
        assert together.mean[column] == pytest.approx(alone.mean, rel=1e-13)
        assert together.ci_low[column] == pytest.approx(alone.ci_low, rel=1e-12)
        assert together.ci_high[column] == pytest.approx(alone.ci_high, rel=1e-12)


def test_same_seed_same_draws_and_another_seed_others():
    values = np.random.default_rng(4).normal(size=(25, 1))
    first, again = bootstrap_means(values, seed=3), bootstrap_means(values, seed=3)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, bootstrap_means(values, seed=4))


def test_blocks_do_not_change_the_draws(monkeypatch):
    values = np.random.default_rng(5).normal(size=(37, 2))
    whole = bootstrap_means(values, draws=500)
    monkeypatch.setattr("bench.statistics.bootstrap.INDICES_AT_ONCE", 37 * 11)
    np.testing.assert_allclose(bootstrap_means(values, draws=500), whole, rtol=1e-12)


def test_memory_stays_flat_in_the_number_of_images():
    values = np.random.default_rng(6).normal(size=(5000, 1))
    tracemalloc.start()
    bootstrap_means(values, draws=2000)  # an index matrix at once would take 80 MB
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 45e6


def test_paired_difference_by_hand():
    found = compare_paired([3.0, 5.0, 4.0, np.nan], [1.0, 2.0, 3.0, 9.0])
    assert found.mean_difference == 2
    assert found.n_images == 3
    assert found.d_z == pytest.approx(2 / 1)  # differences 2, 3, 1: standard deviation 1
    # the lowest 1/27 of the samples are (1, 1, 1), the next 3/27 have the mean 4/3
    assert (found.ci_low, found.ci_high) == (1, 3)


def test_paired_interval_is_that_of_the_differences_and_changes_sign():
    rng = np.random.default_rng(7)
    a, b = rng.normal(1, 1, 40), rng.normal(size=40)
    found, back = compare_paired(a, b), compare_paired(b, a)
    alone = bootstrap_mean(a - b)
    assert (found.ci_low, found.ci_high) == (alone.ci_low, alone.ci_high)
    assert (back.ci_low, back.ci_high) == pytest.approx((-found.ci_high, -found.ci_low))
    assert back.d_z == pytest.approx(-found.d_z)


@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_equal_differences_have_no_effect_size(shift):
    a = np.array([1.0, 5.0, 3.0])
    found = compare_paired(a + shift, a)
    assert (found.mean_difference, found.ci_low, found.ci_high) == (shift, shift, shift)
    assert math.isnan(found.d_z)


def test_no_shared_image_gives_nan():
    found = compare_paired([1.0, np.nan], [np.nan, 1.0])
    assert found.n_images == 0
    assert math.isnan(found.mean_difference)
    assert math.isnan(found.d_z)


def test_ceiling_share_is_never_clipped():
    assert ceiling_share(2.0, 1.0, 3.0) == 0.5
    assert ceiling_share(5.0, 1.0, 3.0) == 2
    assert ceiling_share(0.0, 1.0, 3.0) == -0.5
    assert math.isnan(ceiling_share(1.0, 2.0, 2.0))
    np.testing.assert_allclose(ceiling_share([1.0, 3.0], 1.0, 3.0), [0, 1])


def test_bad_input_is_refused():
    with pytest.raises(UsageError, match="level"):
        bootstrap_mean([1.0, 2.0], level=95)
    with pytest.raises(UsageError, match="draws"):
        bootstrap_mean([1.0, 2.0], draws=0)
    with pytest.raises(ValidationError, match="infinite"):
        bootstrap_mean([1.0, np.inf])
    with pytest.raises(ValidationError, match=r"\(2,\) and \(3,\)"):
        compare_paired([1, 2], [1, 2, 3])
    with pytest.raises(ValidationError, match=r"\(1, 1, 1\)"):
        bootstrap_mean([[[1.0]]])


def test_the_share_s_interval_is_that_of_the_ratio_in_each_draw():
    rng = np.random.default_rng(8)
    three = rng.normal((1.0, 0.5, 3.0), 0.4, (30, 3))
    found = bootstrap_share(*three.T, draws=3000, seed=2)
    drawn = np.random.default_rng(2).integers(0, 30, (3000, 30))
    score, chance, ceiling = three[drawn].mean(axis=1).T
    shares = (score - chance) / (ceiling - chance)
    low, high = np.quantile(shares, [0.025, 0.975])
    assert (found.ci_low, found.ci_high) == (pytest.approx(low), pytest.approx(high))
    assert found.mean == pytest.approx(ceiling_share(*three.mean(axis=0)))


def test_shares_are_taken_over_the_images_that_all_three_have_and_not_clipped():
    score = np.array([[4.0, -1.0, np.nan], [4.0, -1.0, 2.0], [9.0, 9.0, 9.0]])
    found = bootstrap_share(score, [0.0, 0.0, np.nan], [2.0, 2.0, 2.0], draws=50)
    assert found.mean.tolist() == [2.0, -0.5, 1.0]
    assert found.n_images.tolist() == [2, 2, 1]
    assert np.isnan(found.ci_low).tolist() == [False, False, True]
    with pytest.raises(ValidationError, match="a chance and a ceiling for each image"):
        bootstrap_share([1.0, 2.0], [0.0], [2.0])


@pytest.mark.slow
def test_the_interval_holds_the_true_mean_about_as_often_as_it_says():
    # 40 images, skewed scores: the percentile interval is known to fall a little short of 95 %
    rng = np.random.default_rng(0)
    for scores, lowest in (
        (rng.normal(0, 1, (40, 1500)), 0.925),
        (rng.gamma(2, 1, (40, 1500)), 0.91),
    ):
        true = 0.0 if scores.min() < 0 else 2.0
        found = bootstrap_mean(scores, draws=2000)
        covered = ((found.ci_low <= true) & (true <= found.ci_high)).mean()
        assert lowest < covered < 0.96
