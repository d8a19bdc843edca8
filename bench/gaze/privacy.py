"""What a recording would reveal if it were handed on: kinds of things and counts, no values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from bench.gaze.header import FIELDS

_TRIAL_VARIABLE = re.compile(r"!V TRIAL_VAR\s+(\S+)|var\s+(\S+)\s")
_TRACKERS_OWN = (
    *("!CAL", "!MODE", "!CMD", "VALIDATE", "DRIFTCORRECT", "RECCFG", "ELCL", "THRESHOLDS"),
    *("GAZE_COORDS", "DISPLAY_COORDS"),
)
_FOLDER = r"[A-Za-z]:[\\/]|(?:^|[\s'\"=])(?:/|\\\\)[\w.-]+[\\/]|\w\\\w|\.\.?[\\/]"
_CONTENTS = (
    ("e-mail address", re.compile(r"[\w.+-]+@[\w-]+\.\w+")),
    ("path with folders", re.compile(_FOLDER)),
    ("date", re.compile(r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b")),
    ("network address", re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")),
    ("computer's environment", re.compile(r"^(?:-?\d+\s+)?ENVIRONMENT\b|getwindowsversion")),
)


def revealed(header: dict[str, list[str]], messages: Iterable[str]) -> list[dict[str, Any]]:
    """What header and messages reveal: a list of {where, what, kind, count}, never the values.

    `header` comes from `read_header`. Of trial variables the names are shown, for they say what
    was asked (answers, age); of messages with an address, a path or a date only the number.
    """
    found = [
        {"where": "header", "what": name, "kind": FIELDS[name], "count": len(header[name])}
        for name in FIELDS
        if name in header
    ]
    variables: Counter[str] = Counter()
    contents: Counter[str] = Counter()
    own = 0
    for text in messages:
        if text.startswith(_TRACKERS_OWN):
            continue
        own += 1
        if match := _TRIAL_VARIABLE.match(text):
            variables[match[1] or match[2]] += 1
        for kind, pattern in _CONTENTS:
            contents[kind] += pattern.search(text) is not None
    found += [
        {"where": "messages", "what": f"trial variable {name}", "kind": "values", "count": count}
        for name, count in sorted(variables.items())
    ]
    found += [
        {"where": "messages", "what": kind, "kind": "messages that hold one", "count": count}
        for kind, count in contents.items()
        if count
    ]
    if own:
        kind = "messages of the experiment; any of them may be free text"
        found.append({"where": "messages", "what": "all texts", "kind": kind, "count": own})
    return found
