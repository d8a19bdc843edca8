"""Constants at the top of a Python file, read without running it.

This is how a label, a reference or a list of names lives in its item's own file and still reaches
the Snakefile, the command line and the report without an import of torch.
"""

import ast
from pathlib import Path

from bench.errors import DataError, UsageError


def syntax_tree(path: Path) -> ast.Module:
    """The Python file, parsed and not run.

    Raises DataError for a file that cannot be read, UsageError for one that is not valid Python.
    """
    try:
        return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read: {error.strerror}; expected a Python file."
        ) from None
    except (SyntaxError, ValueError) as error:  # ValueError: null bytes, no UTF-8
        line = getattr(error, "lineno", None)
        where = f"{path}, line {line}" if line else str(path)
        reason = getattr(error, "msg", None) or error
        raise UsageError(f"{where}: not valid Python: {reason}. Mend the file.") from None


def literals(path: Path) -> dict[str, object]:
    """{name: value} of the literal assignments `NAME = ...`, and the docstring as `__doc__`."""
    tree = syntax_tree(path)
    found: dict[str, object] = {"__doc__": ast.get_docstring(tree) or ""}
    for node in tree.body:
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
