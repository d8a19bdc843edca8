"""The graph of a network's operations, from one forward pass of shapes alone.

The forward runs on torch's device `meta`: every operation says which shape it would give, nothing
is computed. A `TorchFunctionMode` sees the operations, whether a module or a bare function asked
for them, so that functional activations, `+` and concatenations are there like the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

# What counts as an activation function, by torch's names. Sigmoid, tanh and softmax serve as gates
# and weights. The tape of bench.attention steers the same ones.
ACTIVATIONS = {
    *("relu", "relu6", "silu", "gelu", "mish", "hardswish", "leaky_relu", "prelu", "rrelu", "elu"),
    *("selu", "celu", "softplus", "softsign", "logsigmoid", "glu", "hardtanh", "threshold"),
    *("hardshrink", "softshrink", "tanhshrink"),
}
POOLS = {"max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "mean"}
# They move values, or cut and join tensors, and change no value.
MOVES = {
    *("cat", "concat", "concatenate", "chunk", "split", "getitem", "view", "reshape", "flatten"),
    *("unflatten", "transpose", "permute", "squeeze", "unsqueeze", "contiguous", "clone"),
    *("dropout", "feature_dropout", "channel_shuffle", "to", "float"),
}
# What these read and give is a grid (N, C, h, w), whatever came before.
GRIDS = {"conv2d", "batch_norm", "interpolate"} | POOLS - {"mean"}
IN_PLACE = {"iadd", "isub", "imul", "itruediv", "setitem"}


@dataclass
class Node:
    """One tensor of the forward pass.

    `inputs` are the numbers of the nodes it was made from. `state` is "activation" (all values
    come from activation functions, moved and joined perhaps), "pooled" (such values after
    pooling) or "other". `rows_columns` says which dimensions are h and w, None where unknown.
    """

    operation: str
    inputs: tuple[int, ...]
    shape: tuple[int, ...]
    state: str = "other"
    rows_columns: tuple[int, int] | None = None

    @property
    def is_grid(self) -> bool:
        """Whether this is (N, C, h, w) with more than one position."""
        laid_out = len(self.shape) == 4 and self.rows_columns == (2, 3)
        return laid_out and self.shape[2] * self.shape[3] > 1


@dataclass(frozen=True)
class Call:
    """The call of a module: the nodes made inside it, from `begin` to before `end`.

    `times` counts the calls; of a module that is called several times this is the last one.
    """

    begin: int
    end: int
    output: int | None
    times: int


class Graph(TorchFunctionMode):
    """`nodes` in the order in which they were made, node 0 the image; `calls` per module name."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.image = torch.empty(shape, device="meta")
        self.nodes = [Node("image", (), shape, rows_columns=(2, 3))]
        self.calls: dict[str, Call] = {}
        self.result = 0
        self._numbers = {id(self.image): 0}
        self._alive = [self.image]  # a freed tensor's id would be given to another

    def number(self, value: Any) -> int | None:
        """The node that a tensor is now, None for what does not come from the image."""
        return self._numbers.get(id(value)) if isinstance(value, Tensor) else None

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        operation = name.strip("_")
        read = [number for x in tensors((args, kwargs)) if (number := self.number(x)) is not None]
        result = function(*args, **kwargs)
        if not read:
            return result
        if operation in GRIDS and len(self.nodes[read[0]].shape) == 4:
            self.nodes[read[0]].rows_columns = (2, 3)
        if operation == "setitem":
            self._add(args[0], operation, read, args, kwargs)
        for x in tensors(result):
            changed = x is args[0] if args else False
            changed = changed and (
                bool(kwargs.get("inplace")) or name.endswith("_") or operation in IN_PLACE
            )
            if self.number(x) is None or (changed and operation not in MOVES):
                self._add(x, operation, read, args, kwargs)
        return result

    def _add(self, x: Tensor, operation: str, read: list[int], args: tuple, kwargs: dict) -> None:
        sources = [self.nodes[number] for number in dict.fromkeys(read)]
        node = Node(operation, tuple(dict.fromkeys(read)), tuple(x.shape))
        node.state = _state(operation, sources)
        node.rows_columns = _rows_columns(operation, node.shape, sources, args, kwargs)
        self._numbers[id(x)] = len(self.nodes)
        self._alive.append(x)
        self.nodes.append(node)


def record(module: nn.Module, input_size: tuple[int, int]) -> Graph:
    """The graph of one forward pass for an image (1, 3, *input_size); the module stays as it is."""
    graph = Graph((1, 3, *input_size))
    starts: dict[nn.Module, int] = {}
    times: dict[nn.Module, int] = {}
    names: dict[nn.Module, list[str]] = {}
    for name, part in module.named_modules(remove_duplicate=False):
        names.setdefault(part, []).append(name)

    def before(part: nn.Module, inputs: Any) -> None:
        starts[part] = len(graph.nodes)

    def after(part: nn.Module, inputs: Any, output: Any) -> None:
        times[part] = times.get(part, 0) + 1
        for name in names[part]:
            graph.calls[name] = Call(
                starts[part], len(graph.nodes), graph.number(output), times[part]
            )

    tensors_of = dict(module.named_parameters()) | dict(module.named_buffers())
    shapes = {name: value.detach().to("meta") for name, value in tensors_of.items()}
    handles = [part.register_forward_pre_hook(before) for part in names]
    handles += [part.register_forward_hook(after) for part in names]
    try:
        with torch.no_grad(), graph:
            result = torch.func.functional_call(module, shapes, (graph.image,))
    finally:
        for handle in handles:
            handle.remove()
    graph.result = graph.number(result)
    return graph


def tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor in `value`, at any depth of tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, dict):
        yield from tensors(tuple(value.values()))


def _state(operation: str, sources: list[Node]) -> str:
    states = {source.state for source in sources}
    if operation in ACTIVATIONS:
        return "activation"
    if "other" in states:
        return "other"
    if operation in POOLS:
        return "pooled"
    if operation in MOVES:
        return "activation" if "activation" in states else "pooled"
    return "other"


def _rows_columns(
    operation: str, shape: tuple[int, ...], sources: list[Node], args: tuple, kwargs: dict
) -> tuple[int, int] | None:
    """Where h and w are after an operation; channels-last networks permute them."""
    if operation in GRIDS and len(shape) == 4:
        return (2, 3)
    known = next((source for source in sources if source.rows_columns), None)
    if known is None:
        return None
    rows, columns = known.rows_columns
    n = len(known.shape)
    if operation == "permute":
        order = kwargs.get("dims", args[1] if len(args) == 2 else args[1:])
        order = [place % n for place in order]
        return order.index(rows), order.index(columns)
    if operation == "transpose":
        first, second = (place % n for place in (*args[1:], *kwargs.values()))
        swap = {first: second, second: first}
        return swap.get(rows, rows), swap.get(columns, columns)
    if len(shape) == n and (shape[rows], shape[columns]) == (
        known.shape[rows],
        known.shape[columns],
    ):
        return rows, columns
    last = len(shape) > 2 and (rows, columns) == (n - 2, n - 1) and shape[-2:] == known.shape[-2:]
    return (len(shape) - 2, len(shape) - 1) if last else None
