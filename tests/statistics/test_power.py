"""Power of the paired comparison against integration, simulation and printed tables."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from bench.statistics import detectable_effect, images_needed


def power(n, d_z, alpha=0.05):
    """The t test's power without the noncentral t: over the distribution of the deviation."""
    critical = stats.t.isf(alpha / 2, n - 1)

    def share(root):  # root: sample standard deviation over the true one
        density = 2 * (n - 1) * root * stats.chi2.pdf((n - 1) * root**2, n - 1)
        return stats.norm.sf(critical * root - d_z * math.sqrt(n)) * density

    return integrate.quad(share, 0, 8, limit=200)[0]


@pytest.mark.parametrize("n", [3, 10, 40, 300])
def test_the_detectable_effect_has_the_power_asked_for(n):
    assert power(n, detectable_effect(n)) == pytest.approx(0.8, abs=1e-6)
    assert power(n, detectable_effect(n, power=0.95, alpha=0.01), 0.01) == pytest.approx(0.95)


@pytest.mark.parametrize("d_z", [2.5, 1.0, 0.8, 0.5, 0.31, 0.2, 0.12])
def test_images_needed_is_the_first_number_with_that_power(d_z):
    n = int(images_needed(d_z))
    assert power(n, d_z) >= 0.8
    assert power(n - 1, d_z) < 0.8


def test_images_needed_are_those_of_printed_tables():
    # paired t test, two-sided .05, power .80: Cohen's small, medium and large effect
    assert images_needed([0.2, 0.5, 0.8]).tolist() == [199, 34, 15]


def test_images_needed_for_a_difference_as_large_as_the_detectable_one_are_those_at_hand():
    for n in (5, 17, 60, 500):
        assert images_needed(detectable_effect(n) * (1 + 1e-9)) == n


def test_tiny_none_and_unknown_effects():
    small = images_needed([1e-3, 0.0, np.nan])
    assert small[0] == pytest.approx((1.959964 + 0.841621) ** 2 * 1e6, rel=1e-5)
    assert small[1] == math.inf
    assert math.isnan(small[2])
    assert math.isnan(detectable_effect(1))
    assert images_needed(50.0) == 2


def test_simulated_studies_find_the_detectable_difference_in_four_of_five():
    n = 25
    samples = np.random.default_rng(0).normal(detectable_effect(n), 1, (4000, n))
    found = stats.ttest_1samp(samples, 0, axis=1)
    shown = (found.pvalue < 0.05) & (found.statistic > 0)
    assert shown.mean() == pytest.approx(0.8, abs=0.025)
