"""Windows of convolution and pooling: which rows and columns of the input a unit looks at."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

# Values looked at in one go: what fits a core's cache, and on a GPU what fills it.
CHUNK = {"cpu": 2**20, "cuda": 2**26}


@dataclass(frozen=True)
class Windows:
    """Taps along one axis: places (P, K), clipped to the map, and which lie inside it."""

    places: Tensor
    inside: Tensor


def strided(
    out: Tensor, size: int, kernel: int, stride: int, padding: int, dilation: int
) -> Windows:
    """The taps of outputs `out` (P,) along an axis of `size` cells."""
    taps = torch.arange(kernel, device=out.device) * dilation
    places = out[:, None] * stride - padding + taps
    return Windows(places.clamp(0, size - 1), (places >= 0) & (places < size))


def adaptive(out: Tensor, size: int, outputs: int) -> Windows:
    """The cells that adaptive pooling gathers: floor(i size / n) to ceil((i + 1) size / n) - 1."""
    first = out * size // outputs
    length = -((out + 1) * size // -outputs) - first
    taps = torch.arange(-(-size // outputs) + 1, device=out.device)
    return Windows((first[:, None] + taps).clamp(max=size - 1), taps < length[:, None])


def chunks(n: int, values_each: int, device: torch.device) -> list[slice]:
    """Parts of n units, of so many that their windows' values stay within the chunk's size."""
    step = max(1, CHUNK.get(device.type, CHUNK["cpu"]) // max(values_each, 1))
    return [slice(start, start + step) for start in range(0, n, step)]


def pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    """(rows, columns) of a parameter given as a number or a pair."""
    if isinstance(value, int):
        return value, value
    return (value[0], value[-1])
