"""Classifiers of torchvision and timm, known by name without importing either.

Both mark the functions that build their models with `register_model`; the names are read from the
installed package's source, so they are those of the installed version. Reading takes 5 and 30 ms;
importing them takes seconds, which the Snakefile must not spend.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from bench.errors import UsageError, unknown_name

BUILDER = re.compile(r"^@register_model(?:\(\))?\n(?:@.*\n)*def (\w+)\(", re.MULTILINE)
# timm's own names are MODEL or MODEL.TAG; neither holds a dash, so that an id can be turned back.
TIMM_NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)?")


@cache
def torchvision_files() -> dict[str, Path]:
    """{name of a classifier: the file of torchvision that builds it}."""
    return _builders("torchvision")


@cache
def timm_files() -> dict[str, Path]:
    """{name of a timm model: its file}. UsageError where timm is not installed."""
    if find_spec("timm") is None:
        raise UsageError(
            "timm is not installed; it is an extra of this package: uv sync --extra models, or "
            "python -m pip install 'timm>=1.0'"
        )
    return _builders("timm")


def torchvision_weights(name: str) -> str:
    """`torchvision:ENUM.MEMBER`, the weights that torchvision takes as `name`'s default.

    Empty where it publishes none.
    """
    tree = ast.parse(torchvision_files()[name].read_text(encoding="utf-8"))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            hints = [arg.annotation for arg in node.args.kwonlyargs if arg.arg == "weights"]
            known = [part.id for hint in hints for part in ast.walk(hint) if _is_class(part)]
            enum = next((each for each in known if each in classes), None)
            if enum and (member := _default(classes[enum])):
                return f"torchvision:{enum}.{member}"
    return ""


def timm_id(name: str) -> str:
    """The id of `timm:NAME`: `timm_NAME`, a dot written as a dash, for it stands in file names.

    Raises UsageError for a name that this timm does not have, with the nearest ones. A wrong TAG is
    found when the network is loaded.
    """
    asked = timm_name(name)
    model = asked.partition(".")[0]
    if not TIMM_NAME.fullmatch(asked) or model not in timm_files():
        known = list(timm_files())
        message = str(unknown_name("timm model", asked, known)).partition(" Known:")[0]
        raise UsageError(f"{message} {len(known)} are known: bench list timm")
    return "timm_" + asked.replace(".", "-")


def is_timm(name: str) -> bool:
    """Whether a name is `timm:NAME` or the id made of it."""
    return name.startswith(("timm:", "timm_"))


def timm_name(name: str) -> str:
    """timm's own name in `timm:NAME` or in an id.

    >>> timm_name("timm:resnet18.a1_in1k"), timm_name("timm_resnet18-a1_in1k")
    ('resnet18.a1_in1k', 'resnet18.a1_in1k')
    """
    return name[len("timm:") :].replace("-", ".")


def _builders(package: str) -> dict[str, Path]:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return {}
    files = sorted((Path(spec.submodule_search_locations[0]) / "models").glob("*.py"))
    found = {name: path for path in files for name in BUILDER.findall(path.read_text("utf-8"))}
    return dict(sorted(found.items()))


def _is_class(part: ast.AST) -> bool:
    return isinstance(part, ast.Name) and part.id.endswith("_Weights")


def _default(enum: ast.ClassDef) -> str:
    for node in enum.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DEFAULT":
            return getattr(node.value, "id", "")
    return ""
