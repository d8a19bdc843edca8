"""Photographs of one's own with maps over them, as one picture: a quick look without a workflow."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import BenchError, UsageError
from bench.files import written_whole

if TYPE_CHECKING:
    from bench.networks import Network
    from bench.report.sheets import Sheet

log = logging.getLogger("bench")

SUFFIXES = (".png", ".jpg", ".pdf", ".svg")
LEFT, GAP = 190, 12  # pixels: for the names of the maps, and between pictures
BOX = (360, 300)  # of one picture


def check_overlay(path: Path, images: list[Path]) -> None:
    """UsageError for what cannot be drawn, before a network is loaded."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--overlay {path}: expected .png, .jpg, .pdf or .svg.")
    if not images:
        raise UsageError("--overlay needs IMAGE...: the photographs to look at.")


def by_name(images: list[Path]) -> dict[str, Path]:
    """{name: file}; the whole path is the name where two photographs have one name.

    >>> list(by_name([Path("a.png"), Path("b.png")])), list(by_name([Path("x/a"), Path("y/a")]))
    (['a.png', 'b.png'], ['x/a', 'y/a'])
    """
    found = {path.name: path for path in images}
    return found if len(found) == len(images) else {path.as_posix(): path for path in images}


def draw_overlay(
    arguments: argparse.Namespace, methods: dict[str, dict[str, Any]], network: Network
) -> None:
    """Photographs side by side, below each every map of every method over it.

    A method that fails or does not apply is left out with a warning, unless none is left.
    """
    from bench.attention._batches import attend_images
    from bench.messages import progress
    from bench.report.labels import map_label, method_texts

    texts = method_texts(tuple(arguments.plugins))
    images = by_name(arguments.images)
    failed: dict[str, BenchError] = {}
    attended = attend_images(
        methods,
        network,
        images,
        batch_size=arguments.batch_size,
        plugins=arguments.plugins,
        failed=failed,
        precision=arguments.precision,
        workers=arguments.workers,
    )
    rows: dict[str, dict[str, Any]] = {}
    titles = {}
    for item in progress(attended, network.label, unit="image", total=len(images)):
        titles[item.image_id] = f"{item.image_id}\n{item.target_name}"
        for method, maps in item.maps.items():
            for name, values in maps.items():
                rows.setdefault(map_label(method, name, texts), {})[item.image_id] = values
    _tell(failed, attended.not_applicable, network, bool(rows))
    sheet = _sheet(images, titles, rows)
    with written_whole(arguments.overlay) as path:
        sheet.save_as(path)
    sees = "; ".join(title.replace("\n", ": ") for title in titles.values())
    found = "1 map" if len(rows) == 1 else f"{len(rows)} maps"
    log.info("%s: %s, %s sees %s", arguments.overlay, found, network.label, sees)


def _sheet(images: dict[str, Path], titles: dict[str, str], rows: dict[str, dict]) -> Sheet:
    """A column per photograph: its name, what the network sees, itself, and map under map."""
    import textwrap

    import matplotlib as mpl

    from bench.report.method_figures import place_map
    from bench.report.pictures import photograph
    from bench.report.sheets import LINE, Sheet, letters

    mpl.rcParams["text.parse_math"] = False  # a dollar sign in a file's name is a dollar sign
    pictures = {name: photograph(file, BOX) for name, file in images.items()}
    width, step = BOX[0] + GAP, max(map(len, pictures.values())) + GAP
    sheet = Sheet(max(LEFT + len(images) * width, 940))
    top = round(2 * 8 * LINE) + 2 * GAP
    for row, label in enumerate(["photograph", *rows]):
        text = "\n".join(textwrap.wrap(label, letters(LEFT - GAP, 8)))
        sheet.write(GAP, top + row * step, text, linespacing=1.2)
    for column, (name, picture) in enumerate(pictures.items()):
        x = LEFT + column * width
        for line, text in enumerate(titles[name].split("\n")):
            sheet.write(x, GAP + line * 8 * LINE, text, room=BOX[0])
        sheet.place(x, top, picture)
        for row, maps in enumerate(rows.values(), start=1):
            place_map(sheet, x, top + row * step, picture, maps.get(name))
    sheet.scale(GAP + 40, sheet.height + 2 * GAP)
    sheet.height += GAP
    return sheet


def _tell(
    failed: dict[str, BenchError], not_applicable: dict[str, str], network: Network, left: bool
) -> None:
    """Warns of methods that gave no map; raises the first error where no method is left."""
    errors = [*failed.values()] + [
        UsageError(f"{method} does not apply to {network.name}: {reason}")
        for method, reason in not_applicable.items()
    ]
    if not left:
        raise errors[0]
    for error in errors:
        log.warning("left out: %s", error)
