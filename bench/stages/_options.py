"""Arguments that several verbs share, so that they read alike."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from bench.datasets import Dataset, load_dataset


def add_dataset(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """--dataset and --root."""
    parser.add_argument(
        "--dataset", type=Path, required=required, metavar="YAML", help="data/ID/dataset.yaml"
    )
    parser.add_argument("--root", type=Path, metavar="FOLDER", help="where its files lie")


def chosen_dataset(arguments: argparse.Namespace) -> Dataset:
    """The data set that --dataset and --root name."""
    return load_dataset(arguments.dataset, arguments.root)


def add_plugins(parser: argparse.ArgumentParser) -> None:
    """--plugins, files with further methods."""
    parser.add_argument(
        "--plugins",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="further methods, a Python file each (docs/add-a-method.md)",
    )


def add_output(parser: argparse.ArgumentParser, name: str, what: str) -> None:
    """A required option for a file to write."""
    parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE", help=what)


def add_shard(parser: argparse.ArgumentParser) -> None:
    """--shard, a part of the data set's photographs."""
    parser.add_argument(
        "--shard", nargs=2, metavar=("CSV", "ID"), help="only this shard of shards.csv"
    )


def chosen_shard(arguments: argparse.Namespace) -> list[str] | None:
    """The images of the shard that --shard names, None for all."""
    from bench.shards import shard_images

    return shard_images(Path(arguments.shard[0]), arguments.shard[1]) if arguments.shard else None


def add_jobs(parser: argparse.ArgumentParser, what: str) -> None:
    """--jobs, how many processes share the work."""
    parser.add_argument(
        "--jobs",
        type=at_least_one,
        default=1,
        metavar="N",
        help=f"{what} at a time, each in its own process; the results are the same",
    )


def number_or_auto(text: str) -> int | str:
    """ "auto" or the whole number that an option gives; an error of argparse for anything else."""
    if text != "auto" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"found {text!r}, expected auto or a number")
    return text if text == "auto" else int(text)


def at_least_one(text: str) -> int:
    """The whole number that an option gives; an error of argparse for anything below 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number from 1")
    return int(text)


def json_object(text: str) -> dict[str, Any]:
    """The JSON object that an option gives; an error of argparse for anything else."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected an object in JSON")
    return found
