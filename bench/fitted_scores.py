"""The scores that take a whole data set: maps fitted to be densities (`ig_fitted`).

Two passes, so that memory does not grow with the number of images: the densities are fitted on a
sample of the images first, then every image is scored on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.grids import grid_shape, on_grid
from bench.heatmaps import fixation_cells, fixation_counts
from bench.metrics import (
    CELLS,
    SAMPLE,
    Example,
    FittedDensity,
    SaliencyMap,
    example,
    fitted_densities,
    mean_gain,
    scale_fixations,
    spread_evenly,
)

if TYPE_CHECKING:
    from bench.scores import Gaze

# A map of any size and the fixations (F, 2) that it is scored on.
Look = tuple[np.ndarray, np.ndarray]
KEPT_EXAMPLES = 600  # 20 MB

# Those of an image: one, or for the human row one per viewer left out.
Looks = Callable[[str], Iterable[Look]]


class FittedScores:
    """The densities of one map, fitted on a sample of the data set, and its scores under them.

    name: the map's; looks: an image's map with the fixations it is scored on. An image whose map
    holds NaN or infinity, or without a fixation, has no score and no part in the fit. The sample is
    at most `SAMPLE` images, evenly spread over their names; as in `fitted_information_gain`, each
    of these is scored by a fit without it. Up to `keep` examples of the sample stay in memory, so
    that they are not worked out a second time.
    """

    def __init__(self, gaze: Gaze, name: str, looks: Looks, keep: int = 0) -> None:
        self.name = name
        sample: list[Example] = []
        self._place: dict[str, int] = {}
        self._kept: dict[str, tuple[list[Example], list[str], int]] = {}
        for image in spread_evenly(gaze.images, SAMPLE):
            found = _examples(gaze, image, looks)
            examples = found[0]
            if keep >= len(examples):
                keep -= len(examples)
                self._kept[image] = found
            if examples:
                self._place[image] = len(sample)
                sample.append(examples[len(sample) % len(examples)])
        self.densities: list[FittedDensity] = fitted_densities(sample)

    def row(self, gaze: Gaze, image: str, looks: Looks) -> dict[str, Any]:
        """The row of one image: image, map, metric, value, flag, n_fixations."""
        examples, words, fixations = self._kept.get(image) or _examples(gaze, image, looks)
        value = np.nan
        if examples and self.densities:
            place = self._place.get(image, gaze.place(image))
            value = mean_gain(self.densities, place, examples)
        elif examples:
            words = words or ["too_few_images"]
        else:
            words = words or ["no_fixation"]
        return {
            "image": image,
            "map": self.name,
            "metric": "ig_fitted",
            "value": value,
            "flag": " ".join(words),
            "n_fixations": fixations,
        }


def _examples(gaze: Gaze, image: str, looks: Looks) -> tuple[list[Example], list[str], int]:
    """(what can be scored, flags, number of fixations) of one image."""
    examples: list[Example] = []
    words: dict[str, None] = {}
    fixations = 0
    for values, found in looks(image):
        inside = int(fixation_cells(*found.T, gaze.shapes[image])[2].sum())
        fixations += inside
        saliency = SaliencyMap(values)
        words |= dict.fromkeys(saliency.flags + ["no_fixation"] * (inside == 0))
        if inside and not saliency.problems:
            examples.append(_example(gaze, image, values, found))
    return examples, list(words), fixations


def _example(gaze: Gaze, image: str, values: np.ndarray, fixations: np.ndarray) -> Example:
    shape = gaze.shapes[image]
    grid = grid_shape(shape, CELLS)
    return example(
        on_grid(values, grid, shape),
        fixation_counts(scale_fixations(fixations, shape, grid), grid),
        on_grid(gaze.centre(image), grid),
        pixels_per_cell=shape[1] / grid[1],
    )
