"""What a configuration may be made of, before any schema looks at it: few, plain, finite values.

A schema says nothing against a file that is nested 10,000 deep, that a few aliases blow up to
billions of values, or that holds control characters, a date or a number of a thousand digits; each
of them would end far from here in a traceback or never.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import yaml

from bench.errors import BenchError, shown

DEEPEST = 50
MOST_VALUES = 200_000
LONGEST_TEXT = 100_000
LARGEST_NUMBER = 2**63 - 1
# Below this key of dataset.yaml names are labels of trials, which may be numbers.
LABELS = "trials"


def check_plain(content: dict[Any, Any], source: str, error: type[BenchError]) -> None:
    """Raises `error` for the first value that no key may have, with its place in the file.

    Values that an alias repeats count each time; a value that contains itself is too deep.
    """
    for number, (place, value) in enumerate(_values(content, ()), 1):
        if number > MOST_VALUES:
            raise error(
                f"{source}: holds more than {MOST_VALUES} values (aliases count each time); "
                "expected a few hundred. Write out what is meant."
            )
        if problem := _problem(value):
            where = f"key {shown('.'.join(place))}" if place else "a key"
            raise error(f"{source}: {where}: {problem}")


def check_nodes(root: yaml.Node) -> None:
    """yaml.YAMLError where the aliases of a document multiply it beyond what anybody writes.

    Works on what the parser has composed, each node once however often it is named.
    """
    sizes: dict[int, float] = {}

    def size(node: yaml.Node) -> float:
        if id(node) not in sizes:
            sizes[id(node)] = math.inf  # as long as it is not known: a node inside itself
            parts: list[yaml.Node] = []
            if isinstance(node, yaml.SequenceNode):
                parts = node.value
            elif isinstance(node, yaml.MappingNode):
                parts = [part for pair in node.value for part in pair]
            sizes[id(node)] = 1 + sum(size(part) for part in parts)
        return sizes[id(node)]

    if size(root) > MOST_VALUES:
        raise yaml.YAMLError(
            f"its aliases (*name) make more than {MOST_VALUES} values of it, or one holds itself; "
            "write out what is meant"
        )


def _values(part: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(place, value) of everything in `part`; a mapping's keys stand for themselves as _Key."""
    yield place, part
    if len(place) > DEEPEST:
        return
    if isinstance(part, dict):
        for key, value in part.items():
            yield place, _Key(key, labels=place[:1] == (LABELS,))
            yield from _values(value, (*place, str(key)[:40]))
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from _values(value, (*place, str(number)))
    if len(place) == DEEPEST and isinstance(part, (dict, list)) and part:
        yield place, _TOO_DEEP


class _Key:
    """A mapping's key; with `labels`, one that may be a number."""

    def __init__(self, key: Any, *, labels: bool) -> None:
        self.key, self.labels = key, labels


_TOO_DEEP = object()


def _problem(value: Any) -> str:
    """What is wrong with one value, "" for nothing."""
    if value is _TOO_DEEP:
        return f"nested more than {DEEPEST} deep; expected a few levels."
    if isinstance(value, _Key):
        number = isinstance(value.key, int) and not isinstance(value.key, bool)
        if not isinstance(value.key, str) and not (value.labels and number):
            return f"found the name {shown(value.key)}; expected text: put it in quotes."
        return _problem(value.key)
    if isinstance(value, str):
        return _text_problem(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"found {value}; expected a finite number."
    if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        return f"found a number of {len(bin(value)) - 2} bits; expected at most 63."
    if value is None or isinstance(value, (int, float, dict, list)):
        return ""
    return (
        f"found {shown(value)}, a {type(value).__name__}; expected text, a number, a list or keys "
        "with values. Put it in quotes if it is text."
    )


def _text_problem(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        return f"found a text of {len(text)} characters; expected at most {LONGEST_TEXT}."
    for character in text:
        code = ord(character)
        control = code < 32 and character not in "\n\t"
        if control or 127 <= code < 160 or 0xD800 <= code < 0xE000:
            return f"found {shown(text)} with the control character U+{code:04X}; take it out."
    return ""
