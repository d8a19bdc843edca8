"""The README's commands are read from the README and run, on tracked files only."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


def commands():
    """The two commands: the README's first code block."""
    block = re.search(r"```\n(.+?)```", (PROJECT / "README.md").read_text(), flags=re.DOTALL)[1]
    return block.strip().splitlines()


def test_there_are_two_commands_and_ci_runs_the_second():
    assert len(commands()) == 2
    assert commands()[1] in (PROJECT / ".ci" / "run").read_text().splitlines()


@pytest.mark.slow
def test_the_main_command_makes_the_report_from_what_is_tracked(tmp_path):
    listed = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout: which files are tracked is not known")
    for name in listed.stdout.splitlines():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    # The environment of these tests must not serve: the command makes its own.
    places = os.environ["PATH"].split(os.pathsep)
    own = str(Path(sys.executable).parent)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("VIRTUAL")}
    environment["PATH"] = os.pathsep.join(place for place in places if place != own)

    def run():
        done = subprocess.run(
            commands()[0],
            shell=True,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run()
    page = (tmp_path / "results/demo/report.html").read_text()
    text = re.sub(r"<[^>]+>|\s+", " ", page.split("<body>")[1]).strip()
    assert text.startswith("The viewers of this data set are simulated")
    assert "Nothing to be done" in run()
