"""What a network is to the rest of the bench: the module, its stages, its classifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import torch

    from ._preprocessing import Preprocessing


@dataclass(frozen=True)
class Classifier:
    """How the last activation becomes class scores; CAM needs to know.

    `layer` is the module that holds the class weights. `kind`:

    * `gap_linear`: global average of the last stage, then this linear layer;
    * `conv_gap`: this convolution has one channel per class, its activation is averaged;
    * `fully_connected`: anything else between the last convolution and the scores.
    """

    layer: str
    kind: Literal["gap_linear", "conv_gap", "fully_connected"]


@dataclass(frozen=True)
class Network:
    """A classifier in evaluation mode, ready for `bench.attention.attend`.

    `module` is a plain `nn.Module` with its own parameter names; no parameter asks for a gradient.
    `preprocess` turns an RGB uint8 array (H, W, 3) into its input, a tensor (3, h, w) with
    (h, w) = `input_size`. `stages` maps stage names, in order, to module names; a stage is the
    module's output after the activation that follows it (see `bench.attention.tape`).
    `classes` are the names of the scores, `weights_id` says which weights these are.
    """

    name: str
    module: torch.nn.Module = field(repr=False)
    preprocess: Callable[[np.ndarray], torch.Tensor] = field(repr=False)
    stages: dict[str, str]
    label: str = ""
    input_size: tuple[int, int] = (224, 224)
    classes: tuple[str, ...] = field(default=(), repr=False)
    classifier: Classifier | None = None
    weights_id: str = "unknown"


@dataclass(frozen=True)
class Blueprint:
    """What a family file says about one of its networks, before any weight is read.

    `make` constructs the module; `fetch` returns the published state dict (None: there is none);
    `rename` turns a published state dict into the module's own keys; `missing` is an advice to
    add when a file lacks the keys given as its argument. Without `stages` these and the classifier
    are found by walking the graph (`_walk.py`). `on_meta` says that all of the module's tensors
    stand in its state dict and none is computed from another: it then can be made without memory.
    """

    make: Callable[[], torch.nn.Module]
    preprocessing: dict[str, Preprocessing]
    classes: tuple[str, ...]
    stages: dict[str, str] | None = None
    classifier: Classifier | None = None
    fetch: Callable[[], dict] | None = None
    rename: Callable[[dict], dict] = field(default=lambda state: state)
    missing: Callable[[list[str]], str] = field(default=lambda keys: "")
    on_meta: bool = True
