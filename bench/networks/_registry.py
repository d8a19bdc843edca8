"""Which networks exist, read from the family files without importing them (so without torch).

A family is a file of this folder whose name does not start with `_`. It declares the literals
`NETWORKS` (id -> {"label": ..., "weights": where published weights come from}) and `REFERENCE`,
and a function `blueprint(name) -> Blueprint`.
"""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.errors import unknown_name

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """A network's line in the registry; `source` is `package:NAME`, `torchvision:ENUM` or empty."""

    name: str
    label: str
    reference: str
    source: str
    path: Path


def literals(path: Path) -> dict:
    """The module-level literal assignments `NAME = ...` of a Python file, without running it."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8"), filename=str(path)).body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            target, value = node.target, node.value
        else:
            continue
        if isinstance(target, ast.Name):
            try:
                found[target.id] = ast.literal_eval(value)
            except ValueError:
                continue  # computed, so not meant to be read from here
    return found


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
            )
    return found


def network_names() -> tuple[str, ...]:
    """The ids that `load_network` knows."""
    return tuple(entries())


def network_entry(name: str) -> Entry:
    """The registry's line for a name. Raises UsageError with the nearest names."""
    if name not in entries():
        raise unknown_name("network", name, entries())
    return entries()[name]
