"""`attend`: several methods, one forward pass."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.controls import is_control
from bench.errors import BenchError, MethodError, NotApplicable, UsageError, unknown_name
from bench.networks import Network

from ._batch_size import is_out_of_memory
from ._registry import Method, load_method, place_of
from .tape import Tape
from .tape.layers import find_layer

Methods = str | Sequence[str] | Mapping[str, Mapping[str, Any] | None]


def attend(
    methods: Methods,
    network: Network,
    images: Tensor,
    targets: Tensor | None = None,
    *,
    plugins: Iterable[str | Path] = (),
    **options: Any,
) -> dict[str, Tensor]:
    """See `bench.attention.attend`."""
    maps: dict[str, Tensor] = {}
    found = attend_by_method(methods, network, images, targets, plugins=plugins, **options)
    for method, result in found.items():
        if isinstance(result, NotApplicable):
            raise result
        for name in result:
            if name in maps:
                raise UsageError(f"method {method!r}: another method gives a map {name!r} too")
        maps |= result
    return maps


def attend_by_method(
    methods: Methods,
    network: Network,
    images: Tensor,
    targets: Tensor | None = None,
    *,
    plugins: Iterable[str | Path] = (),
    **options: Any,
) -> dict[str, dict[str, Tensor] | NotApplicable]:
    """Like `attend`, by method; a method that does not apply stands there with its reason."""
    asked = chosen(methods, plugins, options)
    with open_tape(asked, network, images, targets) as tape:
        return read(asked, tape)


def chosen(
    methods: Methods, plugins: Iterable[str | Path], options: Mapping[str, Any]
) -> list[tuple[Method, dict[str, Any]]]:
    """The methods, each with its own options and those of the common `options` that it takes.

    Raises UsageError for an option that its method, or of the common ones no method, takes.
    """
    if isinstance(methods, str):
        methods = [methods]
    own = methods if isinstance(methods, Mapping) else dict.fromkeys(methods)
    plugins = tuple(plugins)
    asked = [(load_method(name, plugins), dict(own[name] or {})) for name in own]
    taken = {method.name: _options(method) for method, _ in asked}
    for method, given in asked:
        for option in given:
            if option not in taken[method.name]:
                raise unknown_name(f"option of {method.name}", option, taken[method.name])
    for option in options:
        if not any(option in known for known in taken.values()):
            raise unknown_name("option", option, set().union(*taken.values()))
    return [
        (method, {k: v for k, v in options.items() if k in taken[method.name]} | given)
        for method, given in asked
    ]


def open_tape(
    asked: list[tuple[Method, dict[str, Any]]],
    network: Network,
    images: Tensor,
    targets: Tensor | None,
) -> Tape:
    """The recorded forward pass, told which layers the methods' options name.

    A name that is no layer is left for its own method to stumble over.
    """
    named = [given["layer"] for _, given in asked if isinstance(given.get("layer"), str)]
    layers = []
    for layer in named:
        with suppress(UsageError):
            find_layer(network, layer)
            layers.append(layer)
    return Tape(network, images, targets, watch=tuple(layers))


def read(
    asked: list[tuple[Method, dict[str, Any]]],
    tape: Tape,
    failed: dict[str, BenchError] | None = None,
) -> dict[str, dict[str, Tensor] | NotApplicable]:
    """Every method's maps from one tape, in the order asked for.

    A method that raises or gives something other than maps (MethodError) ends the reading; where
    `failed` is given, its error is put there and the other methods go on.
    """
    found: dict[str, dict[str, Tensor] | NotApplicable] = {}
    # Those that go down to the image come first: the others find their gradients on its way.
    for method, given in sorted(asked, key=lambda pair: pair[0].reads != "image"):
        try:
            with torch.inference_mode(False), torch.no_grad():
                _check_signed(method, given)
                found[method.name] = _checked(method, method.maps(tape, **given), tape, given)
        except NotApplicable as reason:
            found[method.name] = reason
        except Exception as error:
            # Memory that runs out is not the method's fault: a smaller batch may do.
            if failed is None or is_out_of_memory(error):
                raise
            failed[method.name] = _failure(method, error)
    return {method.name: found[method.name] for method, _ in asked if method.name in found}


def _check_signed(method: Method, given: Mapping[str, Any]) -> None:
    if not isinstance(given.get("signed", False), bool):
        raise UsageError(f"{method.name}: signed is {given['signed']!r}; expected true or false")


def _failure(method: Method, error: Exception) -> BenchError:
    if isinstance(error, MethodError):
        return error
    if isinstance(error, BenchError):
        return type(error)(f"the method {method.name!r}: {error}")
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    return MethodError(
        f"{place_of(error, method.path)}: the method {method.name!r} failed: {said}. Mend the file "
        "and run again; the maps of other methods stay."
    )


def _checked(
    method: Method, result: Any, tape: Tape, given: Mapping[str, Any]
) -> dict[str, Tensor]:
    """The result of a method, if it is {map name: floating-point tensor (N, h, w)}, detached.

    Names are the method's id, or start with it and `_`, so that no two methods' maps meet.
    """
    number = len(tape.images)
    shapes = (3, 4) if "reduce" in given and given["reduce"] is None else (3,)

    def wrong(found: str) -> MethodError:
        return MethodError(
            f"{method.path}: maps() of the method {method.name!r} gave {found}; expected "
            f"{{map name: tensor (N, h, w)}} with N = {number}, the images of the batch, and names "
            f"{method.name!r} or {method.name + '_...'!r} of lower-case letters, digits and _."
        )

    if not isinstance(result, Mapping) or not result:
        raise wrong("no maps" if isinstance(result, Mapping) else f"a {type(result).__name__}")
    for name, values in result.items():
        own = name == method.name or str(name).startswith(f"{method.name}_")
        if not own or not re.fullmatch(r"[a-z0-9_]+", name) or is_control(name):
            raise wrong(f"a map named {name!r}")
        if not isinstance(values, Tensor):
            raise wrong(f"for {name!r} a {type(values).__name__}")
        if (
            values.ndim not in shapes
            or len(values) != number
            or 0 in values.shape
            or not values.is_floating_point()
        ):
            kind = str(values.dtype).removeprefix("torch.")
            raise wrong(f"for {name!r} a {kind} tensor of shape {tuple(values.shape)}")
    return {name: values.detach() for name, values in result.items()}


def _options(method: Method) -> set[str]:
    parameters = list(inspect.signature(method.maps).parameters.values())[1:]
    return {parameter.name for parameter in parameters if parameter.kind != parameter.VAR_KEYWORD}
