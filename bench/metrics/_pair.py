"""One map against one image's gaze: what several metrics need of the two, computed once."""

import weakref
from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.metrics._ranking import Places
from bench.metrics._saliency import SaliencyMap, blocks
from bench.metrics._target import GazeTarget


class Pair:
    """A map and a target of the same shape; `Pair.of` gives the same one to every metric."""

    def __init__(self, saliency: SaliencyMap, target: GazeTarget) -> None:
        # The map keeps the pair; were the pair to keep the map too, both, and the target's arrays
        # of tens of MB, would stay until Python looks for cycles.
        self._saliency, self._target = weakref.proxy(saliency), target

    @classmethod
    def of(cls, saliency: SaliencyMap, target: GazeTarget) -> "Pair":
        """The pair of the two, which the map keeps until it meets another target."""
        pair = saliency.pair
        if pair is None or pair._target is not target:
            pair = saliency.pair = cls(saliency, target)
        return pair

    def support_blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """S at the pixels where the heatmap is not 0: (which of `target.support`, values).

        The values may be the map's own memory: not to be written to.
        """
        values, support = self._saliency.values, self._target.support
        for part in blocks(self._target.support_values.size):
            yield part, values[part] if isinstance(support, slice) else values.take(support[part])

    @cached_property
    def fixated(self) -> "FixatedValues":
        """The map's values at fixations and how many pixels lie below each."""
        return FixatedValues(self._saliency, self._target)


class FixatedValues:
    """The different values (m,) of a map at fixations, ascending, and counts in between.

    Counts (2m + 1,) go by place: below the first value, equal to it, between it and the second, ...
    """

    def __init__(self, saliency: SaliencyMap, target: GazeTarget) -> None:
        self._target = target
        values, index = np.unique(saliency.values[target.cells], return_inverse=True)
        self._places = Places(saliency.values, values)
        #: (F,) which of the values each fixation has
        self.index: NDArray[np.intp] = index
        #: (m,) how many fixations have each value
        self.hits: NDArray[np.intp] = np.bincount(index)

    @cached_property
    def pixels(self) -> NDArray[np.float64]:
        """How many of all pixels are at each place."""
        return self._places.counts()

    @cached_property
    def unfixated(self) -> NDArray[np.float64]:
        """How many of the pixels without a fixation are at each place."""
        return self.pixels - self._places.counts(self._target.unique_cells)

    @cached_property
    def others(self) -> NDArray[np.float64]:
        """How many of the other images' fixations are at each place."""
        return self._places.counts(*self._target.others)
