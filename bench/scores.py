"""Scores join the two sides: attention maps and human gaze. Nothing else does.

No torch here: maps come from files.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import ValidationError, unknown_name
from bench.heatmaps import fixation_heatmap
from bench.maps import map_names, open_maps, read_map, upsampled
from bench.metrics import (
    CentreBias,
    GazeTarget,
    SaliencyMap,
    leave_one_viewer_out,
    scale_fixations,
    score_flags,
    score_map,
    uniform_map,
    zero_map,
)

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("image", "map", "metric", "value", "flag", "n_fixations")


class Gaze:
    """The kept fixations and the heatmaps of a data set, as targets to score against.

    `table` is a fixation table (bench.gaze.FIXATION_COLUMNS), `heatmaps` a heatmaps.h5 of the same
    data set; `duration` is the column that the heatmaps' protocol weighs with.
    """

    def __init__(self, table: pd.DataFrame, heatmaps: Path) -> None:
        self._path = heatmaps
        with open_maps(heatmaps) as file:
            self.shapes = {name: file[name].shape for name in sorted(file)}
            self.protocol = dict(file.attrs)
        self._number = {image: number for number, image in enumerate(self.shapes)}
        kept = table[table["status"] == "kept"]
        self._rows = dict(list(kept.groupby("image_id")))
        self._none = kept.iloc[:0]

    @property
    def images(self) -> list[str]:
        """The images' names, sorted."""
        return list(self.shapes)

    def heatmap(self, image: str) -> np.ndarray:
        """The human heatmap of an image, (H, W), read from the file."""
        with open_maps(self._path) as file:
            return read_map(file, image)

    def rows(self, image: str) -> pd.DataFrame:
        """The kept fixations on an image."""
        return self._rows.get(image, self._none)

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

    def _parts(self, image: str) -> dict[str, np.ndarray]:
        return {
            "fixations": self._positions[image],
            "durations": self.rows(image)[self.protocol["duration"]].to_numpy(),
            "heatmap": self.heatmap(image),
            "other_fixations": self.other_fixations(image),
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


def method_scores(gaze: Gaze, maps: Path, metrics: list[str]) -> Iterator[dict[str, Any]]:
    """A row (COLUMNS) per image, map and metric of one method's map file.

    None where the method does not apply to the network: the file then holds no map.
    """
    with open_maps(maps) as file:
        if "failed" in file.attrs:
            raise ValidationError(f"{maps} holds no maps: {file.attrs['failed']}")
        if "maps" not in file.attrs and "not_applicable" not in file.attrs:
            raise ValidationError(f"{maps}: holds no method's maps; expected maps/{{method}}.h5.")
        for image in gaze.images if map_names(file) else ():
            target = gaze.target(image)
            for name in map_names(file):
                values = upsampled(read_map(file[name], image), target.shape)
                yield from _rows(image, name, values, target, metrics)


def baseline_scores(gaze: Gaze, baseline: str, metrics: list[str]) -> Iterator[dict[str, Any]]:
    """A row (COLUMNS) per image and metric of one baseline.

    `human` is the heatmap of the other viewers scored on the viewer left out, against the gaze of
    that viewer alone, averaged over viewers; an image with fewer than two viewers has none.
    """
    if baseline not in BASELINES:
        raise unknown_name("baseline", baseline, BASELINES)
    for image in gaze.images:
        if baseline == "human":
            yield from _human_rows(gaze, image, metrics)
        else:
            target = gaze.target(image)
            yield from _rows(image, baseline, BASELINES[baseline](gaze, image), target, metrics)


BASELINES = {
    "zero": lambda gaze, image: zero_map(gaze.shapes[image]),
    "uniform": lambda gaze, image: uniform_map(gaze.shapes[image]),
    "centre": lambda gaze, image: gaze.centre(image),
    "human": None,  # a map per viewer left out, not one per image
}


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
