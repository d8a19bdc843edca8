"""Which networks there are, read from the family files without importing them (so without torch).

A family is a file of this folder whose name does not start with `_`. It declares the literals
`NETWORKS` (id -> {"label": ..., "weights": where published weights come from, "head":
"fully_connected" if its Classifier is of that kind, for the planner, which has no torch}) and
`REFERENCE`, `READING` (what it is and what that does to its maps, for the report), and a function
`blueprint(name) -> Blueprint`. Any other classifier of torchvision by its name, and of timm by
`timm:NAME`, is a network too (`_elsewhere.py`, `any_torchvision.py`, `any_timm.py`).
"""

import difflib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.errors import UsageError
from bench.literals import literals

from ._elsewhere import (
    is_timm,
    timm_files,
    timm_id,
    timm_name,
    torchvision_files,
    torchvision_weights,
)

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """A network's line in the registry; `name` is its id.

    `source` is `package:NAME`, `torchvision:ENUM.MEMBER`, `timm:NAME` or empty.
    """

    name: str
    label: str
    reference: str
    source: str
    path: Path
    reading: str = ""


@cache
def entries() -> dict[str, Entry]:
    """Network id -> `Entry`, in the order of file and declaration."""
    found = {}
    for path in sorted(FOLDER.glob("[!_]*.py")):
        said = literals(path)
        for name, facts in said.get("NETWORKS", {}).items():
            found[name] = Entry(
                name=name,
                label=facts["label"],
                reference=said.get("REFERENCE", ""),
                source=facts.get("weights", ""),
                path=path,
                reading=said.get("READING", ""),
            )
    return found


def network_names() -> tuple[str, ...]:
    """The ids of the networks that have a file here; torchvision and timm bring further ones."""
    return tuple(entries())


def further_networks(package: str) -> tuple[str, ...]:
    """The classifiers of "torchvision" or "timm", by their own names, without those listed here.

    Read without importing the package. UsageError where timm is not installed.
    """
    if package == "timm":
        return tuple(timm_files())
    return tuple(name for name in torchvision_files() if name not in entries())


def network_entry(name: str, kind: str = "network") -> Entry:
    """The registry's line for a name. Raises UsageError, that calls it `kind`, with the nearest."""
    if name in entries():
        return entries()[name]
    if is_timm(name):
        model = timm_name(timm_id(name))
        return Entry(
            name=timm_id(name),
            label=f"{model} (timm)",
            reference=f"timm, model {model}: Wightman 2019, PyTorch Image Models",
            source=f"timm:{model}",
            path=FOLDER / "any_timm.py",
        )
    if name not in torchvision_files():
        known = {*entries(), *torchvision_files()}
        near = difflib.get_close_matches(name.lower(), sorted(known), n=2, cutoff=0.6)
        hint = f": did you mean {' or '.join(map(repr, near))}?" if near else "."
        raise UsageError(
            f"unknown {kind} {name!r}{hint} Known: {', '.join(sorted(entries()))}; any other "
            "classifier of torchvision (bench list torchvision); any of timm as timm:NAME"
        )
    return Entry(
        name=name,
        label=f"{name} (torchvision)",
        reference=f"torchvision, torchvision.models.{name}",
        source=torchvision_weights(name),
        path=FOLDER / "any_torchvision.py",
    )
