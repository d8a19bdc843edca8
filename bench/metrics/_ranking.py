"""Ranks without a full sort: where each value stands among a few others, and a fast exact order.

`places` puts values into bins by a monotone function and looks up, for whole bins, which queries
lie below; only in the bins that hold a query are the float64 values themselves compared. Ties are
therefore exact (nothing is decided in float32). 480,000 values against 140 take about 2 ms, where
a sort takes 4 to 24 ms, whatever vector instructions numpy's sort finds.

A bin is the sign and the upper part of the bits of the distance to the median: 1024 bins to each
halving of it. So values are spread wherever most of them lie: the few high ones of a sparse map and
its many low ones, and a signed map with heavy tails.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHIFT = 42
BLOCK = 1 << 15
SEARCHED_WHOLE = 1 << 12
DEEPEST = 4
SAMPLE = 1 << 10


def places(values: Floats, queries: Floats, *, depth: int = 0) -> NDArray[np.integer]:
    """Where each of `values` (n,), finite, stands among `queries` (m,), sorted and all different.

    2k + 1 for a value equal to query k, else twice the number of queries below the value.

    >>> places(np.array([0.0, 1.0, 1.5, 2.0, 9.0]), np.array([1.0, 2.0])).tolist()
    [0, 1, 2, 3, 4]
    """
    kind = _place_type(queries)
    centre, reach = _spread(values)
    if values.size <= SEARCHED_WHOLE or depth > DEEPEST or not 1e-200 < reach < 1e200:
        return _searched(values, queries).astype(kind)
    first = int(np.searchsorted(queries, values.min(), side="left"))
    last = int(np.searchsorted(queries, values.max(), side="right"))
    if first == last:
        return np.full(values.size, 2 * first, dtype=kind)
    result = np.empty(values.size, dtype=kind)
    _Bins(centre, reach, queries[first:last]).place(values, result, depth)
    result += 2 * first
    return result


def _place_type(queries: Floats) -> type:
    return np.int16 if 2 * queries.size < 32767 else np.int64


def _searched(values: Floats, queries: Floats) -> NDArray[np.intp]:
    below = np.searchsorted(queries, values, side="left")
    equal = queries.take(below, mode="clip") == values
    below *= 2
    below += equal
    return below


def _spread(values: Floats) -> tuple[float, float]:
    """The centre whose distances tell most values apart, and the largest distance to it.

    Lowest, highest, or the median; judged by a sample.
    """
    lowest, highest = float(values.min()), float(values.max())
    sample = np.sort(values[:: max(values.size // SAMPLE, 1)])
    best, told_apart = lowest, -1
    for centre in (lowest, float(sample[sample.size // 2]), highest):
        bins = (sample - centre).view(np.int64) >> SHIFT
        found = np.count_nonzero(bins[1:] != bins[:-1])
        if found > told_apart:
            best, told_apart = centre, found
    return best, max(highest - best, best - lowest)


class _Bins:
    """Bins about a centre, and which queries each holds."""

    def __init__(self, centre: float, reach: float, queries: Floats) -> None:
        self.centre, self.scale = centre, 1 / reach
        self.queries = queries
        # Distances much below the smallest of a query need no bins of their own.
        distance = np.abs(queries - centre) * self.scale
        smallest = distance[distance > 0].min(initial=1.0)
        self.offset = 2.0 ** max(np.floor(np.log2(smallest)) - 2, -1000)
        self.first = int(np.float64(self.offset).view(np.int64)) >> SHIFT
        self.half = (int(np.float64(2.0).view(np.int64)) >> SHIFT) - self.first
        held, first, count = np.unique(self.of(queries), return_index=True, return_counts=True)
        # the place of a whole bin: even between queries, odd (and to be looked at) with a query
        steps = np.append(np.column_stack([2 * first, 2 * first + 1]), 2 * queries.size)
        edges = np.column_stack([held, held + 1]).ravel()
        lengths = np.diff(edges, prepend=0, append=2 * self.half)
        self.place_of_bin = np.repeat(steps.astype(_place_type(queries)), lengths)
        self.count = np.zeros(queries.size, dtype=np.intp)
        self.count[first] = count
        self.several = self.count > 1
        # the value to compare with, by place; NaN, which no value is above or below, elsewhere
        self.only = np.full(2 * queries.size + 1, np.nan)
        self.only[1::2] = np.where(self.count == 1, queries, np.nan)
        # Most pixels of a sparse map equal its median: no need to look at each, if a query does.
        alone = held.searchsorted(self.half)
        self.centre_place = -1
        if alone < held.size and count[alone] == 1 and queries[first[alone]] == centre:
            self.centre_place = 2 * int(first[alone]) + 1

    def of(self, values: Floats) -> NDArray[np.int64]:
        """Monotone: each rounding keeps the order, and so do the bits of floats above 0."""
        signed = values - self.centre
        signed *= self.scale
        distance = np.abs(signed)
        distance += self.offset
        bins = distance.view(np.int64)
        bins >>= SHIFT
        bins -= self.first
        sign = signed.view(np.int64)
        sign >>= 63  # -1 below the centre, else 0
        bins ^= sign
        bins -= sign
        bins += self.half
        return bins

    def place(self, values: Floats, result: NDArray[np.integer], depth: int) -> None:
        """Fills `result` with the places of `values`."""
        crowds, crowded = [], bool(self.several.any())
        for start in range(0, values.size, BLOCK):
            block = values[start : start + BLOCK]
            found = result[start : start + BLOCK]
            found[:] = self.place_of_bin.take(self.of(block))
            look = (found & 1).astype(bool)
            if self.centre_place >= 0:
                look &= found != self.centre_place
            near = np.flatnonzero(look)
            if crowded:
                several = self.several.take(found.take(near) >> 1)
                crowds.append(start + near[several])
            if near.size * 4 > block.size:
                only = self.only.take(found)
                above, below = block > only, block < only
                found += above
                found -= below
            elif near.size:
                value, only = block.take(near), self.only.take(found.take(near))
                found[near] += np.subtract(value > only, value < only, dtype=np.int8)
        if crowds:
            self._place_crowds(values, np.concatenate(crowds), result, depth)
        if self.centre_place >= 0:
            taken = result == self.centre_place
            if np.count_nonzero(values == self.centre) != np.count_nonzero(taken):
                doubtful = np.flatnonzero(taken & (values != self.centre))
                result[doubtful] = _searched(values.take(doubtful), self.queries)

    def _place_crowds(
        self, values: Floats, crowd: NDArray[np.intp], result: NDArray[np.integer], depth: int
    ) -> None:
        """Places the values in bins that hold several queries: those bins are divided again."""
        inside = values.take(crowd)
        if crowd.size <= BLOCK:
            result[crowd] = _searched(inside, self.queries)
            return
        of_query = result.take(crowd) >> 1
        for first in np.flatnonzero(self.several):
            here = np.flatnonzero(of_query == first)
            queries = self.queries[first : first + self.count[first]]
            deeper = places(inside.take(here), queries, depth=depth + 1) if here.size else here
            result[crowd.take(here)] = 2 * first + deeper


@dataclass(frozen=True, eq=False)
class Ranking:
    """All values in ascending order, and the runs of equal ones.

    order: (n,) index of each value, ascending. starts: (r,) first position of each run.
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, values: Floats) -> "Ranking":
        """The ranking of finite values (n,)."""
        order = ascending(values)
        ordered = values.take(order)
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        return cls(order, starts)

    @property
    def lengths(self) -> NDArray[np.intp]:
        """(r,) number of values in each run."""
        return np.diff(np.append(self.starts, self.order.size))

    def tied_means(self, column: Floats) -> Floats:
        """`column` (n,) by position, with each run's values replaced by their mean."""
        if self.starts.size == self.order.size:
            return column
        lengths = self.lengths
        return np.repeat(np.add.reduceat(column, self.starts) / lengths, lengths)

    def average_ranks(self) -> Floats:
        """Ranks from 0 by position, ties sharing their mean."""
        lengths = self.lengths
        return np.repeat(self.starts + (lengths - 1) / 2, lengths)


def ascending(values: Floats) -> NDArray[np.intp]:
    """An index that sorts finite `values` (n,), as `np.argsort` but two to three times as fast.

    Radix sort of the distances to the median rounded to float32, 16 bits at a time; wherever
    rounding made different values equal, those are put in order by their float64 values.

    >>> ascending(np.array([3.0, 1.0, 2.0, 1.0])).tolist()
    [1, 3, 2, 0]
    """
    centre, reach = _spread(values)
    if values.size <= SEARCHED_WHOLE or not 1e-200 < reach < 1e200:
        return np.argsort(values, kind="stable")
    scaled = values - centre
    scaled *= 1 / reach
    scaled += 0.0  # no negative zero
    keys = scaled.astype(np.float32).view(np.uint32)
    keys ^= np.where(scaled < 0, np.uint32(0xFFFFFFFF), np.uint32(0x80000000))
    order = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable")
    upper = (keys >> 16).astype(np.uint16)
    order = order.take(np.argsort(upper.take(order), kind="stable"))
    return _with_rounding_undone(values, keys.take(order), order)


def _with_rounding_undone(
    values: Floats, keys: NDArray[np.uint32], order: NDArray[np.intp]
) -> NDArray[np.intp]:
    """`order` with those of equal ordered `keys` in the order of their values."""
    ordered = values.take(order)
    wrong = np.flatnonzero(ordered[1:] < ordered[:-1])
    if not wrong.size:
        return order
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    runs = np.unique(starts.searchsorted(wrong, side="right") - 1)
    lengths = np.append(starts, keys.size)[runs + 1] - starts[runs]
    if lengths.sum() * 4 > keys.size:
        return np.argsort(values, kind="stable")
    run = np.repeat(runs, lengths)
    again = np.arange(run.size) + np.repeat(starts[runs] - (np.cumsum(lengths) - lengths), lengths)
    order[again] = order[again].take(np.lexsort((ordered[again], run)))
    return order
