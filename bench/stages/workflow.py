"""Print where the Snakefile lies, for `snakemake --snakefile` from any folder and for `module:`."""

from __future__ import annotations

import argparse

from bench.errors import UsageError, unknown_name
from bench.places import PROJECT, SNAKEFILE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The Snakefile, or a profile of its."""
    parser.add_argument("--profile", metavar="NAME", help="print that profile's folder instead")


def run(arguments: argparse.Namespace) -> None:
    """Prints one path."""
    if not SNAKEFILE.is_file():
        raise UsageError(f"{SNAKEFILE} is not there: install attention-bench again.")
    if arguments.profile is None:
        print(SNAKEFILE)
        return
    profiles = {path.parent.name: path.parent for path in PROJECT.glob("profiles/*/config.yaml")}
    if arguments.profile not in profiles:
        raise unknown_name("profile", arguments.profile, profiles)
    print(profiles[arguments.profile])
