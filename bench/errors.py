"""What goes wrong with a user's input, as one message and one exit code.

Every message names the thing (file, row, key), what was found, what was expected and what to do.
The command line prints it and ends with the code; nothing here is ever shown as a traceback.
"""

import difflib
from collections.abc import Iterable


class BenchError(Exception):
    """A problem that the user can mend; the base of the three below."""

    exit_code = 1


class UsageError(BenchError):
    """Wrong command line or configuration: exit code 2."""

    exit_code = 2


class DataError(BenchError):
    """A file that is missing or cannot be read: exit code 3."""

    exit_code = 3


class ValidationError(BenchError):
    """A file that was read, but whose content fails a check: exit code 4."""

    exit_code = 4


class MethodError(ValidationError):
    """An attention method that raised, or gave something else than maps."""


class NotApplicable(Exception):  # noqa: N818 - a state, reported as such, not an error
    """A method that needs what a network lacks; the text says what is missing."""


# More than any name has; what a message shows of a longer text.
LONGEST_NAME = 100


def shortened(text: str, length: int) -> str:
    """The text, or its beginning and how many characters it has.

    >>> shortened("abcdefgh", 3)
    'abc... (8 characters)'
    """
    return text if len(text) <= length else f"{text[:length]}... ({len(text)} characters)"


def shown(value: object) -> str:
    """What a message says was found: the value's `repr`, of which a long one is cut."""
    return shortened(repr(value), LONGEST_NAME)


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that does not exist: the nearest names, then all of them.

    >>> str(unknown_name("method", "grad-cam", ["cam", "gradcam"]))
    "unknown method 'grad-cam': did you mean 'gradcam'? Known: cam, gradcam"
    """
    known = sorted(known)
    near = difflib.get_close_matches(name[:LONGEST_NAME].lower(), known, n=2, cutoff=0.6)
    hint = f": did you mean {' or '.join(map(repr, near))}?" if near else "."
    return UsageError(f"unknown {kind} {shown(name)}{hint} Known: {', '.join(known) or 'none'}")
