"""What both kinds of excitation backpropagation share: default layers, and the conserved mass."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from bench.networks import Network

from .tape import Excitation, Tape

# The layers of the authors' experiments, by the names of the modules here: pool4 of VGG16, res4a of
# ResNet (its whole stage, layer3, as usual since), pool3 of GoogLeNet (pool2 = maxpool2 on COCO).
LAYERS = {
    "vgg16": "features.23",
    "vgg16_voc": "features.23",
    "vgg19": "features.27",
    "resnet18": "layer3",
    "resnet50": "layer3",
    "resnet101": "layer3",
    "googlenet": "maxpool3",
}


def default_layer(network: Network) -> str | None:
    """Where excitation backpropagation is read: the authors' layer, or the last stage but one.

    None, which means the last stage, for a network with fewer than two stages.
    """
    if network.name in LAYERS:
        return LAYERS[network.name]
    stages = list(network.stages)
    return stages[-2] if len(stages) > 1 else None


def excitation_mass(
    network: Network,
    images: Tensor,
    targets: Tensor | None = None,
    *,
    layers: Sequence[str] | None = None,
    negative: str = "clamp",
    fold_batch_norm: bool = False,
) -> dict[str, Tensor]:
    """See `bench.attention.excitation_mass`."""
    rule = Excitation(negative=negative, fold_batch_norm=fold_batch_norm)
    names = list(network.stages if layers is None else layers)
    with Tape(network, images, targets, watch=tuple(names)) as tape:
        return {name: tape.excitation(name, rule=rule).sum((1, 2, 3)) for name in names}
