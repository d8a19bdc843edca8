"""Sheets of pictures and words, written as PNG and SVG in a fraction of what axes would cost.

All pictures of a sheet are pasted into one bitmap, and only the words are drawn: hundreds of axes,
each with a layout of its own, took a second a figure. In the SVG the bitmap is one JPEG and the
words are outlines, so it looks the same everywhere.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.report.pictures import HIGHEST, LOWEST, colour_bar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 150
JPEG_QUALITY = 85
LINE = 1.35 * DPI / 72  # the height of a line of text, in pixels a point
LETTER = 0.6 * DPI / 72  # about the width of a letter, in pixels a point
BAR = (420, 18)
BAR_MARKS = {-2: "¼ or less", -1: "½", 0: "1", 1: "2", 2: "4", 3: "8", 4: "16 or more"}


@dataclass
class Sheet:
    """A white sheet that grows downwards: pictures and words at places in pixels from its top left.

    Words are in points at DPI pixels an inch.
    """

    width: int
    pictures: list[tuple[int, int, np.ndarray]] = field(default_factory=list)
    words: list[tuple[float, float, str, dict]] = field(default_factory=list)
    height: int = 0

    def place(self, x: int, y: int, picture: np.ndarray) -> None:
        """A picture (h, w, 3) uint8 with its top left corner at x, y."""
        self.pictures.append((x, y, picture))
        self.height = max(self.height, y + picture.shape[0])

    def write(
        self, x: float, y: float, text: str, *, room: float = 0, size: float = 8, **style
    ) -> None:
        """Words that begin at x and hang from y; shortened in the middle where `room` is less."""
        if room:
            text = shortened(text, letters(room, size))
        self.words.append((x, y, text, {"size": size, "va": "top", **style}))
        self.height = max(self.height, round(y + size * LINE))

    def stamp(self, x: int, y: int, size: tuple[int, int], text: str) -> None:
        """Words in the middle of a picture of that size (width, height), in a box of their own."""
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        text = text.replace(": ", ":\n")
        style = {"ha": "center", "va": "center", "bbox": box, "size": 7, "linespacing": 1.1}
        self.words.append((x + size[0] / 2, y + size[1] / 2, text, style))

    def scale(self, x: int, y: int) -> None:
        """The colour bar of all maps with its label."""
        width, height = BAR
        self.place(x, y, colour_bar(width, height))
        for level, text in BAR_MARKS.items():
            place = x + (level - LOWEST) / (HIGHEST - LOWEST) * width
            self.write(place, y + height + 3, text, size=7.5, ha="center")
        self.write(x + width + 70, y - 1, "times the mean density of the map", size=8.5)

    def bitmap(self) -> np.ndarray:
        """All pictures on white, (height, width, 3) uint8."""
        canvas = np.full((self.height, self.width, 3), 255, dtype=np.uint8)
        for x, y, picture in self.pictures:
            canvas[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
        return canvas

    def save(self, stem: Path, note: str = "") -> list[Path]:
        """Writes STEM.svg and STEM.png, the same bytes for the same sheet.

        `note` stands below, wherever the figure travels.
        """
        if note:
            self.write(self.width / 2, self.height + 8, note, style="italic", ha="center")
        self.height += 6
        return self.save_as(stem.with_suffix(".svg"), stem.with_suffix(".png"))

    def save_as(self, *paths: Path) -> list[Path]:
        """Writes the sheet as it is to each file, an SVG or a picture, as its suffix says."""
        import matplotlib as mpl
        from PIL import Image

        from bench.files import written_whole

        canvas, figure = self.bitmap(), self._words()
        for path in paths:
            with written_whole(path) as part:
                if path.suffix.lower() == ".svg":
                    with mpl.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "path"}):
                        drawn = io.StringIO()
                        figure.savefig(drawn, format="svg", metadata={"Date": None})
                    part.write_text(_with_bitmap(drawn.getvalue(), canvas), encoding="utf-8")
                else:
                    # level 1: a quarter of the time for a sixth more bytes
                    level = {"compress_level": 1} if path.suffix.lower() == ".png" else {}
                    Image.fromarray(_over(canvas, figure)).save(part, **level)
        return list(paths)

    def _words(self) -> Figure:
        """The words alone, on a figure as large as the sheet."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(self.width / DPI, self.height / DPI), dpi=DPI)
        figure.patch.set_visible(False)
        for x, y, text, style in self.words:
            figure.text(x / self.width, 1 - y / self.height, text, **style)
        return figure


def letters(room: float, size: float) -> int:
    """About how many letters of so many points stand in so many pixels."""
    return int(room / (size * LETTER))


def shortened(text: str, most: int) -> str:
    """The text, its middle left out where it has more letters than `most`.

    >>> shortened("photograph_0001.png", 11), shortened("a.png", 11)
    ('photo…1.png', 'a.png')
    """
    if len(text) <= most:
        return text
    kept = max(most - 1, 2)
    return f"{text[: kept // 2]}…{text[-(kept - kept // 2) :]}"


def _over(canvas: np.ndarray, words: Figure) -> np.ndarray:
    """The bitmap with the words on it, (h, w, 3) uint8."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    layer = FigureCanvasAgg(words)
    layer.draw()
    drawn = np.asarray(layer.buffer_rgba())[: len(canvas), : canvas.shape[1]]
    rows, columns = np.nonzero(drawn[:, :, 3])
    ink = drawn[rows, columns].astype(np.uint16)
    opacity = ink[:, 3:]
    below = canvas[rows, columns]
    over = canvas.copy()
    over[rows, columns] = (ink[:, :3] * opacity + below * (255 - opacity)) // 255
    return over


def _with_bitmap(svg: str, canvas: np.ndarray) -> str:
    """The drawing on white with the bitmap below it."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(canvas).save(buffer, "JPEG", quality=JPEG_QUALITY)
    content = base64.b64encode(buffer.getvalue()).decode("ascii")
    height, width = (side * 72 / DPI for side in canvas.shape[:2])
    start = '<g id="figure_1">'
    image = (
        f'<image width="{width:.6f}" height="{height:.6f}" preserveAspectRatio="none" '
        f'xlink:href="data:image/jpeg;base64,{content}"/>'
    )
    return svg.replace(start, f"{image}\n {start}", 1)
