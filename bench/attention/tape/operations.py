"""The operations that lead from the images to the scores: for methods that walk back by hand.

Of the log of a forward pass only operations that read something computed from the images are kept,
each with its inputs as they were then (whatever the network changed in place afterwards) and what
it gave. Something computed where nobody looked, as by an autograd function of the network's own,
may come from the images: what reads it is kept too, and a walk that arrives there has to stop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import BuiltinFunctionType
from typing import Any

from torch import Tensor

from . import log

# The spellings of Python's operators, and of torch's, that mean the same operation.
SAME = {
    **dict.fromkeys(("__add__", "__radd__", "__iadd__"), "add"),
    **dict.fromkeys(("__sub__", "__isub__", "subtract"), "sub"),
    "__rsub__": "rsub",
    **dict.fromkeys(("__mul__", "__rmul__", "__imul__", "multiply"), "mul"),
    **dict.fromkeys(("__truediv__", "__itruediv__", "__div__", "__idiv__"), "div"),
    **dict.fromkeys(("divide", "true_divide"), "div"),
    "__neg__": "neg",
    **dict.fromkeys(("__matmul__", "mm", "bmm"), "matmul"),
    **dict.fromkeys(("concat", "concatenate"), "cat"),
}


@dataclass(frozen=True, eq=False)
class Operation:
    """One call: `function(*args, **kwargs)` gave `outputs`. `name` is torch's, without spellings.

    `tracked` are the inputs that were computed from the images (or unseen), in the order of the
    arguments.
    """

    name: str
    function: Callable
    args: tuple
    kwargs: dict[str, Any]
    tracked: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def argument(self, position: int, name: str, default: Any = None) -> Any:
        """An argument that was given by position or by name."""
        if position < len(self.args):
            return self.args[position]
        return self.kwargs.get(name, default)

    @property
    def scale(self) -> Tensor | None:
        """The weights of a normalisation, wherever its signature has them; None without."""
        if self.name in ("group_norm", "layer_norm"):
            return self.argument(2, "weight")
        # torch.batch_norm and torch.instance_norm differ from those of torch.nn.functional.
        return self.argument(1 if isinstance(self.function, BuiltinFunctionType) else 3, "weight")


@dataclass
class Operations:
    """The operations in the order in which they ran, and which of them made a tensor."""

    image: Tensor
    calls: list[Operation] = field(default_factory=list)
    _number: dict[int, int] = field(default_factory=dict)
    _depth: dict[int, int] = field(default_factory=dict)
    _constant: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, image: Tensor, entries: list[log.Entry]) -> Operations:
        """Those of a forward pass's log that can be traced to `image`."""
        found = cls(image)
        found._number[id(image)], found._depth[id(image)] = -1, 0
        for entry in entries:
            found._note(entry)
        return found

    def knows(self, x: Tensor) -> bool:
        """Whether `x` is the image or what an operation in `calls` gave."""
        return id(x) in self._number

    def unseen(self, x: Tensor) -> bool:
        """Whether `x` was computed from others by something that is not in the log."""
        return x.grad_fn is not None and id(x) not in self._number and id(x) not in self._constant

    def number(self, x: Tensor) -> int:
        """The place in `calls` of the operation that gave `x`; -1 for the image."""
        return self._number[id(x)]

    def made_by(self, x: Tensor) -> Operation | None:
        """The operation that gave `x`; None for the image and for what is not known."""
        number = self._number.get(id(x), -1)
        return self.calls[number] if number >= 0 else None

    def depth(self, x: Tensor) -> int:
        """The number of operations on the longest way from the image to `x`."""
        return self._depth[id(x)]

    def _note(self, entry: log.Entry) -> None:
        """Keeps one call, if it read something known. An operation is alive with its tensors."""
        name = entry.function.__self__.__name__ if entry.name == "__get__" else entry.name
        if name.endswith("_like") or name.startswith("new_"):
            return  # reads a shape only
        tracked = tuple(x for x in entry.inputs if self.knows(x) or self.unseen(x))
        outputs = tuple(x for x in entry.outputs if not self.knows(x))
        if not tracked:
            self._constant |= {id(x) for x in outputs}
        if not tracked or not outputs:
            return
        name = SAME.get(name, name)
        call = Operation(name, entry.function, entry.args, entry.kwargs, tracked, outputs)
        depth = 1 + max(self._depth.get(id(x), 0) for x in tracked)
        for x in outputs:
            self._number[id(x)], self._depth[id(x)] = len(self.calls), depth
        self.calls.append(call)
