"""Channels and grids of maps: reduction to (N, h, w), and bringing maps to one grid."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from bench.errors import unknown_name


def upsample(values: Tensor, size: tuple[int, int]) -> Tensor:
    """(N, C, h, w) or (N, h, w) on a grid of `size`, bilinear, align_corners false."""
    if tuple(values.shape[-2:]) == tuple(size):
        return values
    flat = values if values.ndim == 4 else values[:, None]
    out = F.interpolate(flat, size=tuple(size), mode="bilinear", align_corners=False)
    return out if values.ndim == 4 else out[:, 0]


def reduce_channels(values: Tensor, reduce: str | None, *, signed: bool = False) -> Tensor:
    """(N, C, h, w) -> (N, h, w): the largest ("max") or the sum ("sum") of the magnitudes.

    `signed` leaves the absolute value out. `reduce=None` gives `values` back, signed, with
    channels.
    """
    if reduce is None:
        return values
    if reduce not in ("max", "sum"):
        raise unknown_name("reduce", str(reduce), ("max", "sum"))
    if not signed:
        values = values.abs()
    return values.amax(1) if reduce == "max" else values.sum(1)
