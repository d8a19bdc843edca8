"""Fit the class scores of a network with fully connected layers on pooled activations, for cam."""

from __future__ import annotations

import argparse
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import UsageError, unknown_name
from bench.stages._options import add_dataset, add_output, chosen_dataset, number_or_auto

if TYPE_CHECKING:
    from torch import Tensor

    from bench.networks import Network

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which images and network, with which options, and where the fit goes."""
    add_dataset(parser, required=False)
    parser.add_argument("--images", type=Path, metavar="FOLDER", help="other images to fit on")
    parser.add_argument("--model", required=True, help="network")
    parser.add_argument("--weights", nargs="+", metavar="FILE", help="local weight files")
    parser.add_argument(
        "--options", default="{}", help="JSON: layer, pool, intercept, alpha (%(default)s)"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 (%(default)s)")
    parser.add_argument("--batch-size", type=number_or_auto, default="auto", help="%(default)s")
    add_output(parser, "output", "the fit, .npz")


def run(arguments: argparse.Namespace) -> None:
    """One forward per batch, one singular value decomposition; the file appears when whole."""
    from bench.attention._batch_size import FIRST
    from bench.attention._fit_cam import fit_cam
    from bench.attention._ridge import save_fit
    from bench.networks import load_network
    from bench.stages.attend import _device
    from bench.workflow.cam_fit import fit_fingerprint, images_in

    options = _options(arguments.options)
    if arguments.output.suffix != ".npz":
        raise UsageError(f"--output {arguments.output}: expected .npz.")
    if arguments.images:
        photographs = images_in(arguments.images)
    elif arguments.dataset:
        photographs = chosen_dataset(arguments).stimuli()
    else:
        raise UsageError("give --dataset, or --images FOLDER: the images to fit on.")
    weights = arguments.weights or []
    batch_size = FIRST if arguments.batch_size == "auto" else arguments.batch_size
    network = load_network(
        arguments.model, weights=weights or "default", device=_device(arguments.device)
    )
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", UserWarning)
        fit = fit_cam(
            network,
            _batches(network, photographs, batch_size),
            **options,
            fingerprint=fit_fingerprint(
                options=options, model=arguments.model, weights=weights, photographs=photographs
            ),
        )
    for warning in found:
        log.warning("%s: %s", arguments.model, warning.message)
    save_fit(fit, arguments.output)
    log.info(
        "%s: %d images, alpha %.3g, R2 %.3f, of left-out images %.3f",
        arguments.model,
        fit.n,
        fit.alpha,
        fit.facts["fit_r2"],
        fit.facts["fit_loo_r2"],
    )


def _options(text: str) -> dict:
    from bench.workflow.cam_fit import FIT_SETTINGS

    try:
        options = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"--options: not readable as JSON ({error}).") from None
    for name in options:
        if name not in FIT_SETTINGS:
            raise unknown_name("option of the fit", name, FIT_SETTINGS)
    return options


def _batches(network: Network, photographs: list[Path], size: int) -> Iterator[Tensor]:
    import torch

    from bench.photographs import read_photograph

    for start in range(0, len(photographs), size):
        paths = photographs[start : start + size]
        yield torch.stack([network.preprocess(read_photograph(path)) for path in paths])
