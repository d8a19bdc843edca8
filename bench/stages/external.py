"""Import maps that were made elsewhere, so that they are scored like any method's."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

from bench import __version__
from bench.files import written_whole
from bench.stages._options import add_dataset, add_output, chosen_dataset

log = logging.getLogger("bench")

NAMED = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose photographs, which maps, and the name of their row."""
    add_dataset(parser)
    parser.add_argument("--name", required=True, help="of the row")
    parser.add_argument(
        "--source", type=Path, required=True, metavar="FOLDER", help="a map per photograph"
    )
    add_output(parser, "output", "external/maps/{name}.h5")


def run(arguments: argparse.Namespace) -> None:
    """Writes the maps of all photographs; what belongs to no photograph is named and left."""

    from bench.attention._registry import check_id
    from bench.datasets import image_sizes
    from bench.external import ExternalMaps, external_files
    from bench.maps import NewMaps, write_map
    from bench.messages import progress
    from bench.workflow import fingerprint

    name, source = arguments.name, arguments.source
    check_id(name, "--name")
    sizes = image_sizes(chosen_dataset(arguments))
    maps = ExternalMaps(source, sizes)
    used = [path for paths in external_files(source, sizes).values() for path in paths]
    contents = fingerprint.files(used or [source])
    with written_whole(arguments.output) as path, NewMaps(path) as file:
        file.attrs.update(
            method=name,
            model="external",
            maps=json.dumps([name]),
            options="{}",
            weights=f"{name}, maps made elsewhere, SHA-256 {contents}",
            version=f"attention-bench {__version__}",
            fingerprint=contents,
            label=name,
            summary="Maps that were made outside this workflow.",
            reference="",
        )
        group = file.create_group(name)
        for image, values in progress(maps, name, unit="map", total=len(sizes)):
            write_map(group, image, values)
    log.info("%s: %d maps from %s", name, len(sizes), source)
    if maps.ignored:
        more = ", ..." if len(maps.ignored) > NAMED else ""
        log.warning(
            "%s: %d that belong to no photograph are ignored: %s%s",
            source,
            len(maps.ignored),
            ", ".join(maps.ignored[:NAMED]),
            more,
        )
