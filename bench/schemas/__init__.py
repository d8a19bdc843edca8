"""Checks of configuration and data set files against their schema, with messages for people."""

import difflib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bench.errors import BenchError, DataError, shortened, shown
from bench.schemas.plain import check_nodes, check_plain

FOLDER = Path(__file__).parent
# A description or configuration has a few kilobytes; PyYAML takes a second for each 100.
LARGEST_FILE = 1 << 22


@cache
def schema(name: str) -> dict[str, Any]:
    """The schema `name`, "config" or "dataset"."""
    return yaml.safe_load((FOLDER / f"{name}.schema.yaml").read_text(encoding="utf-8"))


class _OnceLoader(yaml.SafeLoader):
    """The safe loader; of a key written twice it does not silently take the second, and aliases
    that multiply are refused before they do."""

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None:
            check_nodes(node)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if (key.tag, key.value) in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} stands there twice", key.start_mark
                    )
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. DataError names file and line of what cannot be read.

    A key that stands in one mapping twice cannot be read either.
    """
    try:
        size = path.stat().st_size
        if not path.is_file() or size > LARGEST_FILE:
            found = f"{size} bytes" if path.is_file() else "no ordinary file"
            raise DataError(
                f"{path}: found {found}; expected a YAML file of at most {LARGEST_FILE} bytes."
            )
        content = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise DataError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(content, dict):
        found = "nothing" if content is None else f"a {type(content).__name__}"
        raise DataError(f"{path}: found {found}, expected keys with values (key: value).")
    return content


def parse_yaml(text: str) -> Any:
    """What a YAML text says, by the safe loader. ValueError, in words, for what is no such text."""
    try:
        return yaml.load(text, Loader=_OnceLoader)
    except RecursionError:
        raise ValueError("nested too deeply; expected a few levels") from None
    # PyYAML raises these for values that do not fit their own tag: `!!bool x`, 2024-99-99.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        if not isinstance(error, yaml.YAMLError):
            reason = f"a value does not fit its type ({reason}); put it in quotes if it is text"
        raise ValueError(shortened(reason, 300)) from None


def checked(content: dict[str, Any], name: str, source: str, error: type[BenchError]) -> dict:
    """`content` with the schema's defaults filled in.

    Raises `error` with one message for the first thing that does not fit: where it stands, what
    was found, what was expected; a misspelled key gets the nearest known one. Nothing but plain
    values passes (bench/schemas/plain.py).
    """
    check_plain(content, source, error)
    import jsonschema  # 0.2 s, and not needed to list names

    validator = jsonschema.Draft202012Validator(schema(name))
    problems = list(validator.iter_errors(content))
    unknown = [problem for problem in problems if problem.validator == "additionalProperties"]
    problem = jsonschema.exceptions.best_match(unknown or problems)
    if problem is not None:
        raise error(f"{source}: {_message(problem)}")
    return _with_defaults(content, schema(name))


def _message(problem: Any) -> str:
    place = ".".join(str(part) for part in problem.absolute_path)
    where = f"key '{place}': " if place else ""
    if problem.validator == "additionalProperties":
        known = sorted(problem.schema.get("properties", {}))
        extra = sorted(set(problem.instance) - set(known))
        near = difflib.get_close_matches(str(extra[0]), known, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"{where}unknown key {shown(extra[0])}; {hint}Known: {', '.join(known)}."
    if problem.validator == "required":
        missing = [key for key in problem.validator_value if key not in problem.instance]
        return f"{where}missing: {', '.join(missing)}."
    return f"{where}found {shown(problem.instance)}; {_expected(problem)}."


def _expected(problem: Any) -> str:
    """What the schema asks for, in words where its own words are hard to read."""
    value = problem.validator_value
    match problem.validator:
        case "type" if value == "array":
            return f"expected a list, [{shortened(str(problem.instance), 100)}]"
        case "type" if value == "object":
            return "expected keys with values, {key: value}"
        case "type":
            return f"expected {value if isinstance(value, str) else ' or '.join(value)}"
        case "enum":
            return f"expected one of {', '.join(map(str, value))}"
        case "pattern":
            return f"expected {problem.schema.get('description', f'a text like {value}')}"
        case "minimum":
            return f"expected {value} or more"
        case "exclusiveMinimum":
            return f"expected more than {value}"
        case "minItems" | "minProperties":
            return f"expected at least {value} of them"
        case "uniqueItems":
            return "expected each item once"
        case "const":
            return f"expected {value!r}"
    return f"expected otherwise ({shortened(problem.message, 200)})"


def _with_defaults(content: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    filled = dict(content)
    for key, part in description.get("properties", {}).items():
        if key not in filled and "default" in part:
            filled[key] = part["default"]
        elif isinstance(filled.get(key), dict) and part.get("type") == "object":
            filled[key] = _with_defaults(filled[key], part)
    return filled
