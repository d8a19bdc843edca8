"""One map against one image's gaze: what several metrics need of the two, computed once."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.metrics._ranking import places
from bench.metrics._saliency import SaliencyMap
from bench.metrics._target import GazeTarget


class Pair:
    """A map and a target of the same shape; `Pair.of` gives the same one to every metric."""

    def __init__(self, saliency: SaliencyMap, target: GazeTarget) -> None:
        self._saliency, self._target = saliency, target

    @classmethod
    def of(cls, saliency: SaliencyMap, target: GazeTarget) -> "Pair":
        """The pair of the two, which the map keeps until it meets another target."""
        pair = saliency.pair
        if pair is None or pair._target is not target:
            pair = saliency.pair = cls(saliency, target)
        return pair

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """S at `target.support`, the pixels where the heatmap is not 0."""
        return self._saliency.values[self._target.support]

    @cached_property
    def fixated(self) -> "FixatedValues":
        """The map's values at fixations and how many pixels lie below each."""
        return FixatedValues(self._saliency, self._target)


class FixatedValues:
    """The different values (m,) of a map at fixations, ascending, and counts in between.

    values: (m,). index: (F,) which of them each fixation has. Counts (2m + 1,) go by place: below
    the first value, equal to it, between it and the second, ...
    """

    def __init__(self, saliency: SaliencyMap, target: GazeTarget) -> None:
        self.values, self.index = np.unique(saliency.values[target.cells], return_inverse=True)
        self._target = target
        self._places = places(saliency.values, self.values)

    @cached_property
    def pixels(self) -> NDArray[np.float64]:
        """How many of all pixels are at each place."""
        return self._counts(self._places)

    @cached_property
    def unfixated(self) -> NDArray[np.float64]:
        """How many of the pixels without a fixation are at each place."""
        return self.pixels - self._counts(self._places.take(self._target.unique_cells))

    @cached_property
    def others(self) -> NDArray[np.float64]:
        """How many of the other images' fixations are at each place."""
        cells, counts = self._target.others
        return self._counts(self._places.take(cells), counts)

    @property
    def hits(self) -> NDArray[np.intp]:
        """(m,) how many fixations have each value."""
        return np.bincount(self.index, minlength=self.values.size)

    def _counts(
        self, found: NDArray[np.integer], weights: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        counts = np.bincount(found, weights, minlength=2 * self.values.size + 1)
        return counts.astype(np.float64)
