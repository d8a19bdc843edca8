"""Which methods exist, found by listing the folder, and how one is loaded.

A method is a file of this folder whose name does not start with `_`; its id is the file's name.
It holds the literals `LABEL`, `REFERENCE` and `READING`, how to read its maps (and, if these are
read from the image's gradient, `READS = "image"`, which lets methods that stop earlier share that
backward pass), and a function

    def maps(tape, *, layer=None, signed=False, reduce=...) -> dict[str, Tensor]

with any options it likes as keyword arguments. The same form makes a method of a file elsewhere
(`extra`, the configuration's `plugins`), and of a module of an installed package that names it as
an entry point of the group `attention_bench.methods`. Nothing here imports torch, or a package
that offers a method; `load_method` imports the method.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from importlib.metadata import entry_points
from pathlib import Path

from bench.controls import is_control
from bench.errors import BenchError, DataError, UsageError, unknown_name
from bench.literals import literals, syntax_tree

FOLDER = Path(__file__).parent
ENTRY_POINTS = "attention_bench.methods"


@dataclass(frozen=True)
class Method:
    """A loaded method: its id, what the report calls it, its function, and its file."""

    name: str
    label: str
    summary: str
    reference: str
    reading: str
    maps: Callable[..., Mapping]
    reads: str
    path: Path


def method_files(extra: Iterable[str | Path] = ()) -> dict[str, Path]:
    """Method id -> file: those of the folder, of installed packages, then the `extra` files.

    Raises UsageError for an id that is not lower_snake or that two files claim.
    """
    files = {path.stem: path for path in sorted(FOLDER.glob("[!_]*.py"))}
    offered = [(name, path) for name, (path, _) in _offered().items()]
    for name, path in [*offered, *((path.stem, path) for path in map(Path, extra))]:
        if name in files and files[name] != path:
            raise UsageError(f"{path}: a method {name!r} exists already: {files[name]}; rename it")
        check_id(name, str(path))
        files[name] = path
    return files


def check_id(name: str, source: str) -> None:
    """Raises UsageError, naming `source`, for what cannot be the id of a method from outside."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UsageError(
            f"{source}: {name!r} cannot be a method's id; expected lower-case letters, digits and "
            "_, a letter first: rename it."
        )
    if is_control(name):
        raise UsageError(
            f"{source}: names that end with _random belong to the controls on random weights; "
            f"rename {name!r}."
        )


def method_names(extra: Iterable[str | Path] = ()) -> tuple[str, ...]:
    """The ids of all methods."""
    return tuple(method_files(extra))


def is_built_in(name: str) -> bool:
    """Whether the method is a file of this folder, not a plug-in or an installed package's."""
    return (FOLDER / f"{name}.py").is_file()


def method_file(name: str, extra: Iterable[str | Path] = ()) -> Path:
    """The file of a method. Raises UsageError with the nearest names."""
    files = method_files(extra)
    if name not in files:
        raise unknown_name("method", name, files)
    return files[name]


def option_names(name: str, extra: Iterable[str | Path] = ()) -> list[str]:
    """The options of a method, read from its `maps` function without importing it.

    What it lists as `FIT_OPTIONS` belongs to a rule that runs before (`cam`). Raises UsageError for
    a file without that function or that is not valid Python, DataError for one that cannot be read.
    """
    path = method_file(name, extra)
    for node in syntax_tree(path).body:
        if isinstance(node, ast.FunctionDef) and node.name == "maps":
            own = [argument.arg for argument in (*node.args.args[1:], *node.args.kwonlyargs)]
            return own + list(literals(path).get("FIT_OPTIONS", ()))
    raise _without_maps(path)


def load_method(name: str, extra: Iterable[str | Path] = ()) -> Method:
    """The method of this name, its file imported.

    Raises UsageError for an unknown name and for a file that cannot be imported, DataError for one
    that is absent.
    """
    path = method_file(name, extra)
    try:
        if is_built_in(name):
            module = importlib.import_module(f"bench.attention.{name}")
        elif name in _offered():
            module = importlib.import_module(_offered()[name][1])
        else:
            module = _import_file(path)
    except BenchError:
        raise
    except Exception as error:
        raise UsageError(
            f"{place_of(error, path)}: the method {name!r} cannot be imported: "
            f"{type(error).__name__}: {error}. Mend the file."
        ) from error
    if not callable(getattr(module, "maps", None)):
        raise _without_maps(path)
    said = literals(path)
    return Method(
        name=name,
        label=str(said.get("LABEL", name)),
        summary=str(said["__doc__"]).split("\n\n")[0].replace("\n", " "),
        reference=str(said.get("REFERENCE", "")),
        reading=str(said.get("READING", "")),
        maps=module.maps,
        reads=said.get("READS", "layer"),
        path=path,
    )


def place_of(error: BaseException, path: Path) -> str:
    """The file, and the line of it where the error came from if the error passed through it."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == path.absolute()]
    return f"{path}, line {lines[-1]}" if lines else str(path)


def _without_maps(path: Path) -> UsageError:
    return UsageError(f"{path}: expected a function maps(tape, *, ...) that gives the maps")


@cache
def _offered() -> dict[str, tuple[Path, str]]:
    """{method id: (file, module)} of the methods that installed packages offer, none imported."""
    found = {}
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        package = f"package {point.dist.name!r}" if point.dist else "an installed package"
        where = f"entry point {point.name!r} of {package}"
        path = _module_path(point.module)
        if point.attr or path is None:
            raise UsageError(
                f"{where}: found {point.value!r}; expected the name of a module that is installed "
                "as a .py file, such as my_package.my_method. Mend or uninstall that package."
            )
        if point.name in found:
            raise UsageError(f"{where}: {found[point.name][0]} offers a method of that name too.")
        check_id(point.name, where)
        found[point.name] = path, point.module
    return found


def _module_path(module: str) -> Path | None:
    """The file of an installed module, found without importing the packages above it."""
    first, *rest = module.split(".")
    spec = importlib.util.find_spec(first)
    for depth, _ in enumerate(rest, start=2):
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = ".".join(module.split(".")[:depth])
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def _import_file(path: Path):
    """A Python file from anywhere, as a module of its own, imported once."""
    path = path.absolute()
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
