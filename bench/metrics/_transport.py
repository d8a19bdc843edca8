"""Exact optimal transport between two densities on a coarse grid.

A linear programme over all pairs of cells is slow (90,000 unknowns on 20 x 15 cells). Two things
make it small without changing its value. Distances obey the triangle inequality, so mass that both
have in a cell stays there. And only few pairs carry anything: the programme is solved over near
pairs, and pairs that its prices show to be worth while are added until there are none.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

CELLS = 20  # along the longer side
NEAREST = 6  # partners of each cell to begin with
TOLERANCE = 1e-9  # of a pair's price, in cells: far below what a score shows

Floats = NDArray[np.float64]


def cell_masses(density: Floats) -> Floats:
    """The density's (H, W) mass in square cells of max(H, W) / 20 pixels, pixels split by area.

    The grid lies in the middle of the image, so that flipping the image flips the cells.
    """
    side = max(density.shape) / CELLS
    down, across = (_overlap(size, side) for size in density.shape)
    return down @ density @ across.T


def transport_cost(have: Floats, want: Floats, longer_side_px: int) -> float:
    """The earth mover's distance in pixels between masses (h, w) of the same grid, sums 1."""
    side = longer_side_px / CELLS
    surplus = (have - want).ravel()
    surplus -= surplus.mean()  # rounding
    sources, sinks = np.flatnonzero(surplus > 0), np.flatnonzero(surplus < 0)
    if np.abs(surplus).sum() < 1e-12:
        return 0.0
    places = np.column_stack(np.unravel_index(np.arange(have.size), have.shape)).astype(float)
    offset = places[sources, None, :] - places[None, sinks, :]
    distance = np.sqrt((offset**2).sum(axis=2))
    return side * _cheapest(surplus[sources], -surplus[sinks], distance)


def _cheapest(supply: Floats, demand: Floats, distance: Floats) -> float:
    """The least sum of flow * distance (m, n) that empties `supply` (m,) into `demand` (n,)."""
    from scipy.optimize import linprog
    from scipy.sparse import csc_array

    m, n = distance.shape
    scale = m + n  # masses of about 1, far above the solver's tolerance
    total = supply.sum()
    needs = np.concatenate([supply / total, demand / demand.sum()]) * scale
    open_pairs = _first_pairs(needs[:m], needs[m:], distance)
    while True:
        i, j = np.nonzero(open_pairs)
        rows = np.concatenate([i, m + j])
        columns = np.concatenate([np.arange(i.size)] * 2)
        flows = csc_array((np.ones(rows.size), (rows, columns)), shape=(m + n, i.size))
        # one of the conditions follows from the others
        found = linprog(distance[i, j], A_eq=flows[:-1], b_eq=needs[:-1], method="highs-ds")
        if not found.success:
            raise ArithmeticError(f"earth mover's distance: the solver says {found.message!r}")
        price = np.append(found.eqlin.marginals, 0.0)
        gain = price[:m, None] + price[None, m:] - distance
        missing = (gain > TOLERANCE) & ~open_pairs
        if not missing.any():
            return float(found.fun) / scale * total
        open_pairs |= _best_of_each(gain, missing)


def _first_pairs(supply: Floats, demand: Floats, distance: Floats) -> NDArray[np.bool_]:
    """The nearest partners of each, and pairs by which everything can be moved."""
    m, n = distance.shape
    chosen = np.zeros((m, n), dtype=bool)
    near = np.argpartition(distance, min(NEAREST, n) - 1, axis=1)[:, :NEAREST]
    np.put_along_axis(chosen, near, True, axis=1)
    near = np.argpartition(distance, min(NEAREST, m) - 1, axis=0)[:NEAREST]
    np.put_along_axis(chosen, near, True, axis=0)
    # north-west corner: a flow that meets all needs
    edges = np.union1d(np.cumsum(supply), np.cumsum(demand))
    middle = edges - np.diff(edges, prepend=0) / 2
    i = np.minimum(np.searchsorted(np.cumsum(supply), middle), m - 1)
    j = np.minimum(np.searchsorted(np.cumsum(demand), middle), n - 1)
    chosen[i, j] = True
    return chosen


def _best_of_each(gain: Floats, missing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of the missing pairs the few that gain most, for each source and each sink."""
    worth = np.where(missing, gain, 0.0)
    chosen = np.zeros_like(missing)
    for axis in (0, 1):
        few = min(4, worth.shape[axis])
        best = np.take(np.argpartition(-worth, few - 1, axis=axis), range(few), axis=axis)
        np.put_along_axis(chosen, best, True, axis=axis)
    return chosen & missing


@lru_cache(maxsize=32)
def _overlap(size: int, side: float) -> Floats:
    """(cells, size): how much of each pixel, of length 1, lies in each cell."""
    cells = int(np.ceil(size / side - 1e-9))
    edges = (np.arange(cells + 1) - cells / 2) * side + size / 2
    pixels = np.arange(size)
    left = np.maximum(edges[:-1, None], pixels)
    right = np.minimum(edges[1:, None], pixels + 1)
    return np.maximum(right - left, 0.0)
