"""List what exists: methods, networks, metrics, data sets.

`torchvision` and `timm` are the further networks that these packages bring; `pairs` runs every
method once on every network (or on the named ones) and says which pairs work, and why others not.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bench.attention import method_files
from bench.datasets import dataset_files
from bench.errors import UsageError
from bench.literals import literals
from bench.places import PROJECT
from bench.stages._options import add_plugins

KINDS = ("methods", "networks", "metrics", "datasets")
ONLY_WHEN_ASKED = ("torchvision", "timm", "pairs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which kind; all of them by default."""
    parser.add_argument("kind", nargs="?", choices=KINDS + ONLY_WHEN_ASKED)
    parser.add_argument("names", nargs="*", metavar="NETWORK", help="of `pairs`; some by default")
    add_plugins(parser)
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.add_argument("--markdown", action="store_true", help="`pairs` as the page in docs/")


def run(arguments: argparse.Namespace) -> None:
    """Prints ids with their labels."""
    if (arguments.names or arguments.markdown) and arguments.kind != "pairs":
        raise UsageError("names and --markdown belong to `bench list pairs`.")
    if arguments.kind == "pairs":
        _print_pairs(arguments)
        return
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
            print(f"  {name:{width}}  {label}".rstrip())
        if kind == "networks":
            print("  any other classifier of torchvision: bench list torchvision")
            print("  any classifier of timm as timm:NAME: bench list timm")


def _print_pairs(arguments: argparse.Namespace) -> None:
    from bench.stages._pairs import markdown, pairs

    table = pairs(arguments.names)
    if arguments.markdown:
        print(markdown(table), end="")
    elif arguments.json:
        print(json.dumps(table, indent=1))
    else:
        for network, row in table.items():
            print(f"{network}:")
            for method, reason in row.items():
                print(f"  {method:30}  {reason or 'works'}")


def _methods(arguments: argparse.Namespace) -> dict[str, str]:
    files = method_files(arguments.plugins)
    return {name: str(literals(path).get("LABEL", name)) for name, path in files.items()}


def _networks(_: argparse.Namespace) -> dict[str, str]:
    from bench.networks import network_entry, network_names

    return {name: network_entry(name).label for name in network_names()}


def _torchvision(_: argparse.Namespace) -> dict[str, str]:
    from bench.networks import further_networks

    return dict.fromkeys(further_networks("torchvision"), "")


def _timm(_: argparse.Namespace) -> dict[str, str]:
    from bench.networks import further_networks

    return {f"timm:{name}": "" for name in further_networks("timm")}


def _metrics(_: argparse.Namespace) -> dict[str, str]:
    from bench.metrics import get_metric, metric_names

    return {name: get_metric(name).label for name in metric_names()}


def _datasets(_: argparse.Namespace) -> dict[str, str]:
    from bench.schemas import read_yaml

    return {
        name: str(read_yaml(path).get("label", name))
        for name, path in dataset_files(Path("data"), PROJECT / "data").items()
    }
