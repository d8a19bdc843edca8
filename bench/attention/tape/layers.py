"""Which tensor a layer name means."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from torch import Tensor

from bench.errors import NotApplicable, UsageError
from bench.networks import Network

from .recorder import Recorder


@dataclass(frozen=True)
class Layer:
    """A place in the network: a module's output, or the activation that follows it."""

    module: str
    activated: bool


def find_layer(network: Network, name: str | None) -> Layer:
    """The layer of this name; None means the last stage.

    A stage name means the module's output after the activation function that reads it, if one
    does: EfficientNet-Lite0's `conv5` is the ReLU6 after `_bn1`, VGG16's `conv5` is `features.29`,
    a ReLU itself. A module name means the module's own output. Where a stage and a module share a
    name the stage is meant; `module:NAME` always means the module.

    Raises UsageError with the nearest names, NotApplicable for None where there are no stages.
    """
    if name is None:
        if not network.stages:
            raise NotApplicable(
                f"{network.name} has no convolutional stages to take the last of; a layer that "
                "gives a grid (N, C, h, w) can be named, layer=MODULE"
            )
        name = list(network.stages)[-1]
    if name in network.stages:
        return Layer(network.stages[name], activated=True)
    module = name.removeprefix("module:")
    names = {key for key, _ in network.module.named_modules(remove_duplicate=False) if key}
    if module not in names:
        near = get_close_matches(module, sorted(names | set(network.stages)), n=3)
        hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        raise UsageError(
            f"unknown layer {name!r} of {network.name}: {hint}"
            f"Known: the stages {', '.join(network.stages)} and every module name of the network"
        )
    return Layer(module, activated=False)


def layer_tensor(record: Recorder, layer: Layer) -> Tensor:
    """What the layer gave in this forward, (N, C, h, w), still part of the graph."""
    output = record.outputs.get(layer.module)
    if output is None:
        raise UsageError(f"layer {layer.module!r} takes no part in the network's forward pass")
    if not isinstance(output, Tensor) or output.ndim != 4:
        shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise UsageError(f"layer {layer.module!r} gives {shape}; a map needs a grid (N, C, h, w)")
    return record.activation_of(output) if layer.activated else output
