"""Paired tests over images, and Holm's correction for many of them."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import ValidationError
from bench.statistics import bootstrap

FLIPS = 100_000
EXACT_IMAGES = 16
ROUNDING = 1e-12
PAIRS_AT_ONCE = 64


def sign_flip_pvalues(
    values: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    flips: int = FLIPS,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Two-sided p of the paired sign-flip test of values[:, first] - values[:, second], (p,).

    values: (n, k) scores of k maps on the same n images, without NaN; first, second: (p,) columns.
    If neither map is better, each image's difference could as well have the other sign: p is the
    share of sign assignments for which the mean difference is at least as far from 0 as the one
    found. With up to `EXACT_IMAGES` images all 2^n assignments are taken; with more, `flips` random
    ones, the same for all pairs, and the one found is counted in: (b + 1) / (flips + 1). No image:
    NaN.

    Source: Fisher 1935, "The Design of Experiments", section 21; Phipson, Smyth 2010 for the + 1.

    >>> sign_flip_pvalues([[1.0, 0.0], [2.0, 0.0], [4.0, 0.0]], [0], [1]).tolist()
    [0.25]
    """
    table = _table(values)
    first, second = np.asarray(first, dtype=np.intp), np.asarray(second, dtype=np.intp)
    n = len(table)
    if n == 0:
        return np.full(first.size, np.nan)
    least, reached = np.empty(first.size), np.zeros(first.size)
    for some in _parts(first.size):
        differences = table[:, first[some]] - table[:, second[some]]
        slack = ROUNDING * np.abs(differences).sum(axis=0)
        least[some] = np.abs(differences.sum(axis=0)) - slack
    for signs in _sign_blocks(n, flips, seed):
        sums = signs @ table
        for some in _parts(first.size):
            reached[some] += (
                np.abs(sums[:, first[some]] - sums[:, second[some]]) >= least[some]
            ).sum(axis=0)
    if n <= EXACT_IMAGES:
        return reached / 2.0 ** (n - 1)
    return (reached + 1) / (flips + 1)


def wilcoxon_pvalues(differences: ArrayLike) -> NDArray[np.float64]:
    """Two-sided p of Wilcoxon's signed-rank test of each column of differences (n, p), NaN-free.

    Zeros are left out, ties share their mean rank. With up to `EXACT_IMAGES` images p is exact,
    over all assignments of signs to the ranks at hand, ties included; with more it is the normal
    approximation with the correction for ties and none for continuity. Nothing but zeros: 1. No
    image: NaN.

    Source: Wilcoxon 1945; Pratt, Gibbons 1981, chapter 3 for ties.
    """
    differences = _table(differences)
    n, count = differences.shape
    if n == 0:
        return np.full(count, np.nan)
    ranks = np.column_stack([_signed_ranks(column) for column in differences.T]).reshape(n, count)
    if n <= EXACT_IMAGES:
        least, reached = np.abs(ranks.sum(axis=0)) - 1e-9, np.zeros(count)
        for signs in _sign_blocks(n, 0, 0):
            for some in _parts(count):
                reached[some] += (np.abs(signs @ ranks[:, some]) >= least[some]).sum(axis=0)
        return reached / 2.0 ** (n - 1)
    from scipy.special import ndtr

    # the sum of signed ranks has the variance sum of squared ranks, which holds the ties
    spread = np.sqrt((ranks**2).sum(axis=0))
    z = np.divide(np.abs(ranks.sum(axis=0)), spread, out=np.zeros(count), where=spread > 0)
    return 2 * ndtr(-z)


def holm(pvalues: ArrayLike) -> NDArray[np.float64]:
    """Holm's adjusted p (m,) of a family of tests; NaN belongs to no family and stays NaN.

    The i-th smallest p is multiplied by m - i + 1, made no smaller than those before it, and
    cut at 1: below alpha means rejected with the family-wise error at alpha.

    Source: Holm 1979, Scandinavian Journal of Statistics 6(2).

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    pvalues = np.asarray(pvalues, dtype=np.float64)
    adjusted = np.full(pvalues.shape, np.nan)
    family = np.flatnonzero(~np.isnan(pvalues))
    order = family[np.argsort(pvalues[family], kind="stable")]
    factors = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(pvalues[order] * factors), 1.0)
    return adjusted


def _sign_blocks(n: int, flips: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Signs (rows, n): all assignments up to a common sign for few images, else random ones."""
    rows = max(1, bootstrap.INDICES_AT_ONCE // n)
    if n <= EXACT_IMAGES:
        every = 1 << (n - 1)
        for start in range(0, every, rows):
            codes = np.arange(start, min(start + rows, every))
            yield 1.0 - 2.0 * ((codes[:, None] >> np.arange(n)) & 1)
        return
    generator = np.random.default_rng((seed, 2))
    for start in range(0, flips, rows):
        size = (min(rows, flips - start), n)
        yield 2.0 * generator.integers(0, 2, size) - 1.0


def _signed_ranks(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks (n,) of the absolute differences with the differences' signs; 0 for a zero."""
    signs = np.sign(differences)
    sizes = np.abs(differences[signs != 0])
    _, place, repeats = np.unique(sizes, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(repeats) - (repeats - 1) / 2
    signs[signs != 0] *= mean_rank[place]
    return signs


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, PAIRS_AT_ONCE):
        yield slice(start, min(start + PAIRS_AT_ONCE, count))


def _table(values: ArrayLike) -> NDArray[np.float64]:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ValidationError(
            f"paired tests need finite numbers (n, k), found the shape {table.shape}"
            + ("" if table.ndim != 2 else " with NaN or infinite values")
        )
    return table
