"""LSTM: back in time through the four gates.

From unit i of the output m_t: every j for which one of the gates g (input, forget, cell, output)
has W_g,m[i, j] m_{t-1, j} > 0, their union, and likewise every j of the input x_t with
W_g,x[i, j] x_{t, j} > 0. In an image captioner the first input is the image's embedding and the
later ones are words; these do not lead to the image and are counted (`Traced.elsewhere`). The cell
state is not followed. A unit's sign does not matter here: gates have no sign of their own in the
rule.

Source: Mopuri, Garg & Babu 2018, section 3.4 (image captioning).
"""

from __future__ import annotations

import torch
from torch import Tensor

from bench.errors import NotApplicable

from .fully_connected import excitatory
from .units import Sent, Step, Units, excited

GATES = 4


def lstm_cell(step: Step) -> Sent:
    """torch.lstm_cell(x, (m, c), W_x, W_m, ...): one step."""
    x, (m, _), weight_x, weight_m = step.call.args[:4]
    asked = torch.zeros(step.y.shape, dtype=torch.bool, device=step.y.device)
    asked.view(-1)[_only_outputs(step)[0].index] = True
    return [
        _sent(source, _excitatory(source, weight, asked))
        for source, weight in ((x, weight_x), (m, weight_m))
    ]


def lstm(step: Step) -> Sent:
    """torch.lstm(x, (m, c), weights, ...): several layers, one or two directions."""
    if isinstance(step.call.args[3], list | tuple):
        raise NotApplicable("cnn_fixations: an LSTM over packed sequences")
    x, (m, c), weights, biased, layers, _, _, both, batch_first = step.call.args
    per_layer = 4 if biased else 2
    directions = 2 if both else 1
    if len(weights) != per_layer * layers * directions:
        raise NotApplicable("cnn_fixations: an LSTM with projections (proj_size)")
    first = x.detach().transpose(0, 1) if batch_first else x.detach()
    weights = [weights[start : start + per_layer] for start in range(0, len(weights), per_layer)]
    outputs = _outputs(first, m, c, weights, directions, biased)
    width = m.shape[2]
    asked, asked_last = _asked(step, outputs[-1], m, batch_first)
    start = torch.zeros(m.shape, dtype=torch.bool, device=m.device)
    for layer in reversed(range(layers)):
        below = outputs[layer - 1] if layer else first
        into = torch.zeros(below.shape, dtype=torch.bool, device=below.device)
        for direction in range(directions):
            number = layer * directions + direction
            part = slice(direction * width, (direction + 1) * width)
            times = range(len(below)) if direction else reversed(range(len(below)))
            units, last = asked[:, :, part], asked_last[number]
            start[number] = _back_in_time(
                units,
                last,
                list(times),
                outputs[layer][:, :, part],
                m[number],
                below,
                into,
                weights[number],
            )
        asked = into
    if batch_first:
        asked = asked.transpose(0, 1)
    return [_sent(x, asked), _sent(m, start)]


def _back_in_time(
    asked: Tensor,
    last: Tensor,
    times: list[int],
    m: Tensor,
    m_start: Tensor,
    x: Tensor,
    into: Tensor,
    weights: list[Tensor],
) -> Tensor:
    """One layer, one direction: marks inputs in `into` (T, N, J), gives the first state's units.

    `asked` (T, N, H) are units of the outputs m, `last` (N, H) of the state after the last step;
    `times` are the steps, the last one first.
    """
    weight_x, weight_m = weights[:2]
    units = last
    for number, t in enumerate(times):
        units = units | asked[t]
        into[t] |= _excitatory(x[t], weight_x, units)
        before = m[times[number + 1]] if number + 1 < len(times) else m_start
        units = _excitatory(before, weight_m, units)
    return units


def _sent(source: Tensor, found: Tensor) -> tuple[Tensor, Units]:
    return source, excited(source.detach(), found.reshape(-1).nonzero()[:, 0])


def _excitatory(a: Tensor, weight: Tensor, asked: Tensor) -> Tensor:
    """Which values (N, J) excite an asked unit (N, H) through one of its gates."""
    units = asked.repeat(1, GATES)
    return excitatory(a.detach(), weight.detach(), torch.stack([units, torch.zeros_like(units)]))


def _outputs(
    x: Tensor, m: Tensor, c: Tensor, weights: list, directions: int, biased: bool
) -> list[Tensor]:
    """What every layer gave, (T, N, directions H): torch itself keeps the last layer's only."""
    found = []
    for start in range(0, len(weights), directions):
        state = [value.detach()[start : start + directions].contiguous() for value in (m, c)]
        flat = [weight for part in weights[start : start + directions] for weight in part]
        x = torch.lstm(x, state, flat, biased, 1, 0.0, False, directions == 2, False)[0]
        found.append(x)
    return found


def _asked(step: Step, top: Tensor, m: Tensor, batch_first: bool) -> tuple[Tensor, Tensor]:
    """The traced units of the last layer's outputs (T, N, .) and of the last states (., N, H)."""
    units = _only_outputs(step)
    shape = step.y.shape
    asked = torch.zeros(shape, dtype=torch.bool, device=top.device)
    if 0 in units:
        asked.view(-1)[units[0].index] = True
    last = torch.zeros(m.shape, dtype=torch.bool, device=top.device)
    if 1 in units:
        last.view(-1)[units[1].index] = True
    return (asked.transpose(0, 1) if batch_first else asked), last


def _only_outputs(step: Step) -> dict:
    number = len(step.call.outputs) - 1
    if number in step.units:
        raise NotApplicable(f"cnn_fixations: the network reads the cell state of {step.call.name}")
    return step.units
