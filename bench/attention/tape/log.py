"""What a forward pass did, operation by operation; some rules read this instead of the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from torch import Tensor


class Entry(NamedTuple):
    """One call of a torch function: `output = function(*args, **kwargs)`.

    `name` is the function's name without the underscores of in-place and inner variants. An
    operation in place stands here with the tensor that it read and the new one that took its place.
    """

    name: str
    function: Callable
    args: tuple
    kwargs: dict
    output: Any

    @property
    def outputs(self) -> list[Tensor]:
        return list(tensors(self.output))

    @property
    def inputs(self) -> list[Tensor]:
        return list(tensors((self.args, self.kwargs)))


def tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor in `value`, at any depth of tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, dict):
        yield from tensors(tuple(value.values()))
