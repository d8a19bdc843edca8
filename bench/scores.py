"""Scores join the two sides: attention maps and human gaze. Nothing else does.

No torch here: maps come from files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import ValidationError
from bench.heatmaps import fixation_cells, fixation_counts, fixation_heatmap
from bench.maps import map_names, open_maps, read_map, upsampled
from bench.metrics import (
    CentreBias,
    GazeTarget,
    SaliencyMap,
    against_heatmap,
    get_metric,
    leave_one_viewer_out,
    scale_fixations,
    score_flags,
    score_map,
    scores_by_viewer,
    split_viewers,
)
from bench.protocols import USED_COLUMNS, fixation_weights, sorted_by_image, used_fixations
from bench.score_tables import MapScores

if TYPE_CHECKING:
    import h5py
    import pandas as pd

SIZES_KEPT = 8  # of images, for which the fixations of all are kept as counts
POSITIONS_AT_ONCE = 1 << 18


class Gaze:
    """The used fixations and the heatmaps of a data set, as targets to score against.

    `table` is a fixation table (bench.gaze.FIXATION_COLUMNS), `heatmaps` a heatmaps.h5 of the same
    data set, whose protocol says which fixations are used and what each weighs; `seed` decides
    what is drawn at random; `first_fixation`, "keep" or "drop", overrules the protocol's.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        heatmaps: Path,
        *,
        seed: int = 0,
        first_fixation: str | None = None,
    ) -> None:
        self._table = table[[name for name in USED_COLUMNS if name in table]]
        self._path, self.seed = heatmaps, seed
        self._changed: dict[str, Gaze] = {}
        with open_maps(heatmaps) as file:
            self.shapes = {name: file[name].shape for name in sorted(file)}
            self.protocol = dict(file.attrs)
        if first_fixation:
            self.protocol["first_fixation"] = first_fixation
        self._number = {image: number for number, image in enumerate(self.shapes)}
        kept = used_fixations(self._table, str(self.protocol["first_fixation"]))
        self._used, self._places = sorted_by_image(kept, self.images)
        self._pooled_counts: dict[tuple[tuple[int, int], tuple[int, int]], np.ndarray] = {}

    def with_first_fixation(self, choice: str) -> Gaze:
        """The same gaze with the first fixation of each viewer kept or dropped, on all images."""
        if choice not in self._changed:
            self._changed[choice] = Gaze(
                self._table, self._path, seed=self.seed, first_fixation=choice
            )
        return self._changed[choice]

    @property
    def images(self) -> list[str]:
        """The images' names, sorted."""
        return list(self.shapes)

    def heatmap(self, image: str) -> np.ndarray:
        """The human heatmap of an image, (H, W), read from the file."""
        with open_maps(self._path) as file:
            return read_map(file, image)

    def rows(self, image: str) -> pd.DataFrame:
        """The used fixations on an image."""
        return self._used.iloc[self._places[image]]

    def place(self, image: str) -> int:
        """The number of an image in `images`."""
        return self._number[image]

    @cached_property
    def looked_at(self) -> list[str]:
        """The images that have a used fixation."""
        return [image for image in self.images if len(self._positions[image])]

    def positions(self, image: str) -> np.ndarray:
        """(F, 2) used fixations on an image, x and y in its pixels."""
        return self._positions[image]

    @cached_property
    def _positions(self) -> dict[str, np.ndarray]:
        every = self._used[["x_image_px", "y_image_px"]].to_numpy()
        return {image: every[rows] for image, rows in self._places.items()}

    @cached_property
    def _centre_bias(self) -> CentreBias:
        return CentreBias.fit(self._positions, self.shapes)

    def centre(self, image: str) -> np.ndarray:
        """The centre-bias density of all other images, (H, W)."""
        return self._centre_bias.density(self.shapes[image], exclude=image)

    @cached_property
    def _by_shape(self) -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]:
        """{(H, W): (image of each fixation, positions)}: images of one size are pooled once."""
        pooled: dict[tuple[int, int], list[tuple[np.ndarray, np.ndarray]]] = {}
        for image, positions in self._positions.items():
            owner = np.full(len(positions), self._number[image])
            pooled.setdefault(self.shapes[image], []).append((owner, positions))
        return {
            shape: (
                np.concatenate([part[0] for part in parts]),
                np.vstack([part[1] for part in parts]),
            )
            for shape, parts in pooled.items()
        }

    def other_fixations(self, image: str) -> np.ndarray:
        """(M, 2) positions on all other images, scaled to the size of this one."""
        shape, own = self.shapes[image], self._number[image]
        return np.vstack(
            [
                scale_fixations(positions[owner != own], from_shape, shape)
                for from_shape, (owner, positions) in self._by_shape.items()
            ]
        )

    def other_counts(self, image: str, grid: tuple[int, int] | None = None) -> np.ndarray:
        """(H, W), how many of `other_fixations` each pixel has: those of all images minus its own.

        With `grid` = (rows, columns), how many each cell of that grid over the image has. The
        counts of all images are made once per size, so an image costs the same whatever the number
        of images.
        """
        shape = self.shapes[image]
        key = shape, grid or shape
        if key not in self._pooled_counts:
            if len(self._pooled_counts) == SIZES_KEPT:
                self._pooled_counts.pop(next(iter(self._pooled_counts)))
            self._pooled_counts[key] = sum(
                _counts(xy, of, *key) for of, (_, xy) in self._by_shape.items()
            )
        return self._pooled_counts[key] - _counts(self._positions[image], shape, *key)

    def _parts(self, image: str) -> dict[str, np.ndarray]:
        return {
            "fixations": self._positions[image],
            "durations": fixation_weights(self.rows(image), str(self.protocol["weight"])),
            "heatmap": self.heatmap(image),
            "other_counts": self.other_counts(image),
            "centre": self.centre(image),
        }

    def target(self, image: str) -> GazeTarget:
        """All that metrics need of an image's gaze."""
        return GazeTarget(self.shapes[image], **self._parts(image))

    @property
    def _heatmap_choices(self) -> dict[str, Any]:
        return {
            "sigma": float(self.protocol["sigma_px"]),
            "size": int(self.protocol["size_px"]),
            "kernel": str(self.protocol["kernel"]),
            "normalise": str(self.protocol["normalise"]),
        }

    def _columns(self, image: str, parts: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
        """x, y, duration and viewer of each kept fixation."""
        viewers = self.rows(image)["subject_id"].to_numpy(dtype=str)
        return *parts["fixations"].T, parts["durations"], viewers

    def left_out_viewers(self, image: str) -> Iterator[tuple[str, np.ndarray, GazeTarget]]:
        """For each viewer: the name, the others' heatmap, and the target of that viewer alone."""
        shape, choices, parts = self.shapes[image], self._heatmap_choices, self._parts(image)
        columns = self._columns(image, parts)
        for viewer in leave_one_viewer_out(*columns, shape, **choices):
            own = fixation_heatmap(*viewer.fixations.T, viewer.durations, shape, **choices)
            alone = {"fixations": viewer.fixations, "durations": viewer.durations, "heatmap": own}
            yield viewer.viewer, viewer.heatmap, GazeTarget(shape, **(parts | alone))

    def halves(self, image: str) -> Iterator[tuple[np.ndarray, GazeTarget]]:
        """For each of at most `SPLITS` splits: one half's heatmap, and the target of the other.

        The same splits at every call: they depend on the seed and the image's name.
        """
        shape, choices, parts = self.shapes[image], self._heatmap_choices, self._parts(image)
        columns, generator = self._columns(image, parts), self.generator(image, "halves")
        for half in split_viewers(*columns, shape, generator=generator, **choices):
            own = {
                "fixations": half.fixations,
                "durations": half.durations,
                "heatmap": half.heatmap,
            }
            yield half.predictor, GazeTarget(shape, **(parts | own))

    def generator(self, image: str, purpose: str) -> np.random.Generator:
        """Random numbers for one image and one purpose, whatever else is drawn."""
        name = hashlib.sha256(f"{purpose} {image}".encode()).digest()
        return np.random.default_rng([self.seed, *name])


def _counts(
    xy: np.ndarray, of: tuple[int, int], shape: tuple[int, int], grid: tuple[int, int]
) -> np.ndarray:
    """Counts per cell of a grid over an image of `shape`; positions in pixels of a shape `of`.

    Some at a time, and every position by the same two steps, so that own ones round as others do.
    """
    total = np.zeros(grid, dtype=np.int32)
    for start in range(0, len(xy), POSITIONS_AT_ONCE):
        scaled = scale_fixations(xy[start : start + POSITIONS_AT_ONCE], of, shape)
        total += fixation_counts(scale_fixations(scaled, shape, grid), grid)
    return total


def method_scores(
    gaze: Gaze, maps: Path, metrics: list[str], images: Sequence[str] | None = None
) -> Iterator[MapScores]:
    """The scores of each map of one method's map file by metrics of one map, image by image.

    images: those to score, default all. Nothing where the method does not apply to the network:
    the file then holds no map. Metrics that are fitted to a whole data set are left out.
    """
    with open_maps(maps) as file:
        names = checked_map_names(file, maps)
        single, _ = kinds(metrics)
        for image in (gaze.images if images is None else images) if names else ():
            seen = ImageGaze(gaze, image)
            for name in names:
                values = upsampled(read_map(file[name], image), seen.target.shape)
                yield map_scores(seen, name, values, single)


def checked_map_names(file: h5py.File, path: Path) -> list[str]:
    """The maps in a method's file; ValidationError for one of a method that failed, or another."""
    if "failed" in file.attrs:
        raise ValidationError(f"{path} holds no maps: {file.attrs['failed']}")
    if "maps" not in file.attrs and "not_applicable" not in file.attrs:
        raise ValidationError(f"{path}: holds no method's maps; expected maps/{{method}}.h5.")
    return map_names(file)


def kinds(metrics: list[str]) -> tuple[list[str], bool]:
    """The metrics that score one map at a time, and whether the fitted one is asked for."""
    single = [name for name in metrics if get_metric(name).of_one_map]
    return single, len(single) < len(metrics)


class ImageGaze:
    """The gaze on one image as targets, each made once for all maps that are scored on it."""

    def __init__(self, gaze: Gaze, image: str) -> None:
        self.image = image
        self._gaze, self.target = gaze, gaze.target(image)
        x, y = self.target.fixations.T
        inside = fixation_cells(x, y, self.target.shape)[2]
        subjects = gaze.rows(image)["subject_id"].to_numpy(dtype=str)
        names, self.viewer = np.unique(subjects[inside], return_inverse=True)
        self.viewers: list[str] = names.tolist()

    @cached_property
    def half(self) -> GazeTarget | None:
        """The heatmap of a random half of the viewers, the first of `Gaze.halves`."""
        for _, target in self._gaze.halves(self.image):
            return target
        return None


def map_scores(seen: ImageGaze, name: str, map_: np.ndarray, metrics: list[str]) -> MapScores:
    """The scores of one map (H, W) on one image's gaze."""
    saliency, target = SaliencyMap(map_), seen.target
    against = [metric for metric in metrics if against_heatmap(metric)]
    # all on the same target first: what map and target share is kept until the next target
    values = score_map(saliency, target, metrics)
    flags = {metric: " ".join(score_flags(saliency, target, metric)) for metric in metrics}
    by_viewer = scores_by_viewer(saliency, target, seen.viewer, metrics)
    half_values = dict.fromkeys(against, np.nan)
    if against and seen.half:
        half_values = score_map(saliency, seen.half, against)
    return MapScores(
        image=seen.image,
        map=name,
        values=values,
        flags=flags,
        n_fixations=len(target.cells),
        half_values=half_values,
        viewers=seen.viewers,
        by_viewer=by_viewer,
    )
