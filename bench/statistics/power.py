"""What a number of images can show: the detectable difference, and how many would be needed."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

POWER = 0.8
ALPHA = 0.05
EXACT_BELOW = 2000
LARGEST_NONCENTRALITY = 30.0


def detectable_effect(n: int, *, power: float = POWER, alpha: float = ALPHA) -> float:
    """The smallest d_z that n images show with the given power; NaN for fewer than two.

    d_z is the mean paired difference over the standard deviation of the differences. The power is
    that of the two-sided paired t test at `alpha`, one test alone, to find the difference in its
    own direction. Times that standard deviation it is the detectable difference.

    Source: Cohen 1988, chapter 2 (paired t test), with the noncentral t distribution.

    >>> round(detectable_effect(34), 2)
    0.5
    """
    return _detectable(int(n), power, alpha)


@lru_cache(maxsize=256)
def _detectable(n: int, power: float, alpha: float) -> float:
    from scipy.optimize import brentq

    if n < 2:
        return float("nan")
    highest = LARGEST_NONCENTRALITY / n**0.5
    return float(brentq(lambda d: _power(n, d, alpha) - power, 0.0, highest, xtol=1e-10))


def images_needed(
    d_z: ArrayLike, *, power: float = POWER, alpha: float = ALPHA
) -> NDArray[np.float64]:
    """The smallest number of images that shows d_z (any shape) with the given power.

    As `detectable_effect`; infinite for an effect of 0, NaN for NaN.

    >>> images_needed([0.2, -0.5, 0.8, 0.0]).tolist()
    [199.0, 34.0, 15.0, inf]
    """
    from scipy.special import ndtri

    given = np.abs(np.asarray(d_z, dtype=np.float64))
    size = given.ravel()
    both, one = ndtri(1 - alpha / 2), ndtri(power)
    # the normal approximation, and half the quantile's square for the t distribution's tails
    near = ((both + one) / np.where(size > 0, size, np.nan)) ** 2 + both**2 / 2
    needed = np.ceil(near)
    needed[size == 0] = np.inf
    small = np.flatnonzero(near < EXACT_BELOW)
    n = np.maximum(needed[small] - 4, 2.0)
    while (short := _power(n, size[small], alpha) < power).any():
        n[short] += 1
    needed[small] = n
    return needed.reshape(given.shape)


def _power(n: ArrayLike, d_z: ArrayLike, alpha: float) -> NDArray[np.float64]:
    from scipy.stats import nct, t

    n = np.asarray(n, dtype=np.float64)
    # far beyond any power that is asked for, where the distribution's series overflows
    noncentrality = np.minimum(np.asarray(d_z) * np.sqrt(n), LARGEST_NONCENTRALITY)
    return nct.sf(t.isf(alpha / 2, n - 1), n - 1, noncentrality)
