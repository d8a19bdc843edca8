"""Fully connected layers: every input that excites the unit, or the strongest one of a grid.

With w_i the weights of unit i, a the input and s the unit's sign:

* behind another fully connected layer, every j with s w_ij a_j > 0;
* behind a grid (a flattened map of more than one position), `fc_spatial`: "argmax", the one j with
  the largest s w_ij a_j (the authors' code), or "positive", all of them (the paper's algorithm 1,
  which on VGG16 selects nearly every cell).

Source: Mopuri, Garg & Babu 2018, section 3.1 and algorithm 1; the authors' code for the grid.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bench.attention.tape.operations import Operations
from bench.errors import NotApplicable

from .elementwise import PASSED
from .rearrangement import RESHAPED
from .units import Sent, Step, excited
from .windows import chunks

# The strongest input is sought among the maxima of blocks of this many inputs: a maximum is several
# times faster than the place of a maximum.
BLOCK = 128


def linear(step: Step) -> Sent:
    """x W^T + b: x (..., J), W (I, J)."""
    weight = step.call.argument(1, "weight")
    if step.x is not step.call.args[0]:
        raise NotApplicable("cnn_fixations: a linear layer whose weights depend on the image")
    return _connected(step, weight.detach())


def matmul(step: Step) -> Sent:
    """x @ W with constant W (J, I)."""
    x, weight = step.call.args[0], step.call.argument(1, "other", step.call.kwargs.get("mat2"))
    if len(step.call.tracked) > 1 or x is not step.x or weight.ndim != 2:
        raise NotApplicable("cnn_fixations: a matrix product of two values of the image")
    return _connected(step, weight.detach().T)


def _connected(step: Step, weight: Tensor) -> Sent:
    a = step.x.detach().reshape(-1, weight.shape[1])
    row, out = step.only.index // weight.shape[0], step.only.index % weight.shape[0]
    if step.choices.fc_spatial == "argmax" and behind_a_grid(step.operations, step.x):
        strongest = strongest_inputs(a, weight, row, out, step.only.sign)
        return [(step.x, excited(a, row * a.shape[1] + strongest))]
    asked = torch.zeros(2, len(a), len(weight), dtype=torch.bool, device=a.device)
    asked[(step.only.sign < 0).long(), row, out] = True
    return [(step.x, excited(a, excitatory(a, weight, asked).reshape(-1).nonzero()[:, 0]))]


def excitatory(a: Tensor, weight: Tensor, asked: Tensor) -> Tensor:
    """Which inputs (R, J) excite at least one asked unit: some s w_ij a_j > 0.

    `a` is (R, J), `weight` (I, J); `asked` (2, R, I) are the units with a positive and a negative
    sign. Counts of ones and zeros, so the products are exact.
    """
    up, down = _any_sign(asked[0], weight)
    if asked[1].any():
        against = _any_sign(asked[1], weight)
        up, down = up | against[1], down | against[0]
    return (a > 0) & up | (a < 0) & down


def _any_sign(asked: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Whether some asked unit (R, I) has a positive, a negative weight at each input: (R, J)."""
    used = asked.any(0).nonzero()[:, 0]
    rows, weight = asked[:, used].float(), weight[used]
    return rows @ (weight > 0).float() > 0, rows @ (weight < 0).float() > 0


def strongest_inputs(a: Tensor, weight: Tensor, row: Tensor, out: Tensor, sign: Tensor) -> Tensor:
    """The j with the largest s w_ij a_j for units (row, out), the first one at a tie: (P,)."""
    best = torch.empty_like(out)
    for s in (1, -1):
        chosen = (sign == s).nonzero()[:, 0]
        if len(chosen):
            best[chosen] = _strongest(a if s > 0 else -a, weight, row[chosen], out[chosen])
    return best


def _strongest(a: Tensor, weight: Tensor, row: Tensor, out: Tensor) -> Tensor:
    """The same with positive signs. Weights are read once for all images of the batch."""
    asked = torch.zeros(len(a), len(weight), dtype=torch.bool, device=a.device)
    asked[row, out] = True
    used = asked.any(0).nonzero()[:, 0]
    whole = a.shape[1] // BLOCK * BLOCK
    blocks = torch.zeros(asked.shape, dtype=torch.long, device=a.device)
    for part in chunks(len(used), a.shape[1], a.device):
        weights, asking = weight[used[part]], asked[:, used[part]]
        for image in asking.any(1).nonzero()[:, 0].tolist():
            units = asking[image]
            product = weights[units].mul_(a[image])
            maxima = product[:, :whole].unflatten(1, (-1, BLOCK)).amax(2)
            if whole < a.shape[1]:
                maxima = torch.cat([maxima, product[:, whole:].amax(1, keepdim=True)], 1)
            blocks[image, used[part][units]] = maxima.argmax(1)
    first = blocks[row, out][:, None] * BLOCK
    places = first + torch.arange(BLOCK, device=a.device)
    inside = places < a.shape[1]
    places = places.clamp(max=a.shape[1] - 1)
    values = weight[out[:, None], places] * a[row[:, None], places]
    return first[:, 0] + values.masked_fill(~inside, -torch.inf).argmax(1)


def behind_a_grid(operations: Operations, x: Tensor) -> bool:
    """Whether `x` is a flattened map (N, C, H, W) with more than one position."""
    while x.ndim != 4:
        call = operations.made_by(x)
        if call is None or call.name not in (*PASSED, *RESHAPED):
            return False
        x = call.tracked[0]
    return x.shape[2:].numel() > 1
