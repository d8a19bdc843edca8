"""I-VT: fixations as runs of slow samples (Salvucci and Goldberg 2000)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class IvtFixations:
    """Fixations of I-VT: first and last sample (inclusive) and the mean position of each."""

    first: np.ndarray
    last: np.ndarray
    x_px: np.ndarray
    y_px: np.ndarray


def ivt_fixations(
    x_px: np.ndarray,
    y_px: np.ndarray,
    *,
    rate_hz: float,
    pixels_per_degree: float,
    threshold_deg_s: float = 30.0,
    minimum_ms: float = 40.0,
) -> IvtFixations:
    """The fixations in a gaze trace: maximal runs of samples slower than the threshold.

    `x_px` and `y_px` are (T,) with NaN where gaze is missing. A run ends at a missing sample; it
    counts when last - first + one sample lasts `minimum_ms` or longer. The speed is `speed_deg_s`.
    A threshold of 30 deg/s and 40 ms reproduce a tracker's own fixations best among the detectors
    tried (notes/eyetracking.md section 4).

    Source: Salvucci and Goldberg, "Identifying fixations and saccades in eye-tracking protocols",
    ETRA 2000, section 4.1; they leave the velocity's window and the minimum open.
    """
    x = np.asarray(x_px, dtype=np.float64)
    y = np.asarray(y_px, dtype=np.float64)
    slow = speed_deg_s(x, y, rate_hz=rate_hz, pixels_per_degree=pixels_per_degree) < threshold_deg_s
    steps = np.diff(np.concatenate(([0], slow.astype(np.int8), [0])))
    first = np.flatnonzero(steps == 1)
    last = np.flatnonzero(steps == -1) - 1
    # Half a sample of slack, so that 40 ms at 250 Hz is ten samples in spite of rounding.
    long_enough = (last - first + 1.5) * 1000.0 / rate_hz > minimum_ms
    first, last = first[long_enough], last[long_enough]
    length = last - first + 1
    return IvtFixations(first, last, _sums(x, first, last) / length, _sums(y, first, last) / length)


def speed_deg_s(
    x_px: np.ndarray, y_px: np.ndarray, *, rate_hz: float, pixels_per_degree: float
) -> np.ndarray:
    """Gaze speed per sample, (T,) in deg/s, NaN where gaze is missing or a sample stands alone.

    v[t] = (p[t+2] + p[t+1] - p[t-1] - p[t-2]) * rate / 6 (Engbert and Kliegl 2003); beside a gap
    or an end, where that window has no value, (p[t+1] - p[t-1]) * rate / 2, and at the very edge
    the difference to the one neighbour.
    """
    velocities = [_velocity(np.asarray(v, dtype=np.float64), rate_hz) for v in (x_px, y_px)]
    return np.hypot(*velocities) / pixels_per_degree


def _velocity(p: np.ndarray, rate_hz: float) -> np.ndarray:
    far = np.full(p.size + 4, np.nan)
    far[2:-2] = p
    before2, before, after, after2 = far[:-4], far[1:-3], far[3:-1], far[4:]
    choices = (
        (after2 + after - before - before2) / 6,
        (after - before) / 2,
        after - p,
        p - before,
    )
    velocity = np.full(p.size, np.nan)
    for choice in choices:
        velocity = np.where(np.isnan(velocity), choice, velocity)
    return np.where(np.isnan(p), np.nan, velocity) * rate_hz


def _sums(p: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Sum of p from first to last, inclusive; runs hold no NaN."""
    total = np.concatenate(([0.0], np.cumsum(np.nan_to_num(p))))
    return total[last + 1] - total[first]
