"""Check the installation: packages, GPU, vendor library, weights, disk, fonts; say what to do."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from bench.errors import ValidationError
from bench.installation import Check, checks

MARKS = {"good": "ok", "note": "note", "problem": "PROBLEM"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where results will lie."""
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="FOLDER",
        help="whose disk to look at (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> None:
    """Prints one line per check as it is made; ends with 4 where something is missing."""
    found: list[Check] = []
    for check in checks(arguments.results):
        found.append(check())
        if not arguments.json:
            print(_line(found[-1]), flush=True)
    if arguments.json:
        print(json.dumps([asdict(check) for check in found], indent=1))
    problems = [check.name for check in found if check.state == "problem"]
    if problems:
        raise ValidationError(
            f"{len(problems)} of {len(found)} checks failed: {', '.join(problems)}. "
            "Each line above says what to do."
        )


def _line(check: Check) -> str:
    advice = f"\n{'':9}{check.advice}" if check.advice else ""
    return f"{MARKS[check.state]:8} {check.name}: {check.found}{advice}"
