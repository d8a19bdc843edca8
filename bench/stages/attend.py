"""Run attention methods on a network: over a data set, or over photographs of your own."""

from __future__ import annotations

import argparse
import json
import logging
from functools import partial
from pathlib import Path
from typing import Any

from bench.attention import method_files
from bench.errors import BenchError, UsageError, unknown_name
from bench.files import written_whole
from bench.stages._options import (
    add_dataset,
    add_plugins,
    add_shard,
    chosen_dataset,
    chosen_shard,
    number_or_auto,
)

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to look at, with which methods and network, and where the maps go."""
    parser.add_argument("images", nargs="*", type=Path, metavar="IMAGE")
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
    parser.add_argument("--overlay", type=Path, metavar="PNG", help="draw the first map over it")
    parser.add_argument("--points", type=Path, metavar="CSV", help="the points of cnn_fixations")


def run(arguments: argparse.Namespace) -> None:
    """One forward per batch feeds all methods; each method's file appears when it is whole."""
    from bench.attention._memory import keep_freed_memory

    methods = _methods(arguments.methods, arguments.plugins)
    keep_freed_memory()
    if arguments.points:
        _points(arguments, methods)
    if arguments.overlay:
        _overlay(arguments, methods)
    elif arguments.points:
        return
    elif arguments.dataset and arguments.output_folder and not arguments.images:
        _dataset_maps(arguments, methods)
    else:
        raise UsageError("give IMAGE... with --overlay out.png, or --dataset with --output-folder.")


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


def _dataset_maps(arguments: argparse.Namespace, methods: dict[str, dict[str, Any]]) -> None:
    from bench.networks import load_network
    from bench.stages._dataset_maps import write_dataset_maps
    from bench.stages._random_maps import write_random_maps
    from bench.workflow.cam_fit import stored_fit_fingerprint
    from bench.workflow.map_jobs import map_fingerprint, stimuli_fingerprint

    dataset, shard = chosen_dataset(arguments), chosen_shard(arguments)
    shard = shard and set(shard)
    stimuli = [path for path in dataset.stimuli() if shard is None or path.name in shard]
    photographs = stimuli_fingerprint(dataset, stimuli)
    weights = arguments.weights or []
    network = load_network(
        arguments.model, weights=weights or "default", device=_device(arguments.device)
    )
    fingerprints = {
        method: map_fingerprint(
            method=method,
            options=options,
            model=arguments.model,
            weights=weights,
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
    control = arguments.random_weights is not None
    write = partial(write_random_maps, seed=arguments.random_weights)
    throughput = (write if control else write_dataset_maps)(
        arguments.output_folder,
        methods,
        network,
        stimuli,
        batch_size=arguments.batch_size,
        precision=arguments.precision,
        workers=arguments.workers,
        fingerprints=fingerprints,
        record=arguments.record,
        quiet=arguments.quiet,
        plugins=arguments.plugins,
    )
    log.info(
        "%d images, %s%s: %s",
        len(stimuli),
        ", ".join(methods),
        " on random weights" if control else "",
        throughput,
    )


def _overlay(arguments: argparse.Namespace, methods: dict[str, dict[str, Any]]) -> None:
    """Photographs side by side, below each the first map of every method over it."""
    import matplotlib as mpl

    mpl.use("Agg")
    from bench.attention._batches import attend_images
    from bench.networks import load_network
    from bench.report.labels import map_label, method_texts
    from bench.report.pictures import gallery, photograph

    if arguments.overlay.suffix.lower() not in (".png", ".jpg", ".pdf", ".svg"):
        raise UsageError(f"--overlay {arguments.overlay}: expected .png, .jpg, .pdf or .svg.")
    if not arguments.images:
        raise UsageError("--overlay needs IMAGE...: the photographs to look at.")
    network = load_network(
        arguments.model, weights=arguments.weights or "default", device=_device(arguments.device)
    )
    rows: dict[str, dict[str, Any]] = {}
    titles = {}
    texts = method_texts(tuple(arguments.plugins))
    failed: dict[str, BenchError] = {}
    attended = attend_images(
        methods,
        network,
        arguments.images,
        batch_size=arguments.batch_size,
        plugins=arguments.plugins,
        failed=failed,
        precision=arguments.precision,
        workers=arguments.workers,
    )
    for item in attended:
        titles[item.image_id] = f"{item.image_id}\n{item.target_name}"
        for method, maps in item.maps.items():
            for name, values in maps.items():
                rows.setdefault(map_label(method, name, texts), {})[item.image_id] = values
    for error in failed.values():
        raise error
    for method, reason in attended.not_applicable.items():
        raise UsageError(f"{method} does not apply to {arguments.model}: {reason}")
    pictures = {path.name: photograph(path, width_px=480) for path in arguments.images}
    figure = gallery(pictures, list(rows.items()), titles)
    with written_whole(arguments.overlay) as path:
        figure.savefig(path, dpi=150)
    log.info("%s: %s", arguments.overlay, "; ".join(titles.values()).replace("\n", ": "))


def _points(arguments: argparse.Namespace, methods: dict[str, dict[str, Any]]) -> None:
    from bench.networks import load_network
    from bench.stages._points import write_points

    if not arguments.images:
        raise UsageError("--points needs IMAGE...: the photographs to look at.")
    network = load_network(
        arguments.model, weights=arguments.weights or "default", device=_device(arguments.device)
    )
    counts = write_points(arguments.points, methods, network, arguments.images)
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
