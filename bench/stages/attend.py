"""Run attention methods on a network: over a data set, or over photographs of your own."""

from __future__ import annotations

import argparse
import json
import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.attention import method_files
from bench.errors import UsageError, unknown_name
from bench.files import written_whole
from bench.stages._options import add_dataset, chosen_dataset

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to look at, with which methods and network, and where the maps go."""
    parser.add_argument("images", nargs="*", type=Path, metavar="IMAGE")
    add_dataset(parser, required=False)
    parser.add_argument("--model", default="efficientnet_lite0", help="network (%(default)s)")
    parser.add_argument("--weights", nargs="+", metavar="FILE", help="local weight files")
    parser.add_argument(
        "--methods",
        "--method",
        default="gradcam",
        help='a name, several with commas, or JSON {"name": {options}} (%(default)s)',
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 (%(default)s)")
    parser.add_argument("--batch-size", type=int, default=8, help="%(default)s")
    parser.add_argument("--output-folder", type=Path, metavar="FOLDER", help="for {method}.h5")
    parser.add_argument("--record", default="", help="of the workflow's job, kept in the files")
    parser.add_argument("--overlay", type=Path, metavar="PNG", help="draw the first map over it")


def run(arguments: argparse.Namespace) -> None:
    """One forward per batch feeds all methods; each method's file appears when it is whole."""
    methods = _methods(arguments.methods)
    if arguments.overlay:
        _overlay(arguments, methods)
    elif arguments.dataset and arguments.output_folder and not arguments.images:
        _dataset_maps(arguments, methods)
    else:
        raise UsageError("give IMAGE... with --overlay out.png, or --dataset with --output-folder.")


def _methods(text: str) -> dict[str, dict[str, Any]]:
    """{"gradcam": {}} from "gradcam", "cam,gradcam" or JSON."""
    if text.lstrip().startswith("{"):
        try:
            chosen = json.loads(text)
        except json.JSONDecodeError as error:
            raise UsageError(f"--methods: not readable as JSON ({error}).") from None
    else:
        chosen = {name.strip(): {} for name in text.split(",")}
    for name in chosen:
        if name not in method_files():
            raise unknown_name("method", name, method_files())
    return chosen


def _dataset_maps(arguments: argparse.Namespace, methods: dict[str, dict[str, Any]]) -> None:
    import h5py
    from tqdm import tqdm

    from bench import __version__
    from bench.attention._batches import attend_images
    from bench.maps import write_map
    from bench.networks import load_network
    from bench.workflow.plan import map_fingerprint, stimuli_fingerprint

    dataset = chosen_dataset(arguments)
    stimuli = dataset.stimuli()
    network = load_network(
        arguments.model, weights=arguments.weights or "default", device=_device(arguments.device)
    )
    with ExitStack() as stack:
        files = {}
        for method, options in methods.items():
            path = stack.enter_context(written_whole(arguments.output_folder / f"{method}.h5"))
            files[method] = stack.enter_context(h5py.File(path, "w"))
            files[method].attrs.update(
                method=method,
                model=arguments.model,
                options=json.dumps(options),
                record=arguments.record,
                weights=network.weights_id,
                version=__version__,
                fingerprint=map_fingerprint(
                    method=method,
                    options=options,
                    model=arguments.model,
                    weights=arguments.weights or [],
                    stimuli=stimuli_fingerprint(dataset),
                ),
            )
        attended = attend_images(methods, network, stimuli, batch_size=arguments.batch_size)
        bar = tqdm(attended, total=len(stimuli), unit="image", disable=arguments.quiet)
        bar.set_description(f"{dataset.id}, {arguments.model}, {len(methods)} methods")
        for item in bar:
            for method, maps in item.maps.items():
                files[method].attrs["maps"] = json.dumps(list(maps))
                for name, values in maps.items():
                    write_map(
                        files[method].require_group(name),
                        item.image_id,
                        values,
                        target=item.target,
                        target_name=item.target_name,
                        score=item.score,
                    )
        for method, reason in attended.not_applicable.items():
            files[method].attrs["not_applicable"] = reason
            log.warning("%s does not apply to %s: %s", method, arguments.model, reason)
    log.info("%d images, %s", len(stimuli), ", ".join(methods))


def _overlay(arguments: argparse.Namespace, methods: dict[str, dict[str, Any]]) -> None:
    """Photographs side by side, below each the first map of every method over it."""
    import matplotlib as mpl

    mpl.use("Agg")
    from bench.attention._batches import attend_images
    from bench.networks import load_network
    from bench.report.labels import map_label
    from bench.report.pictures import gallery, photograph

    if not arguments.images:
        raise UsageError("--overlay needs IMAGE...: the photographs to look at.")
    network = load_network(
        arguments.model, weights=arguments.weights or "default", device=_device(arguments.device)
    )
    rows: dict[str, dict[str, Any]] = {}
    titles = {}
    attended = attend_images(methods, network, arguments.images, batch_size=arguments.batch_size)
    for item in attended:
        titles[item.image_id] = f"{item.image_id}\n{item.target_name}"
        for method, maps in item.maps.items():
            for name, values in maps.items():
                rows.setdefault(map_label(method, name), {})[item.image_id] = values
    for method, reason in attended.not_applicable.items():
        raise UsageError(f"{method} does not apply to {arguments.model}: {reason}")
    pictures = {path.name: photograph(path, width_px=480) for path in arguments.images}
    figure = gallery(pictures, list(rows.items()), titles)
    with written_whole(arguments.overlay) as path:
        figure.savefig(path, dpi=150)
    log.info("%s: %s", arguments.overlay, "; ".join(titles.values()).replace("\n", ": "))


def _device(name: str) -> str:
    """The device for "auto": the GPU where there is one. UsageError for a GPU that is not there."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda"):
        index = int(name.partition(":")[2] or 0)
        if index >= torch.cuda.device_count():
            raise UsageError(
                f"device {name!r}: torch sees {torch.cuda.device_count()} GPUs. Use 'auto' or "
                "'cpu', or check the driver."
            )
    return name
