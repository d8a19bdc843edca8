"""Photographs as arrays: what the network sees and what the report shows are the same pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from bench.errors import DataError


def read_photograph(path: str | Path) -> np.ndarray:
    """The photograph as RGB uint8 (H, W, 3), its pixels as stored (an EXIF rotation is not applied,
    because recorded gaze is in stored pixels). Transparent parts are laid on black.

    Raises DataError naming the file.
    """
    try:
        with Image.open(path) as image:
            image.load()
            if image.mode.startswith(("I", "F")):
                return _deep_grey(path, np.asarray(image))
            if image.has_transparency_data:
                image = image.convert("RGBA")
                ground = Image.new("RGBA", image.size, (0, 0, 0, 255))
                image = Image.alpha_composite(ground, image)
            return np.asarray(image.convert("RGB"))
    # SyntaxError: what PIL raises for some broken PNG files.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{path}: cannot be read as a photograph ({error}); expected an image file such as "
            "PNG or JPEG"
        ) from None


def _deep_grey(path: str | Path, values: np.ndarray) -> np.ndarray:
    """16-bit grey to RGB uint8; PIL's own conversion would clip everything above 255."""
    if values.dtype.kind not in "iu" or values.min() < 0 or values.max() > 65535:
        raise ValueError(f"grey values of type {values.dtype} beyond 16 bits")
    grey = (values.astype(np.uint32) * 255 + 32767) // 65535
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)
