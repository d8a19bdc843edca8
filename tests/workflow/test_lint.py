"""`snakemake --lint` finds nothing but the one thing we allow: no container per rule."""

import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ALLOWED = "Specify a conda environment or container for each rule."


def test_lint_finds_only_the_missing_container_of_each_rule():
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--lint", "--snakefile", PROJECT / "Snakefile"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.findall(r"^\s+\* (.+?):?$", done.stdout + done.stderr, flags=re.MULTILINE)
    assert found, done.stdout + done.stderr
    assert {line for line in found if not ALLOWED.startswith(line.rstrip(":."))} == set()
