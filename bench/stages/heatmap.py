"""Turn fixations into one human heatmap per photograph."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.files import written_whole
from bench.stages._inputs import read_fixations, read_json
from bench.stages._options import add_output

if TYPE_CHECKING:
    from bench.protocols import Protocol

log = logging.getLogger("bench")


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
    add_output(parser, "output", "heatmaps.h5: one array (H, W) per image name")


def run(arguments: argparse.Namespace) -> None:
    """Writes heatmaps.h5; an image without fixations gets zeros and the flag `no_fixation`."""

    from bench.heatmaps import fixation_heatmap
    from bench.maps import new_maps, write_map
    from bench.protocols import fixation_weights, get_protocol, used_fixations

    recorded = read_json(arguments.recordings, "dataset", "images")
    protocol = get_protocol(arguments.protocol)
    choices = heatmap_choices(protocol, recorded)
    table = used_fixations(read_fixations(arguments.fixations), protocol.first_fixation)
    by_image = dict(list(table.groupby("image_id")))
    with written_whole(arguments.output) as path, new_maps(path) as file:
        file.attrs.update(choices)
        for name, shape in recorded["images"].items():
            rows = by_image.get(name, table.iloc[:0])
            weights = fixation_weights(rows, protocol.weight)
            values = fixation_heatmap(
                rows["x_image_px"].to_numpy(),
                rows["y_image_px"].to_numpy(),
                weights,
                shape,
                sigma=choices["sigma_px"],
                size=protocol.size_px,
                kernel=protocol.kernel,
                normalise=protocol.normalise,
            )
            write_map(
                file,
                name,
                values,
                viewers=int(rows["subject_id"].nunique()),
                fixations=len(rows),
                ms=float(rows[protocol.milliseconds].sum()),
                flag="" if len(rows) else "no_fixation",
            )
        log.info("%d heatmaps, protocol %s", len(file), protocol.name)


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
