"""What people read for ids: labels, explanations and references, from each item's own file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.attention._registry import method_files
from bench.baselines import BASELINES
from bench.controls import controlled, is_control
from bench.errors import UsageError
from bench.literals import literals
from bench.networks import network_entry

ON_RANDOM_WEIGHTS = "(random weights)"


@dataclass(frozen=True)
class MethodText:
    """A method's label, its one-line summary, where it is published and how to read its maps."""

    label: str
    summary: str
    reference: str
    reading: str = ""


@cache
def method_texts(plugins: tuple[Path, ...] = ()) -> dict[str, MethodText]:
    """{method id: its text}, read from the files without importing them (and so without torch)."""
    texts = {}
    for name, path in method_files(plugins).items():
        found = literals(path)
        texts[name] = MethodText(
            label=str(found.get("LABEL", name)),
            summary=str(found["__doc__"]).split("\n\n")[0].replace("\n", " "),
            reference=str(found.get("REFERENCE", "")),
            reading=str(found.get("READING", "")),
        )
    return texts


def network_label(model: str) -> str:
    """What people read for a network, or for the models "baseline" and "external" (ready maps)."""
    return model if model in ("baseline", "external") else network_entry(model).label


def label_of(model: str) -> str:
    """As `network_label`; the id itself of a network that this version does not know."""
    try:
        return network_label(model)
    except UsageError:
        return model


def in_reading_order(maps: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """(method, map) pairs as people read them: methods with one map, then layer by layer.

    Of a method with several maps the short names come first: conv1 to conv5, then conv54, ...
    """
    several = [method for method, _ in dict.fromkeys(maps)]
    return sorted(
        dict.fromkeys(maps),
        key=lambda pair: (several.count(pair[0]) > 1, pair[0], len(pair[1]), pair[1]),
    )


def map_label(method: str, map_name: str, texts: dict[str, MethodText] | None = None) -> str:
    """A row's label: the method's, with the layer for a method that gives several maps.

    `texts` are those of the methods, default those that need no plug-in. A control's label is its
    method's and says so.
    """
    if is_control(method):
        return f"{map_label(controlled(method), controlled(map_name), texts)} {ON_RANDOM_WEIGHTS}"
    if method in BASELINES:
        return BASELINES[method].label
    texts = method_texts() if texts is None else texts
    label = texts[method].label if method in texts else method
    suffix = map_name.removeprefix(method).strip("_")
    return f"{label}, {suffix}" if suffix else label
