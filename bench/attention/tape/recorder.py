"""One forward of a network, watched through torch's override mechanism, without touching it.

A `TorchFunctionMode` sees every torch operation of the forward pass, whether a module or a bare
function asked for it. Rectifiers and other activations get a node of ours (`nodes.py`). Operations
in place are carried out on a new tensor instead, and whoever holds the old one is handed the new
one from then on: so the output of a layer stays what the layer gave, although an in-place ReLU
follows it, and the caller's images stay what they were.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook
from torch.overrides import TorchFunctionMode

from bench.errors import UsageError

from .log import Entry, tensors
from .nodes import OTHER_ACTIVATIONS, Gate, Rectifier, Steering, ceiling_of, operation


class Recorder(TorchFunctionMode):
    """Records module outputs and activations of one forward pass.

    After it: `outputs` maps module names to what the module gave (at its last call, if it was
    called several times), `order` maps the same names to the time of that; `activation_of` gives
    the output of the activation function that read a tensor; `other_activations` names the
    activation functions that are no rectifiers; `log` has every operation, in order.
    """

    def __init__(self, network: nn.Module, steering: Steering) -> None:
        super().__init__()
        self.network = network
        self.steering = steering
        self.outputs: dict[str, Any] = {}
        self.order: dict[str, int] = {}
        self.other_activations: list[str] = []
        self.log: list[Entry] = []
        self._calls = 0
        self._activated: dict[int, tuple[Tensor, Tensor]] = {}
        # Tensors that were changed in place, each with its new version. The old ones are kept
        # alive until the forward ends, so that neither their ids nor their memory is given out.
        self._moved: dict[int, tuple[Tensor, Tensor]] = {}
        self._stale: dict[int, str] = {}

    def run(self, images: Tensor) -> Any:
        """What the network gives for the images."""
        with _module_outputs(self.network, self._note), self:
            result = self.network(images)
        result = _map(result, self._now)
        self._moved.clear()
        self._stale.clear()
        return result

    def activation_of(self, x: Tensor) -> Tensor:
        """The output of the first activation function that read `x`; `x` itself if none did."""
        return self._activated.get(id(x), (x, x))[1]

    def _note(self, names: list[str], output: Any) -> None:
        self._calls += 1
        for name in names:
            self.outputs[name] = _map(output, self._now)
            self.order[name] = self._calls

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if not args and "input" in kwargs:
            args = (kwargs.pop("input"),)
        if self._moved:
            args, kwargs = _map(args, self._now), _map(kwargs, self._now)
        name = getattr(function, "__name__", "")
        if name == "__get__" or name in _QUESTIONS:
            result = function(*args, **kwargs)
            if isinstance(result, Tensor):  # x.T, for one; most ask for a shape
                self._logged(function, args, kwargs, result)
            return result
        if self._stale:
            self._refuse_stale(name, args, kwargs)
        if args and isinstance(args[0], Tensor) and args[0].is_floating_point():
            if _in_place(name, kwargs):
                return self._in_place(function, args, kwargs)
            return self._out_of_place(function, args, kwargs)
        return self._logged(function, args, kwargs, function(*args, **kwargs))

    def _logged(self, function: Callable, args: tuple, kwargs: dict, result: Any) -> Any:
        """The result, after a note of the operation if it gave new tensors."""
        if isinstance(result, Tensor | tuple | list) and not (args and result is args[0]):
            self.log.append(Entry(operation(function), function, args, kwargs, result))
        return result

    def _out_of_place(self, function: Callable, args: tuple, kwargs: dict) -> Any:
        """The operation, with a node of ours if it is an activation function."""
        x, name = args[0], operation(function)
        rectifies, ceiling = ceiling_of(name, args, kwargs)
        if rectifies:
            y = Rectifier.apply(x, ceiling, self.steering)
        elif name in OTHER_ACTIVATIONS:
            y = function(self._gated(x, name), *args[1:], **kwargs)
        else:
            return self._logged(function, args, kwargs, function(*args, **kwargs))
        self._activated.setdefault(id(x), (x, y))
        return self._logged(function, args, kwargs, y)

    def _in_place(self, function: Callable, args: tuple, kwargs: dict) -> Any:
        """The operation on a new tensor, which takes the place of its first argument from here."""
        x, name = args[0], operation(function)
        if kwargs.get("inplace"):
            y = self._out_of_place(function, args, kwargs | {"inplace": False})
        elif ceiling_of(name, args, kwargs)[0]:
            y = self._out_of_place(function, args, kwargs)
        elif name in ("add", "__iadd__") and _fits(x, *args[1:]):
            y = self._out_of_place(torch.add, args, kwargs)  # saves the copy
        else:
            other = name in OTHER_ACTIVATIONS
            y = (self._gated(x, name) if other else x).clone()
            function(y, *args[1:], **kwargs)
            if other:
                self._activated.setdefault(id(x), (x, y))
            self._logged(function, args, kwargs, y)
        if y is not x:
            self._moved[id(x)] = (x, y)
            if x.numel() and x.untyped_storage().data_ptr() != y.untyped_storage().data_ptr():
                self._stale[x.untyped_storage().data_ptr()] = function.__name__
        # An assignment to a part gives nothing; every other operation in place gives its tensor.
        return None if function.__name__ == "__setitem__" else y

    def _gated(self, x: Tensor, name: str) -> Tensor:
        if name not in self.other_activations:
            self.other_activations.append(name)
        return Gate.apply(x, self.steering)

    def _now(self, x: Tensor) -> Tensor:
        """The tensor that has taken the place of `x`, if one has."""
        while id(x) in self._moved:
            x = self._moved[id(x)][1]
        return x

    def _refuse_stale(self, name: str, args: tuple, kwargs: dict) -> None:
        """Another view of memory that was changed in place would show old values: say so."""
        for x in tensors((args, kwargs)):
            changed_by = self._stale.get(x.untyped_storage().data_ptr())
            if changed_by is not None:
                raise UsageError(
                    f"the network changes a tensor in place ({changed_by}) and then reads another "
                    f"view of the same memory ({name}); the tape cannot follow that"
                )


@contextmanager
def _module_outputs(network: nn.Module, note: Callable[[list[str], Any], None]) -> Iterator[None]:
    """Calls `note(names, output)` after each module of the network, through a global hook.

    Nothing is registered on the network itself; other networks and other threads are not noticed.
    """
    names: dict[int, list[str]] = {}
    for name, module in network.named_modules(remove_duplicate=False):
        names.setdefault(id(module), []).append(name)
    thread = threading.get_ident()

    def hook(module: nn.Module, inputs: Any, output: Any) -> None:
        if id(module) in names and threading.get_ident() == thread:
            note(names[id(module)], output)

    handle = register_module_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


# Functions that ask a tensor for something and change nothing; the commonest calls of a forward.
_QUESTIONS = {"size", "dim", "numel", "stride", "is_floating_point", "__len__"}
# Names that end like those of operations in place, yet change no value.
_NO_CHANGE = {"requires_grad_", "detach_", "rename_", "share_memory_"}
_OPERATORS = {
    *("__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__", "__idiv__"),
    *("__ifloordiv__", "__imod__", "__ipow__"),
}


def _in_place(name: str, kwargs: dict) -> bool:
    if kwargs.get("inplace") or name in _OPERATORS:
        return True
    return name.endswith("_") and not name.endswith("__") and name not in _NO_CHANGE


def _map(value: Any, change: Callable[[Any], Any]) -> Any:
    """`value` with every tensor in it, at any depth of tuples, lists and dicts, changed."""
    if isinstance(value, Tensor):
        return change(value)
    if type(value) in (tuple, list):
        return type(value)(_map(item, change) for item in value)
    if type(value) is dict:
        return {key: _map(item, change) for key, item in value.items()}
    return value


def _fits(x: Tensor, *others: Any) -> bool:
    """Whether adding `others` to `x` gives the shape and number type of `x`."""
    return all(isinstance(y, Tensor) and y.shape == x.shape and y.dtype == x.dtype for y in others)
