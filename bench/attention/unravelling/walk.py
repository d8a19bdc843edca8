"""The walk back through the operations, and which operation goes by which rule.

Operations are met in the reverse of the order in which they ran, so a tensor's units are complete
before the operation that made it is met: residual sums, concatenations and shared layers need
nothing of their own. After each step units are unique.

Whether a network can be unravelled is settled before the walk, from all operations behind the
start: which of them a walk meets depends on the image (a residual sum goes one way only), and a
method must not apply to one photograph and not to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from bench.attention.tape.graph import unsteered
from bench.attention.tape.operations import Operations
from bench.errors import NotApplicable

from .convolution import conv2d
from .elementwise import PASSED, divided, multiplied, negated, normalised, passed, summed
from .fully_connected import linear, matmul
from .pooling import POOLINGS, REDUCTIONS, pooled, reduced
from .rearrangement import REARRANGED, RESHAPED, concatenated, padded, rearranged
from .recurrent import lstm, lstm_cell
from .units import Choices, Sent, Step, Traced, Units

RULES: dict[str, Callable[[Step], Sent]] = {
    "conv2d": conv2d,
    "linear": linear,
    "matmul": matmul,
    "lstm": lstm,
    "lstm_cell": lstm_cell,
    **dict.fromkeys(POOLINGS, pooled),
    **dict.fromkeys(REDUCTIONS, reduced),
    **dict.fromkeys((*PASSED, *RESHAPED), passed),
    **dict.fromkeys(("batch_norm", "group_norm", "instance_norm", "layer_norm"), normalised),
    **dict.fromkeys(("add", "sub", "rsub"), summed),
    "mul": multiplied,
    "div": divided,
    "neg": negated,
    "cat": concatenated,
    "pad": padded,
    **dict.fromkeys(REARRANGED, rearranged),
}
# Operations with a rule for a constant factor; where two factors depend on the image there is none.
PRODUCTS = {
    **dict.fromkeys(("mul", "div"), "a gate, as in squeeze-and-excitation"),
    "matmul": "as in attention",
    "linear": "weights that depend on it",
    "conv2d": "weights that depend on it",
}


def unravel(
    operations: Operations, start: dict[Tensor, Units], choices: Choices | None = None
) -> Traced:
    """The units of the image that the units of `start`, {tensor: units}, rest on.

    Raises NotApplicable, with its name, for an operation without a rule or one that was not seen,
    whether or not these images' units lead there.
    """
    _check_rules(operations, start)
    walk = _Walk(operations)
    for x, units in start.items():
        walk.send(x, units)
    for call in reversed(operations.calls):
        units = {
            number: found
            for number, x in enumerate(call.outputs)
            if (found := walk.take(x)) is not None
        }
        if not units:
            continue
        for x, found in RULES[call.name](Step(call, units, operations, choices or Choices())):
            walk.send(x, found)
    return walk.end()


def start_units(result: Tensor, targets: Tensor) -> Units:
    """The unit of each image's target among the class scores (N, K)."""
    rows = torch.arange(len(targets), device=targets.device)
    return Units(rows * result.shape[1] + targets, torch.ones_like(targets))


def _check_rules(operations: Operations, start: Iterable[Tensor]) -> None:
    """Raises NotApplicable for the last operation behind `start` that has no rule."""
    behind = {id(x) for x in start}
    for call in reversed(operations.calls):
        if behind.isdisjoint(map(id, call.outputs)):
            continue
        if call.name not in RULES:
            raise NotApplicable(
                f"cnn_fixations has no rule for the operation {call.name}, which made "
                f"{_shapes(call.outputs)} of {_shapes(call.tracked)}"
            )
        if call.name in PRODUCTS and len(call.tracked) > 1:
            raise NotApplicable(
                f"cnn_fixations has no rule for {call.name} of two values that both depend on the "
                f"image ({PRODUCTS[call.name]})"
            )
        for x in call.tracked:
            if operations.unseen(x):
                raise _unseen(x)
            behind.add(id(x))


def _unseen(x: Tensor) -> NotApplicable:
    parts = unsteered(x) or [f"the operation {x.grad_fn.name()}"]
    return NotApplicable(
        f"cnn_fixations: the network contains {parts[0]}, which cannot be looked into"
    )


class _Walk:
    """What waits at each tensor."""

    def __init__(self, operations: Operations) -> None:
        self.operations = operations
        self.waiting: dict[int, list[Tensor]] = {}
        self.elsewhere = 0

    def send(self, x: Tensor, units: Units) -> None:
        if self.operations.knows(x):
            self.waiting.setdefault(id(x), []).append(units.codes)
        elif not self.operations.unseen(x):
            self.elsewhere += len(units.codes.unique())
        else:
            raise _unseen(x)

    def take(self, x: Tensor) -> Units | None:
        if id(x) not in self.waiting:
            return None
        found = torch.cat(self.waiting.pop(id(x))).unique()
        return Units.of(found) if len(found) else None

    def end(self) -> Traced:
        image = self.operations.image
        found = self.take(image)
        if found is None:
            nothing = torch.zeros(0, dtype=torch.long, device=image.device)
            found = Units(nothing, nothing)
        return Traced(found, self.elsewhere)


def _shapes(tensors: tuple[Tensor, ...]) -> str:
    return " and ".join(str(tuple(x.shape)) for x in tensors)
