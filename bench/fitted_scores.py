"""The scores that take a whole data set: maps fitted to be densities (`ig_fitted`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.grids import grid_shape, on_grid
from bench.heatmaps import fixation_cells, fixation_counts
from bench.metrics import CELLS, Example, SaliencyMap, example, get_metric, scale_fixations

if TYPE_CHECKING:
    from bench.scores import Gaze

# A map of any size and the fixations (F, 2) that it is scored on.
Look = tuple[np.ndarray, np.ndarray]


def fitted_rows(
    gaze: Gaze, name: str, looks: Callable[[str], Iterable[Look]]
) -> Iterator[dict[str, Any]]:
    """One row of `ig_fitted` per image for the map `name`.

    looks: an image's map with the fixations it is scored on; several for the human row, one per
    viewer left out. An image whose map holds NaN or infinity, or without a fixation, has no score
    and no part in the fit.
    """
    examples: dict[str, list[Example]] = {}
    flags: dict[str, str] = {}
    fixations = dict.fromkeys(gaze.images, 0)
    for image in gaze.images:
        examples[image], words = [], {}
        for values, found in looks(image):
            inside = int(fixation_cells(*found.T, gaze.shapes[image])[2].sum())
            fixations[image] += inside
            saliency = SaliencyMap(values)
            words |= dict.fromkeys(saliency.flags + ["no_fixation"] * (inside == 0))
            if inside and not saliency.problems:
                examples[image].append(_example(gaze, image, values, found))
        if not examples[image]:
            del examples[image]
            words = words or {"no_fixation": None}
        flags[image] = " ".join(words)
    gains = get_metric("ig_fitted").compute(examples)
    for image in gaze.images:
        value = gains.get(image, np.nan)
        yield {
            "image": image,
            "map": name,
            "metric": "ig_fitted",
            "value": value,
            "flag": flags[image] or ("too_few_images" if np.isnan(value) else ""),
            "n_fixations": fixations[image],
        }


def _example(gaze: Gaze, image: str, values: np.ndarray, fixations: np.ndarray) -> Example:
    shape = gaze.shapes[image]
    grid = grid_shape(shape, CELLS)
    return example(
        on_grid(values, grid, shape),
        fixation_counts(scale_fixations(fixations, shape, grid), grid),
        on_grid(gaze.centre(image), grid),
        pixels_per_cell=shape[1] / grid[1],
    )
