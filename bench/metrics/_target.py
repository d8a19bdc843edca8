"""The humans' side of a score: everything that depends on gaze alone, computed once per image."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import ValidationError
from bench.heatmaps import checked_column, checked_durations, fixation_cells
from bench.metrics._saliency import SaliencyMap, checked_map
from bench.metrics._structure import Structure
from bench.metrics._transport import cell_masses

EPSILON = 2.2204e-16  # of the MIT benchmark's KL and IG, as its code writes it
MIX = 1e-3  # share of the uniform density that KL and IG add, so that no logarithm meets 0


@dataclass(frozen=True, eq=False)
class GazeTarget:
    """Human gaze on one image (H, W); what is not given is None and not available to metrics.

    shape: (H, W). fixations: (F, 2) positions (x, y) in pixels. durations: (F,) ms. heatmap: (H, W)
    of any scale, only `mae_paper` takes it literally. other_fixations: (M, 2) positions of all
    viewers on all other images, already scaled to this image (`scale_fixations`). centre: (H, W)
    centre-bias density fitted without this image, of any scale. other_counts: (H, W), in place of
    other_fixations: how many of them each pixel has, which does not grow with their number.

    Fixations outside the image are not used. Errors: ValidationError for another shape (naming
    both), NaN or infinite values, negative durations, or durations that are not one per fixation.
    """

    shape: tuple[int, int]
    fixations: ArrayLike | None = None
    durations: ArrayLike | None = None
    heatmap: ArrayLike | None = None
    other_fixations: ArrayLike | None = None
    centre: ArrayLike | None = None
    other_counts: ArrayLike | None = None

    def __post_init__(self) -> None:
        for name in ("fixations", "other_fixations"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _positions(getattr(self, name), name))
        for name in ("heatmap", "centre", "other_counts"):
            if getattr(self, name) is not None:
                self._check_map(name)
        if self.other_counts is not None and self.other_fixations is not None:
            raise ValidationError("give other_fixations or other_counts, not both")
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
        if name == "other_counts" and found.lowest < 0:
            raise ValidationError(f"other_counts holds {found.lowest:g}; a count is 0 or more")

    @cached_property
    def _heatmap(self) -> SaliencyMap:
        return SaliencyMap(self.heatmap)

    @cached_property
    def heatmap_is_empty(self) -> bool:
        """Whether the heatmap is above 0 nowhere, which no fixation leaves behind."""
        return self._heatmap.highest <= 0

    @property
    def heatmap_is_constant(self) -> bool:
        """Whether the heatmap has one value only; nothing correlates with it."""
        return self._heatmap.constant

    @cached_property
    def _cells_and_inside(self) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        return _flat_cells(self.fixations, self.shape)

    @property
    def cells(self) -> NDArray[np.intp]:
        """Flat pixel index of each fixation inside the image, repeats kept."""
        return self._cells_and_inside[0]

    @cached_property
    def unique_cells(self) -> NDArray[np.intp]:
        """Flat pixel index of each fixated pixel, once."""
        return np.unique(self.cells)

    @cached_property
    def duration_shares(self) -> NDArray[np.float64]:
        """Each inside fixation's share of their milliseconds; empty where these sum to 0."""
        inside = self.durations[self._cells_and_inside[1]]
        total = inside.sum()
        return inside / total if total > 0 else inside[:0]

    @cached_property
    def others(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Flat pixel indices with a fixation of another image, and how many each has."""
        if self.other_counts is not None:
            counts = np.ascontiguousarray(self.other_counts).reshape(-1)
            cells = np.flatnonzero(counts != 0)
            return cells, counts[cells].astype(np.float64)
        cells, counts = np.unique(
            _flat_cells(self.other_fixations, self.shape)[0], return_counts=True
        )
        return cells, counts.astype(np.float64)

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
    def support(self) -> NDArray[np.intp] | slice:
        """The flat pixel indices where G (and q) is not 0, as a slice of all where that is most.

        A kernel of finite size leaves many pixels out, and sums over them need not be made; but to
        pick pixels one by one costs as much as to add up twice as many in a row.
        """
        found = np.flatnonzero(self.heatmap_values != 0)
        most = found.size > 0.5 * self.heatmap_values.size
        return slice(None) if most or self._heatmap.lowest < 0 else found

    @cached_property
    def support_values(self) -> NDArray[np.float64]:
        """G at `support`."""
        return self.heatmap_values[self.support]

    @cached_property
    def support_density(self) -> NDArray[np.float64]:
        """q at `support`."""
        return self.density[self.support]

    @cached_property
    def negative_entropy(self) -> float:
        """sum q log q in nats."""
        density = self.support_density[self.support_density > 0]
        return float(density @ np.log(density))

    @cached_property
    def support_rise(self) -> NDArray[np.float64]:
        """G - min G at `support`; it is 0 elsewhere."""
        return self._heatmap.values[self.support] - self._heatmap.lowest

    @cached_property
    def support_rise_sum(self) -> float:
        """The sum of `support_rise`."""
        return float(self.support_rise.sum())

    @cached_property
    def norm(self) -> float:
        """The square root of the sum of (G - mean G)^2, 0 for a constant heatmap."""
        return self._heatmap.deviation * self._heatmap.size**0.5

    @cached_property
    def rank_centred(self) -> NDArray[np.float64]:
        """The ranks of G minus their mean, flat, of unit length; ties share their mean rank."""
        ranking = self._heatmap.ranking
        ranks = np.empty(self._heatmap.size)
        ranks[ranking.order] = ranking.average_ranks()
        ranks -= (ranks.size - 1) / 2
        norm = float(np.sqrt(ranks @ ranks))
        return ranks / norm if norm else ranks

    @cached_property
    def ascending_to_one(self) -> NDArray[np.float64]:
        """The values of G / max G in ascending order."""
        return self.heatmap_to_one.take(self._heatmap.ranking.order)

    @cached_property
    def median_error(self) -> float:
        """The mean |c - G / max G| of the best constant c, the median."""
        values = self.heatmap_to_one
        return float(np.abs(values - np.median(values)).mean())

    @cached_property
    def top_tenth(self) -> NDArray[np.intp]:
        """The flat pixel indices where G is above its 90th percentile."""
        return np.flatnonzero(self.heatmap_values > np.quantile(self.heatmap_values, 0.9))

    @cached_property
    def structure(self) -> Structure:
        """G / max G with its local mean and variance."""
        return Structure.of(self.heatmap_to_one.reshape(self.shape))

    @cached_property
    def cell_masses(self) -> NDArray[np.float64]:
        """q in the cells of the earth mover's distance, (h, w)."""
        return cell_masses(self.density.reshape(self.shape))

    @cached_property
    def centre_log2(self) -> NDArray[np.float64]:
        """log2 of the centre density, mixed with uniform, at each fixation inside."""
        return np.log2(SaliencyMap(self.centre).density(self.cells, mix=MIX))

    def missing(self, needs: tuple[str, ...]) -> list[str]:
        """Those of `needs` that were not given."""
        return [need for need in needs if not self._given(need)]

    def _given(self, need: str) -> bool:
        if need == "other_fixations" and self.other_counts is not None:
            return True
        return getattr(self, need, None) is not None

    def flags(self, needs: tuple[str, ...] | None = None) -> list[str]:
        """Why nothing can be computed (from those of `needs`, default all), in words.

        `no_fixation`: none of the fixations is inside the image, or the heatmap is above 0 nowhere;
        `no_other_fixation`: no fixation of another image is inside.
        """
        asked = needs or ("fixations", "heatmap", "other_fixations")
        given = [need for need in asked if self._given(need)]
        without_gaze = ("fixations" in given and self.cells.size == 0) or (
            "heatmap" in given and self.heatmap_is_empty
        )
        without_others = "other_fixations" in given and self.others[0].size == 0
        return ["no_fixation"] * without_gaze + ["no_other_fixation"] * without_others

    def notes(self, needs: tuple[str, ...] | None = None) -> list[str]:
        """What is degenerate but leaves a score: `constant_heatmap`."""
        asked = "heatmap" in (needs or ("heatmap",)) and self.heatmap is not None
        known = asked and not self.heatmap_is_empty and self.heatmap_is_constant
        return ["constant_heatmap"] * known


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
