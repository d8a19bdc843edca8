"""How much the headline scores depend on choices that nobody can derive.

Five choices, one at a time, everything else as the protocol has it: the width of the human map's
Gaussian, a blur of every map (a human map of 20 px is unfair to pixel-level maps otherwise), the
number of viewers, the resolution of the maps, and the first fixation of each viewer (on all images:
it counts among the other images' fixations and in the centre bias, too).

Everything here, the reference settings too, is scored on a grid of `CELLS` along the longer side:
scores change by less than 1 % down to 224 pixels (MIT/Tuebingen's and OSIE's images), and dozens of
settings become affordable. So compare these numbers with each other, not with the leaderboard's.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.grids import grid_shape, on_grid
from bench.heatmaps import fixation_heatmap
from bench.metrics import (
    GazeTarget,
    SaliencyMap,
    scale_fixations,
    score_map,
    spread_evenly,
)
from bench.protocols import fixation_weights

if TYPE_CHECKING:
    import pandas as pd

    from bench.scores import Gaze

COLUMNS = ("image", "map", "factor", "setting", "metric", "value")
METRICS = ("nss", "sauc", "ig", "cc", "mae_density", "mae_paper")
CELLS = 256
IMAGES = 60  # at most, evenly spread over the data set
SIGMAS = (10, 20, 30, 40)  # of the human map, in px
BLURS = (0, 5, 10, 20, 40)  # of every map, in px
RESOLUTIONS = (7, 14, 28, 56)  # cells along the longer side
VIEWERS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Factor:
    """One choice: its id, and what it says on an axis."""

    name: str
    label: str


FACTORS = (
    Factor("human_sigma_px", "Gaussian of the human map, sigma in px"),
    Factor("map_blur_px", "Gaussian on every attention map, sigma in px"),
    Factor("viewers", "number of viewers"),
    Factor("map_cells", "resolution of the maps, cells along the longer side"),
    Factor("first_fixation", "first fixation of each viewer"),
)


@dataclass(frozen=True)
class Look:
    """One image with its gaze under every setting of the human side, on the coarse grid."""

    image: str
    shape: tuple[int, int]
    grid: tuple[int, int]
    reference: GazeTarget
    variants: dict[tuple[str, str], GazeTarget]

    def reduced(self, values: np.ndarray) -> np.ndarray:
        """A map of any size on this image's grid."""
        return on_grid(values, self.grid, self.shape)

    @property
    def cell_px(self) -> float:
        """The side of a cell in pixels of the photograph."""
        return self.shape[1] / self.grid[1]


def references(gaze: Gaze) -> dict[str, str]:
    """{factor: the setting that the protocol has, as in the column `setting`}."""
    return {
        "human_sigma_px": f"{float(gaze.protocol['sigma_px']):g}",
        "map_blur_px": "0",
        "viewers": "all",
        "map_cells": "all",
        "first_fixation": str(gaze.protocol["first_fixation"]),
    }


def chosen_images(gaze: Gaze) -> list[str]:
    """At most `IMAGES` images, evenly spread over the names in order."""
    return spread_evenly(gaze.looked_at, IMAGES)


def looks(gaze: Gaze, images: Sequence[str] | None = None, *, seed: int = 0) -> Iterator[Look]:
    """Each image with its gaze under every setting; one image in memory at a time.

    images: some of `chosen_images`, default all of them. seed: of which viewers are taken where not
    all are; the same for every map, and independent of the other images.
    """
    other = "keep" if gaze.protocol["first_fixation"] == "drop" else "drop"
    changed = gaze.with_first_fixation(other)
    sigma = float(gaze.protocol["sigma_px"])
    for image in chosen_images(gaze) if images is None else images:
        here, there = _CoarseGaze(gaze, image), _CoarseGaze(changed, image)
        rows = gaze.rows(image)
        reference = here.target(rows, sigma)
        variants = {
            ("human_sigma_px", f"{sigma:g}"): reference,
            ("viewers", "all"): reference,
            ("first_fixation", str(gaze.protocol["first_fixation"])): reference,
        }
        for value in SIGMAS:
            if value != sigma:
                variants["human_sigma_px", str(value)] = here.target(rows, value)
        names = _shuffled(rows["subject_id"].unique(), seed, image)
        for count in VIEWERS:
            if count < len(names):
                some = rows[rows["subject_id"].isin(names[:count])]
                variants["viewers", str(count)] = here.target(some, sigma)
        if len(changed.positions(image)):
            variants["first_fixation", other] = there.target(changed.rows(image), sigma)
        yield Look(image, here.shape, here.grid, reference, variants)


class _CoarseGaze:
    """One image of a `Gaze` on the coarse grid; the other images' part is computed once."""

    def __init__(self, gaze: Gaze, image: str) -> None:
        self._gaze, self.shape = gaze, gaze.shapes[image]
        self.grid = grid_shape(self.shape, CELLS)
        self._others = {
            "other_counts": gaze.other_counts(image, self.grid),
            "centre": on_grid(gaze.centre(image), self.grid),
        }

    def target(self, rows: pd.DataFrame, sigma: float) -> GazeTarget:
        """The gaze of some of the image's fixations, the human map with this sigma in px."""
        positions = rows[["x_image_px", "y_image_px"]].to_numpy()
        weights = fixation_weights(rows, str(self._gaze.protocol["weight"]))
        heatmap = on_grid(_heatmap(self._gaze, positions, weights, self.shape, sigma), self.grid)
        scaled = scale_fixations(positions, self.shape, self.grid)
        return GazeTarget(self.grid, scaled, weights, heatmap, **self._others)


def sensitivity_rows(look: Look, name: str, values: np.ndarray) -> Iterator[dict[str, Any]]:
    """One row per factor, setting and metric for the map `name` (h, w) on one image."""
    reference = look.reduced(values)
    saliency = SaliencyMap(reference)
    for (factor, setting), target in look.variants.items():
        yield from _rows(look.image, name, factor, setting, saliency, target)
    for setting, changed in _changed_maps(look, values, reference):
        yield from _rows(look.image, name, *setting, SaliencyMap(changed), look.reference)


def _changed_maps(
    look: Look, values: np.ndarray, reference: np.ndarray
) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    from scipy.ndimage import gaussian_filter

    for sigma in BLURS:
        soft = gaussian_filter(reference, sigma / look.cell_px, mode="nearest")
        yield ("map_blur_px", str(sigma)), soft if sigma else reference
    for cells in RESOLUTIONS:
        coarse = on_grid(values, grid_shape(look.shape, cells), look.shape)
        yield ("map_cells", str(cells)), look.reduced(coarse)
    yield ("map_cells", "all"), reference


def _rows(
    image: str, name: str, factor: str, setting: str, saliency: SaliencyMap, target: GazeTarget
) -> Iterator[dict[str, Any]]:
    for metric, value in score_map(saliency, target, METRICS).items():
        yield {
            "image": image,
            "map": name,
            "factor": factor,
            "setting": setting,
            "metric": metric,
            "value": value,
        }


def _heatmap(
    gaze: Gaze, positions: np.ndarray, weights: np.ndarray, shape: tuple[int, int], sigma: float
) -> np.ndarray:
    """The protocol's heatmap with another sigma; its window grows in step."""
    size = round(int(gaze.protocol["size_px"]) * sigma / float(gaze.protocol["sigma_px"]))
    return fixation_heatmap(
        *positions.T,
        weights,
        shape,
        sigma=sigma,
        size=size,
        kernel=str(gaze.protocol["kernel"]),
        normalise=str(gaze.protocol["normalise"]),
    )


def _shuffled(names: np.ndarray, seed: int, image: str) -> list[str]:
    """The viewers in a seeded order of the image's own."""
    order = np.random.default_rng([seed, zlib.crc32(image.encode())]).permutation(len(names))
    return [sorted(names)[place] for place in order]
