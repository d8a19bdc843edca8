"""Which methods and data sets exist, found by listing folders; nothing is imported for it.

An item is one file and the file's name is its id: in the configuration, in paths, in tables.
"""

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
METHOD_FOLDER = PACKAGE / "attention"


def method_files() -> dict[str, Path]:
    """Every attention method: {id: file}. Files that start with an underscore are not methods."""
    return {
        path.stem: path
        for path in sorted(METHOD_FOLDER.glob("[a-z]*.py"))
        if path.stem.isidentifier()
    }


def dataset_files(*folders: Path) -> dict[str, Path]:
    """Every data set: {id: dataset.yaml}. Of two folders of one name the first wins."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/dataset.yaml")):
            found.setdefault(path.parent.name, path)
    return found


def literals(path: Path) -> dict[str, object]:
    """The constants at the top of a Python file, read without running it: {name: value}.

    This is how labels and references travel with a method's own file and still reach the
    report without an import of torch. The docstring comes under `__doc__`.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=path.name)
    found: dict[str, object] = {"__doc__": ast.get_docstring(tree) or ""}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue  # computed, not a constant
    return found
