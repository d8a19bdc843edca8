"""Sign flips and signed ranks against scipy and by hand; Holm against a worked example."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from bench.errors import ValidationError
from bench.statistics import FLIPS, holm, sign_flip_pvalues, wilcoxon_pvalues


def test_three_images_by_hand():
    # the eight sums of (+-1, +-2, +-4): 7 and -7 are as far from 0 as the one found
    table = np.array([[1.0, 0], [2.0, 0], [4.0, 0]])
    assert sign_flip_pvalues(table, [0], [1]).item() == 2 / 8
    # 1 + 2 - 4 = -1: only the sums of size 1 or more, which are all eight
    assert sign_flip_pvalues(table * [[1], [1], [-1]], [0], [1]).item() == 1


@pytest.mark.parametrize("n", [5, 11])
def test_few_images_equal_scipy_s_exact_permutation_test(n):
    rng = np.random.default_rng(n)
    table = rng.normal((0.4, 0), 1, (n, 2))
    other = stats.permutation_test(
        (table[:, 0] - table[:, 1],),
        lambda d, axis: d.mean(axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert sign_flip_pvalues(table, [0], [1]).item() == pytest.approx(other.pvalue, rel=1e-12)


def test_many_images_equal_scipy_s_random_permutation_test():
    rng = np.random.default_rng(3)
    table = rng.normal((0.25, 0, 0.1), 1, (50, 3))
    first, second = [0, 0, 1], [1, 2, 2]
    found = sign_flip_pvalues(table, first, second, seed=9)
    for p, a, b in zip(found, first, second, strict=True):
        other = stats.permutation_test(
            (table[:, a] - table[:, b],),
            lambda d, axis: d.mean(axis=axis),
            permutation_type="samples",
            n_resamples=20_000,
            vectorized=True,
            rng=np.random.default_rng(1),
        ).pvalue
        # four standard errors of the difference of two random estimates
        error = math.sqrt(p * (1 - p) * (1 / FLIPS + 1 / 20_000))
        assert p == pytest.approx(other, abs=4 * error)
    np.testing.assert_array_equal(found, sign_flip_pvalues(table, first, second, seed=9))


def test_the_smallest_p_is_that_of_the_flips_made_and_never_0():
    table = np.column_stack([np.arange(1.0, 31), np.zeros(30)])
    assert sign_flip_pvalues(table, [0], [1], flips=999).item() == 1 / 1000


def test_blocks_do_not_change_the_flips(monkeypatch):
    table = np.random.default_rng(0).normal(size=(30, 3))
    whole = sign_flip_pvalues(table, [0, 1], [1, 2], flips=2000)
    monkeypatch.setattr("bench.statistics.bootstrap.INDICES_AT_ONCE", 30 * 13)
    monkeypatch.setattr("bench.statistics.paired_tests.PAIRS_AT_ONCE", 1)
    np.testing.assert_array_equal(sign_flip_pvalues(table, [0, 1], [1, 2], flips=2000), whole)


def test_the_sign_flip_test_keeps_its_level():
    rng = np.random.default_rng(7)
    table = rng.exponential(size=(20, 400)) - rng.exponential(size=(20, 400))
    tested = sign_flip_pvalues(table, range(0, 400, 2), range(1, 400, 2), flips=2000)
    # 200 true null hypotheses: 10 expected below .05, standard deviation 3.1
    assert 1 <= (tested < 0.05).sum() <= 22


@pytest.mark.parametrize("n", [6, 16])
def test_signed_ranks_of_few_images_equal_scipy_s_exact_test(n):
    differences = np.random.default_rng(n).normal(0.3, 1, (n, 3))
    expected = [stats.wilcoxon(column, method="exact").pvalue for column in differences.T]
    np.testing.assert_allclose(wilcoxon_pvalues(differences), expected, rtol=1e-12)


def test_signed_ranks_with_ties_and_zeros_by_all_assignments():
    differences = np.array([0.0, 1.0, 1.0, -1.0, 2.0, 3.0, 3.0])
    ranks = np.array([2.0, 2.0, -2.0, 4.0, 5.5, 5.5])
    sums = [abs(np.dot(signs, np.abs(ranks))) for signs in product((1, -1), repeat=6)]
    expected = np.mean([value >= abs(ranks.sum()) for value in sums])
    assert wilcoxon_pvalues(differences[:, None]).item() == expected


def test_signed_ranks_of_many_images_equal_scipy_s_approximation_ties_and_zeros_included():
    rng = np.random.default_rng(2)
    columns = np.column_stack([rng.normal(0.2, 1, 80), rng.integers(-3, 5, 80)])
    expected = [
        stats.wilcoxon(column, method="asymptotic", correction=False).pvalue for column in columns.T
    ]
    np.testing.assert_allclose(wilcoxon_pvalues(columns), expected, rtol=1e-10)


@pytest.mark.parametrize("n", [4, 40])
def test_no_difference_at_all_has_p_1(n):
    assert sign_flip_pvalues(np.ones((n, 2)), [0], [1], flips=100).item() == 1
    assert wilcoxon_pvalues(np.zeros((n, 1))).item() == 1


def test_no_image_has_no_p():
    assert math.isnan(sign_flip_pvalues(np.empty((0, 2)), [0], [1]).item())
    assert math.isnan(wilcoxon_pvalues(np.empty((0, 1))).item())


def test_holm_by_a_worked_example():
    # .005 x 4, .01 x 3, .03 x 2, then .04 x 1, no smaller than the one before
    found = holm([0.01, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(found, [0.03, 0.06, 0.06, 0.02])


def test_holm_leaves_out_what_belongs_to_no_family_and_stops_at_1():
    found = holm([np.nan, 0.5, 0.6, np.nan])
    assert np.isnan(found[[0, 3]]).all()
    assert found[[1, 2]].tolist() == [1.0, 1.0]
    assert holm([]).size == 0


def test_scores_with_gaps_are_refused():
    with pytest.raises(ValidationError, match="NaN"):
        sign_flip_pvalues([[1.0, np.nan]], [0], [1])
