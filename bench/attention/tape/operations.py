"""The operations of one forward pass, in order: for methods that walk back through a network.

Gradients need none of this; a method that asks for it says `READS = "operations"`. Only operations
that read something computed from the images are kept, each with its inputs as they were then
(whatever the network changed in place afterwards) and what it gave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from .nodes import Steering, operation
from .recorder import Recorder, _map, _tensors

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

    `tracked` are the inputs that were computed from the images, in the order of the arguments.
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


@dataclass
class Operations:
    """The operations in the order in which they ran, and which of them made a tensor."""

    image: Tensor | None = None
    calls: list[Operation] = field(default_factory=list)
    _made_by: dict[int, Operation] = field(default_factory=dict)
    _depth: dict[int, int] = field(default_factory=dict)

    def start(self, image: Tensor) -> None:
        """Tells which tensor everything is to be traced to."""
        self.image = image
        self._depth[id(image)] = 0

    def knows(self, x: Tensor) -> bool:
        """Whether `x` is the image or was computed from it by operations that were seen."""
        return id(x) in self._depth

    def made_by(self, x: Tensor) -> Operation | None:
        """The operation that gave `x`; None for the image and for what is not known."""
        return self._made_by.get(id(x))

    def depth(self, x: Tensor) -> int:
        """The number of operations on the longest way from the image to `x`."""
        return self._depth[id(x)]

    def note(self, function: Callable, args: tuple, kwargs: dict, result: Any) -> None:
        """Keeps one call, if it read something known. An operation is alive with its tensors."""
        name = function.__self__.__name__ if function.__name__ == "__get__" else operation(function)
        if name.endswith("_like") or name.startswith("new_"):
            return  # reads a shape only
        tracked = tuple(x for x in _tensors((args, kwargs)) if self.knows(x))
        outputs = tuple(x for x in _tensors(result) if not self.knows(x))
        if not tracked or not outputs:
            return
        call = Operation(SAME.get(name, name), function, args, kwargs, tracked, outputs)
        depth = 1 + max(map(self.depth, tracked))
        for x in outputs:
            self._made_by[id(x)], self._depth[id(x)] = call, depth
        self.calls.append(call)


class OperationRecorder(Recorder):
    """A recorder that keeps the operations as well."""

    def __init__(self, network: nn.Module, steering: Steering) -> None:
        super().__init__(network, steering)
        self.operations = Operations()

    def run(self, images: Tensor) -> Any:
        self.operations.start(images)
        return super().run(images)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if not args and "input" in kwargs:
            args = (kwargs.pop("input"),)
        args, kwargs = _map(args, self._now), _map(kwargs, self._now)
        result = super().__torch_function__(function, types, args, kwargs)
        # An assignment to a part gives nothing; what was assigned to has a new version.
        made = self._now(args[0]) if function.__name__ == "__setitem__" else result
        self.operations.note(function, args, kwargs, made)
        return result
