"""Natural photographs that the scikit-image wheel ships: sized for the demo, with their credits.

Read straight from the installed package: `skimage.data` would download what is missing. Its
textures, drawings, medical, microscopic and astronomical pictures and a motion-blurred clock are
left out: nobody views them as scenes or objects.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import DataError
from bench.files import written_whole

if TYPE_CHECKING:
    from PIL.Image import Image

# {the demo's file: (file in scikit-image, what it shows, credit and licence)}; a literal, for the
# Snakefile to read.
PHOTOGRAPHS = {
    "astronaut.png": (
        "astronaut.png",
        "The astronaut Eileen Collins",
        "NASA Great Images database, https://flic.kr/p/r9qvLn. No known copyright restrictions, "
        "released into the public domain.",
    ),
    "camera.png": (
        "camera.png",
        "A photographer with a camera on a tripod (grey)",
        "Lav Varshney. CC0 by the photographer.",
    ),
    "chelsea.png": (
        "chelsea.png",
        "Chelsea the cat",
        "Stefan van der Walt. CC0 by the photographer.",
    ),
    "coffee.png": (
        "coffee.png",
        "A cup of coffee",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar. CC0 by the photographer.",
    ),
    "coins.png": (
        "coins.png",
        "Greek coins from Pompeii (grey)",
        "Brooklyn Museum Collection, "
        "https://www.brooklynmuseum.org/opencollection/archives/image/51611. "
        "No known copyright restrictions.",
    ),
    "motorcycle.png": (
        "motorcycle_left.png",
        "A motorcycle in a garage (left picture of a stereo pair)",
        "Middlebury 2014 stereo benchmark: D. Scharstein, H. Hirschmueller, Y. Kitajima, "
        "G. Krathwohl, N. Nesic, X. Wang and P. Westling, High-resolution stereo datasets with "
        "subpixel-accurate ground truth, GCPR 2014, "
        "http://vision.middlebury.edu/stereo/data/scenes2014/. No licence stated; shipped by "
        "scikit-image with this reference.",
    ),
    "rocket.png": (
        "rocket.jpg",
        "Falcon 9 with DSCOVR on the launch pad",
        "SpaceX, https://www.flickr.com/photos/spacexphotos/16511594820/. Released into the "
        "public domain by SpaceX.",
    ),
}

WIDTH_PX = (318, 500)  # the range of the paper's photographs
MAX_HEIGHT_PX = 500  # twice the size has to fit on the screen


def photograph(name: str) -> Image:
    """The photograph `name` (a key of PHOTOGRAPHS) as an RGB image of at most 500 x 500 px.

    As it is where it fits, else made smaller with its aspect kept (Lanczos filter, which
    antialiases). Raises DataError where the installed scikit-image lacks the file.
    """
    from PIL import Image

    source, _, _ = PHOTOGRAPHS[name]
    path = _package_folder() / "data" / source
    try:
        with Image.open(path) as opened:
            image = opened.convert("RGB")
    except OSError as error:
        raise DataError(
            f"{path}: not readable ({error}). The demo takes its photographs from the wheel of "
            "scikit-image; install it anew (uv sync --reinstall-package scikit-image)."
        ) from None
    shrink = min(WIDTH_PX[1] / image.width, MAX_HEIGHT_PX / image.height, 1.0)
    if shrink < 1:
        size = (round(image.width * shrink), round(image.height * shrink))
        image = image.resize(size, Image.Resampling.LANCZOS)
    return image


def write_photograph(path: Path, image: Image) -> None:
    """Writes `image` as PNG, lossless and without metadata, so that two runs compare equal."""
    with written_whole(path) as part:
        image.save(part, format="PNG")


def credits_text() -> str:
    """Markdown: what the demo's files are, and who took each photograph, under which licence."""
    lines = [
        "# The demo data set",
        "",
        "The recordings are **simulated**: no person was recorded. The model knows centre bias,",
        "low-level salience and inhibition of return, and nothing of objects or meaning.",
        "",
        "The photographs come from the wheel of scikit-image, made smaller where one was wider",
        "or higher than 500 px. Credits and licences as scikit-image states them:",
        "",
        "| file | photograph | credit and licence |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| {name} | {shows} | {credit} |" for name, (_, shows, credit) in PHOTOGRAPHS.items()
    ]
    return "\n".join(lines) + "\n"


def _package_folder() -> Path:
    """The folder of the installed scikit-image, found without importing it."""
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise DataError("scikit-image is not installed; the demo takes its photographs from it.")
    return Path(spec.origin).parent
