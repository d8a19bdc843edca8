"""Excitation backpropagation over the recorded operations, from the class score downwards."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.errors import NotApplicable

from . import excitation_steps as steps
from .operations import Operation, Operations
from .rules import Excitation


class Excitations:
    """Probabilities by the rule `Excitation` at any tensor of one recorded forward pass.

    `operations` are what it did, `scores` (N, K) what it ended in, `targets` (N,) the classes. Each
    rule goes down once, as deep as it was asked for; a deeper request goes on from there. What
    rules have in common, the normalisers W+ x, is shared.
    """

    def __init__(self, operations: Operations, scores: Tensor, targets: Tensor) -> None:
        self.operations, self.scores, self.targets = operations, scores, targets
        self._normalisers: dict[tuple, steps.Normaliser] = {}
        self._sweeps: dict[Excitation, _Sweep] = {}

    def at(self, x: Tensor, rule: Excitation, keep: list[Tensor]) -> Tensor | None:
        """The probabilities at `x`, of its shape; None if `x` does not lead to the score.

        Those at the tensors `keep` are kept for later requests, where the way meets them.
        """
        if not self.operations.knows(x):
            return None
        sweep = self._sweeps.get(rule)
        if sweep is None or not sweep.still_has(x):
            sweep = self._sweeps[rule] = _Sweep(self, rule)
        sweep.keep |= {id(each) for each in keep}
        exact = torch.autocast(x.device.type, enabled=False)
        with torch.inference_mode(False), torch.no_grad(), exact:
            return sweep.at(x)

    def normaliser(
        self, op: Operation, x: Tensor, rule: Excitation, rows: Tensor | None = None, sign: int = 1
    ) -> steps.Normaliser:
        """W+ x of an operation (sign=-1: of -W), worked out once per batch."""
        key = (id(op.outputs[0]), rule.negative, sign, rows is not None)
        if key not in self._normalisers:
            if op.name in steps.WEIGHTED:
                made = steps.weighted(op, x, rule.negative, rows, sign)
            else:
                made = steps.summing(op, x, rule.negative)
            self._normalisers[key] = made
        return self._normalisers[key]


class _Sweep:
    """One way down the log by one rule."""

    def __init__(self, forward: Excitations, rule: Excitation) -> None:
        self.forward, self.rule = forward, rule
        self.operations = forward.operations
        self.position = len(self.operations.calls)
        self.keep: set[int] = set()
        self.kept: dict[int, Tensor] = {}
        # Probabilities are never of half precision, whatever the forward pass was.
        kind = torch.promote_types(forward.scores.dtype, torch.float32)
        start = torch.zeros_like(forward.scores, dtype=kind)
        self.signals = {id(forward.scores): start.scatter_(1, forward.targets[:, None], 1)}
        # Signals that have passed no layer with weights yet; the contrast is taken there.
        self.above = {id(forward.scores)}
        # Signs of the batch norm that reads a tensor, where that is to be folded.
        self.folds: dict[int, Tensor] = {}

    def still_has(self, x: Tensor) -> bool:
        """Whether the probabilities at `x` are kept or still to come."""
        return id(x) in self.kept or self.position > self.operations.number(x)

    def at(self, x: Tensor) -> Tensor | None:
        if id(x) in self.kept:
            return self.kept[id(x)]
        end = self.operations.number(x) + 1
        while self.position > end:
            self.position -= 1
            self._pass(self.operations.calls[self.position])
        found = self.signals.get(id(x))
        if found is not None:
            self.kept[id(x)] = found
        return found

    def _pass(self, op: Operation) -> None:
        """Takes the signals at an operation's outputs to its inputs."""
        arrived = [self.signals.pop(id(y), None) for y in op.outputs]
        self.kept |= {
            id(y): p
            for y, p in zip(op.outputs, arrived, strict=True)
            if p is not None and id(y) in self.keep
        }
        if all(p is None for p in arrived):
            return
        fresh = any(id(y) in self.above for y in op.outputs)
        for x, p in self._step(op, arrived, fresh):
            self._add(x, p, above=fresh and op.name not in steps.WEIGHTED)

    def _add(self, x: Tensor, p: Tensor, *, above: bool) -> None:
        if self.operations.unseen(x):
            raise steps.refusal(x.grad_fn.name())
        if not self.operations.knows(x):
            return
        if id(x) in self.signals:
            if self.rule.contrastive and above != (id(x) in self.above):
                raise NotApplicable(
                    "contrastive excitation backpropagation needs one classifier; here the class "
                    "score is reached both through and beside a layer with weights"
                )
            p = self.signals[id(x)] + p
        self.signals[id(x)] = p
        if above:
            self.above.add(id(x))

    def _step(
        self, op: Operation, arrived: list[Tensor | None], fresh: bool
    ) -> list[tuple[Tensor, Tensor]]:
        """(input, its share of the probability) for the inputs of an operation."""
        p = arrived[0]
        x = op.args[0] if op.args else None
        if op.name == "cat" and not (set(op.kwargs) - {"dim", "axis"}):
            parts = list(op.args[0])
            return list(zip(parts, steps.concatenated(op, parts, p), strict=True))
        if op.name == "add" and len(op.tracked) == len(op.args) == 2 and not op.kwargs:
            return list(zip(op.args, steps.split(*op.args, p, self.rule.negative), strict=True))
        if len(op.tracked) != 1 or op.tracked[0] is not x:
            raise steps.refusal(op.name)
        if op.name in steps.WEIGHTED:
            return [(x, self._through_weights(op, x, p, fresh))]
        if op.name in steps.SUMMING:
            (share,) = self.forward.normaliser(op, x, self.rule).share(p)
            return [(x, share)]
        if op.name in steps.UNCHANGED and p.shape == x.shape:
            if op.name == "batch_norm" and self.rule.fold_batch_norm:
                self._fold(op, x)
            return [(x, p)]
        if op.name in steps.MOVING:
            return [(x, steps.moved(op, x, arrived))]
        if steps.is_bias_or_scale(op):
            return [(x, p)]
        raise steps.refusal(op.name)

    def _through_weights(self, op: Operation, x: Tensor, p: Tensor, fresh: bool) -> Tensor:
        rows = self.folds.get(id(op.outputs[0]))
        raw = self.rule.negative == "raw"

        def excited(sign: int) -> Tensor:
            normaliser = self.forward.normaliser(op, x, self.rule, rows, sign)
            parts = normaliser.share(p, any_sign=raw)
            return sum(parts[1:], parts[0])

        return excited(1) - excited(-1) if self.rule.contrastive and fresh else excited(1)

    def _fold(self, op: Operation, x: Tensor) -> None:
        """Notes the signs of a batch norm's scales for the convolution that it reads."""
        weight = op.scale
        maker = self.operations.made_by(x)
        foldable = maker is not None and maker.name in ("conv1d", "conv2d", "conv3d")
        if weight is not None and foldable and bool((weight < 0).any()):
            self.folds[id(x)] = torch.where(weight < 0, -1.0, 1.0).to(weight.dtype)
