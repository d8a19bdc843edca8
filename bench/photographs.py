"""Photographs as arrays: what the network sees and what the report shows are the same pixels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from bench.errors import DataError, ValidationError

# EXIF orientations that ask a program to turn or mirror the picture; 1 is "as it is stored".
TURNED = range(2, 9)
# Formats of more than one frame. The second picture of a camera's MPO is no frame of the first.
FRAMED = ("GIF", "PNG", "TIFF", "WEBP")


def read_photograph(path: str | Path) -> np.ndarray:
    """The photograph as RGB uint8 (H, W, 3), its pixels as stored: no EXIF rotation is applied,
    and `photograph_size` refuses pictures that ask for one. Transparent parts are laid on black.

    Raises DataError naming the file, ValidationError for a film.
    """
    with _opened(path) as image:
        image.load()
        if image.mode.startswith(("I", "F")):
            return _deep_grey(path, np.asarray(image))
        if image.has_transparency_data:
            image = image.convert("RGBA")
            ground = Image.new("RGBA", image.size, (0, 0, 0, 255))
            image = Image.alpha_composite(ground, image)
        return np.asarray(image.convert("RGB"))


def photograph_size(path: str | Path, *, exif_rotation: str = "refuse") -> tuple[int, int]:
    """(height, width) in pixels of what `read_photograph` gives, from the file's header.

    Raises DataError for what is no picture or a larger one than fits into memory with its maps,
    ValidationError for a film, and for an EXIF rotation: some programs show the picture turned and
    some do not, and gaze fits one of the two only. With `exif_rotation="ignore"` the picture is
    known to have been shown as it is stored.
    """
    with warnings.catch_warnings():
        # PIL's own words about a large picture; ours follow. Not in `read_photograph`, which runs
        # in threads: they share their filters.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return _size(path, exif_rotation)


def _size(path: str | Path, exif_rotation: str) -> tuple[int, int]:
    with _opened(path) as image:
        turned = _orientation(image) in TURNED
        # PIL itself turns a TIFF, so that one cannot be read as it is stored.
        if turned and (exif_rotation == "refuse" or image.format == "TIFF"):
            ignore = ", or say stimuli: exif_rotation: ignore if it was shown as it is stored"
            raise ValidationError(
                f"{path}: found an EXIF rotation ({_orientation(image)}), expected a picture that "
                "every program shows the same way up. Save it without that tag, turned as the "
                f"viewers saw it{'' if image.format == 'TIFF' else ignore}."
            )
        return image.height, image.width


@contextmanager
def _opened(path: str | Path) -> Iterator[Image.Image]:
    """The still picture in a file; whatever PIL raises over it is a DataError."""
    try:
        with Image.open(path) as image:
            # Above this limit PIL warns, and above twice the limit raises: both are too large.
            if image.width * image.height > Image.MAX_IMAGE_PIXELS:
                raise Image.DecompressionBombError
            if image.format in FRAMED and getattr(image, "n_frames", 1) > 1:
                raise ValidationError(
                    f"{path}: found {image.n_frames} frames, expected one still picture. Save "
                    "the frame that was shown as a picture of its own."
                )
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(
            f"{path}: its header states more than {Image.MAX_IMAGE_PIXELS} pixels; expected a "
            "photograph as it was shown on a screen. Replace the file or save it smaller."
        ) from None
    except ValidationError:
        raise
    # SyntaxError, struct.error, zlib.error ...: PIL's readers of damaged files raise any kind.
    except Exception as error:
        raise DataError(
            f"{path}: cannot be read as a photograph ({error}); expected an image file such as "
            "PNG or JPEG. Replace the file or take it out of the data set."
        ) from None


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 where none is stated; never decodes the picture."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1  # PIL would decode all of it to look behind the pixels
    return image.getexif().get(ExifTags.Base.Orientation, 1)


def _deep_grey(path: str | Path, values: np.ndarray) -> np.ndarray:
    """16-bit grey to RGB uint8; PIL's own conversion would clip everything above 255."""
    if values.dtype.kind not in "iu" or values.min() < 0 or values.max() > 65535:
        raise ValueError(f"grey values of type {values.dtype} beyond 16 bits")
    grey = (values.astype(np.uint32) * 255 + 32767) // 65535
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)
