"""Small pictures for the browser to enlarge and colour: photographs in colour, maps in grey."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from bench.maps import upsampled
from bench.photographs import read_photograph

WIDTH_PX = 480  # of a photograph: a panel is half as wide, a phone's pixels are twice as fine
SIDE = 112
QUALITY = 80
STOPS = 33  # of the table of colours, between which the browser interpolates


def photograph_picture(path: Path) -> str:
    """The photograph at display size as a data: address; never larger than it is."""
    picture = Image.fromarray(read_photograph(path))
    width = min(WIDTH_PX, picture.width)
    return _address(picture.resize((width, max(1, round(picture.height * width / picture.width)))))


def map_picture(values: np.ndarray) -> str:
    """A map (h, w) as a grey picture in a data: address, its levels those of `grey_levels`.

    A coarse map is brought to `SIDE` pixels a side by the workflow's own bilinear interpolation:
    browsers enlarge by other kernels, which would show a 7 x 7 map as it is not scored. A human
    map, as large as its photograph, is made smaller.
    """
    levels = grey_levels(values)
    if max(levels.shape) < SIDE:
        levels = upsampled(levels, (SIDE, SIDE))
    picture = Image.fromarray(levels.round().astype(np.uint8))
    if picture.width > WIDTH_PX // 2:
        height = max(1, round(picture.height * WIDTH_PX / 2 / picture.width))
        picture = picture.resize((WIDTH_PX // 2, height))
    return _address(picture)


def grey_levels(values: np.ndarray) -> np.ndarray:
    """The map's minimum as 0, its 99.5th percentile and all above as 255, as in the galleries.

    A map that is constant, or not finite (it has no score either), is 0 everywhere.
    """
    if not values.size or not np.isfinite(values).all():
        return np.zeros(values.shape)
    low, high = float(values.min()), float(np.percentile(values, 99.5))
    high = high if high > low else float(values.max())
    return 255 * np.clip((values - low) / ((high - low) or 1.0), 0, 1)


def colour_tables() -> list[str]:
    """The galleries' colours as an SVG filter takes them: red, green and blue, from 0 to 1."""
    import matplotlib as mpl

    from bench.report.pictures import COLOURS

    colours = mpl.colormaps[COLOURS](np.linspace(0, 1, STOPS))[:, :3]
    return [" ".join(f"{value:.3f}" for value in channel) for channel in colours.T]


def _address(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
