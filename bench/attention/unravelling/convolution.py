"""Convolution: to the channel with the most evidence in the window, one unit for one unit.

With w the unit's kernel, a the input and s the unit's sign, the evidence of input channel c is
s sum over the window of a[c] w[c]; only the channels of the unit's own group take part. Where in
that channel, `position`:

* "same" (the authors' code): the centre of the window, S y - P + D floor((K - 1) / 2), clipped to
  the map. The code itself takes S y, which is the centre for the usual padding only.
* "strongest" (the paper's algorithm 2): where s a w is largest.

Source: Mopuri, Garg & Babu 2018, section 3.2 and algorithm 2.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from bench.errors import NotApplicable

from .units import Sent, Step, excited, flat
from .windows import chunks, pair, strided


def conv2d(step: Step) -> Sent:
    """The unit of the strongest channel, for each unit."""
    call, a = step.call, step.x.detach()
    weight = call.argument(1, "weight").detach()
    if step.x is not call.args[0] or a.ndim != 4:
        raise NotApplicable("cnn_fixations: a convolution whose weights depend on the image")
    groups = call.argument(6, "groups", 1)
    per_group = weight.shape[1]
    kernel = tuple(weight.shape[2:])
    stride, dilation = pair(call.argument(3, "stride", 1)), pair(call.argument(5, "dilation", 1))
    padding = _padding(call.argument(4, "padding", 0), kernel, dilation)
    n, out, y, x = step.only.at(step.y.shape)
    group = out // (weight.shape[0] // groups)
    axes = list(zip((y, x), a.shape[2:], kernel, stride, padding, dilation, strict=True))
    rows, columns = (strided(*axis) for axis in axes)
    centre = [
        (place * s - p + d * ((k - 1) // 2)).clamp(0, size - 1) for place, size, k, s, p, d in axes
    ]
    channel = torch.zeros_like(out)
    same = step.choices.position == "same"
    parts = chunks(len(out), kernel[0] * kernel[1] * per_group, a.device)
    if same and per_group == 1:
        parts = []  # a depthwise convolution leaves nothing to choose
    # Channels last: one group's channels lie side by side, and so do their weights.
    grouped = a.unflatten(1, (groups, per_group)).permute(0, 3, 4, 1, 2)
    read = _reader(grouped, len(out) * kernel[0] * kernel[1])
    kernels = weight.permute(0, 2, 3, 1).flatten(1, 2)
    turned = bool((step.only.sign < 0).any())
    for part in parts:
        r, s = rows.places[part], columns.places[part]
        inside = (rows.inside[part][:, :, None] & columns.inside[part][:, None]).flatten(1)
        evidence = read(n[part], r, s, group[part]).mul_(kernels[out[part]])
        if not inside.all():
            evidence *= inside[:, :, None].to(evidence.dtype)
        if turned:
            evidence *= step.only.sign[part, None, None]
        best = evidence.sum(1).argmax(1)
        channel[part] = best
        if not same:
            own = evidence.gather(2, best[:, None, None].expand(-1, evidence.shape[1], 1))[:, :, 0]
            tap = own.masked_fill(~inside, -torch.inf).argmax(1)[:, None]
            centre[0][part] = r.gather(1, tap // kernel[1])[:, 0]
            centre[1][part] = s.gather(1, tap % kernel[1])[:, 0]
    index = flat((n, group * per_group + channel, *centre), a.shape)
    return [(step.x, excited(a, index))]


def _reader(grouped: Tensor, taps: int) -> Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]:
    """A function: images (P,), rows (P, R), columns (P, S), groups (P,) -> windows (P, R S, C).

    `grouped` is (N, H, W, G, C), as the map lies in memory. A map with fewer cells than the windows
    have taps is copied once, so that a tap's channels lie side by side and are read in one go.
    """
    size = grouped.shape[:4]

    def read(n: Tensor, rows: Tensor, columns: Tensor, group: Tensor) -> Tensor:
        n, group = n[:, None, None], group[:, None, None]
        return grouped[n, rows[:, :, None], columns[:, None, :], group].flatten(1, 2)

    if size.numel() > taps:
        return read
    cells = grouped.reshape(-1, grouped.shape[4])

    def read_rows(n: Tensor, rows: Tensor, columns: Tensor, group: Tensor) -> Tensor:
        n, group = n[:, None, None], group[:, None, None]
        places = ((n * size[1] + rows[:, :, None]) * size[2] + columns[:, None]) * size[3] + group
        found = cells.index_select(0, places.reshape(-1))
        return found.view(len(rows), -1, cells.shape[1])

    return read_rows


def _padding(
    padding: int | str | tuple[int, ...], kernel: tuple[int, int], dilation: tuple[int, int]
) -> tuple[int, int]:
    """Cells of padding before the first row and column; `same` puts the odd cell behind."""
    if padding == "valid":
        return 0, 0
    if padding == "same":
        return tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
    return pair(padding)
