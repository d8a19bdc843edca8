"""Turn fixations into one human heatmap per photograph."""

from __future__ import annotations

import argparse
import logging
from dataclasses import asdict
from pathlib import Path

from bench.files import written_whole
from bench.stages._inputs import read_fixations, read_json
from bench.stages._options import add_output

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The fixation table, the images' sizes, the protocol and the output."""
    parser.add_argument("--fixations", type=Path, required=True, metavar="FILE")
    parser.add_argument("--recordings", type=Path, required=True, metavar="FILE")
    parser.add_argument("--protocol", default="default", help="default or paper (%(default)s)")
    add_output(parser, "output", "heatmaps.h5: one array (H, W) per image name")


def run(arguments: argparse.Namespace) -> None:
    """Writes heatmaps.h5; an image without fixations gets zeros and the flag `no_fixation`."""
    import h5py

    from bench.heatmaps import fixation_heatmap
    from bench.maps import write_map
    from bench.protocols import get_protocol

    recorded = read_json(arguments.recordings, "dataset", "images")
    protocol = get_protocol(arguments.protocol)
    table = read_fixations(arguments.fixations)
    by_image = dict(list(table[table["status"] == "kept"].groupby("image_id")))
    with written_whole(arguments.output) as path, h5py.File(path, "w") as file:
        file.attrs.update({"dataset": recorded["dataset"], **asdict(protocol)})
        for name, shape in recorded["images"].items():
            rows = by_image.get(name, table.iloc[:0])
            values = fixation_heatmap(
                rows["x_image_px"].to_numpy(),
                rows["y_image_px"].to_numpy(),
                rows[protocol.duration].to_numpy(),
                shape,
                sigma=protocol.sigma_px,
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
                ms=float(rows[protocol.duration].sum()),
                flag="" if len(rows) else "no_fixation",
            )
        log.info("%d heatmaps, protocol %s", len(file), protocol.name)
