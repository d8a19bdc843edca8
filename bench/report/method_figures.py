"""The figures of maps: human heatmaps, every method on its best, median and worst, and galleries.

Each is a `Sheet` with the words that belong to it on the page.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.report.examples import Example, ImageScores
from bench.report.numbers import number
from bench.report.pictures import overlay, photograph, what_is_wrong
from bench.report.sheets import LINE, Sheet, letters

GAP = 10
BELOW = 3  # between a picture and its words
MOST_MAPS = 18  # of one method in its figure
MOST_ACROSS = 5

Map = np.ndarray | None


@dataclass(frozen=True)
class Pictures:
    """Photographs and human maps by image name, each read once a figure."""

    files: Mapping[str, Path]
    human: Callable[[str], Map]

    def photograph(self, image: str, box: tuple[int, int]) -> np.ndarray:
        """The photograph, as large as fits into the box (width, height)."""
        return photograph(self.files[image], box)


@dataclass(frozen=True)
class MapSet:
    """A method on a network, or maps made elsewhere: what there is to show.

    maps: {map name: function image -> map}, empty where the method does not apply: `reason` says
    why. classes: function image -> the class that the network saw.
    """

    label: str
    network: str
    model: str
    method: str
    maps: dict[str, Callable[[str], Map]]
    labels: dict[str, str]
    classes: Callable[[str], str]
    reason: str = ""

    @property
    def title(self) -> str:
        """ "Grad-CAM on VGG16", or the name of maps made elsewhere."""
        return self.label if self.model == "external" else f"{self.label} on {self.network}"

    def short_label(self, name: str) -> str:
        """What tells one of several maps from the others: "conv54"."""
        return self.labels[name].removeprefix(f"{self.label}, ")


def human_heatmaps(pictures: Pictures, images: list[str]) -> Sheet:
    """The paper's Fig. 1: each photograph, and beside it the human heatmap over it."""
    pairs = 2 if len(images) > 1 else 1
    width = 248 if pairs == 2 else 400
    sheet = Sheet(max(2 * pairs * (width + GAP) + GAP, 940))
    y = GAP
    for place, image in enumerate(images):
        pair = place % pairs
        x = GAP + pair * 2 * (width + GAP)
        picture = pictures.photograph(image, (width, width))
        sheet.place(x, y, picture)
        place_map(sheet, x + width + GAP, y, picture, pictures.human(image))
        sheet.write(x, y + len(picture) + BELOW, image, room=2 * width)
        if pair == pairs - 1:
            y = sheet.height + GAP
    sheet.scale(GAP + 40, sheet.height + 2 * GAP)
    return sheet


def method_figure(
    shown: MapSet, pictures: Pictures, chosen: list[Example], scores: ImageScores | None
) -> Sheet:
    """A block per photograph: it, the human map and the method's maps over it, with the scores.

    Of a method with one map they stand side by side; of one with several the human map stands
    below the photograph, and the maps beside both in as few rows as are readable.
    """
    maps = dict(list(shown.maps.items())[:MOST_MAPS])
    several = len(maps) > 1
    across = min(MOST_ACROSS, -(-len(maps) // 2)) if several else 1
    width = 172 if several else 300
    sheet = Sheet(max((across + (1 if several else 2)) * (width + GAP) + GAP, 940))
    words = BELOW + round(8 * LINE) + 6
    for one in chosen:
        top = sheet.height + (2 * GAP if sheet.height else GAP)
        _heading(sheet, GAP, top, one, shown, scores)
        top += round(10 * LINE) + 4
        picture = pictures.photograph(one.image, (width, width))
        height = len(picture)
        below = height + words
        sheet.place(GAP, top, picture)
        sheet.write(GAP, top + height + BELOW, "photograph", size=7.5)
        x, y = (GAP, top + below) if several else (2 * GAP + width, top)
        place_map(sheet, x, y, picture, pictures.human(one.image))
        sheet.write(
            x, y + height + BELOW, _human_text(one.image, scores, several), room=width, size=7.5
        )
        for place, (name, read) in enumerate(maps.items()):
            row, column = divmod(place, across)
            x = GAP + (column + (1 if several else 2)) * (width + GAP)
            y = top + row * below
            place_map(sheet, x, y, picture, read(one.image))
            text = shown.short_label(name)
            if scores is not None:
                value = scores.of(shown.model, shown.method, name, one.image)
                text = f"{text}: {number(value) if several else scores.text(value)}"
            sheet.write(x, y + height + BELOW, text, room=width, size=7.5)
    sheet.scale(GAP + 40, sheet.height + 2 * GAP)
    return sheet


def gallery(
    rows: list[tuple[MapSet, str]],
    pictures: Pictures,
    images: list[str],
    scores: ImageScores | None,
) -> Sheet:
    """Photographs side by side; below each the human map, then one map per row, with its score.

    rows: (the method, which of its maps).
    """
    left = 190
    width, height = box = 138, 110
    sheet = Sheet(max(left + len(images) * (width + 8) + GAP, 940))
    small = 7
    step = height + BELOW + round(small * LINE) + 5
    top = GAP + (round(2 * small * LINE) + 4 if rows else 0)
    places = ["Photograph", "Human", *(shown.labels[name] for shown, name in rows)]
    for place, label in enumerate(places):
        label = "\n".join(textwrap.wrap(label, letters(left - GAP, 8)))
        sheet.write(GAP, top + place * step, label, linespacing=1.2)
    for column, image in enumerate(images):
        x = left + column * (width + 8)
        picture = pictures.photograph(image, box)
        sheet.write(x, GAP - 2, image, room=width, size=small)
        if rows:
            sheet.write(x, GAP + small * LINE, rows[0][0].classes(image), room=width, size=small)
        sheet.place(x, top, picture)
        place_map(sheet, x, top + step, picture, pictures.human(image))
        sheet.write(
            x, top + step + len(picture) + BELOW, _human_text(image, scores, True), size=small
        )
        for place, (shown, name) in enumerate(rows, start=2):
            y = top + place * step
            place_map(sheet, x, y, picture, shown.maps[name](image))
            if scores is not None:
                value = scores.of(shown.model, shown.method, name, image)
                sheet.write(x, y + len(picture) + BELOW, scores.text(value), size=small)
    sheet.scale(left, sheet.height + 2 * GAP)
    return sheet


def sentence(text: str) -> Sheet:
    """A sheet that only says why there is no figure."""
    sheet = Sheet(940)
    for place, line in enumerate(textwrap.wrap(text, 80)):
        sheet.write(GAP, GAP + place * 10 * LINE, line, size=10)
    return sheet


def place_map(sheet: Sheet, x: int, y: int, picture: np.ndarray, values: Map) -> None:
    """The map over the photograph, or over it in words why there is none to see."""
    sheet.place(x, y, overlay(picture, values))
    wrong = what_is_wrong(values)
    if wrong:
        sheet.stamp(x, y, (picture.shape[1], picture.shape[0]), wrong)


def _heading(
    sheet: Sheet, x: int, y: int, one: Example, shown: MapSet, scores: ImageScores | None
) -> None:
    seen = shown.classes(one.image)
    by = f" by {scores.metric.label}" if scores is not None and one.ordered else ""
    text = f"{one.role}{by}: {one.image}{f' (the network sees: {seen})' if seen else ''}"
    sheet.write(x, y, text, size=9, weight="bold", room=sheet.width - 2 * GAP)


def _human_text(image: str, scores: ImageScores | None, short: bool) -> str:
    """What other viewers score on this photograph; nothing of the map of all has a score."""
    value = np.nan if scores is None else scores.of("baseline", "human", "human", image)
    if not np.isfinite(value):
        return "human"
    return f"{'viewers' if short else 'human; other viewers'}: {scores.text(value)}"
