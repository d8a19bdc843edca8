"""Pooling: to the strongest unit of the window, the first one where several are equal.

Average pooling as well (the 7 x 7 one before a classifier among them), as the authors' code does;
the mean over axes is the same with one window.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bench.errors import NotApplicable

from .units import Sent, Step, Units, flat
from .windows import Windows, adaptive, chunks, pair, strided

POOLINGS = ("max_pool2d", "max_pool2d_with_indices", "avg_pool2d")
POOLINGS += ("adaptive_avg_pool2d", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices")
REDUCTIONS = ("mean", "sum", "amax")


def pooled(step: Step) -> Sent:
    """One unit for one unit."""
    if step.x.ndim != 4:
        raise NotApplicable(f"cnn_fixations: {step.call.name} of {tuple(step.x.shape)}")
    units, x = step.only, step.x.detach()
    n, c, y, x_ = units.at(step.y.shape)
    rows, columns = _windows(step, y, x_)
    average = "avg" in step.call.name
    found_rows, found_columns = torch.empty_like(y), torch.empty_like(y)
    each = rows.places.shape[1] * columns.places.shape[1]
    for part in chunks(len(units), each, x.device):
        r, s = rows.places[part], columns.places[part]
        values = x[n[part, None, None], c[part, None, None], r[:, :, None], s[:, None, :]]
        if average:
            values = values * units.sign[part, None, None]
        inside = rows.inside[part][:, :, None] & columns.inside[part][:, None, :]
        values = values.masked_fill(~inside, -torch.inf)
        best = values.flatten(1).argmax(1)
        width = s.shape[1]
        found_rows[part] = r.gather(1, (best // width)[:, None])[:, 0]
        found_columns[part] = s.gather(1, (best % width)[:, None])[:, 0]
    return [(step.x, Units(flat((n, c, found_rows, found_columns), x.shape), units.sign))]


def _windows(step: Step, y: Tensor, x: Tensor) -> tuple[Windows, Windows]:
    height, width = step.x.shape[2:]
    call = step.call
    if call.name.startswith("adaptive"):
        return adaptive(y, height, step.y.shape[2]), adaptive(x, width, step.y.shape[3])
    kernel = pair(call.argument(1, "kernel_size"))
    stride = pair(call.argument(2, "stride") or kernel)
    padding = pair(call.argument(3, "padding", 0))
    dilation = pair(call.argument(4, "dilation", 1)) if "max" in call.name else (1, 1)
    return tuple(
        strided(*axis)
        for axis in zip((y, x), (height, width), kernel, stride, padding, dilation, strict=True)
    )


def reduced(step: Step) -> Sent:
    """A mean, sum or maximum over axes: the strongest unit along them."""
    x, units = step.x.detach(), step.only
    dims = step.call.argument(1, "dim", step.call.kwargs.get("axis"))
    dims = range(x.ndim) if dims is None else [dims] if isinstance(dims, int) else dims
    dims = sorted(dim % x.ndim for dim in dims)
    if 0 in dims:
        raise NotApplicable(f"cnn_fixations: {step.call.name} over the images of the batch")
    kept = [dim for dim in range(x.ndim) if dim not in dims]
    order = [*kept, *dims]
    shape = torch.Size(x.shape[dim] for dim in order)
    values = x.permute(order).reshape(-1, shape[len(kept) :].numel())
    best = torch.empty_like(units.index)
    for part in chunks(len(units), values.shape[1], x.device):
        best[part] = (values[units.index[part]] * units.sign[part, None]).argmax(1)
    where = torch.unravel_index(units.index * values.shape[1] + best, shape)
    place = tuple(where[order.index(dim)] for dim in range(x.ndim))
    return [(step.x, Units(flat(place, x.shape), units.sign))]
