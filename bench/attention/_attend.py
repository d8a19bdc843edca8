"""`attend`: several methods, one forward pass."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.errors import NotApplicable, UsageError, unknown_name
from bench.networks import Network

from ._registry import Method, load_method
from .tape import Tape

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


def fixation_points(
    network: Network, images: Tensor, targets: Tensor | None = None, **options: Any
) -> list[np.ndarray]:
    """See `bench.attention.fixation_points`."""
    from .cnn_fixations import fixations

    known = list(inspect.signature(fixations).parameters)[1:]
    for option in options:
        if option not in known:
            raise unknown_name("option of fixation_points", option, known)
    with Tape(network, images, targets, operations=True) as tape, torch.no_grad():
        return fixations(tape, **options)


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
        if not isinstance(given.get("signed", False), bool):
            raise UsageError(
                f"{method.name}: signed is {given['signed']!r}; expected true or false"
            )
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
    """The recorded forward pass, told which layers the methods' options name."""
    layers = [given["layer"] for _, given in asked if isinstance(given.get("layer"), str)]
    operations = any(method.reads == "operations" for method, _ in asked)
    return Tape(network, images, targets, watch=tuple(layers), operations=operations)


def read(
    asked: list[tuple[Method, dict[str, Any]]], tape: Tape
) -> dict[str, dict[str, Tensor] | NotApplicable]:
    """Every method's maps from one tape, in the order asked for."""
    found: dict[str, dict[str, Tensor] | NotApplicable] = {}
    # Those that go down to the image come first: the others find their gradients on its way.
    for method, given in sorted(asked, key=lambda pair: pair[0].reads != "image"):
        try:
            with torch.inference_mode(False), torch.no_grad():
                found[method.name] = dict(method.maps(tape, **given))
        except NotApplicable as reason:
            found[method.name] = reason
    return {method.name: found[method.name] for method, _ in asked}


def _options(method: Method) -> set[str]:
    parameters = list(inspect.signature(method.maps).parameters.values())[1:]
    return {parameter.name for parameter in parameters if parameter.kind != parameter.VAR_KEYWORD}
