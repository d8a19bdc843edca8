"""Scores join the two sides: attention maps and human gaze. Nothing else does.

No torch here: maps come from files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import ValidationError, unknown_name
from bench.fitted_scores import fitted_rows
from bench.heatmaps import fixation_cells, fixation_heatmap
from bench.maps import map_names, open_maps, read_map, upsampled
from bench.metrics import (
    CentreBias,
    GazeTarget,
    SaliencyMap,
    get_metric,
    leave_one_viewer_out,
    scale_fixations,
    score_flags,
    score_map,
    uniform_map,
    zero_map,
)
from bench.protocols import fixation_weights, used_fixations

if TYPE_CHECKING:
    import h5py
    import pandas as pd

SIZES_KEPT = 8  # of images, for which the fixations of all are kept as counts
COLUMNS = ("image", "map", "metric", "value", "flag", "n_fixations")


class Gaze:
    """The used fixations and the heatmaps of a data set, as targets to score against.

    `table` is a fixation table (bench.gaze.FIXATION_COLUMNS), `heatmaps` a heatmaps.h5 of the same
    data set, whose protocol says which fixations are used and what each weighs.
    """

    def __init__(self, table: pd.DataFrame, heatmaps: Path) -> None:
        self._path = heatmaps
        with open_maps(heatmaps) as file:
            self.shapes = {name: file[name].shape for name in sorted(file)}
            self.protocol = dict(file.attrs)
        self._number = {image: number for number, image in enumerate(self.shapes)}
        kept = used_fixations(table, str(self.protocol["first_fixation"]))
        self._rows = dict(list(kept.groupby("image_id")))
        self._none = kept.iloc[:0]
        self._pooled_counts: dict[tuple[int, int], np.ndarray] = {}

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
        return self._rows.get(image, self._none)

    def positions(self, image: str) -> np.ndarray:
        """(F, 2) used fixations on an image, x and y in its pixels."""
        return self._positions[image]

    @cached_property
    def _positions(self) -> dict[str, np.ndarray]:
        return {
            image: self.rows(image)[["x_image_px", "y_image_px"]].to_numpy()
            for image in self.images
        }

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

    def other_counts(self, image: str) -> np.ndarray:
        """(H, W), how many of `other_fixations` each pixel has: those of all images minus its own.

        The counts of all images are made once per size, so an image costs the same whatever the
        number of images.
        """
        shape = self.shapes[image]
        if shape not in self._pooled_counts:
            if len(self._pooled_counts) == SIZES_KEPT:
                self._pooled_counts.pop(next(iter(self._pooled_counts)))
            pooled = [scale_fixations(xy, of, shape) for of, (_, xy) in self._by_shape.items()]
            self._pooled_counts[shape] = _counts(np.vstack(pooled), shape)
        own = scale_fixations(self._positions[image], shape, shape)  # rounded as among the others
        return self._pooled_counts[shape] - _counts(own, shape)

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

    def left_out_viewers(self, image: str) -> Iterator[tuple[np.ndarray, GazeTarget]]:
        """For each viewer: the others' heatmap, and the target made of that viewer alone."""
        shape = self.shapes[image]
        choices = {
            "sigma": float(self.protocol["sigma_px"]),
            "size": int(self.protocol["size_px"]),
            "kernel": str(self.protocol["kernel"]),
            "normalise": str(self.protocol["normalise"]),
        }
        parts = self._parts(image)
        for viewer in leave_one_viewer_out(
            *parts["fixations"].T,
            parts["durations"],
            self.rows(image)["subject_id"].to_numpy(dtype=str),
            shape,
            **choices,
        ):
            own = fixation_heatmap(*viewer.fixations.T, viewer.durations, shape, **choices)
            alone = {"fixations": viewer.fixations, "durations": viewer.durations, "heatmap": own}
            yield viewer.heatmap, GazeTarget(shape, **(parts | alone))


def _counts(positions: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(H, W), how many of the positions (F, 2) are in each pixel."""
    rows, columns, _ = fixation_cells(positions[:, 0], positions[:, 1], shape)
    counts = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1])
    return counts.astype(np.int32).reshape(shape)


def method_scores(gaze: Gaze, maps: Path, metrics: list[str]) -> Iterator[dict[str, Any]]:
    """A row (COLUMNS) per image, map and metric of one method's map file.

    None where the method does not apply to the network: the file then holds no map.
    """
    with open_maps(maps) as file:
        if "maps" not in file.attrs and "not_applicable" not in file.attrs:
            raise ValidationError(f"{maps}: holds no method's maps; expected maps/{{method}}.h5.")
        names = map_names(file)
        single, fitted = _kinds(metrics)
        for image in gaze.images if names else ():
            target = gaze.target(image)
            for name in names:
                values = upsampled(read_map(file[name], image), target.shape)
                yield from _rows(image, name, values, target, single)
        for name in names if fitted else ():
            yield from fitted_rows(gaze, name, partial(_looks, gaze, file[name]))


def _looks(gaze: Gaze, group: h5py.Group, image: str) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(read_map(group, image), gaze.positions(image))]


def baseline_scores(gaze: Gaze, baseline: str, metrics: list[str]) -> Iterator[dict[str, Any]]:
    """A row (COLUMNS) per image and metric of one baseline.

    `human` is the heatmap of the other viewers scored on the viewer left out, against the gaze of
    that viewer alone, averaged over viewers; an image with fewer than two viewers has none.
    """
    if baseline not in BASELINES:
        raise unknown_name("baseline", baseline, BASELINES)
    single, fitted = _kinds(metrics)
    for image in gaze.images:
        if baseline == "human":
            yield from _human_rows(gaze, image, single)
        else:
            target = gaze.target(image)
            yield from _rows(image, baseline, BASELINES[baseline](gaze, image), target, single)
    if fitted:
        yield from fitted_rows(gaze, baseline, lambda image: baseline_looks(gaze, baseline, image))


@contextmanager
def maps_of(
    gaze: Gaze, maps: Path | None, method: str
) -> Iterator[dict[str, Callable[[str], np.ndarray]]]:
    """{map name: function of the image's name that gives its map, of any size}.

    maps: a method's file, or None for the baseline `method`. Empty for `human`, whose map is
    another one for each viewer left out.
    """
    if maps is not None:
        with open_maps(maps) as file:
            yield {name: partial(read_map, file[name]) for name in map_names(file)}
    else:
        one = BASELINES.get(method)
        yield {method: partial(one, gaze)} if one else {}


def baseline_looks(
    gaze: Gaze, baseline: str, image: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(map, fixations it is scored on): one of each, or for `human` one per viewer left out."""
    if baseline == "human":
        for others, target in gaze.left_out_viewers(image):
            yield others, target.fixations
    else:
        yield BASELINES[baseline](gaze, image), gaze.positions(image)


BASELINES = {
    "zero": lambda gaze, image: zero_map(gaze.shapes[image]),
    "uniform": lambda gaze, image: uniform_map(gaze.shapes[image]),
    "centre": lambda gaze, image: gaze.centre(image),
    "human": None,  # a map per viewer left out, not one per image
}


def _kinds(metrics: list[str]) -> tuple[list[str], bool]:
    """The metrics that score one map at a time, and whether the fitted one is asked for."""
    single = [name for name in metrics if get_metric(name).of_one_map]
    return single, len(single) < len(metrics)


def _rows(
    image: str, name: str, values: np.ndarray, target: GazeTarget, metrics: list[str]
) -> Iterator[dict[str, Any]]:
    saliency = SaliencyMap(values)
    for metric, value in score_map(saliency, target, metrics).items():
        yield {
            "image": image,
            "map": name,
            "metric": metric,
            "value": value,
            "flag": " ".join(score_flags(saliency, target, metric)),
            "n_fixations": len(target.cells),
        }


def _human_rows(gaze: Gaze, image: str, metrics: list[str]) -> Iterator[dict[str, Any]]:
    scored = [
        list(_rows(image, "human", others, target, metrics))
        for others, target in gaze.left_out_viewers(image)
    ]
    if not scored:
        few = "no_fixation" if gaze.rows(image).empty else "one_viewer"
        for metric in metrics:
            row = {"image": image, "map": "human", "metric": metric, "value": np.nan, "flag": few}
            yield row | {"n_fixations": len(gaze.rows(image))}
    for same_metric in zip(*scored, strict=True):
        flags = dict.fromkeys(row["flag"] for row in same_metric if row["flag"])
        yield same_metric[0] | {
            "value": float(np.mean([row["value"] for row in same_metric])),
            "flag": " ".join(flags),
            "n_fixations": sum(row["n_fixations"] for row in same_metric),
        }
