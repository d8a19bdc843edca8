"""Write down which photograph of a large data set is in which shard."""

from __future__ import annotations

import argparse
import logging

from bench.stages._options import add_dataset, add_output, at_least_one, chosen_dataset

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The data set, the most images of a shard, and the list to write."""
    add_dataset(parser)
    parser.add_argument("--size", type=at_least_one, required=True, help="images in a shard")
    add_output(parser, "output", "shards.csv: shard and image")


def run(arguments: argparse.Namespace) -> None:
    """Writes shards.csv."""
    from bench.shards import cut, write_shards

    names = [path.name for path in chosen_dataset(arguments).stimuli()]
    shards = cut(names, arguments.size)
    write_shards(shards, arguments.output)
    log.info("%d photographs in %d shards", len(names), len(shards))
