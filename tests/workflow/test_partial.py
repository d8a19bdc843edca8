"""A method that fails costs its own row: the others finish, and a report says what became of it."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from bench.workflow.end_of_run import failed_targets

from .how_to import PROJECT

BROKEN = '''"""A method of a user's, with a mistake in it."""

LABEL = "Broken <b>"
REFERENCE = "none"
READS = "layer"


def maps(tape):
    raise ZeroDivisionError("no <b>photograph</b> is this dark")
'''
ABSENT = '''"""A method that needs what no network has."""

from bench.errors import NotApplicable

LABEL = "Fussy"
REFERENCE = "none"
READS = "layer"


def maps(tape):
    raise NotApplicable("it needs a network that dreams")
'''


def snakemake(folder, *words, shard_size=500):
    """The exit code and all that was shown of a run in `folder`."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--cores", "2", "--directory", folder),
            *("--snakefile", PROJECT / "Snakefile", *words, "--config", "datasets=[tiny]"),
            "methods={cam: {}, gradcam: {layer: nowhere}, broken: {}, fussy: {}}",
            "plugins=[broken.py, fussy.py]",
            *("metrics=[nss, sauc, mae_paper]", "random_weights=false"),
            f"shard_size={shard_size}",
        ],
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("shard_size", [2, 1], ids=["whole", "in shards"])
def test_what_failed_is_told_from_what_does_not_apply_and_the_rest_is_reported(
    shard_size, tiny, tmp_path
):
    (tmp_path / "broken.py").write_text(BROKEN)
    (tmp_path / "fussy.py").write_text(ABSENT)
    code, shown = snakemake(tmp_path, "--keep-going", shard_size=shard_size)
    assert code == 1
    assert "Traceback" not in shown
    assert "--unlock" in shown
    assert "--rerun-incomplete" in shown
    assert not (tmp_path / "results/tiny/report.html").exists()

    (command,) = re.findall(r"^ +(\S+ -m bench report .*)$", shown, re.MULTILINE)
    done = subprocess.run(
        shlex.split(command), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "results/tiny/partial/report.html").read_text()
    outcomes = page.split('id="outcomes"')[1].split("<h2")[0]
    rows = re.findall(r"<tr>.*?</tr>", outcomes, re.DOTALL)
    labels = ("broken", "Fussy", "Grad-CAM")  # the first has no file that could give its label
    broken, fussy, gradcam = (next(row for row in rows if name in row) for name in labels)
    assert "failed" in broken
    assert "no &lt;b&gt;photograph&lt;/b&gt; is this dark" in broken
    assert "does not apply" in fussy
    assert "a network that dreams" in fussy
    assert "failed" in gradcam
    assert "nowhere" in gradcam
    assert len(rows) == 1 + len(labels)  # the heading; CAM and the baselines have scores
    stated = json.loads((tmp_path / "results/tiny/partial/provenance.json").read_text())
    assert stated["configuration"]["plugins"] == ["broken.py", "fussy.py"]
    table = (tmp_path / "results/tiny/partial/leaderboard.csv").read_text()
    assert ",efficientnet_lite0,cam,cam,nss," in table

    target = "results/tiny/efficientnet_lite0/maps/gradcam.h5"
    code, shown = snakemake(tmp_path, target, shard_size=shard_size)
    assert code == 1
    assert "nowhere" in shown


def test_a_typed_map_file_of_a_method_that_failed_is_named_with_its_reason(tmp_path):
    paths = [str(tmp_path / name) for name in ("good.h5", "bad.h5", "absent.h5", "scores.csv")]
    for path, said in zip(paths, ({}, {"failed": "it was too dark"}), strict=False):
        with h5py.File(path, "w") as file:
            file.attrs.update(said)
    assert failed_targets(paths) == [f"attention-bench: {paths[1]} holds no maps: it was too dark"]
