"""Maps as colours over photographs, all on one scale.

Maps of different methods have no common unit: a Grad-CAM counts logits, a human heatmap
milliseconds. What they share is that each spreads a certain amount of attention over the
photograph, so every map is shown as a density (see bench/metrics/divergence.py) in units of its own
mean: 1 is what an even spread would give a pixel, 4 is four times that. A colour then says the same
of every map, of machines and people alike, and a map that is brighter in few places is one that is
more concentrated, not one whose numbers happen to be larger.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

COLOURS = "magma"  # perceptually uniform, ordered in grey too
LOWEST, HIGHEST = -2, 4  # log2 of the density that is drawn darkest, and lightest
OPACITY = 0.7  # of the map over the photograph; the colour bar lies over grey alike


def photograph(path: Path, box: tuple[int, int]) -> np.ndarray:
    """The photograph as large as fits into the box (width, height) in pixels, (h, w, 3) uint8."""
    from PIL import Image

    from bench.photographs import read_photograph

    image = Image.fromarray(read_photograph(path))
    return np.asarray(image.resize(fitted(image.size, box), reducing_gap=3))


def fitted(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """The largest (width, height) of the same shape that fits into the box, at least 1 x 1.

    >>> fitted((800, 600), (300, 300)), fitted((10, 4000), (100, 100))
    ((300, 225), (1, 100))
    """
    factor = min(box[0] / size[0], box[1] / size[1])
    return max(round(size[0] * factor), 1), max(round(size[1] * factor), 1)


def density(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The map (h, w) at the size (width, height), as multiples of its mean: (height, width).

    Enlarged it is bilinear, as for the scores; made smaller, pixels are averaged. Negative values
    are lifted as they are for the scores, p = S - min(S, 0). An all-zero map is even: 1 everywhere.
    The values must be finite.
    """
    from PIL import Image

    scale = np.abs(values).max() or 1.0  # no overflow in 32 bits
    image = Image.fromarray((values / scale).astype(np.float32))
    shown = np.asarray(image.resize(size, Image.Resampling.BILINEAR), dtype=np.float64)
    shown = shown - min(shown.min(), 0.0)
    mean = shown.mean()
    return shown / mean if mean > 0 else np.ones_like(shown)


def what_is_wrong(values: np.ndarray | None) -> str:
    """Why a map has nothing to show, in words for its panel; nothing for a map that has.

    >>> what_is_wrong(np.zeros((2, 2))), what_is_wrong(np.eye(2))
    ('empty: all zero', '')
    """
    if values is None or not values.size:
        return "no map"
    if np.isnan(values).any():
        return "not a number: no map to show"
    if not np.isfinite(values).all():
        return "infinite values: no map to show"
    if not values.any():
        return "empty: all zero"
    return "constant" if values.min() == values.max() else ""


def overlay(picture: np.ndarray, values: np.ndarray | None) -> np.ndarray:
    """The map's colours over the photograph in grey, (h, w, 3) uint8, as large as `picture`.

    A map that is missing or not finite leaves the photograph in grey alone.
    """
    height, width = picture.shape[:2]
    if values is None or not values.size or not np.isfinite(values).all():
        return _over_grey(picture, None)
    return _over_grey(picture, density(values, (width, height)))


def colour_bar(width: int, height: int) -> np.ndarray:
    """The scale from LOWEST to HIGHEST, over a grey photograph: (height, width, 3) uint8."""
    levels = 2.0 ** np.linspace(LOWEST, HIGHEST, width)
    grey = np.full((height, width, 3), 128, dtype=np.uint8)
    return _over_grey(grey, np.broadcast_to(levels, (height, width)))


def places(shown: np.ndarray) -> np.ndarray:
    """Where on the scale a density (multiples of the mean, from 0) lies: 0 darkest, 1 lightest.

    >>> places(np.array([0, 0.25, 1, 4, 16, 99]))
    array([0.        , 0.        , 0.33333333, 0.66666667, 1.        ,
           1.        ])
    """
    with np.errstate(divide="ignore"):
        return np.clip((np.log2(shown) - LOWEST) / (HIGHEST - LOWEST), 0, 1)


def _over_grey(picture: np.ndarray, shown: np.ndarray | None) -> np.ndarray:
    grey = picture.mean(axis=2, keepdims=True)
    if shown is None:
        return np.repeat((0.5 * grey + 110).astype(np.uint8), 3, axis=2)
    colours = _colours()[(places(shown) * 255).astype(np.uint8)]
    return (OPACITY * colours + (1 - OPACITY) * grey).astype(np.uint8)


def _colours() -> np.ndarray:
    """The 256 colours, (256, 3) in 0 to 255."""
    from matplotlib import colormaps

    return colormaps[COLOURS](np.arange(256))[:, :3] * 255
