"""A cluster's job sees the map jobs of the run that submitted it, whatever is finished since."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import h5py
import pytest

from bench.workflow import handover
from bench.workflow.map_plan import MAPS
from bench.workflow.plan import Plan

PROJECT = Path(__file__).resolve().parents[2]
NETWORK = "efficientnet_lite0"
CONFIG = {"datasets": ["tiny"], "methods": ["cam", "gradcam"], "random_weights": True}
RUN = SimpleNamespace(is_main_process=True, remote_exec=False)
JOB = SimpleNamespace(is_main_process=False, remote_exec=True)


@pytest.fixture
def folder(tiny, tmp_path, monkeypatch):
    """The working directory of a run, without a variable from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(handover.VARIABLE, "")  # so that it is as before afterwards
    monkeypatch.delenv(handover.VARIABLE)
    return tmp_path


def jobs(plan):
    """{name: (methods, record, whether fresh)} of the jobs of maps."""
    found = plan.attend_jobs("tiny", NETWORK)
    return {job.name: (job.methods, job.record, job.fresh) for job in found}


def finish(plan, methods):
    """Writes map files as their jobs would."""
    for job in plan.attend_jobs("tiny", NETWORK):
        for method, state in zip(job.methods, job.states, strict=True):
            if method in methods:
                path = Path(MAPS.format(dataset="tiny", model=NETWORK, method=method))
                path.parent.mkdir(parents=True, exist_ok=True)
                with h5py.File(path, "w") as file:
                    file.attrs.update(fingerprint=state.wanted, record=job.record)


def test_a_job_sees_the_jobs_of_its_run_after_their_maps_are_finished(folder):
    run = Plan(CONFIG, PROJECT)
    assert handover.hand_down(run.states, RUN)
    before = jobs(run)
    finish(run, ["cam", "gradcam", "cam_random"])
    assert jobs(Plan(CONFIG, PROJECT)).keys() != before.keys()
    assert jobs(Plan(CONFIG, PROJECT, stale=handover.handed_down(JOB))) == before


def test_a_run_of_its_own_judges_anew(folder):
    os.environ[handover.VARIABLE] = "of another run"
    assert handover.handed_down(RUN) is None
    states = Plan(CONFIG, PROJECT).states
    assert handover.hand_down(states, RUN)
    (stale,) = handover.handed_down(JOB).values()
    assert stale.keys() == states["tiny", NETWORK, ""].keys()


def test_too_many_maps_for_the_environment_end_a_job_with_one_message(folder, monkeypatch):
    monkeypatch.setattr(handover, "MOST_BYTES", 100)
    assert not handover.hand_down(Plan(CONFIG, PROJECT).states, RUN)
    with pytest.raises(SystemExit, match="too many map files are out of date to tell a cluster"):
        handover.handed_down(JOB)


def test_snakemake_in_a_job_that_goes_again_finds_its_rule(folder):
    """What the executors call: a rule that had other maps to make when it was submitted."""
    run = Plan(CONFIG, PROJECT)
    handover.hand_down(run.states, RUN)
    finish(run, ["cam"])
    rule = f"attend_tiny_{NETWORK}"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", PROJECT / "Snakefile", "-n"),
            *("--mode", "remote", "--target-jobs", f"{rule}:", "--allowed-rules", rule, "--force"),
            *("--config", "datasets=[tiny]", "methods=[cam, gradcam]", "random_weights=true"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "maps/cam.h5, results/tiny" in done.stdout + done.stderr
