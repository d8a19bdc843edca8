"""Which methods exist, found by listing the folder, and how one is loaded.

A method is a file of this folder whose name does not start with `_`; its id is the file's name.
It holds the literals `LABEL` and `REFERENCE` (and, if its maps are read from the image's gradient,
`READS = "image"`, which lets methods that stop earlier share that backward pass; if it walks back
through the operations themselves, `READS = "operations"`), and a function

    def maps(tape, *, layer=None, signed=False, reduce=...) -> dict[str, Tensor]

with any options it likes as keyword arguments. Files elsewhere (`extra`) are methods in the same
way. Nothing here imports torch; `load_method` imports the method.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.errors import DataError, UsageError, unknown_name
from bench.literals import literals

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Method:
    """A loaded method: its id, what the report calls it, its function."""

    name: str
    label: str
    reference: str
    maps: Callable[..., Mapping]
    reads: str


def method_files(extra: Iterable[str | Path] = ()) -> dict[str, Path]:
    """Method id -> file: those of the folder, then the `extra` files. An id names one file only."""
    files = {path.stem: path for path in sorted(FOLDER.glob("[!_]*.py"))}
    for path in map(Path, extra):
        if path.stem in files and files[path.stem] != path:
            raise UsageError(
                f"{path}: a method {path.stem!r} exists already: {files[path.stem]}; rename it"
            )
        files[path.stem] = path
    return files


def method_names(extra: Iterable[str | Path] = ()) -> tuple[str, ...]:
    """The ids of all methods."""
    return tuple(method_files(extra))


def method_file(name: str, extra: Iterable[str | Path] = ()) -> Path:
    """The file of a method. Raises UsageError with the nearest names."""
    files = method_files(extra)
    if name not in files:
        raise unknown_name("method", name, files)
    return files[name]


def option_names(name: str, extra: Iterable[str | Path] = ()) -> list[str]:
    """The options of a method, read from its `maps` function without importing it.

    What it lists as `FIT_OPTIONS` belongs to a rule that runs before (`cam`).
    """
    path = method_file(name, extra)
    for node in ast.parse(path.read_text(encoding="utf-8"), filename=str(path)).body:
        if isinstance(node, ast.FunctionDef) and node.name == "maps":
            own = [argument.arg for argument in (*node.args.args[1:], *node.args.kwonlyargs)]
            return own + list(literals(path).get("FIT_OPTIONS", ()))
    raise UsageError(f"{path}: expected a function maps(tape, *, ...) that gives the maps")


def load_method(name: str, extra: Iterable[str | Path] = ()) -> Method:
    """The method of this name, its file imported."""
    path = method_file(name, extra)
    if path.parent == FOLDER:
        module = importlib.import_module(f"bench.attention.{name}")
    else:
        module = _import_file(path)
    if not callable(getattr(module, "maps", None)):
        raise UsageError(f"{path}: expected a function maps(tape, *, ...) that gives the maps")
    said = literals(path)
    return Method(
        name=name,
        label=said.get("LABEL", name),
        reference=said.get("REFERENCE", ""),
        maps=module.maps,
        reads=said.get("READS", "layer"),
    )


def _import_file(path: Path):
    """A Python file from anywhere, as a module of its own, imported once."""
    key = f"bench_plugin_{path.resolve().as_posix().replace('/', '_').replace('.', '_')}"
    if key in sys.modules:
        return sys.modules[key]
    spec = importlib.util.spec_from_file_location(key, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise DataError(f"{path}: no such method file; expected a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[key] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[key]
        raise
    return module
