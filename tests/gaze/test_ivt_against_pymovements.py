"""I-VT against pymovements' own: the same velocities and the same fixations.

pymovements brings sixteen packages, so it is no part of the tests' environment.
"""

import itertools

import numpy as np
import pytest

from bench.gaze import ivt_fixations
from bench.gaze.ivt import speed_deg_s

pytest.importorskip(
    "pymovements", reason="uv run --group oracles pytest tests/gaze/test_ivt_against_pymovements.py"
)


def trace(seed, *, gaps, rate_hz=250.0):
    """A noisy scanpath in degrees, (T, 2): still periods, jumps of 30 ms, and blinks if asked."""
    rng = np.random.default_rng(seed)
    knots = np.cumsum(rng.normal(0, 4, (40, 2)), axis=0)
    parts = []
    for start, stop in itertools.pairwise(knots):
        still = int(rng.uniform(0.02, 0.4) * rate_hz)
        moving = max(2, int(0.03 * rate_hz))
        parts += [np.repeat(start[None], still, 0), np.linspace(start, stop, moving)]
    path = np.concatenate(parts) + rng.normal(0, 0.01, (sum(map(len, parts)), 2))
    if gaps:
        for first in rng.integers(0, len(path) - 60, 6):
            path[first : first + rng.integers(1, 60)] = np.nan
    return path


def theirs(velocity, *, rate_hz, minimum_ms):
    """(first, last) sample of pymovements' fixations; their minimum is end - start."""
    import pymovements

    events = pymovements.events.ivt(
        velocity.tolist(),
        timesteps=np.arange(len(velocity)),
        velocity_threshold=30.0,
        # In samples; half of one less, since 40 ms at 1000 Hz may come out a rounding short.
        minimum_duration=minimum_ms * rate_hz / 1000 - 1 - 0.5,
    )
    return events.frame["onset"].to_list(), events.frame["offset"].to_list()


def their_velocity(path, rate_hz):
    import polars
    from pymovements.transforms import pos2vel

    frame = polars.DataFrame({"position": path.tolist()})
    return np.array(
        frame.select(pos2vel(sampling_rate=rate_hz, method="fivepoint", n_components=2))
        .to_series()
        .to_list(),
        dtype=float,
    )


@pytest.mark.parametrize("rate_hz", [250.0, 500.0, 1000.0])
def test_the_velocity_is_pymovements_five_point_one(rate_hz):
    path = trace(1, gaps=True, rate_hz=rate_hz)
    found = speed_deg_s(*path.T, rate_hz=rate_hz, pixels_per_degree=1.0)
    expected = np.hypot(*their_velocity(path, rate_hz).T)
    known = np.isfinite(expected) & np.isfinite(path).all(axis=1)
    assert known.sum() > 0.8 * len(path)
    np.testing.assert_allclose(found[known], expected[known], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rate_hz", [250.0, 1000.0])
def test_the_fixations_of_a_trace_with_gaps_are_pymovements_on_the_same_velocity(seed, rate_hz):
    path = trace(seed, gaps=True, rate_hz=rate_hz)
    speed = speed_deg_s(*path.T, rate_hz=rate_hz, pixels_per_degree=1.0)
    first, last = theirs(
        np.column_stack([speed, np.zeros(len(speed))]), rate_hz=rate_hz, minimum_ms=40.0
    )
    found = ivt_fixations(*path.T, rate_hz=rate_hz, pixels_per_degree=1.0)
    assert len(first) > 15
    assert (found.first.tolist(), found.last.tolist()) == (first, last)


@pytest.mark.parametrize("seed", range(5))
def test_from_positions_to_fixations_both_go_the_same_way(seed):
    # pymovements has no velocity for the two samples at either end, ours falls back there.
    path = trace(seed, gaps=False)
    first, last = theirs(their_velocity(path, 250.0), rate_hz=250.0, minimum_ms=40.0)
    found = ivt_fixations(*path.T, rate_hz=250.0, pixels_per_degree=1.0)
    assert len(first) > 15
    assert np.clip(found.first, 2, None).tolist() == first
    assert np.clip(found.last, None, len(path) - 3).tolist() == last
