"""Which networks exist, read from the family files without importing them (so without torch).

A family is a file of this folder whose name does not start with `_`. It declares the literals
`NETWORKS` (id -> {"label": ..., "weights": where published weights come from, "head":
"fully_connected" if its Classifier is of that kind, for the planner, which has no torch}) and
`REFERENCE`, and a function `blueprint(name) -> Blueprint`.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.errors import unknown_name
from bench.literals import literals

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """A network's line in the registry; `source` is `package:NAME`, `torchvision:ENUM` or empty."""

    name: str
    label: str
    reference: str
    source: str
    path: Path


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
