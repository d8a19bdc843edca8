"""Views, concatenations, slices, paddings: a unit is a copy of one input unit, and goes there.

Inception blocks are undone here: the channel says which branch. In dense blocks the copied channels
lead to the earlier layer.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from bench.errors import NotApplicable

from .units import Sent, Step, Units, flat

# A new shape, the same numbers in the same row-major order: indices stay what they are.
RESHAPED = (
    *("view", "reshape", "flatten", "unflatten", "ravel", "squeeze", "unsqueeze"),
    *("view_as", "reshape_as"),
)
REARRANGED = (
    *("permute", "transpose", "t", "T", "mT", "swapaxes", "swapdims", "movedim", "moveaxis"),
    *("__getitem__", "__setitem__", "narrow", "select", "index_select", "unbind"),
    *("chunk", "split", "split_with_sizes", "tensor_split", "flip", "roll"),
    *("expand", "expand_as", "repeat", "stack"),
)


def rearranged(step: Step) -> Sent:
    """The operation, carried out on the indices of its inputs, says where units come from."""
    inputs: list[Tensor] = []
    starts: list[int] = [0]

    def indices(value):
        if isinstance(value, Tensor) and value.is_floating_point():
            inputs.append(value)
            starts.append(starts[-1] + value.numel())
            places = torch.arange(starts[-2], starts[-1], device=value.device)
            return places.view(value.shape)
        if type(value) in (tuple, list):
            return type(value)(indices(item) for item in value)
        return value

    call = step.call
    args = indices(call.args)
    kwargs = {name: indices(value) for name, value in call.kwargs.items()}
    made = call.function(*args, **kwargs)
    if call.name == "__setitem__":
        made = args[0]
    outputs = [made] if isinstance(made, Tensor) else list(made)
    sent = []
    for number, units in step.units.items():
        places = outputs[number].reshape(-1)[units.index]
        for x, low, high in zip(inputs, starts, starts[1:], strict=False):
            here = (places >= low) & (places < high)
            sent.append((x, Units(places[here] - low, units.sign[here])))
    return [(x, units) for x, units in sent if len(units)]


def concatenated(step: Step) -> Sent:
    """The channel (or whatever is concatenated) says which input, and where in it."""
    parts = step.call.argument(0, "tensors")
    dim = step.call.argument(1, "dim", step.call.kwargs.get("axis", 0)) % step.y.ndim
    where = step.only.at(step.y.shape)
    ends = list(itertools.accumulate(part.shape[dim] for part in parts))
    sent = []
    for part, end in zip(parts, ends, strict=True):
        start = end - part.shape[dim]
        here = (where[dim] >= start) & (where[dim] < end)
        if here.any():
            place = [coordinate[here] for coordinate in where]
            place[dim] = place[dim] - start
            sent.append((part, Units(flat(tuple(place), part.shape), step.only.sign[here])))
    return sent


def padded(step: Step) -> Sent:
    """The nearest unit inside for a border of constants; the copied unit for other borders."""
    widths = list(step.call.argument(1, "pad"))
    mode = step.call.argument(2, "mode", "constant")
    if mode not in ("constant", "replicate"):
        return _copied_border(step)
    where = list(step.only.at(step.y.shape))
    for number, before in enumerate(widths[::2]):
        dim = step.y.ndim - 1 - number
        where[dim] = (where[dim] - before).clamp(0, step.x.shape[dim] - 1)
    return [(step.x, Units(flat(tuple(where), step.x.shape), step.only.sign))]


def _copied_border(step: Step) -> Sent:
    if step.x.numel() >= 2**53:
        raise NotApplicable("cnn_fixations: a reflected border of so large a tensor")
    places = torch.arange(step.x.numel(), device=step.x.device, dtype=torch.float64)
    args = (places.view(step.x.shape), *step.call.args[1:])
    places = step.call.function(*args, **step.call.kwargs).long()
    return [(step.x, Units(places.reshape(-1)[step.only.index], step.only.sign))]
