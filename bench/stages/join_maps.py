"""Bring the maps of all shards under one name, without copying them."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from bench.stages._options import add_output

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The list of shards, and the file to write."""
    parser.add_argument("--shards", type=Path, required=True, metavar="CSV", help="shards.csv")
    add_output(parser, "output", "maps/{method}.h5, beside the folder shards/")


def run(arguments: argparse.Namespace) -> None:
    """Writes a file of links; shards/{shard}/maps/{method}.h5 hold the maps."""
    from bench.shards import read_shards, shard_path
    from bench.stages._map_links import link_maps

    shards = read_shards(arguments.shards)
    link_maps(
        arguments.output,
        {shard_path(arguments.output, shard): images for shard, images in shards.items()},
    )
    log.info("%s: maps of %d shards", arguments.output.name, len(shards))
