"""A look at autograd's graph: activation functions that no node of ours stands for."""

from __future__ import annotations

from torch import Tensor
from torch.autograd.function import BackwardCFunction

from .nodes import ACTIVATION_NODES, OURS, Gate


def unsteered(result: Tensor) -> list[str]:
    """Names of operations before `result` that a rule for activations cannot steer.

    These are custom autograd functions, scripted or compiled parts, and activation functions that
    ran inside an operation of torch's own, where the recording mode does not look.
    """
    found: dict[str, None] = {}
    seen, waiting = set(), [result.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        children = [child for child, _ in node.next_functions]
        waiting.extend(children)
        if isinstance(node, BackwardCFunction):
            if _made_by(node) not in OURS:
                found[f"the custom function {_made_by(node).__name__}"] = None
        elif "DifferentiableGraph" in node.name() or "CompiledFunction" in node.name():
            found["a scripted or compiled part"] = None
        else:
            kind = node.name().partition("Backward")[0].lower()
            if kind in ACTIVATION_NODES and not any(_made_by(child) is Gate for child in children):
                found[kind] = None
    return list(found)


def _made_by(node: object) -> type:
    return getattr(node, "_forward_cls", type(node))
