"""Other images and other viewers: both drawn anew in each sample."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import ValidationError
from bench.statistics.bootstrap import DRAWS, count_blocks


def crossed_means(
    image: ArrayLike,
    viewer: ArrayLike,
    values: ArrayLike,
    weights: ArrayLike,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Means (draws, k) of samples of images crossed with samples of viewers.

    image, viewer: (C,) which image and which viewer each cell belongs to; a viewer is the same
    person on all images. values, weights: (C, k) scores of k maps, and how much each counts within
    its image; a cell with NaN in either is left out for that map. In each draw images and viewers
    are sampled with replacement, independently; an image's score is the weighted mean over its
    viewers, each as often as drawn, and the result the mean over the images drawn. An image none of
    whose viewers was drawn is left out of that draw; a draw without any is NaN.

    The images drawn are those of `bootstrap_means` for the same number of images and seed. Memory
    beside the result does not grow with C * draws.

    Errors: ValidationError for columns of different lengths.

    Source: Owen 2007, "The pigeonhole bootstrap", Annals of Applied Statistics 1(2), section 2.
    """
    images, image = np.unique(np.asarray(image), return_inverse=True)
    viewers, viewer = np.unique(np.asarray(viewer), return_inverse=True)
    values, weights = (np.asarray(table, dtype=np.float64) for table in (values, weights))
    if values.ndim != 2 or not values.shape == weights.shape == (len(image), values.shape[1]):
        raise ValidationError(
            f"crossed bootstrap: {len(image)} cells, values {values.shape}, weights "
            f"{weights.shape}; expected one row per cell in both"
        )
    weights = np.where(np.isnan(values) | np.isnan(weights), 0.0, weights)
    weighted = np.where(weights > 0, values, 0.0) * weights
    order = np.argsort(image, kind="stable")
    image, viewer, weights, weighted = image[order], viewer[order], weights[order], weighted[order]
    starts = np.searchsorted(image, np.arange(len(images)))
    result = np.empty((draws, values.shape[1]))
    patterns, group = np.unique(weights, axis=1, return_inverse=True)
    streams = [
        count_blocks(count, draws, stream, width=len(image))
        for count, stream in ((len(images), seed), (len(viewers), (seed, 1)))
    ]
    for (part, image_counts), (_, viewer_counts) in zip(*streams, strict=True):
        drawn = viewer_counts[:, viewer]
        for number in range(patterns.shape[1]):
            columns = np.flatnonzero(group.ravel() == number)
            present = np.add.reduceat(drawn * patterns[:, number], starts, axis=1)
            share = np.divide(image_counts, present, out=np.zeros_like(present), where=present > 0)
            total = np.where(present > 0, image_counts, 0.0).sum(axis=1, keepdims=True)
            sums = (share[:, image] * drawn) @ weighted[:, columns]
            result[part, columns] = np.divide(
                sums, total, out=np.full_like(sums, np.nan), where=total > 0
            )
    return result
