"""The humans' side of a score: everything that depends on gaze alone, computed once per image."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import ValidationError
from bench.heatmaps import checked_column, checked_durations, fixation_cells
from bench.metrics._saliency import SaliencyMap, checked_map

MIX = 1e-3  # share of the uniform density that KL and IG add, so that no logarithm meets 0


@dataclass(frozen=True, eq=False)
class GazeTarget:
    """Human gaze on one image (H, W); what is not given is None and not available to metrics.

    shape: (H, W). fixations: (F, 2) positions (x, y) in pixels. durations: (F,) ms. heatmap: (H, W)
    of any scale, only `mae_paper` takes it literally. other_fixations: (M, 2) positions of all
    viewers on all other images, already scaled to this image (`scale_fixations`). centre: (H, W)
    centre-bias density fitted without this image, of any scale.

    Fixations outside the image are not used. Errors: ValidationError for another shape (naming
    both), NaN or infinite values, negative durations, or durations that are not one per fixation.
    """

    shape: tuple[int, int]
    fixations: ArrayLike | None = None
    durations: ArrayLike | None = None
    heatmap: ArrayLike | None = None
    other_fixations: ArrayLike | None = None
    centre: ArrayLike | None = None

    def __post_init__(self) -> None:
        for name in ("fixations", "other_fixations"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _positions(getattr(self, name), name))
        for name in ("heatmap", "centre"):
            if getattr(self, name) is not None:
                self._check_map(name)
        if self.durations is not None:
            object.__setattr__(self, "durations", checked_durations(self.durations))
            count = 0 if self.fixations is None else len(self.fixations)
            if len(self.durations) != count:
                raise ValidationError(
                    f"durations has {len(self.durations)} values for {count} fixations; "
                    "give one of each"
                )

    def _check_map(self, name: str) -> None:
        found = SaliencyMap(checked_map(getattr(self, name), name))
        if found.shape != tuple(self.shape):
            raise ValidationError(
                f"{name} has the shape {found.shape}, the image and its map {tuple(self.shape)}; "
                "both must be (H, W) of the image"
            )
        if found.problems:
            raise ValidationError(f"{name} holds {' and '.join(found.problems)} values")

    @cached_property
    def _heatmap(self) -> SaliencyMap:
        return SaliencyMap(self.heatmap)

    @cached_property
    def heatmap_is_empty(self) -> bool:
        """Whether the heatmap is 0 everywhere, which no fixation leaves behind."""
        return "empty" in self._heatmap.flags

    @cached_property
    def _cells_and_inside(self) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        return _flat_cells(self.fixations, self.shape)

    @property
    def cells(self) -> NDArray[np.intp]:
        """Flat pixel index of each fixation inside the image, repeats kept."""
        return self._cells_and_inside[0]

    @cached_property
    def other_cells(self) -> NDArray[np.intp]:
        """Flat pixel index of each other image's fixation inside this image, repeats kept."""
        return _flat_cells(self.other_fixations, self.shape)[0]

    @cached_property
    def heatmap_values(self) -> NDArray[np.float64]:
        """G, flat, as given."""
        return np.ascontiguousarray(self.heatmap, dtype=np.float64).reshape(-1)

    @cached_property
    def heatmap_to_one(self) -> NDArray[np.float64]:
        """G / max G, flat."""
        return self.heatmap_values / self.heatmap_values.max()

    @cached_property
    def density(self) -> NDArray[np.float64]:
        """q, flat: G - min(G, 0), divided by its sum."""
        return self._heatmap.density()

    @cached_property
    def support(self) -> NDArray[np.intp]:
        """The flat pixel indices where q > 0; a kernel of finite size leaves most pixels out."""
        return np.flatnonzero(self.density)

    @cached_property
    def support_density(self) -> NDArray[np.float64]:
        """q where it is above 0."""
        return self.density[self.support]

    @cached_property
    def negative_entropy(self) -> float:
        """sum q log q in nats."""
        return float(self.support_density @ np.log(self.support_density))

    @cached_property
    def centred(self) -> NDArray[np.float64]:
        """(G - mean G) / norm, flat, of unit length; zeros for a constant heatmap."""
        if self._heatmap.constant:
            return np.zeros(self._heatmap.size)
        centred = self._heatmap.values - self._heatmap.mean
        centred /= np.sqrt(centred @ centred)
        return centred

    @cached_property
    def centre_log2(self) -> NDArray[np.float64]:
        """log2 of the centre density, mixed with uniform, at each fixation inside."""
        return np.log2(SaliencyMap(self.centre).density(self.cells, mix=MIX))

    def missing(self, needs: tuple[str, ...]) -> list[str]:
        """Those of `needs` that were not given."""
        return [need for need in needs if getattr(self, need, None) is None]

    def flags(self, needs: tuple[str, ...] | None = None) -> list[str]:
        """Why nothing can be computed (from those of `needs`, default all), in words.

        `no_fixation`: none of the fixations is inside the image, or the heatmap is all zero;
        `no_other_fixation`: no fixation of another image is inside.
        """
        asked = needs or ("fixations", "heatmap", "other_fixations")
        given = [need for need in asked if getattr(self, need, None) is not None]
        without_gaze = ("fixations" in given and self.cells.size == 0) or (
            "heatmap" in given and self.heatmap_is_empty
        )
        without_others = "other_fixations" in given and self.other_cells.size == 0
        return ["no_fixation"] * without_gaze + ["no_other_fixation"] * without_others


def _positions(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """(F, 2) finite positions; an empty list is (0, 2)."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValidationError(f"{name} must be numbers (x, y) in pixels: {error}") from None
    if array.size == 0:
        return np.empty((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValidationError(
            f"{name} must have the shape (F, 2), one (x, y) in pixels per row, found {array.shape}"
        )
    checked_column(array[:, 0], f"{name} x")
    checked_column(array[:, 1], f"{name} y")
    return array


def _flat_cells(
    positions: NDArray[np.float64], shape: tuple[int, int]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    rows, columns, inside = fixation_cells(positions[:, 0], positions[:, 1], shape)
    return rows * shape[1] + columns, inside
