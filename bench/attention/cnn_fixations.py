"""CNN Fixations: the pixels that a class score rests on, found by walking back, without gradients.

Start at the class's unit. A fully connected unit leads to all inputs that excite it, and on the
grid before the first fully connected layer to its strongest one; a convolution's to the strongest
channel of its window, a pooling's to the window's maximum, a residual sum's to the larger addend, a
concatenation's to where the channel came from, an LSTM's back in time through its gates. At the
image the colours are united: a set of pixels. Isolated ones are dropped; a Gaussian over the rest
is the map. `bench.attention.fixation_points` gives the points themselves.

What the paper leaves open or its authors' code does differently:

* `fc_spatial`: on the grid the code takes one argmax per fully connected unit ("argmax", ours);
  the paper's algorithm 1 takes all positive ones ("positive"), on VGG16 nearly every cell.
* `position`: in the winning channel algorithm 2 takes the strongest location of the window
  ("strongest", ours), the code keeps the location ("same"). With one view of the image "same"
  leaves the points of networks that end in global average pooling on a lattice, 32 px apart.
* `remove_outliers`: a point stays if strictly more than `share` (5 %) of all points, itself
  included, lie strictly nearer than `radius` (10 % of the image's diagonal; the paper: 9 to 11 %).
  Where none would stay (such a lattice is wider than the radius), all do.
* `start`: "score", the class's unit; "hidden", the strongest unit of the layer before the scores,
  as the paper does for captions. Default (None): "hidden" in a network with an LSTM, else "score".
* Batch norm with a negative scale turns the evidence for the unit before it; so does a unit that
  excites by a negative value (the paper's networks have none): it is followed for being low.
* The map: points count, blurred by a Gaussian of `sigma_px` (20 at an image side of 224, in
  proportion at others), its kernel as wide as the image (made odd), edges reflected without
  repeating the last pixel, divided by its maximum. Without points the map is zero.
* One view of the image; the authors pool five crops.

Source: Mopuri, Garg & Babu 2018, CNN Fixations: An unraveling approach to visualize the
discriminative image regions, sections 3.1 to 3.5, algorithms 1 and 2.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from bench.attention.tape import Tape
from bench.attention.tape.operations import Operations
from bench.attention.unravelling import Choices, Traced, start_units, unravel
from bench.errors import NotApplicable, UsageError, unknown_name

LABEL = "CNN Fixations"
REFERENCE = (
    "Mopuri, Garg & Babu 2018, CNN Fixations: An unraveling approach to visualize the "
    "discriminative image regions, doi:10.48550/arXiv.1708.06670"
)
READING = (
    "High where many of the pixels lie to which the class score was traced back. Points "
    "blurred by a Gaussian, like fixations in a human heatmap."
)

SIGMA_PX, SIDE_PX = 20.0, 224


def maps(
    tape: Tape,
    *,
    position: str = "strongest",
    fc_spatial: str = "argmax",
    start: str | None = None,
    remove_outliers: bool = True,
    radius: float = 0.1,
    share: float = 0.05,
    sigma_px: float | None = None,
    reduce: str | None = "union",
    signed: bool = False,
) -> dict[str, Tensor]:
    """{"cnn_fixations": (N, H, W)} at the size of the network's input, 0 to 1.

    There are no signs, so `signed` changes nothing; `reduce=None` gives (N, 1, H, W). Raises
    NotApplicable for a network with an operation that has no rule, and names it.
    """
    if reduce not in (None, "union"):
        raise unknown_name("reduce", str(reduce), ("union",))
    points = fixations(
        tape,
        position=position,
        fc_spatial=fc_spatial,
        start=start,
        remove_outliers=remove_outliers,
        radius=radius,
        share=share,
    )
    size = tuple(tape.images.shape[-2:])
    if sigma_px is None:
        sigma_px = SIGMA_PX * min(size) / SIDE_PX
    if not _number(sigma_px) or sigma_px <= 0:
        raise UsageError(f"cnn_fixations: sigma_px is {sigma_px!r}; expected a number above 0")
    heat = heat_maps(points, size, float(sigma_px)).to(tape.images)
    return {"cnn_fixations": heat[:, None] if reduce is None else heat}


def fixations(
    tape: Tape,
    *,
    position: str = "strongest",
    fc_spatial: str = "argmax",
    start: str | None = None,
    remove_outliers: bool = True,
    radius: float = 0.1,
    share: float = 0.05,
) -> list[np.ndarray]:
    """The points of each image, (P, 2) float64 (x, y) in pixels of the network's input.

    Sorted by row, then column; each pixel once.
    """
    _check("position", position, ("same", "strongest"))
    _check("fc_spatial", fc_spatial, ("argmax", "positive"))
    if not isinstance(remove_outliers, bool):
        raise UsageError(f"cnn_fixations: remove_outliers is {remove_outliers!r}; true or false?")
    for name, value in (("radius", radius), ("share", share)):
        if not _number(value) or not 0 <= value <= 1:
            raise UsageError(f"cnn_fixations: {name} is {value!r}; expected a number from 0 to 1")
    choices = Choices(position=position, fc_spatial=fc_spatial)
    points = pixels(traced(tape, start, choices), tape.images.shape)
    if not remove_outliers:
        return points
    diagonal_px = math.hypot(*tape.images.shape[-2:])
    kept = [without_outliers(found, radius * diagonal_px, share) for found in points]
    return [few if len(few) else found for few, found in zip(kept, points, strict=True)]


def traced(tape: Tape, start: str | None = None, choices: Choices | None = None) -> Traced:
    """The units of the images (N, 3, H, W) behind each target's score, and what ended elsewhere."""
    operations = tape.operations
    recurrent = any(call.name.startswith("lstm") for call in operations.calls)
    if start is None:
        start = "hidden" if recurrent else "score"
    _check("start", start, ("score", "hidden"))
    if start == "score":
        x, units = tape.result, start_units(tape.result, tape.targets)
    else:
        x = _before_the_scores(operations)
        units = start_units(x, x.detach().argmax(1))
    return unravel(operations, {x: units}, choices)


def pixels(found: Traced, shape: torch.Size) -> list[np.ndarray]:
    """The pixels of each image, colours united, (P, 2) float64 (x, y), by row and column."""
    n, _, y, x = found.image.at(shape)
    places = ((n * shape[2] + y) * shape[3] + x).unique().cpu().numpy()
    image, pixel = np.divmod(places, shape[2] * shape[3])
    points = np.stack([pixel % shape[3], pixel // shape[3]], axis=1).astype(np.float64)
    return np.split(points, np.searchsorted(image, np.arange(1, shape[0])))


def without_outliers(points: np.ndarray, radius_px: float, share: float) -> np.ndarray:
    """The points (P, 2) with strictly more than `share` of all strictly nearer than the radius.

    A point counts itself. The order of the points does not matter and is kept. Section 3.5.
    """
    from scipy.spatial import cKDTree

    if not len(points):
        return points
    # Pixels are whole numbers: strictly nearer means a squared distance up to the last whole number
    # below radius^2, and a radius between that and the next one cannot fall to rounding.
    last = math.ceil(radius_px**2) - 1
    if last < 0:
        return points[:0]
    tree = cKDTree(points)
    near = tree.query_ball_point(points, math.sqrt(last + 0.5), return_length=True)
    return points[near > share * len(points)]


def heat_maps(points: list[np.ndarray], size: tuple[int, int], sigma_px: float) -> Tensor:
    """(N, H, W) float64: points counted, blurred, divided by the maximum; zero without points."""
    height, width = size
    counts = np.zeros((len(points), height, width))
    for image, found in enumerate(points):
        x, y = found.astype(np.intp).T
        np.add.at(counts[image], (y, x), 1.0)
    rows, columns = blur_matrix(height, sigma_px), blur_matrix(width, sigma_px)
    heat = torch.from_numpy(rows @ counts @ columns.T)
    largest = heat.amax((1, 2), keepdim=True)
    return torch.where(largest > 0, heat / largest.clamp(min=torch.finfo(heat.dtype).tiny), 0.0)


@lru_cache(maxsize=16)
def blur_matrix(size: int, sigma_px: float) -> np.ndarray:
    """The Gaussian blur along an axis of `size` pixels as a matrix (size, size).

    The kernel has `size` made odd taps and sum 1; beyond an edge the axis is reflected without
    repeating the last pixel. Blurring the axes one after the other is two products: far faster
    than a convolution with a kernel as wide as the image.
    """
    reach = (size | 1) // 2
    taps = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (taps / sigma_px) ** 2)
    kernel /= kernel.sum()
    period = max(2 * (size - 1), 1)
    matrix = np.zeros((size, size))
    for row in range(size):
        place = np.abs(row + taps) % period
        np.add.at(matrix[row], np.minimum(place, period - place) if size > 1 else 0, kernel)
    return matrix


def _before_the_scores(operations: Operations) -> Tensor:
    """The input (N, J) of the last fully connected layer."""
    last = [call for call in operations.calls if call.name == "linear"]
    if not last or last[-1].tracked[0].ndim != 2:
        raise NotApplicable('cnn_fixations: start="hidden" needs a fully connected layer (N, J)')
    return last[-1].tracked[0]


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check(option: str, value: object, known: tuple) -> None:
    if value not in known:
        raise unknown_name(option, str(value), known)
