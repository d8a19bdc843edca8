"""Information gain of maps that were first fitted to be densities, by cross-validation over images.

A raw attention map is no density: how much to blur it, what its values mean and how much of the
centre bias to add are not the map's business. Kuemmerer, Wallis and Bethge (2018) therefore fit all
three before they compare. So do we, on the images that are not scored. On a coarse grid the density
is

    log p(cell) = sum_k a_k r_k(s(cell)) + w log c(cell) - log Z,      a_k >= 0, w >= 0

with s the blurred map scaled to [0, 1], r_k ramps between quantiles of s (so the sum is any rising
piecewise linear curve), and c the centre bias of the other images. For a given blur this is an
exponential family: the log likelihood is concave and has one maximum. With a = 0, w = 1 it is the
centre bias itself, so on the images of the fit the gain is never below 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.errors import ValidationError

T = TypeVar("T")

BLURS_PX = (0.0, 5.0, 10.0, 20.0, 40.0)
CELLS = 48  # along the image's longer side
RAMPS = 8
FOLDS = 5
SAMPLE = 300  # images, at most, that are fitted on, 240 of them at a time
RIDGE = 1e-4  # on a; keeps a ramp that no map ever enters at 0


@dataclass(frozen=True, eq=False)
class Example:
    """One map and the gaze it is scored against, on a grid of `CELLS`.

    blurred: (len(BLURS_PX), cells), the map under each blur, scaled to [0, 1]; a constant map is 0.
    counts: (cells,) fixations per cell. log_centre: (cells,) natural logarithm of the centre bias'
    share of each cell, all above 0. About 35 kB.
    """

    blurred: NDArray[np.float32]
    counts: NDArray[np.float64]
    log_centre: NDArray[np.float64]


def example(
    saliency: NDArray[np.float64],
    counts: NDArray[np.float64],
    centre: NDArray[np.float64],
    *,
    pixels_per_cell: float,
) -> Example:
    """An `Example` from a map, fixation counts and a centre bias, all (rows, columns) of one grid.

    Errors: ValidationError for a map or a centre bias that is not finite.
    """
    from scipy.ndimage import gaussian_filter

    if not (np.isfinite(saliency).all() and np.isfinite(centre).all()):
        raise ValidationError("the map or the centre bias holds NaN or infinity")

    blurred = []
    for sigma in BLURS_PX:
        soft = gaussian_filter(saliency, sigma / pixels_per_cell, mode="nearest")
        span = float(np.ptp(soft))
        flat = span <= 1e-12 * max(1e-300, float(np.abs(soft).max()))
        blurred.append(np.zeros(soft.size) if flat else ((soft - soft.min()) / span).ravel())
    share = centre.ravel() / centre.sum()
    return Example(
        np.array(blurred, dtype=np.float32), counts.ravel().astype(np.float64), np.log(share)
    )


@dataclass(frozen=True, eq=False)
class FittedDensity:
    """What turns a map into a density: the number of its blur, the curve's knots, and [a, w]."""

    blur: int
    knots: NDArray[np.float64]
    parameters: NDArray[np.float64]

    def gain(self, item: Example) -> float:
        """IG over the centre bias, bits per fixation, of one map under this density."""
        return _gain(item, self.blur, self.knots, self.parameters)


def spread_evenly(images: Sequence[T], count: int) -> list[T]:
    """`count` of the images, evenly spread over their order; all of them where they are fewer.

    >>> spread_evenly("abcdefg", 3)
    ['a', 'd', 'g']
    """
    if len(images) <= count:
        return list(images)
    return [images[place] for place in np.linspace(0, len(images) - 1, count).round().astype(int)]


def fitted_densities(sample: Sequence[Example]) -> list[FittedDensity]:
    """A density per fold, fitted on the examples of all other folds; an example is an image.

    Example i belongs to fold i modulo the number of folds, `FOLDS` or the number of examples. With
    fewer than three examples nothing can be held out: no density.
    """
    if len(sample) < 3:
        return []
    folds = min(FOLDS, len(sample))
    return [
        FittedDensity(*_fit([item for place, item in enumerate(sample) if place % folds != fold]))
        for fold in range(folds)
    ]


def fitted_information_gain(examples: Mapping[str, Sequence[Example]]) -> dict[str, float]:
    """{image: IG over the centre bias in bits per fixation}, fitted on other images.

    examples: those of each image, all with a fixation; several (one per viewer left out) count as
    one image, whose gain is their mean. At most `SAMPLE` of the images, evenly spread in the order
    given, are fitted on, one example each. They are dealt into `FOLDS` groups, and those of a group
    are scored with the curve, the weight w and the blur that give the highest mean log likelihood
    on the other groups; all further images, with those of any group. With fewer than three images
    nothing can be held out, and every gain is NaN.

    Source: Kuemmerer, Wallis, Bethge 2018, Saliency Benchmarking Made Easy, section 3 (blur, rising
    nonlinearity, centre bias). Ours differs in the grid, in the places of the ramps, and in that
    the centre bias is a power of one fitted to the other images.
    """
    images = list(examples)
    sample = spread_evenly(images, SAMPLE)
    chosen = [examples[image][place % len(examples[image])] for place, image in enumerate(sample)]
    densities = fitted_densities(chosen)
    if not densities:
        return dict.fromkeys(images, float("nan"))
    place = {image: number for number, image in enumerate(images)}
    place |= {image: number for number, image in enumerate(sample)}
    return {image: mean_gain(densities, place[image], items) for image, items in examples.items()}


def mean_gain(densities: Sequence[FittedDensity], place: int, items: Sequence[Example]) -> float:
    """The mean gain of an image's examples, with the density of the fold that `place` is in."""
    density = densities[place % len(densities)]
    return float(np.mean([density.gain(item) for item in items]))


def _fit(train: Sequence[Example]) -> tuple[int, NDArray[np.float64], NDArray[np.float64]]:
    """(number of the blur, knots, parameters [a, w]) of the highest mean log likelihood."""
    best: tuple[float, int, NDArray, NDArray] | None = None
    start = np.append(np.zeros(RAMPS), 1.0)
    for blur in range(len(BLURS_PX)):
        values = np.concatenate([item.blurred[blur] for item in train])
        knots = _knots(values)
        loss, start = _maximum(train, blur, knots, start)
        if best is None or loss < best[0] - 1e-9:
            best = loss, blur, knots, start
    return best[1:]


def _knots(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """RAMPS + 1 rising places between 0 and 1: quantiles, the upper tail split finer."""
    shares = 1 - np.append(0.5 ** np.arange(RAMPS), 0.0)
    knots = np.quantile(values, shares)
    knots[0], knots[-1] = 0.0, 1.0
    return np.maximum.accumulate(knots)


def _ramps(values: NDArray[np.float64], knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """(cells, RAMPS): how far each value is between each pair of knots, 0 to 1."""
    low, high = knots[:-1], knots[1:]
    width = high - low
    inside = (values[:, None] - low) / np.where(width > 0, width, 1.0)
    return np.where(width > 0, np.clip(inside, 0.0, 1.0), values[:, None] >= high)


def _maximum(
    train: Sequence[Example], blur: int, knots: NDArray[np.float64], start: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """(lowest mean negative log likelihood, its parameters) under one blur."""
    from scipy.optimize import minimize

    features = np.vstack(
        [np.column_stack([_ramps(item.blurred[blur], knots), item.log_centre]) for item in train]
    )
    sizes = [item.counts.size for item in train]
    first = np.append(0, np.cumsum(sizes)[:-1])
    shares = np.concatenate([item.counts / item.counts.sum() for item in train]) / len(train)
    wanted = shares @ features
    weight = np.full(features.shape[1], RIDGE)
    weight[-1] = 0.0

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = features @ parameters
        highest = np.repeat(np.maximum.reduceat(logits, first), sizes)
        expected = np.exp(logits - highest)
        total = np.add.reduceat(expected, first)
        expected /= np.repeat(total, sizes) * len(train)
        log_total = (np.log(total) + np.maximum.reduceat(logits, first)).mean()
        value = log_total - wanted @ parameters + weight @ parameters**2
        return float(value), expected @ features - wanted + 2 * weight * parameters

    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * features.shape[1],
        options={"maxiter": 200, "ftol": 1e-10, "gtol": 1e-7},
    )
    return float(found.fun), found.x


def _gain(
    item: Example, blur: int, knots: NDArray[np.float64], parameters: NDArray[np.float64]
) -> float:
    """Mean log2 p - log2 c at the fixations of one example."""
    logits = _ramps(item.blurred[blur], knots) @ parameters[:-1] + item.log_centre * parameters[-1]
    log_density = logits - logits.max()
    log_density -= np.log(np.exp(log_density).sum())
    share = item.counts / item.counts.sum()
    return float(share @ (log_density - item.log_centre)) / np.log(2)
