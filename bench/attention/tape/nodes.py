"""The nodes that a rule can steer, and which torch operations become which.

Operations are recognised by the name of the function that torch's override mechanism reports, so
`nn.ReLU`, `F.relu`, `torch.relu`, `x.relu()`, `x.relu_()`, `F.hardtanh(x, 0, 6)` and
`x.clamp(min=0)` are all one rectifier.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bench.networks._graph import ACTIVATIONS

from .rules import Gradient, Rule


class Steering:
    """The rule in force while a backward pass runs; every node of a tape reads the same one."""

    def __init__(self) -> None:
        self.rule: Rule = Gradient()


class Rectifier(torch.autograd.Function):
    """min(max(x, 0), ceiling), with the rule's backward. Keeps the output only."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, ceiling: float | None, steering: Steering) -> Tensor:
        y = torch.relu(x) if ceiling is None else x.clamp(0, ceiling)
        ctx.save_for_backward(y)
        ctx.ceiling, ctx.steering = ceiling, steering
        return y

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None, None]:
        (y,) = ctx.saved_tensors
        return ctx.steering.rule.rectifier(g, y, ctx.ceiling), None, None


class Gate(torch.autograd.Function):
    """The identity in front of another activation function: g * act'(x) arrives here."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, steering: Steering) -> Tensor:
        ctx.steering = steering
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:
        return ctx.steering.rule.gate(g), None


OURS = (Rectifier, Gate)

# Activation functions that are no rectifiers for every argument. Sigmoid, tanh and softmax are not
# among them: they serve as gates and weights, and go back as is.
OTHER_ACTIVATIONS = ACTIVATIONS - {"relu", "relu6"}
# Their nodes in autograd's graph, and those of plain rectifiers that our mode did not see.
ACTIVATION_NODES = {
    *("relu", "hardtanh", "threshold", "silu", "gelu", "mish", "hardswish", "leakyrelu", "elu"),
    *("rreluwithnoise", "prelukernel", "celu", "softplus"),
}


def operation(function: Callable) -> str:
    """The name of a torch function without the underscores of in-place and inner variants."""
    name = getattr(function, "__name__", "")
    return name if name.startswith("__") else name.strip("_")


def ceiling_of(name: str, args: tuple, kwargs: dict) -> tuple[bool, float | None]:
    """(is it a rectifier, its ceiling or None) for a call of the operation `name`."""
    if name == "relu":
        return True, None
    if name == "relu6":
        return True, 6.0
    if name == "hardtanh":
        low, high = _arguments(args, kwargs, ("min_val", "max_val"), (-1.0, 1.0))
    elif name in ("clamp", "clip"):
        low, high = _arguments(args, kwargs, ("min", "max"), (None, None))
    elif name == "clamp_min":
        (low,), high = _arguments(args, kwargs, ("min",), (None,)), None
    elif name == "threshold":
        low, value = _arguments(args, kwargs, ("threshold", "value"), (None, None))
        return low == 0 and value == 0, None
    else:
        return False, None
    if isinstance(low, Tensor) or isinstance(high, Tensor) or low != 0:
        return False, None
    if high is None or high == math.inf:
        return True, None
    return (True, float(high)) if high > 0 else (False, None)


def _arguments(args: tuple, kwargs: dict, names: tuple[str, ...], defaults: tuple) -> list:
    """The values of the parameters after the tensor, given by position or by name."""
    given = dict(zip(names, args[1:], strict=False)) | kwargs
    return [given.get(name, default) for name, default in zip(names, defaults, strict=True)]
