"""Activation functions, normalisations, sums and constant factors: a unit stays where it is.

* Activation functions, dropout, local response normalisation: passed through.
* Batch norm: passed through; where its scale is negative the sign turns, so that the convolution
  before it is read with turned weights (as folding the norm into that convolution would do).
* Residual sum: to the addend with the larger value there; at a tie to the skip, the addend with
  fewer operations behind it. "Skip if skip >= delta at that neuron": Mopuri et al. 2018, 3.3.
* A constant factor or divisor: passed through, with its sign.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bench.attention.tape.nodes import OTHER_ACTIVATIONS
from bench.errors import NotApplicable

from .units import Sent, Step, Units

PASSED = (
    *("relu", "relu6", "clamp", "clip", "clamp_min", "clamp_max", "sigmoid", "tanh", "hardsigmoid"),
    *("softmax", "log_softmax"),
    *(OTHER_ACTIVATIONS - {"glu"}),
    *("dropout", "dropout2d", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"),
    *("local_response_norm", "clone", "contiguous", "detach", "to", "type", "type_as"),
    *("float", "double", "half", "bfloat16", "cpu", "cuda"),
)


def passed(step: Step) -> Sent:
    """The same unit of the input; also for a new shape of the same numbers in the same order."""
    return [(step.x, step.only)]


def normalised(step: Step) -> Sent:
    """The same unit; its sign turned where the norm's scale is negative."""
    scale = step.call.scale
    if scale is None:
        return passed(step)
    if step.call.name != "layer_norm":
        scale = scale.reshape(-1, *[1] * (step.y.ndim - 2))
    return [(step.x, _signed(step.only, scale, step.y))]


def negated(step: Step) -> Sent:
    """The same unit, sign turned."""
    return [(step.x, Units(step.only.index, -step.only.sign))]


def multiplied(step: Step) -> Sent:
    """A product with a constant."""
    a, b = step.call.args[0], step.call.argument(1, "other")
    return _scaled(step, b if a is step.x else a)


def divided(step: Step) -> Sent:
    """A quotient with a constant divisor."""
    if step.call.args[0] is not step.x or step.call.argument(1, "other") is step.x:
        raise NotApplicable("cnn_fixations: dividing by what depends on the image has no rule")
    return _scaled(step, step.call.argument(1, "other"))


def _scaled(step: Step, factor: Tensor | float) -> Sent:
    if not isinstance(factor, Tensor):
        sign = int(math.copysign(1, factor))
        return _spread(step.x, Units(step.only.index, sign * step.only.sign), step.y)
    return _spread(step.x, _signed(step.only, factor, step.y), step.y)


def summed(step: Step) -> Sent:
    """Each unit to the addend that is larger there, seen with the unit's sign."""
    a, b = step.call.args[0], step.call.argument(1, "other")
    alpha = step.call.argument(2, "alpha", 1)
    factors = {"add": (1, alpha), "sub": (1, -alpha), "rsub": (-alpha, 1)}[step.call.name]
    tensors = [pair for pair in zip((a, b), factors, strict=True) if isinstance(pair[0], Tensor)]
    addends = [pair for pair in tensors if step.operations.knows(pair[0])]
    # Constants take no part; what depends on the image unseen is refused where it is sent to.
    unseen = [(x, step.only) for x, _ in tensors if step.operations.unseen(x)]
    if unseen:
        return unseen
    # The skip first: it wins where both are equal.
    addends.sort(key=lambda addend: step.operations.depth(addend[0]))
    values = [
        step.only.sign * factor * x.detach().expand(step.y.shape).reshape(-1)[step.only.index]
        for x, factor in addends
    ]
    winner = torch.stack(values).argmax(0)
    sent = []
    for number, (x, factor) in enumerate(addends):
        units = step.only[winner == number]
        units = Units(units.index, units.sign if factor > 0 else -units.sign)
        sent += _spread(x, units, step.y)
    return sent


def _signed(units: Units, scale: Tensor, y: Tensor) -> Units:
    """The units, signs turned where `scale`, broadcast to y, is negative."""
    there = scale.detach().expand(y.shape)[units.at(y.shape)]
    return Units(units.index, torch.where(there < 0, -units.sign, units.sign))


def _spread(x: Tensor, units: Units, y: Tensor) -> Sent:
    """Units of y as units of x, which was broadcast to y."""
    if x.shape == y.shape:
        return [(x, units)]
    places = torch.arange(x.numel(), device=x.device).view(x.shape).expand(y.shape)
    return [(x, Units(places[units.at(y.shape)], units.sign))]
