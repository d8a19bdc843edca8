"""CNNs by name: weights, preprocessing, named stages, classifier. One file per family.

    network = load_network("efficientnet_lite0")
    scores = network.module(network.preprocess(rgb)[None])

Importing this package does not import torch; loading a network does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._fingerprint import Weights, weights_fingerprint
from ._network import Blueprint, Classifier, Network
from ._registry import further_networks, network_entry, network_names

if TYPE_CHECKING:
    import torch

__all__ = [
    "Blueprint",
    "Classifier",
    "Network",
    "further_networks",
    "load_network",
    "network_entry",
    "network_names",
    "weights_fingerprint",
]


def load_network(
    name: str,
    *,
    weights: Weights = "default",
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    preprocessing: str | None = None,
) -> Network:
    """The `Network` of this name, in evaluation mode, on `device`, in `dtype` (default float32).

    `name` is one of `network_names()`, any other classifier of torchvision by torchvision's name,
    or `timm:NAME` for one of timm's (an extra). What no file describes has its stages and its
    classifier found by walking its graph (`_walk.py`); a vision transformer then has no stages.

    `weights`: "default" takes the packaged or published weights (published ones are downloaded
    once and cached by torch.hub); a path (.safetensors, or .pth read with weights_only=True) or a
    sequence of paths reads local files, strictly; None leaves the module as it is constructed, with
    random numbers of torch's global generator. `preprocessing` overrides the family's default
    ("torchvision", "caffe", ...); a safetensors file that states its `input` is believed.

    Raises UsageError for an unknown name (with the nearest ones) or an option that is missing,
    DataError for weights that are absent, unreadable or do not fit.
    """
    import torch

    from ._load import load

    return load(
        name,
        weights=weights,
        device=device,
        dtype=torch.float32 if dtype is None else dtype,
        preprocessing=preprocessing,
    )
