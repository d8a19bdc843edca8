"""What every table is read against: the zero map, the uniform map, and the centre bias."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import ValidationError
from bench.heatmaps import fixation_cells

UNIFORM_SHARE = 1e-3


def zero_map(shape: tuple[int, int]) -> NDArray[np.float64]:
    """A map (H, W) of zeros, which the paper's MAE ranks first."""
    return np.zeros(shape)


def uniform_map(shape: tuple[int, int]) -> NDArray[np.float64]:
    """A map (H, W) of 0.5: knows nothing; as a density the same as `zero_map`."""
    return np.full(shape, 0.5)


def scale_fixations(
    xy: ArrayLike, from_shape: tuple[int, int], to_shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Positions (F, 2) of one image size in another, scaled about pixel centres.

    x' = (x + 0.5) W' / W - 0.5, so the image's borders map to its borders. Shapes are (H, W).

    >>> scale_fixations([(-0.5, 0), (99.5, 49.5)], (50, 100), (100, 400))
    array([[ -0.5,   0.5],
           [399.5,  99.5]])
    """
    xy = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    ratio = np.array([to_shape[1] / from_shape[1], to_shape[0] / from_shape[0]])
    return (xy + 0.5) * ratio - 0.5


@dataclass(frozen=True, eq=False)
class CentreBias:
    """Where people look whatever the image: a Gaussian over relative positions, per image left out.

    images: index of each image. sums: (I, 5): number of fixations inside, sum of u and v, sum of
    u^2 and v^2, where u = (x + 0.5) / W - 0.5 and v likewise. Leaving one image out is one
    subtraction, so the fit costs the same for any number of images.
    """

    images: dict[Hashable, int]
    sums: NDArray[np.float64]

    @classmethod
    def fit(
        cls,
        fixations_by_image: Mapping[Hashable, ArrayLike],
        shapes: Mapping[Hashable, tuple[int, int]],
    ) -> "CentreBias":
        """From positions (F, 2) in pixels and the shape (H, W) of each image."""
        rows = []
        for image, xy in fixations_by_image.items():
            height, width = shapes[image]
            xy = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
            inside = fixation_cells(xy[:, 0], xy[:, 1], (height, width))[2]
            relative = (xy[inside] + 0.5) / (width, height) - 0.5
            rows.append([len(relative), *relative.sum(axis=0), *(relative**2).sum(axis=0)])
        images = {image: index for index, image in enumerate(fixations_by_image)}
        return cls(images, np.array(rows, dtype=np.float64).reshape(-1, 5))

    def moments(self, exclude: Hashable = None) -> tuple[int, NDArray, NDArray]:
        """(number of fixations, mean (u, v), standard deviation (u, v)), `exclude` left out."""
        if exclude is not None and exclude not in self.images:
            raise ValidationError(f"centre bias: image {exclude!r} is not among those fitted")
        total = self.sums.sum(axis=0)
        if exclude is not None:
            total = total - self.sums[self.images[exclude]]
        count = round(total[0])
        if count == 0:
            return 0, np.zeros(2), np.zeros(2)
        mean = total[1:3] / count
        variance = total[3:5] / count - mean**2
        return count, mean, np.sqrt(np.maximum(variance, 0.0))

    def density(self, shape: tuple[int, int], exclude: Hashable = None) -> NDArray[np.float64]:
        """The density (H, W), sum 1: 0.999 Gaussian + 0.001 uniform, so nowhere 0.

        exclude: the image to be scored, whose own fixations play no part. With fewer than two
        fixations in the other images nothing is known, and the density is uniform. The standard
        deviation is one pixel at least.
        """
        height, width = shape
        count, mean, deviation = self.moments(exclude)
        if count < 2:
            return np.full(shape, 1 / (height * width))
        profiles = []
        for axis, size in enumerate((width, height)):
            relative = (np.arange(size) + 0.5) / size - 0.5
            distance = (relative - mean[axis]) / max(deviation[axis], 1 / size)
            profiles.append(np.exp(-0.5 * distance**2))
        across, down = (profile / profile.sum() for profile in profiles)
        return (1 - UNIFORM_SHARE) * np.outer(down, across) + UNIFORM_SHARE / (height * width)


def centre_density(
    shape: tuple[int, int],
    fixations_by_image: Mapping[Hashable, ArrayLike],
    shapes: Mapping[Hashable, tuple[int, int]],
    *,
    exclude: Hashable = None,
) -> NDArray[np.float64]:
    """The centre-bias density (H, W) from all images but `exclude`; for many images `CentreBias`.

    fixations_by_image: (F, 2) pixel positions by image; shapes: their (H, W).
    """
    return CentreBias.fit(fixations_by_image, shapes).density(shape, exclude)
