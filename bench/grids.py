"""Maps and fixations on a grid that is coarser than the photograph.

What is compared many times over (sensitivity, fitted densities) is compared on such a grid: pixels
are split by area, so nothing is lost but detail.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.maps import upsampled

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def grid_shape(shape: tuple[int, int], longest: int) -> tuple[int, int]:
    """(rows, columns) of about square cells, `longest` along the longer side of an (H, W) image.

    A photograph that is smaller than that keeps its own pixels.

    >>> grid_shape((600, 800), 48), grid_shape((30, 20), 48)
    ((36, 48), (30, 20))
    """
    scale = min(1.0, longest / max(shape))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def on_grid(
    values: ArrayLike, grid: tuple[int, int], shape: tuple[int, int] | None = None
) -> NDArray[np.float64]:
    """The mean of a map over each cell of a grid (rows, columns), pixels split by area.

    values: (h, w), at the image's size, or with `shape` = (H, W) of the image at any size: it is
    then brought to the image's size first, bilinearly (`bench.maps.upsampled`), without ever being
    computed there, since both steps are linear along each axis. No cell leaves the range of the
    map, so a constant one stays exactly constant; where a value is NaN, all are.

    >>> on_grid([[1.0, 3.0, 5.0]], (1, 2)).round(3)
    array([[1.667, 4.333]])
    """
    values = np.asarray(values, dtype=np.float64)
    height, width = shape or values.shape
    down = _averages(values.shape[0], height, grid[0])
    across = _averages(values.shape[1], width, grid[1])
    # rounding alone would make a constant map one of noise, which scaling to [0, 1] then magnifies
    return np.clip((across @ (down @ values).T).T, values.min(), values.max())


@lru_cache(maxsize=256)
def _averages(given: int, full: int, cells: int) -> csr_array:
    """(cells, given): resampling of one axis to `full` pixels, then the mean over equal cells.

    Sparse, for a cell knows only the few pixels in it.
    """
    edges = np.arange(cells + 1) * full / cells
    pixels = np.arange(full)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    means = np.maximum(overlap, 0.0) * cells / full
    from scipy.sparse import csr_array

    return csr_array(means @ upsampled(np.eye(given), (full, given)))
