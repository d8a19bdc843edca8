"""Check a configuration file before Snakemake reads it."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.places import PROJECT
from bench.schemas import read_yaml


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file."""
    parser.add_argument("file", type=Path, metavar="FILE")


def run(arguments: argparse.Namespace) -> None:
    """Ends with 2 and a message for the first thing that does not fit."""
    from bench.workflow.configuration import read_settings

    settings = read_settings(read_yaml(arguments.file), PROJECT, str(arguments.file))
    print(
        f"{arguments.file}: good. Data sets: {', '.join(settings.datasets)}; networks: "
        f"{', '.join(settings.models)}; methods: {', '.join(settings.methods)}; metrics: "
        f"{', '.join(settings.metrics)}."
    )
