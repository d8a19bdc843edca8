"""Ranks, and how firm they are: the ranks in the bootstrap's draws."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.statistics.bootstrap import DRAWS, count_blocks, interval

TIED = 1e-9  # share of the largest mean within which two means are one


@dataclass(frozen=True, eq=False)
class RankStability:
    """Per map (k,): its rank, the share of draws in which it keeps it, and the rank's interval."""

    rank: NDArray[np.float64]
    kept: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def ranks(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks (d, k) of the maps within each row of means (d, k), 1 for the highest.

    Equal means (up to 1e-9 of the row's largest) share the better rank; NaN has none.

    >>> ranks(np.array([[0.5, 2.0, 0.5, np.nan]])).tolist()
    [[2.0, 1.0, 2.0, nan]]
    """
    known = np.where(np.isnan(means), -np.inf, means)
    slack = TIED * np.abs(np.where(np.isnan(means), 0.0, means)).max(axis=1, initial=0.0)
    result = np.empty(means.shape)
    for column in range(means.shape[1]):
        result[:, column] = 1 + (known > (known[:, column] + slack)[:, None]).sum(axis=1)
    return np.where(np.isnan(means), np.nan, result)


def rank_stability(
    values: NDArray[np.float64], *, draws: int = DRAWS, level: float = 0.95, seed: int = 0
) -> RankStability:
    """How firm the ranks of the columns' means are; values (n, k), higher is better.

    Each draw of images gives every column a mean over those of its images that were drawn, and so a
    rank. NaN where a column has no value; with fewer than two images only the rank is known.
    """
    present = ~np.isnan(values)
    filled = np.where(present, values, 0.0)
    counts = present.sum(axis=0)
    rank = ranks(_ratio(filled.sum(axis=0), counts)[None])[0]
    kept, low, high = np.full((3, values.shape[1]), np.nan)
    if len(values) < 2:
        return RankStability(rank, kept, low, high)
    drawn = np.empty((draws, values.shape[1]))
    for part, images in count_blocks(len(values), draws, seed):
        drawn[part] = ranks(_ratio(images @ filled, images @ present))
    known = np.flatnonzero(counts)
    kept[known] = (drawn[:, known] == rank[known]).mean(axis=0)
    # a column with few values may be without any in some draws; those say nothing of its rank
    gaps = np.isnan(drawn[:, known]).any()
    if gaps:
        edges = np.nanpercentile(drawn[:, known], [50 * (1 - level), 50 * (1 + level)], axis=0)
    else:
        edges = interval(drawn[:, known], level)
    low[known], high[known] = np.floor(edges[0]), np.ceil(edges[1])
    return RankStability(rank, kept, low, high)


def _ratio(sums: NDArray, counts: NDArray) -> NDArray[np.float64]:
    return np.divide(sums, counts, out=np.full(np.shape(sums), np.nan), where=counts > 0)
