"""Where a network attends: one file per method, all fed from one forward pass (`tape`).

    maps = attend(["gradcam", "dense"], network, images)      # {"gradcam": (N, h, w), ...}

Importing this package does not import torch; `attend` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._registry import load_method, method_file, method_files, method_names, option_names

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from bench.networks import Network

    from ._ridge import RidgeFit

__all__ = [
    "RidgeFit",
    "attend",
    "excitation_mass",
    "fit_cam",
    "fixation_points",
    "load_method",
    "method_file",
    "method_files",
    "method_names",
    "option_names",
]


def attend(
    methods: str | Sequence[str] | Mapping[str, Mapping[str, Any] | None],
    network: Network,
    images: Tensor,
    targets: Tensor | None = None,
    *,
    plugins: Iterable[str | Path] = (),
    **options: Any,
) -> dict[str, Tensor]:
    """The maps of one or several methods, {map name: (N, h, w)}, from one forward pass.

    `methods` is a name, a list of names, or {name: {option: value}}. `images` is (N, 3, H, W),
    preprocessed: `torch.stack([network.preprocess(rgb), ...])`, rgb (H, W, 3) uint8; it is brought
    to the network's device and number type. `targets` is (N,) class indices, default the top class
    of each image; scores are logits, never probabilities.

    Maps are raw (no scaling), at the layer's own resolution, detached, one per image and
    independent of the other images. `options` go to every method that takes them; common ones:

    * `layer`: a stage (`conv5`, after its activation) or any module name (its own output);
    * `signed=True` leaves out a method's final ReLU or absolute value;
    * `reduce=None` gives signed values with channels, (N, C, h, w).

    `plugins` are files with further methods. The network and the caller's tensors stay untouched.

    Raises UsageError for unknown names and options and for wrong shapes, NotApplicable for a
    method that needs what the network lacks.
    """
    from ._attend import attend

    return attend(methods, network, images, targets, plugins=plugins, **options)


def fit_cam(
    network: Network,
    images: Tensor | Iterable[Tensor],
    *,
    layer: str | None = None,
    pool: str = "mean",
    intercept: bool = True,
    alpha: str | float = "grid",
    batch_size: int = 8,
) -> RidgeFit:
    """A linear fit of all class scores on a layer's pooled activation, for `cam` on any network.

    `images` is (n, 3, H, W), preprocessed, or batches of such. `layer` is a stage or module name,
    default the last stage; `pool` "mean" or "sum" over positions (the paper sums; the scale moves
    into the weights); `alpha` the strength of the ridge, or "grid": chosen by leave-one-out. Then
    `attend("cam", network, images, fit=fit)`.

    Warns where there are fewer images than features + 1. Raises UsageError for wrong options.

    Source: Zhou et al. 2016, section 2, with the class weights regressed instead of trained.
    """
    from ._fit_cam import fit_cam

    return fit_cam(
        network,
        images,
        layer=layer,
        pool=pool,
        intercept=intercept,
        alpha=alpha,
        batch_size=batch_size,
    )


def __getattr__(name: str) -> Any:
    if name == "RidgeFit":  # numpy is not needed to list methods
        from ._ridge import RidgeFit

        return RidgeFit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def fixation_points(
    network: Network, images: Tensor, targets: Tensor | None = None, **options: Any
) -> list[np.ndarray]:
    """The CNN Fixations of each image: arrays (P, 2) of (x, y) in pixels of the network's input.

    `images` (N, 3, H, W) and `targets` (N,) as in `attend`; `options` are `position`, `fc_spatial`,
    `start`, `remove_outliers`, `radius` and `share` (see `bench/attention/cnn_fixations.py`).
    Points are float64 whole numbers, 0-based, x right and y down, each pixel once, by row and
    column.

    Raises UsageError for unknown options and wrong shapes, NotApplicable for a network with an
    operation that cannot be unravelled, naming it.

    Source: Mopuri, Garg & Babu 2018, CNN Fixations.
    """
    from ._fixation_points import fixation_points

    return fixation_points(network, images, targets, **options)


def excitation_mass(
    network: Network,
    images: Tensor,
    targets: Tensor | None = None,
    *,
    layers: Sequence[str] | None = None,
    negative: str = "clamp",
    fold_batch_norm: bool = False,
) -> dict[str, Tensor]:
    """How much probability excitation backpropagation has left at each layer, {layer: (N,)}.

    It starts as one at the class score. A layer that everything passes through keeps one, unless an
    active unit above has no excitatory input (its bias or batch norm alone made it active): what
    such a unit held is lost. A layer inside a branch has the branch's share. `layers` are stages or
    module names, default the network's stages; `images` and `targets` as in `attend`, the other
    options as in the method `excitation_backprop`.

    Raises UsageError for unknown layers, NotApplicable for operations that the method has no rule
    for.
    """
    from ._excitation import excitation_mass

    return excitation_mass(
        network, images, targets, layers=layers, negative=negative, fold_batch_norm=fold_batch_norm
    )
