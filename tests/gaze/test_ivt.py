"""I-VT on traces whose fixations are known by construction."""

import numpy as np
import pytest

from bench.gaze import ivt_fixations
from bench.gaze.ivt import speed_deg_s


def detect(x, *, rate_hz=250.0, **options):
    x = np.asarray(x, dtype=float)
    return ivt_fixations(x, np.zeros(x.size), rate_hz=rate_hz, pixels_per_degree=10.0, **options)


def test_the_speed_of_a_steady_movement_is_its_speed_everywhere():
    # 3 px a sample at 100 Hz and 10 px a degree: 30 deg/s; 4 px down make it 5 px, 50 deg/s.
    time = np.arange(20)
    speed = speed_deg_s(3.0 * time, 4.0 * time, rate_hz=100, pixels_per_degree=10)
    np.testing.assert_allclose(speed, 50.0, rtol=1e-12)


def test_the_speed_is_the_five_sample_formula():
    x = np.array([0.0, 1.0, 4.0, 9.0, 16.0])
    speed = speed_deg_s(x, np.zeros(5), rate_hz=6, pixels_per_degree=1)
    assert speed[2] == 16 + 9 - 1 - 0


def test_a_slow_drift_is_one_fixation_at_its_mean():
    found = detect(np.linspace(0, 10, 101))
    assert (found.first.tolist(), found.last.tolist()) == ([0], [100])
    assert found.x_px.tolist() == pytest.approx([5.0])


@pytest.mark.parametrize(("samples", "count"), [(9, 0), (10, 1)])
def test_the_minimum_counts_the_last_sample_too(samples, count):
    # At 250 Hz ten samples last 40 ms.
    assert detect(np.zeros(samples)).first.size == count


def test_missing_samples_end_a_fixation_and_are_in_none():
    x = np.zeros(60)
    x[25:30] = np.nan
    found = detect(x)
    assert found.first.tolist() == [0, 30]
    assert found.last.tolist() == [24, 59]
    assert found.x_px.tolist() == [0, 0]


def test_a_trace_without_gaze_has_no_fixations():
    assert detect(np.full(50, np.nan)).first.size == 0
    assert detect([]).first.size == 0


def test_the_threshold_is_exclusive():
    # 1.2 px a sample at 250 Hz and 10 px a degree are 30 deg/s.
    x = np.arange(50) * 1.25
    assert detect(x, threshold_deg_s=31.25).first.size == 0
    assert detect(x, threshold_deg_s=31.3).first.size == 1


def test_the_callers_arrays_stay_as_they_are():
    x = np.array([0.0, np.nan, 3.0])
    before = x.copy()
    detect(x)
    np.testing.assert_array_equal(x, before)
