"""A network before any training, the same for every job: what a control explains."""

from __future__ import annotations

import dataclasses
import hashlib

import torch

from . import Network, load_network


def untrained(network: Network, seed: int) -> Network:
    """The same architecture as `network`, initialised as its constructor does it, from `seed`.

    Every parameter is what training would have started from: weights are drawn (He's normal
    distribution in VGG, ResNet and DenseNet, PyTorch's uniform one in AlexNet and
    EfficientNet-Lite, a truncated normal one in GoogLeNet), biases are drawn or 0, batch norms
    scale by 1 and shift by 0. Their running statistics are mean 0 and variance 1 and stay so:
    nothing is recalibrated on images. About half of all activations are 0 in every stage of our
    networks, and they depend on the image; their scale is what the initialisation makes of it (root
    mean square in the last stage from 2e-12 in GoogLeNet to 2e4 in ResNet-101), which no map's
    score depends on.

    Preprocessing, device and number type are those of `network`. The draws depend on `seed` and the
    network's name alone; torch's global generator is left as it was.

    Source: Adebayo et al. 2018, Sanity Checks for Saliency Maps, section 4 (all layers at once).
    """
    digest = hashlib.sha256(f"{seed} {network.name}".encode()).digest()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int.from_bytes(digest[:7], "big"))
        made = load_network(network.name, weights=None)
    like = next(network.module.parameters())
    return dataclasses.replace(
        network,
        module=made.module.to(device=like.device, dtype=like.dtype),
        weights_id=f"untrained, seed {seed}; classes by {network.weights_id}",
    )
