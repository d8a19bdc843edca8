"""Means over images, paired differences and shares of a ceiling, with bootstrap intervals."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UsageError, ValidationError

INDICES_AT_ONCE = 1 << 20

DRAWS = 10_000  # of every bootstrap, unless a caller says otherwise


@dataclass(frozen=True, eq=False)
class MeanInterval:
    """Mean, interval and number of images: numbers for values (n,), arrays (k,) for (n, k)."""

    mean: float | NDArray[np.float64]
    ci_low: float | NDArray[np.float64]
    ci_high: float | NDArray[np.float64]
    n_images: int | NDArray[np.intp]


@dataclass(frozen=True)
class PairedDifference:
    """Mean of a - b over shared images, its interval, and d_z = mean / standard deviation."""

    mean_difference: float
    ci_low: float
    ci_high: float
    n_images: int
    d_z: float


def bootstrap_mean(
    values: ArrayLike, *, draws: int = DRAWS, level: float = 0.95, seed: int = 0
) -> MeanInterval:
    """The mean over images and its percentile bootstrap interval.

    values: (n,) scores of n images, or (n, k) of k methods. Images with NaN are left out, column by
    column, and n_images says how many remain. The interval runs from the (1 - level) / 2 to the
    (1 + level) / 2 quantile (linear interpolation) of the means of `draws` samples of n images
    with replacement. One image or none: the interval is NaN, and the mean of none is NaN.

    Errors: UsageError for draws < 1 or a level outside (0, 1); ValidationError for infinite values
    or an array of another shape.

    Source: Efron, Tibshirani 1993, chapter 13 (percentile interval).

    >>> found = bootstrap_mean([1.0, 2.0, 3.0, 4.0, float("nan")])
    >>> found.mean, found.n_images, found.ci_low, found.ci_high
    (2.5, 4, 1.5, 3.5)
    """
    _check_options(draws, level)
    table = _table(values)
    columns = table if table.ndim == 2 else table[:, None]
    count = np.isfinite(columns).sum(axis=0)
    mean, low, high = np.full((3, columns.shape[1]), np.nan)
    for chosen, images in _columns_by_images(columns):
        complete = columns[np.ix_(images, chosen)]
        if len(complete):
            mean[chosen] = complete.mean(axis=0)
        if len(complete) > 1:
            means = bootstrap_means(complete, draws=draws, seed=seed)
            low[chosen], high[chosen] = interval(means, level)
    if table.ndim == 2:
        return MeanInterval(mean, low, high, count)
    return MeanInterval(float(mean[0]), float(low[0]), float(high[0]), int(count[0]))


def compare_paired(
    a: ArrayLike, b: ArrayLike, *, draws: int = DRAWS, level: float = 0.95, seed: int = 0
) -> PairedDifference:
    """The mean of a - b over the images that both have, with its percentile bootstrap interval.

    a, b: (n,) scores of the same n images in the same order; an image with NaN in either is left
    out. d_z is the mean difference over the standard deviation of the differences (ddof 1), NaN
    where that is 0. One shared image or none: interval and d_z are NaN.

    Errors: as `bootstrap_mean`; ValidationError for arrays of different lengths.

    >>> compare_paired([3, 5, 4], [1, 2, 3]).mean_difference, compare_paired([3, 5], [1, 2]).ci_low
    (2.0, 2.0)
    """
    a, b = _table(a), _table(b)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValidationError(
            f"paired scores must be two columns of the same images, found {a.shape} and {b.shape}"
        )
    difference = a - b
    found = bootstrap_mean(difference, draws=draws, level=level, seed=seed)
    size = effect_size(difference[np.isfinite(difference)][:, None])[0]
    return PairedDifference(found.mean, found.ci_low, found.ci_high, found.n_images, float(size))


def ceiling_share(score: ArrayLike, chance: ArrayLike, ceiling: ArrayLike) -> float | NDArray:
    """(score - chance) / (ceiling - chance): 0 at chance, 1 at the human ceiling; never clipped.

    NaN where the ceiling equals chance.

    >>> ceiling_share(1.5, 1.0, 3.0), ceiling_share(0.5, 1.0, 3.0)
    (0.25, -0.25)
    """
    score, chance, ceiling = (np.asarray(v, dtype=np.float64) for v in (score, chance, ceiling))
    span = np.where(ceiling == chance, np.nan, ceiling - chance)
    share = (score - chance) / span
    return float(share) if share.ndim == 0 else share


def bootstrap_share(
    score: ArrayLike,
    chance: ArrayLike,
    ceiling: ArrayLike,
    *,
    draws: int = DRAWS,
    level: float = 0.95,
    seed: int = 0,
) -> MeanInterval:
    """`ceiling_share` of the means over the images that have all three, and its interval.

    score: (n,) or (n, k); chance, ceiling: (n,) of the same images. Each draw of images gives a
    share of its own, from its three means; the interval is the percentiles of those shares, never
    clipped. One image or none, or a draw in which the ceiling equals chance: no interval.

    Errors: as `bootstrap_mean`; ValidationError for columns of different lengths.

    >>> found = bootstrap_share([1, 2, 3], [0, 0, 0], [2, 4, 6])
    >>> found.mean, found.ci_low, found.ci_high
    (0.5, 0.5, 0.5)
    """
    _check_options(draws, level)
    table, ends = _table(score), np.column_stack([_table(chance), _table(ceiling)])
    if ends.shape != (len(table), 2):
        raise ValidationError(
            f"scores {table.shape} need a chance and a ceiling for each image, found {len(ends)}"
        )
    columns = (table if table.ndim == 2 else table[:, None]).copy()
    columns[np.isnan(ends).any(axis=1)] = np.nan
    share, low, high = np.full((3, columns.shape[1]), np.nan)
    for chosen, images in _columns_by_images(columns):
        three = np.column_stack([columns[np.ix_(images, chosen)], ends[images]])
        if len(three):
            share[chosen] = _share_of_last(three.mean(axis=0)[None])[0]
        if len(three) > 1:
            shares = _share_of_last(bootstrap_means(three, draws=draws, seed=seed))
            low[chosen], high[chosen] = interval(shares, level)
    count = np.isfinite(columns).sum(axis=0)
    if table.ndim == 2:
        return MeanInterval(share, low, high, count)
    return MeanInterval(float(share[0]), float(low[0]), float(high[0]), int(count[0]))


def _share_of_last(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shares of all columns but the last two, which are chance and ceiling."""
    return ceiling_share(means[:, :-2], means[:, [-2]], means[:, [-1]])


def bootstrap_means(
    values: NDArray[np.float64], *, draws: int = DRAWS, seed: int = 0
) -> NDArray[np.float64]:
    """Means (draws, k) of samples with replacement from values (n, k), which hold no NaN.

    The draws depend on n and the seed alone, so any two columns are paired, and the difference of
    two columns of the result is the bootstrap of their difference. Memory beside the result does
    not grow with n * draws.
    """
    result = np.empty((draws, values.shape[1]))
    for part, counts in count_blocks(len(values), draws, seed):
        result[part] = counts @ values
    result /= len(values)
    return result


def interval(
    means: NDArray[np.float64], level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The percentile interval (low, high) of each column of bootstrap means (draws, k)."""
    low, high = np.percentile(means, [50 * (1 - level), 50 * (1 + level)], axis=0)
    return low, high


def effect_size(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """d_z of each column of differences (n, k): mean / standard deviation, NaN where that is 0."""
    n, k = differences.shape
    if n < 2:
        return np.full(k, np.nan)
    mean, deviation = differences.mean(axis=0), differences.std(axis=0, ddof=1)
    constant = deviation <= 1e-14 * np.abs(mean)
    return np.where(constant, np.nan, mean / np.where(constant, 1.0, deviation))


def count_blocks(
    n: int, draws: int, seed: int | tuple[int, ...], width: int | None = None
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Blocks of draws: how often each of the n images is in each sample, (rows, n).

    The draws are the same whatever the size of the blocks, which keep rows * (width or n) bounded.
    """
    generator = np.random.default_rng(seed)
    rows = max(1, INDICES_AT_ONCE // (width or n))
    for start in range(0, draws, rows):
        part = slice(start, min(start + rows, draws))
        size = part.stop - part.start
        index = generator.integers(0, n, (size, n))
        index += n * np.arange(size)[:, None]
        counts = np.bincount(index.ravel(), minlength=size * n).reshape(size, n)
        yield part, counts.astype(np.float64)


def _columns_by_images(
    columns: NDArray[np.float64],
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Groups of columns that have values for the same images: (columns, images)."""
    present = ~np.isnan(columns)
    patterns, group = np.unique(present, axis=1, return_inverse=True)
    for index in range(patterns.shape[1]):
        yield np.flatnonzero(group.ravel() == index), np.flatnonzero(patterns[:, index])


def _table(values: ArrayLike) -> NDArray[np.float64]:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim not in (1, 2):
        raise ValidationError(f"scores must have the shape (n,) or (n, k), found {table.shape}")
    if np.isinf(table).any():
        raise ValidationError("scores hold infinite values; no mean can be computed")
    return table


def _check_options(draws: int, level: float) -> None:
    if draws < 1:
        raise UsageError(f"draws of a bootstrap must be 1 or more, found {draws}")
    if not 0 < level < 1:
        raise UsageError(f"level of an interval must lie between 0 and 1, found {level}")
