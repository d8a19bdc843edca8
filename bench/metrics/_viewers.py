"""The human ceilings: other viewers predict the one left out, or one half predicts the other."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

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
    x, y, duration, viewers = _inside(x_px, y_px, duration_ms, viewer, shape)
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


SPLITS = 10  # of the viewers in two halves, per image


@dataclass(frozen=True, eq=False)
class ViewerHalf:
    """Half of the viewers of one image as the target, and the heatmap of the others.

    predictor: (H, W), heatmap of the larger half. heatmap: (H, W), fixations: (F, 2), durations:
    (F,) of the smaller half, floor(V / 2) of V viewers, whose names are `viewers`.
    """

    viewers: tuple[Hashable, ...]
    predictor: NDArray[np.float64]
    heatmap: NDArray[np.float64]
    fixations: NDArray[np.float64]
    durations: NDArray[np.float64]


def split_viewers(
    x_px: ArrayLike,
    y_px: ArrayLike,
    duration_ms: ArrayLike,
    viewer: ArrayLike,
    shape: tuple[int, int],
    *,
    generator: np.random.Generator,
    splits: int = SPLITS,
    sigma: float = 20.0,
    size: int = 80,
    kernel: str = "paper",
    normalise: str = "before",
) -> Iterator[ViewerHalf]:
    """Yields different random halves of the viewers of one image, at most `splits`.

    Arguments as `leave_one_viewer_out`. The target of a split is a random choice of floor(V / 2)
    of the V viewers with a fixation inside the image, its predictor all others; where there are no
    more than `splits` such choices, all of them are yielded, in random order. Fewer than two
    viewers: nothing. The heatmaps of a split are made when it is asked for.

    Errors: as `leave_one_viewer_out`.
    """
    x, y, duration, viewers = _inside(x_px, y_px, duration_ms, viewer, shape)
    names = np.unique(viewers)
    choices = {"sigma": sigma, "size": size, "kernel": kernel, "normalise": normalise}
    for chosen in _halves(len(names), splits, generator):
        half = np.isin(viewers, names[list(chosen)])
        rest = ~half
        yield ViewerHalf(
            tuple(names[list(chosen)].tolist()),
            fixation_heatmap(x[rest], y[rest], duration[rest], shape, **choices),
            fixation_heatmap(x[half], y[half], duration[half], shape, **choices),
            np.column_stack([x[half], y[half]]),
            duration[half],
        )


def _halves(count: int, splits: int, generator: np.random.Generator) -> list[tuple[int, ...]]:
    """Different choices of floor(count / 2) out of `count`, each sorted."""
    if count < 2:
        return []
    if comb(count, count // 2) <= splits:
        every = list(combinations(range(count), count // 2))
        return [every[place] for place in generator.permutation(len(every))]
    found: dict[tuple[int, ...], None] = {}
    while len(found) < splits:
        found[tuple(sorted(generator.permutation(count)[: count // 2].tolist()))] = None
    return list(found)


def _inside(
    x_px: ArrayLike,
    y_px: ArrayLike,
    duration_ms: ArrayLike,
    viewer: ArrayLike,
    shape: tuple[int, int],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray]:
    """The four columns, checked, of the fixations inside the image."""
    x, y = checked_column(x_px, "x_px"), checked_column(y_px, "y_px")
    duration, viewers = checked_durations(duration_ms), np.asarray(viewer)
    if not len(x) == len(y) == len(duration) == len(viewers):
        raise ValidationError(
            f"fixations: x_px has {len(x)} values, y_px {len(y)}, duration_ms {len(duration)} and "
            f"viewer {len(viewers)}; give one of each per fixation"
        )
    inside = fixation_cells(x, y, shape)[2]
    return x[inside], y[inside], duration[inside], viewers[inside]
