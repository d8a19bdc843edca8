"""Turn fixations into one human heatmap per photograph."""

from __future__ import annotations

import argparse
import logging
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.files import written_whole
from bench.stages._inputs import read_fixations, read_json
from bench.stages._options import add_jobs, add_output

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from bench.protocols import Protocol

log = logging.getLogger("bench")

PIECE = 16  # images that a process works out in one go


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The fixation table, the images' sizes, the protocol and the output."""
    parser.add_argument("--fixations", type=Path, required=True, metavar="FILE")
    parser.add_argument("--recordings", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--protocol",
        default="default",
        metavar="NAME",
        help="default, paper, mit, or a file of your own (%(default)s)",
    )
    add_jobs(parser, "images worked out")
    add_output(parser, "output", "heatmaps.h5: one array (H, W) per image name")


def run(arguments: argparse.Namespace) -> None:
    """Writes heatmaps.h5; an image without fixations gets zeros and the flag `no_fixation`."""
    from bench.maps import NewMaps, write_map
    from bench.messages import progress
    from bench.parallel import in_order, pieces
    from bench.protocols import get_protocol, rows_by_image, used_fixations

    recorded = read_json(arguments.recordings, "dataset", "images")
    protocol = get_protocol(arguments.protocol)
    choices = heatmap_choices(protocol, recorded)
    table = read_fixations(arguments.fixations)
    images = recorded["images"]
    rows = rows_by_image(used_fixations(table, protocol.first_fixation), list(images))
    work = (
        [(name, images[name], *_columns(rows(name), protocol)) for name in piece]
        for piece in pieces(images, PIECE)
    )
    with written_whole(arguments.output) as path, NewMaps(path) as file:
        file.attrs.update(choices)
        made = chain.from_iterable(in_order(partial(_heatmaps, choices), work, arguments.jobs))
        for name, values in progress(made, "heatmaps", unit="image", total=len(images)):
            own = rows(name)
            write_map(
                file,
                name,
                values,
                viewers=int(own["subject_id"].nunique()),
                fixations=len(own),
                ms=float(own[protocol.milliseconds].sum()),
                flag="" if len(own) else "no_fixation",
            )
        log.info("%d heatmaps, protocol %s", len(file), protocol.name)


def _columns(rows: pd.DataFrame, protocol: Protocol) -> tuple[np.ndarray, ...]:
    """x, y and weight of each fixation, (F,)."""
    from bench.protocols import fixation_weights

    position = [rows[name].to_numpy() for name in ("x_image_px", "y_image_px")]
    return *position, fixation_weights(rows, protocol.weight)


def _heatmaps(choices: dict[str, Any], work: list[tuple]) -> list[tuple[str, np.ndarray]]:
    """The heatmaps of some images, float32 as they are stored."""
    from bench.heatmaps import fixation_heatmap

    found = []
    for name, shape, x, y, weights in work:
        values = fixation_heatmap(
            x,
            y,
            weights,
            tuple(shape),
            sigma=choices["sigma_px"],
            size=choices["size_px"],
            kernel=choices["kernel"],
            normalise=choices["normalise"],
        )
        found.append((name, values.astype("float32")))
    return found


def heatmap_choices(protocol: Protocol, recorded: dict[str, Any]) -> dict[str, Any]:
    """What heatmaps.h5 says of itself: data set, protocol, and the choices as they came out.

    `sigma_px` is the one used; `pixels_per_degree` is there if the data set states it.
    """
    per_degree = recorded.get("pixels_per_degree")
    choices = {
        "dataset": recorded["dataset"],
        "protocol": protocol.name,
        "weight": protocol.weight,
        "first_fixation": protocol.first_fixation,
        "sigma_px": protocol.sigma(per_degree),
        "size_px": protocol.size_px,
        "kernel": protocol.kernel,
        "normalise": protocol.normalise,
    }
    return choices | ({"pixels_per_degree": per_degree} if per_degree else {})
