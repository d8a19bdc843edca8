"""Make the demo: photographs from scikit-image and recordings of simulated viewers."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the demo goes and the seed of its viewers."""
    parser.add_argument("--folder", type=Path, default=Path("data/demo"), help="%(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the viewers (%(default)s)")


def run(arguments: argparse.Namespace) -> None:
    """Writes the files of bench.datasets.demo.DEMO_FILES."""
    from bench.datasets.demo import DEMO_FILES, make_demo

    make_demo(arguments.folder, seed=arguments.seed)
    log.info("%d files in %s; these viewers are simulated", len(DEMO_FILES), arguments.folder)
