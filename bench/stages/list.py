"""List what exists: methods, networks, metrics, data sets."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bench.attention import method_files
from bench.datasets import dataset_files
from bench.literals import literals
from bench.stages._options import add_plugins

KINDS = ("methods", "networks", "metrics", "datasets")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which kind; all of them by default."""
    parser.add_argument("kind", nargs="?", choices=KINDS)
    add_plugins(parser)
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> None:
    """Prints ids with their labels."""
    found = {
        kind: globals()[f"_{kind}"](arguments)
        for kind in ([arguments.kind] if arguments.kind else KINDS)
    }
    if arguments.json:
        print(json.dumps(found, indent=1))
        return
    for kind, items in found.items():
        print(f"{kind}:")
        width = max(map(len, items), default=0)
        for name, label in items.items():
            print(f"  {name:{width}}  {label}")


def _methods(arguments: argparse.Namespace) -> dict[str, str]:
    files = method_files(arguments.plugins)
    return {name: str(literals(path).get("LABEL", name)) for name, path in files.items()}


def _networks(_: argparse.Namespace) -> dict[str, str]:
    from bench.networks import network_entry, network_names

    return {name: network_entry(name).label for name in network_names()}


def _metrics(_: argparse.Namespace) -> dict[str, str]:
    from bench.metrics import get_metric, metric_names

    return {name: get_metric(name).label for name in metric_names()}


def _datasets(_: argparse.Namespace) -> dict[str, str]:
    from bench.schemas import read_yaml

    project = Path(__file__).parents[2] / "data"
    return {
        name: str(read_yaml(path).get("label", name))
        for name, path in dataset_files(Path("data"), project).items()
    }
