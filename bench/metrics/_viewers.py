"""The human ceiling: the heatmap of all other viewers, scored on the viewer who is left out."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import ValidationError
from bench.heatmaps import checked_column, checked_durations, fixation_cells, fixation_heatmap


@dataclass(frozen=True, eq=False)
class LeftOutViewer:
    """One viewer of one image, and the heatmap of the others.

    heatmap: (H, W) of all viewers but this one. fixations: (F, 2) and durations: (F,) of this
    viewer, those inside the image.
    """

    viewer: Hashable
    heatmap: NDArray[np.float64]
    fixations: NDArray[np.float64]
    durations: NDArray[np.float64]


def leave_one_viewer_out(
    x_px: ArrayLike,
    y_px: ArrayLike,
    duration_ms: ArrayLike,
    viewer: ArrayLike,
    shape: tuple[int, int],
    *,
    sigma: float = 20.0,
    size: int = 80,
    kernel: str = "paper",
    normalise: str = "before",
) -> Iterator[LeftOutViewer]:
    """Yields, per viewer in sorted order, the others' heatmap and the viewer's own fixations.

    x_px, y_px, duration_ms, viewer: (F,), all fixations of one image; the rest as
    `fixation_heatmap`. Viewers without a fixation inside the image are left out; with fewer than
    two viewers nothing is yielded. Every heatmap is summed anew from the others' fixations: taking
    one viewer away from the sum of all would be no faster and would leave rounding errors where
    the true value is 0, and with them false ranks.

    Errors: ValidationError for bad positions or durations, or columns of different lengths.
    """
    x, y = checked_column(x_px, "x_px"), checked_column(y_px, "y_px")
    duration, viewers = checked_durations(duration_ms), np.asarray(viewer)
    if not len(x) == len(y) == len(duration) == len(viewers):
        raise ValidationError(
            f"fixations: x_px has {len(x)} values, y_px {len(y)}, duration_ms {len(duration)} and "
            f"viewer {len(viewers)}; give one of each per fixation"
        )
    inside = fixation_cells(x, y, shape)[2]
    x, y, duration, viewers = x[inside], y[inside], duration[inside], viewers[inside]
    names = np.unique(viewers)
    for name in names if len(names) > 1 else []:
        own = viewers == name
        others = ~own
        heatmap = fixation_heatmap(
            x[others],
            y[others],
            duration[others],
            shape,
            sigma=sigma,
            size=size,
            kernel=kernel,
            normalise=normalise,
        )
        positions = np.column_stack([x[own], y[own]])
        yield LeftOutViewer(name.item(), heatmap, positions, duration[own])
