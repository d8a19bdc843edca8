"""Small pictures for the browser to enlarge and colour: photographs in colour, maps in grey."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from bench.photographs import read_photograph
from bench.report.pictures import COLOURS, density, places

WIDTH_PX = 480  # of a photograph: a panel is half as wide, a phone's pixels are twice as fine
SIDE, WIDEST = 112, 160  # of a map: the folder of 60 photographs and two networks takes 7 MB
QUALITY = 70
STOPS = 33  # of the table of colours, between which the browser interpolates


def photograph_picture(path: Path) -> str:
    """The photograph at display size as a data: address; never larger than it is."""
    picture = Image.fromarray(read_photograph(path))
    width = min(WIDTH_PX, picture.width)
    height = max(1, round(picture.height * width / picture.width))
    return _address(picture.resize((width, height)))


def map_picture(values: np.ndarray) -> str:
    """A map (h, w) as a grey picture in a data: address, its levels those of `grey_levels`."""
    return _address(Image.fromarray(grey_levels(values).round().astype(np.uint8)))


def grey_levels(values: np.ndarray) -> np.ndarray:
    """The map's place on the scale of the figures (bench/report/pictures.py), 0 to 255.

    A coarse map is brought to `SIDE` pixels a side by bilinear interpolation, as it is scored:
    browsers enlarge by other kernels. One wider than `WIDEST`, as human maps are, is made smaller.
    A map that is not finite, or empty, has nothing to show and is 0 everywhere.
    """
    if not values.size or not np.isfinite(values).all():
        return np.zeros((SIDE, SIDE))
    height, width = values.shape
    if max(height, width) < SIDE:
        size = (SIDE, SIDE)
    else:
        size = (min(width, WIDEST), max(1, round(height * min(width, WIDEST) / width)))
    return 255 * places(density(values, size))


def colour_tables() -> list[str]:
    """The galleries' colours as an SVG filter takes them: red, green and blue, from 0 to 1."""
    import matplotlib as mpl

    colours = mpl.colormaps[COLOURS](np.linspace(0, 1, STOPS))[:, :3]
    return [" ".join(f"{value:.3f}" for value in channel) for channel in colours.T]


def _address(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
