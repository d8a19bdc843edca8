"""The map's side of a score: values, extremes, and what to read them as.

Derived arrays (scaled, density) are handed out block by block and never kept: for 800 x 600 pixels
a fresh 4 MB array costs more in page faults than the arithmetic that fills it.
"""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import ValidationError
from bench.metrics._order import Ranking

BLOCK = 1 << 16


def blocks(size: int) -> Iterator[slice]:
    """Slices that cover range(size) in pieces that stay in the processor's cache.

    >>> [(part.start, part.stop) for part in blocks(80_000)]
    [(0, 65536), (65536, 80000)]
    """
    for start in range(0, size, BLOCK):
        yield slice(start, min(start + BLOCK, size))


def checked_map(values: ArrayLike, name: str) -> NDArray:
    """`values` as an array (H, W) of real numbers; ValidationError saying what it is otherwise."""
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValidationError(f"{name} is no array of numbers: {error}") from None
    if array.dtype.kind not in "biuf":
        raise ValidationError(f"{name} must hold real numbers, found dtype {array.dtype}")
    if array.ndim != 2 or array.size == 0:
        raise ValidationError(f"{name} must have the shape (H, W), found {array.shape}")
    return array


class SaliencyMap:
    """One map (H, W) of any scale, with its extremes, mean and deviation computed once.

    values: float64, flat (H * W), the caller's own memory where that is possible, so not to be
    written to. problems: "nan" and "infinite"; a map with either has no score. constant: lowest and
    highest differ by no more than 8 units in the last place of the input's own type, which is what
    resampling a constant map leaves; all values then count as equal. A map whose largest absolute
    value is beyond 1e100 or below 1e-100 is divided by it, so that squares neither overflow nor
    vanish; no score depends on that.
    """

    def __init__(self, values: ArrayLike) -> None:
        array = checked_map(values, "the map")
        self.shape: tuple[int, int] = array.shape
        self.values = np.ascontiguousarray(array, dtype=np.float64).reshape(-1)
        self.size = self.values.size
        self.lowest, self.highest = float(self.values.min()), float(self.values.max())
        self.problems = self._problems()
        self.constant = False
        self.pair = None  # with the target met last: see _pair.py
        self.unit = 1.0  # what one of `values` is in the caller's numbers
        if self.problems:
            return
        peak = max(abs(self.lowest), abs(self.highest))
        step = np.finfo(array.dtype).eps if array.dtype.kind == "f" else 0.0
        if peak and not 1e-100 < peak < 1e100:
            self.values, self.unit = self.values / peak, peak
            self.lowest, self.highest, peak = self.lowest / peak, self.highest / peak, 1.0
        if self.highest - self.lowest <= 8 * float(step) * peak:
            self.constant = True
            self.values = np.full(self.size, self.lowest)
            self.highest = self.lowest

    def _problems(self) -> list[str]:
        if np.isfinite(self.lowest) and np.isfinite(self.highest):
            return []
        found = {"nan": np.isnan(self.values).any(), "infinite": np.isinf(self.values).any()}
        return [word for word, present in found.items() if present]

    @property
    def flags(self) -> list[str]:
        """What is degenerate: `nan`, `infinite`, `constant`, `empty` (all zero)."""
        empty = self.constant and self.highest == 0
        return self.problems + ["constant"] * self.constant + ["empty"] * empty

    @cached_property
    def rise(self) -> float:
        """The mean of S - min S; of values far from 0 summed from those differences, so exact."""
        if self.constant:
            return 0.0
        if abs(self.lowest) <= self.highest - self.lowest:
            return float(self.values.mean()) - self.lowest
        total = 0.0
        for part in blocks(self.size):
            total += float((self.values[part] - self.lowest).sum())
        return total / self.size

    @property
    def mean(self) -> float:
        return self.lowest + self.rise

    def centred(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Some of the map's values minus its mean; a new array."""
        centred = values - self.lowest
        centred -= self.rise
        return centred

    @cached_property
    def deviation(self) -> float:
        """The standard deviation over all pixels, ddof 0; of the centred values, so exact."""
        total, mean = 0.0, self.mean
        for part in blocks(self.size):
            centred = self.values[part] - mean
            total += float(centred @ centred)
        return (total / self.size) ** 0.5

    @cached_property
    def ranking(self) -> Ranking:
        """The order of all values and their ties; several metrics share it."""
        return Ranking.of(self.values)

    @cached_property
    def mean_scaled(self) -> float:
        """The mean of the min-max scaled map."""
        if self.constant:
            return min(max(self.lowest, 0.0), 1.0)
        return self.rise / (self.highest - self.lowest)

    def scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Some of the map's values as (S - min) / (max - min); a new array.

        A constant map is clipped to [0, 1] instead.
        """
        if self.constant:
            return np.clip(values, 0.0, 1.0)
        factor = 1 / (self.highest - self.lowest)
        if self.lowest == 0:
            return values * factor
        scaled = values - self.lowest
        scaled *= factor
        return scaled

    def density(
        self, part: slice | NDArray[np.intp] = slice(None), *, mix: float = 0.0
    ) -> NDArray[np.float64]:
        """(1 - mix) p + mix / N at some pixels, where p = S - min(S, 0), divided by its sum.

        An all-zero map is uniform. With mix > 0 the density is positive everywhere, so that its
        logarithm is finite.
        """
        return self.as_density(self.values[part], mix=mix)

    def as_density(self, values: NDArray[np.float64], *, mix: float = 0.0) -> NDArray[np.float64]:
        """As `density`, for values taken from the map before; a new array."""
        if self.constant:
            return np.full(values.shape, 1 / self.size)
        factor = (1 - mix) / self.mass
        if self.lowest >= 0:
            density = values * factor
        else:
            density = values - self.lowest
            density *= factor
        if mix:
            density += mix / self.size
        return density

    def lifted_density(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Some of the map's values as (S - min(S, 0) + 1e-20) / sum, in the caller's own scale."""
        if self.constant:
            return np.full(values.shape, 1 / self.size)
        lift = max(1e-20 / self.unit, 5e-324)
        density = values - min(self.lowest, 0.0)
        density += lift
        density /= self.mass + self.size * lift
        return density

    @property
    def mass(self) -> float:
        """The sum of S - min(S, 0)."""
        return (self.rise + max(self.lowest, 0.0)) * self.size
