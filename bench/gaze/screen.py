"""The screen and where a picture lies on it; pixels everywhere, centres at whole numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.errors import UsageError, unknown_name


@dataclass(frozen=True)
class Screen:
    """The display of the experiment.

    The millimetres and the viewing distance may be missing; `pixels_per_degree` is then what
    `stated_pixels_per_degree` says, or None.
    """

    width_px: int
    height_px: int
    width_mm: float | None = None
    height_mm: float | None = None
    distance_mm: float | None = None
    stated_pixels_per_degree: float | None = None

    @classmethod
    def from_mapping(
        cls, mapping: Mapping[str, Any], *, pixels_per_degree: float | None = None
    ) -> Screen:
        """The screen of a dataset.yaml; UsageError for an unknown or a missing key."""
        known = ("width_px", "height_px", "width_mm", "height_mm", "distance_mm")
        for key in mapping:
            if key not in known:
                raise unknown_name("key of screen", str(key), known)
        for key in known[:2]:
            if key not in mapping:
                raise UsageError(f"screen: {key} is missing, expected the display's size in px.")
        return cls(**mapping, stated_pixels_per_degree=pixels_per_degree)

    @property
    def pixels_per_degree(self) -> float | None:
        """Pixels on one degree of visual angle at the middle of the screen, or None.

        2 d tan(0.5 deg) millimetres, d the distance, in pixels; the mean of both directions where
        both sizes are known.
        """
        if self.stated_pixels_per_degree is not None:
            return self.stated_pixels_per_degree
        if self.distance_mm is None:
            return None
        sides = ((self.width_px, self.width_mm), (self.height_px, self.height_mm))
        densities = [pixels / size_mm for pixels, size_mm in sides if size_mm]
        if not densities:
            return None
        degree_mm = 2 * self.distance_mm * math.tan(math.radians(0.5))
        return degree_mm * sum(densities) / len(densities)

    def from_degrees(
        self, x_deg: np.ndarray, y_deg: np.ndarray, *, y_up: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Screen pixels of directions in degrees from the screen's middle, x right, y down.

        On a flat screen, (size - 1) / 2 + distance * tan(angle) in pixels; where only pixels per
        degree are stated, (size - 1) / 2 + angle times these. `y_up`: y counts upwards.

        Raises UsageError without millimetres and distance and without pixels per degree.
        """
        if self.pixels_per_degree is None:
            raise UsageError(
                "gaze in degrees needs the geometry: give screen: with width_mm and distance_mm, "
                "or pixels_per_degree."
            )
        across, down = (
            size_px / size_mm if size_mm else None
            for size_px, size_mm in (
                (self.width_px, self.width_mm),
                (self.height_px, self.height_mm),
            )
        )
        y_down = -np.asarray(y_deg, dtype=np.float64) if y_up else y_deg
        x = self._seen_at(x_deg, self.width_px, across or down)
        return x, self._seen_at(y_down, self.height_px, down or across)

    def _seen_at(self, angle_deg: np.ndarray, size_px: int, px_per_mm: float | None) -> np.ndarray:
        angle = np.asarray(angle_deg, dtype=np.float64)
        if self.stated_pixels_per_degree is not None:
            return (size_px - 1) / 2 + angle * self.stated_pixels_per_degree
        return (size_px - 1) / 2 + np.tan(np.radians(angle)) * self.distance_mm * px_per_mm


@dataclass(frozen=True)
class Placement:
    """How pictures stand on the screen: magnified by `scale`, at `position`.

    `scale` is one number, or one across and one down where the aspect ratio is not kept.
    `position` is 'centre' or the (x, y) of the picture's left upper corner in screen pixels.
    """

    scale: float | tuple[float, float] = 1.0
    position: str | tuple[float, float] = "centre"

    def __post_init__(self) -> None:
        if not min(self.scales) > 0:
            raise UsageError(f"image_on_screen: scale is {self.scale}, expected above 0.")
        if isinstance(self.position, str) and self.position != "centre":
            raise UsageError(
                f"image_on_screen: position is {self.position!r}, expected 'centre' or [x, y]."
            )

    @property
    def scales(self) -> tuple[float, float]:
        """Screen pixels per pixel of the picture, across and down."""
        if isinstance(self.scale, (int, float)):
            return float(self.scale), float(self.scale)
        across, down = self.scale
        return float(across), float(down)

    def offset(self, image_shape: tuple[int, int], screen: Screen) -> tuple[float, float]:
        """(x, y) of the left upper corner of a picture of `image_shape` (height, width) in px."""
        if self.position != "centre":
            x, y = self.position
            return float(x), float(y)
        height, width = image_shape
        across, down = self.scales
        return (screen.width_px - across * width) / 2, (screen.height_px - down * height) / 2

    def to_image(
        self,
        x_screen_px: np.ndarray,
        y_screen_px: np.ndarray,
        image_shape: tuple[int, int],
        screen: Screen,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Screen positions in the picture's own pixels: see `image_pixels`."""
        offsets = self.offset(image_shape, screen)
        return tuple(
            image_pixels(values, offset, scale)
            for values, offset, scale in zip(
                (x_screen_px, y_screen_px), offsets, self.scales, strict=True
            )
        )


def image_pixels(
    screen_px: np.ndarray, offset_px: float | np.ndarray, scale: float | np.ndarray
) -> np.ndarray:
    """(screen - offset + 0.5) / scale - 0.5: pixel centres at whole numbers on either side."""
    return (np.asarray(screen_px, dtype=np.float64) - offset_px + 0.5) / scale - 0.5
