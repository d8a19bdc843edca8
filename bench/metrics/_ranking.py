"""Exact counts of values below and equal to some others, without sorting.

Values are put into bins by a monotone function, and whole bins are counted; only in the bins that
hold a query are the float64 values themselves compared. Ties are therefore exact (nothing is
decided in float32), and it is faster than a full sort: 2 ms against 4 to 24 ms for 480,000 values,
whatever vector instructions numpy's sort finds.

A bin is the upper part of the bits of u + 2^-30, u the value scaled to [0, 1]: 1024 bins to each
halving of u, so the few high values of a sparse map and its many low ones are both spread.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

OFFSET = 2.0**-30
SHIFT = 42
FIRST_BIN = int(np.float64(OFFSET).view(np.int64)) >> SHIFT
BINS = (int(np.float64(2.0).view(np.int64)) >> SHIFT) - FIRST_BIN
BLOCK = 1 << 16
SORTED_WHOLE = 1 << 12
DEEPEST = 4


def fraction_below(values: Floats, queries: Floats) -> Floats:
    """P(value < query) + P(value = query) / 2 for each query (m,).

    >>> fraction_below(np.array([1.0, 2.0, 2.0, 4.0]), np.array([2.0, 5.0]))
    array([0.5, 1. ])
    """
    below, equal = counts(values, queries)
    return (below + equal / 2) / values.size


def counts(values: Floats, queries: Floats) -> tuple[Floats, Floats]:
    """How many of `values` (n,), finite, are below and how many equal each query (m,), floats."""
    unique, index = np.unique(queries, return_inverse=True)
    below, equal = _unique_counts(values, unique, depth=0)
    return below[index], equal[index]


def _unique_counts(values: Floats, queries: Floats, depth: int) -> tuple[Floats, Floats]:
    """The counts for sorted, different queries; `depth` is how often bins were divided again."""
    lowest, highest = float(values.min()), float(values.max())
    below = np.where(queries > highest, float(values.size), 0.0)
    equal = np.zeros(queries.size)
    within = (queries > lowest) & (queries <= highest)
    if lowest in queries:  # the zeros of a sparse map: one comparison, and no bin of them
        equal[queries == lowest] = np.count_nonzero(values == lowest)
    if not within.any():
        return below, equal
    if values.size <= SORTED_WHOLE or depth > DEEPEST or not 1e-280 < highest - lowest < 1e280:
        below[within], equal[within] = _sorted_counts(np.sort(values), queries[within])
    else:
        bins = _Bins(lowest, highest, queries[within])
        below[within], equal[within] = bins.counts(values, depth)
    return below, equal


def _sorted_counts(values: Floats, queries: Floats) -> tuple[Floats, Floats]:
    below = np.searchsorted(values, queries, side="left")
    upto = np.searchsorted(values, queries, side="right")
    return below.astype(np.float64), (upto - below).astype(np.float64)


class _Bins:
    """The bins between two extremes, and which of them hold a query.

    Zones number the bins from left to right: zone 2k + 1 is the k-th bin that holds a query, the
    even zones are all bins between two such.
    """

    def __init__(self, lowest: float, highest: float, queries: Floats) -> None:
        self.lowest, self.scale = lowest, 1 / (highest - lowest)
        self.queries = queries
        held, first, self.slot = np.unique(self.of(queries), return_index=True, return_inverse=True)
        self.shared = np.bincount(self.slot) > 1
        # the value to compare with in each odd zone; where several share a bin none will do
        self.only = np.full(2 * held.size + 1, np.nan)
        self.only[1::2] = np.where(self.shared, np.nan, queries[first])
        holds = np.zeros(BINS, dtype=np.intp)
        holds[held] = 1
        self.zone_of_bin = 2 * np.cumsum(holds) - holds
        self.zones = 2 * held.size + 1

    def of(self, values: Floats) -> NDArray[np.int64]:
        """Monotone: each rounding keeps the order, and so do the bits of floats above 0."""
        scaled = values - self.lowest
        scaled *= self.scale
        scaled += OFFSET
        bins = scaled.view(np.int64)
        bins >>= SHIFT
        bins -= FIRST_BIN
        return bins

    def counts(self, values: Floats, depth: int) -> tuple[Floats, Floats]:
        """Below and equal, for each query."""
        total, less, same = np.zeros((3, self.zones), dtype=np.intp)
        crowded: list[Floats] = []
        for start in range(0, values.size, BLOCK):
            block = values[start : start + BLOCK]
            zone = self.zone_of_bin.take(self.of(block))
            total += np.bincount(zone, minlength=self.zones)
            near = np.flatnonzero((zone & 1).astype(bool))
            if near.size:
                near_zone, near_value = zone.take(near), block.take(near)
                only = self.only.take(near_zone)
                less += np.bincount(near_zone[near_value < only], minlength=self.zones)
                same += np.bincount(near_zone[near_value == only], minlength=self.zones)
                if self.shared.any():
                    crowded.append(near_value[self.shared[near_zone >> 1]])
        before = np.concatenate([[0], np.cumsum(total)[:-1]])
        below = (before + less)[1::2][self.slot].astype(np.float64)
        equal = same[1::2][self.slot].astype(np.float64)
        if self.shared.any():
            self._count_crowded(np.concatenate(crowded), below, equal, depth)
        return below, equal

    def _count_crowded(self, values: Floats, below: Floats, equal: Floats, depth: int) -> None:
        """Adds, in place, the counts within the bins that hold several queries."""
        slot = self.zone_of_bin.take(self.of(values)) >> 1
        for shared in np.flatnonzero(self.shared):
            here, inside = self.slot == shared, values[slot == shared]
            if inside.size:
                more_below, more_equal = _unique_counts(inside, self.queries[here], depth + 1)
                below[here] += more_below
                equal[here] += more_equal
