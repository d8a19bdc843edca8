"""The demo through a real SLURM of one node: a cancelled job goes again, the tables are the same.

Selected with `-m slurm`; skips where SLURM's Debian packages, root or the plugin are missing.
"""

import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from . import one_node_slurm
from .environment import environment

PROJECT = Path(__file__).resolve().parents[2]
STUDY = ["methods=[gradcam, gradient]", "random_weights=false"]
MAPS_JOB = "rule_attend_demo_efficientnet_lite0"
TABLES = ("scores.csv", "leaderboard.csv", "comparisons.csv")

pytestmark = pytest.mark.slurm


@pytest.fixture
def slurm(tmp_path_factory):
    """A running SLURM, or a skip that says why there is none."""
    why = one_node_slurm.missing()
    if not why and find_spec("snakemake_executor_plugin_slurm") is None:
        why = "no snakemake-executor-plugin-slurm here (uv run --group cluster)"
    if why:
        pytest.skip(why)
    with one_node_slurm.one_node_slurm(tmp_path_factory.mktemp("slurm")):
        yield


def snakemake(folder, *words):
    """Runs the workflow in `folder`; its output."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", PROJECT / "Snakefile"),
            *("--directory", folder, *words, "--config", *STUDY),
        ],
        cwd=PROJECT,
        env=environment(folder.parent / "bytecode"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout + done.stderr


def on_slurm(folder):
    """The same with the profile, each job small enough for this machine."""
    profile = ("--workflow-profile", PROJECT / "profiles/slurm", "--max-threads", "2")
    return snakemake(folder, *profile, "--slurm-init-seconds-before-status-checks", "5")


def cancel_once(name, cancelled, stop):
    """Cancels the first job of that name that runs, some seconds into its work."""
    while not (cancelled or stop.is_set()):
        for job, fields in one_node_slurm.jobs().items():
            if fields["JobState"] == "RUNNING" and fields.get("Comment", "").startswith(name):
                time.sleep(3)
                subprocess.run(["scancel", job], check=True)
                cancelled.append(job)
                return
        time.sleep(0.5)


def test_the_demo_on_slurm_with_a_cancelled_job_equals_a_local_run(slurm, tmp_path):
    local, cluster = tmp_path / "local", tmp_path / "cluster"
    local.mkdir()
    cluster.mkdir()
    snakemake(local, *(f"results/demo/{table}" for table in TABLES), "--cores", "all")

    cancelled, stop = [], threading.Event()
    canceller = threading.Thread(target=cancel_once, args=(MAPS_JOB, cancelled, stop))
    canceller.start()
    try:
        on_slurm(cluster)
    finally:
        stop.set()
        canceller.join()

    assert cancelled
    jobs = one_node_slurm.jobs()
    maps = [
        fields for fields in jobs.values() if fields["Comment"] == jobs[cancelled[0]]["Comment"]
    ]
    assert [fields["JobState"] for fields in maps] == ["CANCELLED", "COMPLETED"]
    assert [memory(fields) for fields in maps] == [8000, 16000]
    assert [fields["TimeLimit"] for fields in maps] == ["02:00:00", "04:00:00"]
    assert {fields["NumCPUs"] for fields in maps} == {"2"}
    assert not any("gpu" in fields.get("TresPerJob", "") for fields in jobs.values())
    for table in TABLES:
        assert (cluster / "results/demo" / table).read_bytes() == (
            local / "results/demo" / table
        ).read_bytes(), table
    assert "Nothing to be done" in on_slurm(cluster)


def memory(fields):
    """MB per node that a job asked for."""
    text = fields["MinMemoryNode"]
    return float(text[:-1]) * {"M": 1, "G": 1024}[text[-1]] if text[-1] in "MG" else float(text)
