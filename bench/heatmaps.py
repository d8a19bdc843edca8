"""Fixations -> the human heatmap: milliseconds per cell, convolved with a Gaussian kernel.

The kernel is added once per fixated cell, shifted and weighted. That is exact (no negative values
from an FFT, true zeros far from every fixation) and takes about 1 ms for 140 fixations.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UsageError, ValidationError, unknown_name

NORMALISATIONS = ("before", "after", "none")


def fixation_heatmap(
    x_px: ArrayLike,
    y_px: ArrayLike,
    duration_ms: ArrayLike,
    shape: tuple[int, int],
    *,
    sigma: float = 20.0,
    size: int = 80,
    kernel: str = "paper",
    normalise: str = "before",
) -> NDArray[np.float64]:
    """The human heatmap, float64 (H, W): milliseconds per cell, convolved with a Gaussian.

    x_px, y_px, duration_ms: (F,), of all viewers of one image; pixels with centres at whole
    numbers, milliseconds. shape: (H, W). sigma, size: pixels.

    1. A fixation belongs to the cell floor(v + 0.5); outside the image it is not used.
    2. The milliseconds of a cell are summed.
    3. normalise="before" divides by the largest cell (the paper); "after" divides the result by
       its maximum instead; "none" leaves milliseconds.
    4. Convolution with zeros beyond the border. kernel="paper": size x size, unit sum, its centre
       between the middle cells, placed as MATLAB's conv2(..., 'same') places it, so that with
       size 80 a fixation at (r, c) paints rows r - 40 to r + 39. "edf2mat": the same square with
       the values of Edf2Mat's `createGauss`, whose points lie size / (size - 1) apart (sigma is
       19.75 px where 20 is asked for) and do not sum to 1. "gaussian": a centred Gaussian of unit
       sum, cut at 4 sigma as `scipy.ndimage.gaussian_filter` does; `size` plays no part.

    Without a fixation inside (or with durations of 0 only) every value is 0.

    Errors: ValidationError for a NaN or infinite position or duration, a negative duration, or
    columns of different lengths; UsageError for an unknown kernel or normalisation.

    Source: Ebrahimpour, Falandays, Spevack, Noelle (2019), section on human attention maps, which
    states steps 1 to 4 but not the placement of the even kernel: it used MATLAB, so we take its.

    >>> heat = fixation_heatmap([50, 50], [60, 60], [200, 300], (120, 100))
    >>> bool(heat[20:100, 10:90].min() > 0), int((heat > 0).sum()), round(float(heat.sum()), 12)
    (True, 6400, 1.0)
    """
    if normalise not in NORMALISATIONS:
        raise unknown_name("normalisation", normalise, NORMALISATIONS)
    window, before = kernel_window(kernel, sigma=sigma, size=size)
    x, y = checked_column(x_px, "x_px"), checked_column(y_px, "y_px")
    duration = checked_durations(duration_ms)
    if not len(x) == len(y) == len(duration):
        raise ValidationError(
            f"fixations: x_px has {len(x)} values, y_px {len(y)} and duration_ms {len(duration)}; "
            "give one of each per fixation"
        )
    rows, columns, inside = fixation_cells(x, y, shape)
    cells, index = np.unique(rows * shape[1] + columns, return_inverse=True)
    weights = np.bincount(index, weights=duration[inside], minlength=len(cells))
    if normalise == "before" and weights.size and weights.max() > 0:
        weights = weights / weights.max()
    heatmap = np.zeros(shape)
    for cell, weight in zip(cells.tolist(), weights.tolist(), strict=True):
        _add_window(heatmap, window, weight, *divmod(cell, shape[1]), before)
    if normalise == "after" and heatmap.size and heatmap.max() > 0:
        heatmap /= heatmap.max()
    return heatmap


def fixation_cells(
    x_px: NDArray[np.float64], y_px: NDArray[np.float64], shape: tuple[int, int]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Rows and columns of the fixations inside the image, and which fixations those are (F,).

    A fixation belongs to the cell floor(v + 0.5); one outside 0 <= cell < size is not used.

    >>> fixation_cells(np.array([-0.5, -0.51, 9.5]), np.array([0.49, 2.0, 2.0]), (4, 10))
    (array([0]), array([0]), array([ True, False, False]))
    """
    height, width = shape
    column, row = np.floor(x_px + 0.5), np.floor(y_px + 0.5)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return row[inside].astype(np.intp), column[inside].astype(np.intp), inside


@lru_cache(maxsize=16)
def kernel_window(
    kernel: str = "paper", *, sigma: float = 20.0, size: int = 80
) -> tuple[NDArray[np.float64], int]:
    """The kernel's values (k, k), read-only, and how many rows it begins above its fixation.

    >>> window, before = kernel_window("edf2mat")  # not normalised: Edf2Mat's own numbers
    >>> before, round(float(window.sum())), round(float(window.max()), 4)
    (40, 2245, 0.9994)
    """
    if not (sigma > 0 and np.isfinite(sigma)):
        raise UsageError(f"sigma of a heatmap must be above 0 pixels, found {sigma}")
    if size != int(size) or size < 2:
        raise UsageError(f"size of a heatmap's kernel must be a whole number >= 2, found {size}")
    size = int(size)
    builders = {"paper": _paper_profile, "edf2mat": _edf2mat_profile, "gaussian": _full_profile}
    if kernel not in builders:
        raise unknown_name("kernel", kernel, builders)
    profile = builders[kernel](float(sigma), size)
    window = np.outer(profile, profile)
    window.setflags(write=False)
    return window, len(profile) // 2


def fixation_counts(xy_px: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.int32]:
    """(H, W), how many of the positions (F, 2), pixels, are in each cell."""
    rows, columns, _ = fixation_cells(xy_px[:, 0], xy_px[:, 1], shape)
    counts = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1])
    return counts.astype(np.int32).reshape(shape)


def checked_column(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """`values` as float64 (F,); ValidationError if it is not one column of finite numbers."""
    try:
        column = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValidationError(f"{name} must be numbers: {error}") from None
    if column.ndim != 1:
        raise ValidationError(f"{name} must be one column of numbers, found shape {column.shape}")
    bad = np.flatnonzero(~np.isfinite(column))
    if bad.size:
        raise ValidationError(
            f"{name} holds {column[bad[0]]} at position {bad[0]} ({bad.size} of {column.size} "
            "values are NaN or infinite); leave such fixations out"
        )
    return column


def checked_durations(values: ArrayLike) -> NDArray[np.float64]:
    """Durations in ms as float64 (F,); ValidationError if one is negative, NaN or infinite."""
    duration = checked_column(values, "duration_ms")
    bad = np.flatnonzero(duration < 0)
    if bad.size:
        raise ValidationError(
            f"duration_ms holds {duration[bad[0]]:g} at position {bad[0]} ({bad.size} negative "
            "values); a duration is 0 ms or more"
        )
    return duration


def _paper_profile(sigma: float, size: int) -> NDArray[np.float64]:
    """MATLAB's fspecial('gaussian', size, sigma) is the outer product of this with itself."""
    offset = np.arange(size) - (size - 1) / 2
    profile = np.exp(-(offset**2) / (2 * sigma**2))
    return profile / profile.sum()


def _edf2mat_profile(sigma: float, size: int) -> NDArray[np.float64]:
    """`size` points from -0.5 to 0.5 of the window, sigma as a share of it; not normalised."""
    offset = np.linspace(-0.5, 0.5, size)
    return np.exp(-(offset**2) / (2 * (sigma / size) ** 2))


def _full_profile(sigma: float, size: int) -> NDArray[np.float64]:
    """Odd length, so the centre is a cell; the radius is scipy's."""
    radius = int(4 * sigma + 0.5)
    profile = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    return profile / profile.sum()


def _add_window(
    heatmap: NDArray[np.float64],
    window: NDArray[np.float64],
    weight: float,
    row: int,
    column: int,
    before: int,
) -> None:
    """Adds weight * window in place, the part of it that lies within the image."""
    top, left = row - before, column - before
    up, start = max(top, 0), max(left, 0)
    down, end = min(top + len(window), heatmap.shape[0]), min(left + len(window), heatmap.shape[1])
    region = heatmap[up:down, start:end]
    # `+=` on the slice itself would copy the sum back once more
    region += weight * window[up - top : down - top, start - left : end - left]
