"""What a result depends on, as one short text: the code that made it and the files it read.

Snakemake does not see an edit of the package that its jobs call (tried: notes of the project),
so every job carries the fingerprint of its code as a parameter, and every map file stores the
fingerprint of all it was made from.
"""

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench.files import sha256
from bench.literals import syntax_tree

PACKAGE = Path(__file__).resolve().parents[1]


def code(*entries: str | Path) -> str:
    """A hash over the files `entries` and every file of this package that they import.

    `entries` are paths, or names below `bench/` such as "scores.py" or "metrics/*.py". Imports
    inside functions count too. What is imported by a computed name (a method, a network's family)
    is not seen: name it as an entry of its own. Of a file elsewhere (a plug-in) the modules of its
    own package count too, other packages do not.

    Raises UsageError for a file that is not valid Python, naming it.
    """
    files: set[Path] = set()
    for entry in entries:
        named = [*PACKAGE.glob(str(entry))] if "*" in str(entry) else [PACKAGE / entry]
        for path in named:
            files |= _closure(path.resolve())
    return _digest(sorted((_label(path), path.read_bytes()) for path in files))


def files(paths: list[Path]) -> str:
    """A hash over names and contents of `paths`; a file that is absent counts as absent."""
    return _digest([(path.name, _file_hash(path).encode()) for path in sorted(paths)])


def combined(**parts: object) -> str:
    """One hash for several named parts, anything that JSON can hold."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _file_hash(path: Path) -> str:
    if not path.is_file():
        return "absent"
    state = path.stat()
    return _content_hash(path, state.st_size, state.st_mtime_ns)


@cache
def _content_hash(path: Path, size: int, time_ns: int) -> str:
    """The file's SHA-256, read once in this process while size and time stay."""
    return sha256(path)


def _digest(contents: list[tuple[str, bytes]]) -> str:
    total = hashlib.sha256()
    for name, content in contents:
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()[:16]


def _label(path: Path) -> str:
    return str(path.relative_to(PACKAGE)) if path.is_relative_to(PACKAGE) else path.name


def _closure(entry: Path) -> set[Path]:
    seen: set[Path] = set()
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(_imports(path))
    return seen


@cache
def _imports(path: Path) -> tuple[Path, ...]:
    """The files that `path` imports: of this package, and of its own where it lies elsewhere."""
    if path.suffix != ".py":
        return ()
    elsewhere = not path.is_relative_to(PACKAGE)
    found: list[Path] = []
    for node in _statements(syntax_tree(path)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level and elsewhere:
            found.extend(_relative_files(node, path))
            continue
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, path)
            modules = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for module in modules:
            found.extend(_module_files(module))
            if elsewhere:
                found.extend(_own_module_files(module, path))
    return tuple(dict.fromkeys(found))


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Every statement at any depth: where imports stand. Five times faster than all nodes."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting.extend(getattr(node, part, ()))


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    if node.level == 0:
        return node.module or ""
    package = ["bench", *path.parent.relative_to(PACKAGE).parts]
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def _module_files(module: str) -> list[Path]:
    """The file of a module of this package: itself, not the packages above it.

    An import runs those too, but they only gather names; counting them would let the edit of any
    stage re-run every other.
    """
    parts = module.split(".")
    if parts[0] != "bench" or len(parts) == 1:
        return []
    return _files_of_module(PACKAGE.joinpath(*parts[1:]))


def _relative_files(node: ast.ImportFrom, path: Path) -> list[Path]:
    """The files of `from .module import name` in a file elsewhere."""
    if node.level > len(path.parents):
        return []
    place = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
    places = [place, *(place / alias.name for alias in node.names)]
    return [file for place in places for file in _files_of_module(place)]


def _own_module_files(module: str, path: Path) -> list[Path]:
    """The file of `import module` in a file elsewhere, if its own package holds that module."""
    first, *rest = module.split(".")
    for folder in path.parents:
        if folder.name == first and (folder / "__init__.py").is_file():
            return _files_of_module(folder.joinpath(*rest))
    return []


def _files_of_module(place: Path) -> list[Path]:
    candidates = (place / "__init__.py", place.with_suffix(".py"))
    return [candidate for candidate in candidates if candidate.is_file()]
