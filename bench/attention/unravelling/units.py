"""Which units of a tensor are traced, for a whole batch at once.

A unit is one number of a tensor, of one image of the batch. It is traced for what made it high, or,
with a negative sign, for what made it low: behind a batch norm with a negative scale the evidence
for a unit is the evidence against the unit before. All units of a tensor stand in one vector of
codes, 2 i for unit i in row-major order and 2 i + 1 for the same with a negative sign.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from bench.attention.tape.operations import Operation, Operations


@dataclass(frozen=True)
class Choices:
    """What the paper and its authors' code do differently; see `cnn_fixations`."""

    position: str = "strongest"
    fc_spatial: str = "argmax"


@dataclass(frozen=True)
class Units:
    """Units of one tensor: flat row-major indices (P,) and signs (P,), +1 or -1."""

    index: Tensor
    sign: Tensor

    @classmethod
    def of(cls, codes: Tensor) -> Units:
        """The units of a vector of codes."""
        return cls(codes // 2, 1 - 2 * (codes % 2))

    @property
    def codes(self) -> Tensor:
        """One number per unit and sign, as they are stored on the way."""
        return 2 * self.index + (self.sign < 0)

    def at(self, shape: torch.Size) -> tuple[Tensor, ...]:
        """The coordinates of the units in a tensor of this shape."""
        return torch.unravel_index(self.index, shape)

    def __getitem__(self, rows: Tensor | slice) -> Units:
        return Units(self.index[rows], self.sign[rows])

    def __len__(self) -> int:
        return len(self.index)


def excited(x: Tensor, index: Tensor) -> Units:
    """Units of `x` that are traced for the value they have: what is negative, for being low."""
    return Units(index, 1 - 2 * (x.reshape(-1)[index] < 0).long())


def flat(where: tuple[Tensor, ...], shape: torch.Size) -> Tensor:
    """Row-major indices of coordinates; the inverse of `torch.unravel_index`."""
    index = where[0]
    for coordinate, size in zip(where[1:], shape[1:], strict=True):
        index = index * size + coordinate
    return index


@dataclass(frozen=True)
class Step:
    """One operation on the way back: what rules are given.

    `units[i]` are the units of the operation's output i; an output without any is not there.
    """

    call: Operation
    units: dict[int, Units]
    operations: Operations
    choices: Choices

    @property
    def x(self) -> Tensor:
        """The first input that was computed from the image."""
        return self.call.tracked[0]

    @property
    def y(self) -> Tensor:
        """The first output."""
        return self.call.outputs[0]

    @property
    def only(self) -> Units:
        """The units of an operation with one output."""
        return self.units[0]


Sent = list[tuple[Tensor, Units]]


@dataclass(frozen=True)
class Traced:
    """The units of the image (N, 3, H, W), and how many ended in other inputs (words)."""

    image: Units
    elsewhere: int
