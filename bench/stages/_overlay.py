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

log = logging.getLogger("bench")

SUFFIXES = (".png", ".jpg", ".pdf", ".svg")


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
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["text.parse_math"] = False  # a dollar sign in a file's name is a dollar sign

    from bench.attention._batches import attend_images
    from bench.messages import progress
    from bench.report.labels import map_label, method_texts
    from bench.report.pictures import gallery, photograph

    texts = method_texts(tuple(arguments.plugins))
    images = by_name(arguments.images)
    pictures = {name: photograph(path, width_px=480) for name, path in images.items()}
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
    figure = gallery(pictures, list(rows.items()), titles)
    with written_whole(arguments.overlay) as path:
        figure.savefig(path, dpi=150, bbox_inches="tight")  # long names of maps, whole
    sees = "; ".join(title.replace("\n", ": ") for title in titles.values())
    log.info("%s: %d maps, %s sees %s", arguments.overlay, len(rows), network.label, sees)


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
