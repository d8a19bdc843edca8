"""Run attention methods on a network: over a data set, or over photographs of your own.

Example: bench attend PHOTO.jpg --method gradcam,cam --overlay out.png
draws both maps over the photograph, with the class that the network sees as title.
"""

from __future__ import annotations

import argparse
import json
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.attention import method_files
from bench.errors import UsageError, unknown_name
from bench.stages._options import (
    add_dataset,
    add_plugins,
    add_shard,
    chosen_dataset,
    chosen_shard,
    number_or_auto,
)
from bench.stages._overlay import check_overlay, draw_overlay

if TYPE_CHECKING:
    from bench.networks import Network

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to look at, with which methods and network, and where the maps go."""
    parser.add_argument("images", nargs="*", type=Path, metavar="IMAGE", help="photographs")
    add_dataset(parser, required=False)
    add_shard(parser)
    parser.add_argument("--model", default="efficientnet_lite0", help="network (%(default)s)")
    parser.add_argument("--weights", nargs="+", metavar="FILE", help="local weight files")
    parser.add_argument(
        "--methods",
        "--method",
        default="gradcam",
        help='a name, several with commas, or JSON {"name": {options}} (%(default)s)',
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 (%(default)s)")
    parser.add_argument("--batch-size", type=number_or_auto, default="auto", help="%(default)s")
    parser.add_argument("--precision", default="float32", help="or bfloat16 (%(default)s)")
    parser.add_argument(
        "--workers", type=number_or_auto, default="auto", help="that decode (%(default)s)"
    )
    add_plugins(parser)
    parser.add_argument(
        "--random-weights",
        type=int,
        metavar="SEED",
        help="the control: maps of the untrained network, into {method}_random.h5",
    )
    parser.add_argument("--output-folder", type=Path, metavar="FOLDER", help="for {method}.h5")
    parser.add_argument("--record", default="", help="of the workflow's job, kept in the files")
    parser.add_argument("--overlay", type=Path, metavar="PNG", help="draw the maps over the IMAGEs")
    parser.add_argument("--points", type=Path, metavar="CSV", help="the points of cnn_fixations")


def run(arguments: argparse.Namespace) -> None:
    """One forward per batch feeds all methods; each method's file appears when it is whole."""
    from bench.attention._memory import keep_freed_memory

    methods = _methods(arguments.methods, arguments.plugins)
    keep_freed_memory()
    if arguments.points:
        _points(arguments, methods)
    if arguments.overlay:
        check_overlay(arguments.overlay, arguments.images)
        draw_overlay(arguments, methods, _network(arguments))
    if arguments.output_folder and bool(arguments.dataset) != bool(arguments.images):
        _write_maps(arguments, methods)
    elif arguments.output_folder or not (arguments.points or arguments.overlay):
        raise UsageError(
            "give IMAGE... with --overlay out.png, or either IMAGE... or --dataset with "
            "--output-folder FOLDER."
        )


def _methods(text: str, plugins: list[Path]) -> dict[str, dict[str, Any]]:
    """{"gradcam": {}} from "gradcam", "cam,gradcam" or JSON."""
    if text.lstrip().startswith("{"):
        try:
            chosen = json.loads(text)
        except json.JSONDecodeError as error:
            raise UsageError(f"--methods: not readable as JSON ({error}).") from None
    else:
        chosen = {name.strip(): {} for name in text.split(",")}
    known = method_files(plugins)
    for name, options in chosen.items():
        if name not in known:
            raise unknown_name("method", name, known)
        if not isinstance(options, dict):
            raise UsageError(f'--methods: {name} has {options!r}, expected {{"option": value}}.')
    return chosen


def _write_maps(arguments: argparse.Namespace, methods: dict[str, dict[str, Any]]) -> None:
    from bench.stages._dataset_maps import write_dataset_maps
    from bench.stages._random_maps import write_random_maps

    stimuli = arguments.images or _stimuli(arguments)
    # Maps of one's own photographs belong to no workflow that would ask what they were made from.
    fingerprints = dict.fromkeys(methods, "") if arguments.images else None
    control = arguments.random_weights is not None
    write = partial(write_random_maps, seed=arguments.random_weights)
    throughput = (write if control else write_dataset_maps)(
        arguments.output_folder,
        methods,
        _network(arguments),
        stimuli,
        batch_size=arguments.batch_size,
        precision=arguments.precision,
        workers=arguments.workers,
        fingerprints=fingerprints or _fingerprints(arguments, methods),
        record=arguments.record,
        plugins=arguments.plugins,
    )
    log.info(
        "%d images, %s%s: %s",
        len(stimuli),
        ", ".join(methods),
        " on random weights" if control else "",
        throughput,
    )


def _stimuli(arguments: argparse.Namespace) -> list[Path]:
    """The photographs of the data set, or of the shard that is asked for."""
    stimuli, shard = chosen_dataset(arguments).stimuli(), chosen_shard(arguments)
    if shard is None:
        return stimuli
    here = set(shard)
    return [path for path in stimuli if path.name in here]


def _fingerprints(
    arguments: argparse.Namespace, methods: dict[str, dict[str, Any]]
) -> dict[str, str]:
    """What the workflow's planner compares to see whether a method's maps are up to date."""
    from bench.workflow.cam_fit import stored_fit_fingerprint
    from bench.workflow.map_jobs import map_fingerprint, stimuli_fingerprint

    photographs = stimuli_fingerprint(chosen_dataset(arguments), _stimuli(arguments))
    return {
        method: map_fingerprint(
            method=method,
            options=options,
            model=arguments.model,
            weights=arguments.weights or [],
            stimuli=photographs,
            precision=arguments.precision,
            plugins=arguments.plugins,
            random_seed=arguments.random_weights,
            fit=stored_fit_fingerprint(options["fit"])
            if method == "cam" and "fit" in options
            else "",
        )
        for method, options in methods.items()
    }


def _network(arguments: argparse.Namespace) -> Network:
    from bench.networks import load_network

    return load_network(
        arguments.model, weights=arguments.weights or "default", device=_device(arguments.device)
    )


def _points(arguments: argparse.Namespace, methods: dict[str, dict[str, Any]]) -> None:
    from bench.stages._points import write_points

    if not arguments.images:
        raise UsageError("--points needs IMAGE...: the photographs to look at.")
    counts = write_points(arguments.points, methods, _network(arguments), arguments.images)
    found = ", ".join(f"{name} {count}" for name, count in counts.items())
    log.info("%s: points of %s", arguments.points, found)


def _device(name: str) -> str:
    """The device for "auto": the GPU where there is one. UsageError for a GPU that is not there."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda"):
        index = name.partition(":")[2] or "0"
        if not index.isdigit():
            raise UsageError(f"device {name!r}: expected auto, cpu, cuda or cuda:NUMBER.")
        index = int(index)
        if index >= torch.cuda.device_count():
            raise UsageError(
                f"device {name!r}: torch sees {torch.cuda.device_count()} GPUs. Use 'auto' or "
                "'cpu', or check the driver."
            )
    return name
