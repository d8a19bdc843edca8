"""max(W, 0) of a network's weights, worked out once for all batches."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

# Smaller weights are clamped faster than they are looked up.
WORTH_KEEPING = 2**16
SAMPLES = 1024


class _Kept(NamedTuple):
    memory: int
    version: int
    sample: Tensor
    clamped: dict[int, Tensor]


# Kept as long as the weight itself lives; nothing is written to the network.
_kept: WeakTensorKeyDictionary = WeakTensorKeyDictionary()


def positive(weight: Tensor, sign: int = 1, rows: Tensor | None = None) -> Tensor:
    """max(sign * W, 0), detached; with `rows` every row is first multiplied by its sign.

    Large weights without `rows` are kept for the next batch. One that was changed since (its
    memory, its version or any of 1024 values spread over it differ) is clamped anew.
    """
    weight = weight.detach() if weight.is_inference() else weight
    if rows is not None:
        shape = (-1, *[1] * (weight.ndim - 1))
        return (weight.detach() * (sign * rows).view(shape)).clamp_(min=0)
    if weight.numel() < WORTH_KEEPING or weight.is_inference() or weight.grad_fn is not None:
        return _clamped(weight, sign)
    values = weight.detach().flatten()
    sample = values[:: max(1, len(values) // SAMPLES)].clone()
    kept = _kept.get(weight)
    if (
        kept is None
        or (kept.memory, kept.version) != (weight.data_ptr(), weight._version)
        or kept.sample.dtype != sample.dtype
        or not torch.equal(kept.sample, sample)
    ):
        kept = _kept[weight] = _Kept(weight.data_ptr(), weight._version, sample, {})
    if sign not in kept.clamped:
        kept.clamped[sign] = _clamped(weight, sign)
    return kept.clamped[sign]


def _clamped(weight: Tensor, sign: int) -> Tensor:
    weight = weight.detach()
    return weight.clamp(min=0) if sign > 0 else weight.neg().clamp_(min=0)
