"""Rules: what an activation passes back. A rule is chosen when going backward, not before.

The forward pass puts two kinds of nodes of our own into the graph (`nodes.py`):

* a rectifier, y = min(max(x, 0), ceiling), with ceiling infinite (ReLU) or a number (ReLU6);
* a gate, the identity in front of any other activation function (SiLU, GELU, leaky ReLU, ...).

A rule says what each does with the gradient that arrives. Everything else (convolution, pooling,
batch norm, addition) goes back as torch does it. A further rule that needs other nodes adds them
in `nodes.py` and a method of the same name here.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from bench.errors import unknown_name


def passed(g: Tensor, y: Tensor, ceiling: float | None) -> Tensor:
    """g where 0 < x < ceiling, else 0, strictly: at x = 0 nothing passes.

    y stands for x: the two differ only where both are outside the open interval.
    """
    if ceiling is None:
        return torch.ops.aten.threshold_backward(g, y, 0)
    return torch.ops.aten.hardtanh_backward(g, y, 0.0, ceiling)


@dataclass(frozen=True)
class Gradient:
    """The derivative, nothing else."""

    def rectifier(self, g: Tensor, y: Tensor, ceiling: float | None) -> Tensor:
        return passed(g, y, ceiling)

    def gate(self, g: Tensor) -> Tensor:
        return g

    def refuses(self, operation: str) -> str:
        """Why this rule has no answer for an activation function; empty if it has."""
        return ""


@dataclass(frozen=True)
class Guided:
    """Guided backpropagation: a rectifier passes g where g > 0 and 0 < x (< 6 for ReLU6).

    Springenberg et al. 2015, section 3.4 and figure 1. It is defined for rectifiers only. For other
    activation functions no rule is published; `clamp_gradient=True` passes max(g act'(x), 0).
    """

    clamp_gradient: bool = False

    def rectifier(self, g: Tensor, y: Tensor, ceiling: float | None) -> Tensor:
        return passed(g.clamp(min=0), y, ceiling)

    def gate(self, g: Tensor) -> Tensor:
        return g.clamp(min=0)

    def refuses(self, operation: str) -> str:
        if self.clamp_gradient:
            return ""
        return (
            f"guided backpropagation is defined for ReLU and ReLU6; this network uses {operation}. "
            "The option clamp_gradient=True passes the positive part of the gradient there"
        )


Rule = Gradient | Guided


@dataclass(frozen=True)
class Excitation:
    """Excitation backpropagation: a probability at the class score goes down along excitation.

    Zhang et al. 2016. Not a way to differentiate, so not of the kind above: it is carried out over
    the recorded operations (`excitation.py`).

    * `negative` says what becomes of negative inputs, which the paper assumes away: `"clamp"` (they
      excite nothing, all probabilities are >= 0), `"raw"` (taken as they are; may be far from
      probabilities), `"signed"` (with a negative weight they excite).
    * `fold_batch_norm` counts a convolution's weights with the sign of the batch norm behind it, as
      the authors' networks have it.
    * `contrastive` starts with the difference of the probabilities below the classifier, for its
      weights W and for -W.
    """

    negative: str = "clamp"
    fold_batch_norm: bool = False
    contrastive: bool = False

    def __post_init__(self) -> None:
        if self.negative not in ("clamp", "raw", "signed"):
            raise unknown_name("negative", str(self.negative), ("clamp", "raw", "signed"))
