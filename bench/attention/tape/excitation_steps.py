"""Excitation backpropagation through one operation: the probability out, the probability in.

For an operation that adds up inputs with weights, z = W x + b, a probability p at the output goes
to the input as

    p_in = x * J(W+)^T (p / (W+ x)),    W+ = max(W, 0), the bias b ignored

with J the operation's Jacobian, and 0 wherever W+ x is 0 (Zhang et al. 2016, section 3, equation
10). Averages and sums are the same with weights of one: a residual sum is split in proportion to
its addends, an average in proportion to the values of its window. Activation functions and
normalisations hand p on as it is; a max pool hands it to the cell that won, the first one on ties;
concatenations, views and paddings move it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from bench.errors import NotApplicable

from .log import tensors
from .nodes import OTHER_ACTIVATIONS
from .operations import Operation
from .positive_weights import positive

WEIGHTED = {
    *("conv1d", "conv2d", "conv3d", "linear"),
    *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
}
# Sums of the inputs with equal weights (within a window).
SUMMING = {
    *("avg_pool1d", "avg_pool2d", "avg_pool3d", "mean", "sum"),
    *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"),
}
# An activation function or a normalisation: cell by cell, p goes on unchanged.
UNCHANGED = OTHER_ACTIVATIONS - {"glu"} | {
    *("relu", "relu6", "hardtanh", "threshold", "clamp", "clamp_min", "clip"),
    *("sigmoid", "tanh", "hardsigmoid"),
    *("batch_norm", "local_response_norm", "group_norm", "instance_norm", "layer_norm"),
    *("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_dropout"),
    *("clone", "contiguous", "to", "float", "double"),
}
# Every output cell is one input cell (or padding, or, for a max pool, the winning input cell), so
# the ordinary derivative moves p to where it belongs.
MOVING = {
    *("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as"),
    *("permute", "transpose", "swapaxes", "movedim", "t", "T", "mT", "__getitem__", "narrow"),
    *("select", "index_select", "chunk", "split", "tensor_split", "unbind", "expand", "flip"),
    *("pad", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "roll"),
    *("max_pool1d", "max_pool2d", "max_pool3d"),
    *("max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices"),
    *("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"),
}
# With a number or another tensor that does not depend on the image: a bias, or a scale above zero.
SHIFTING = {"add", "sub"}
SCALING = {"mul", "div"}


class Normaliser(NamedTuple):
    """z = W+ x of one operation, with the leaves (parts of x) that its graph ends in."""

    z: Tensor
    leaves: list[Tensor]

    def share(self, p: Tensor, *, any_sign: bool = False) -> list[Tensor]:
        """leaf * J^T (p / z) per leaf; nothing where z is 0 (or, unless `any_sign`, negative)."""
        divides = (self.z.abs() if any_sign else self.z) > _least(self.z)
        ratio = torch.where(divides, p / self.z, 0)
        found = torch.autograd.grad(self.z, self.leaves, ratio.to(self.z.dtype), retain_graph=True)
        return [leaf.detach() * g for leaf, g in zip(self.leaves, found, strict=True)]


def weighted(op: Operation, x: Tensor, negative: str, rows: Tensor | None, sign: int) -> Normaliser:
    """The normaliser of a convolution or linear layer.

    `sign=-1` takes -W in place of W; `rows` has a sign per output channel that the weights are
    multiplied with (a folded batch norm).
    """
    weight = op.argument(1, "weight")
    kind = torch.promote_types(torch.promote_types(x.dtype, weight.dtype), torch.float32)
    parts = [(x if negative == "raw" else x.clamp(min=0), positive(weight, sign, rows))]
    if negative == "signed" and bool((x < 0).any()):
        # Minus times minus excites: (-x)+ (-W)+.
        parts.append((x.neg().clamp_(min=0), positive(weight, -sign, rows)))
    leaves = [part.to(kind).detach().requires_grad_() for part, _ in parts]
    with torch.enable_grad():
        sums = [
            _without_bias(op, leaf, plus.to(kind))
            for leaf, (_, plus) in zip(leaves, parts, strict=True)
        ]
        return Normaliser(sum(sums[1:], sums[0]), leaves)


def _without_bias(op: Operation, x: Tensor, weight: Tensor) -> Tensor:
    """The operation on other tensors, its further arguments (stride, padding, ...) as they were."""
    args = (x, weight, None, *op.args[3:])[: max(2, len(op.args))]
    others = {key: value for key, value in op.kwargs.items() if key not in ("weight", "bias")}
    return op.function(*args, **others)


def summing(op: Operation, x: Tensor, negative: str) -> Normaliser:
    """The normaliser of an average or a sum over positions."""
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    leaf = (x if negative == "raw" else x.clamp(min=0)).detach().requires_grad_()
    with torch.enable_grad():
        return Normaliser(op.function(leaf, *op.args[1:], **op.kwargs), [leaf])


def split(a: Tensor, b: Tensor, p: Tensor, negative: str) -> list[Tensor]:
    """p at a + b, split in proportion to the addends; nothing where they sum to zero.

    Addends below zero count as zero with `negative="clamp"`; with `"signed"` those count that have
    the sign of the sum.
    """
    a, b = a.to(p.dtype), b.to(p.dtype)
    if negative == "signed":
        below = a + b < 0
        a, b = (torch.where(below, -each, each) for each in (a, b))
    if negative != "raw":
        a, b = a.clamp(min=0), b.clamp(min=0)
    total = a + b
    ratio = torch.where(total.abs() > _least(total), p / total, 0)
    return [(a * ratio).sum_to_size(a.shape), (b * ratio).sum_to_size(b.shape)]


def _least(z: Tensor) -> float:
    """Below this a normaliser is as good as zero: p / z must not overflow."""
    return torch.finfo(z.dtype).tiny / torch.finfo(z.dtype).eps


def concatenated(op: Operation, parts: Iterable[Tensor], p: Tensor) -> list[Tensor]:
    """p at a concatenation, cut into the slices of its parts."""
    dim = op.argument(1, "dim", op.kwargs.get("axis", 0))
    return list(p.split([part.shape[dim] for part in parts], dim))


def moved(op: Operation, x: Tensor, arrived: list[Tensor | None]) -> Tensor:
    """p at what views, paddings and max pools give, brought to their input."""
    kept = [number for number, p in enumerate(arrived) if p is not None]
    results, p = op.outputs, [arrived[number] for number in kept]
    if not all(results[number].requires_grad for number in kept):
        raise refusal(op.name)
    if x.dtype != p[0].dtype:  # half precision: once more, so that p is not rounded on its way
        x = x.detach().to(p[0].dtype).requires_grad_()
        with torch.enable_grad():
            results = list(tensors(op.function(x, *op.args[1:], **op.kwargs)))
    (found,) = torch.autograd.grad([results[number] for number in kept], [x], p, retain_graph=True)
    return found


def is_bias_or_scale(op: Operation) -> bool:
    """Whether the operation adds a constant to its one input, or multiplies it by one above 0."""
    if op.kwargs.get("alpha", 1) != 1 or op.kwargs.get("rounding_mode") is not None:
        return False
    if len(op.args) != 2:
        return False
    first, second = op.args
    if first is not op.tracked[0] or op.outputs[0].shape != first.shape:
        return False
    if isinstance(second, Tensor):
        return op.name in SHIFTING
    return op.name in SHIFTING or (op.name in SCALING and 0 < second < math.inf)


def refusal(name: str) -> NotApplicable:
    """The error for an operation that the rule has no answer for."""
    return NotApplicable(
        f"excitation backpropagation has no rule for the operation {name!r}, which stands between "
        "the layer and the class score; choose a layer above it (layer=NAME)"
    )
