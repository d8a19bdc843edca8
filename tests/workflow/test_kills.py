"""kill -9 at any moment: the documented recovery ends with the bytes of an undisturbed run.

Ten kills at moments that a seed draws: of a job, of Snakemake alone (whose jobs then go on
writing), of everything. A moment is a number of started jobs and a state of the last of them, so
it does not depend on the machine's speed.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import time

import psutil
import pytest

from bench.workflow.recovery import recovery

pytestmark = pytest.mark.slow

# What is lost before a run, how many jobs it then has, and how many kills they get.
LOST = {"everything": (16, 2), "maps": (6, 3), "tables": (3, 5)}
VICTIMS = ("job", "snakemake", "group")
MOMENTS = ("started", "writing", "done")
PATIENCE_S = 120


def draw(seed):
    """Ten cases (what is lost, victim, number of the job, moment), spread over the run."""
    rng = random.Random(seed)
    cases = []
    for lost, (jobs, kills) in LOST.items():
        numbers = rng.sample(range(1, jobs + 1), min(jobs, kills))
        for number in sorted(numbers + rng.sample(range(1, jobs + 1), kills - len(numbers))):
            victim = VICTIMS[len(cases) % 3]
            # After the last job there is nothing left to kill.
            last = number == jobs
            moment = rng.choice(MOMENTS[: 1 if last else 2 if victim == "job" else 3])
            cases.append((lost, victim, number, moment))
    return cases


@pytest.mark.parametrize(("lost", "victim", "number", "moment"), draw(seed=2019))
def test_the_recovery_ends_with_the_bytes_of_an_undisturbed_run(
    lost, victim, number, moment, finished, tmp_path
):
    study = finished.copy(tmp_path / "study")
    lose(lost, study)
    run = Interrupted(study)
    run.wait_for(number, moment)
    orphans = run.kill(victim)
    if victim == "job":
        assert "uv run snakemake --rerun-incomplete --cores 2" in run.shown()
        assert "Traceback" not in run.shown()

    study.finish("--unlock")
    study.finish("--rerun-incomplete")
    psutil.wait_procs(orphans, timeout=PATIENCE_S)
    assert study.contents() == finished.contents()
    assert study.temporary_files() == []
    assert study.jobs() == {}


def lose(what, study):
    """Removes results, so that a run has the jobs that make them.

    And the report always: Snakemake makes nothing again that only led to a file that is there.
    """
    (study.results / "report.html").unlink()
    if what == "everything":
        shutil.rmtree(study.results)
        shutil.rmtree(study.folder / ".snakemake")
    elif what == "maps":
        shutil.rmtree(study.results / "efficientnet_lite0" / "maps")
    else:
        for path in study.results.glob("*.csv"):
            path.unlink()


class Interrupted:
    """A run in a process group of its own, whose log is read while it grows."""

    def __init__(self, study):
        self.study = study
        self._log = study.folder / "interrupted.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                study.words(),
                cwd=study.folder,
                env=study.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def shown(self):
        return self._log.read_text()

    def jobs(self):
        """The processes of jobs that run now."""
        below = psutil.Process(self._process.pid).children(recursive=True)
        return [one for one in below if "bench" in _words(one)]

    def wait_for(self, number, moment):
        """Until job `number` has started, and then until it runs, writes, or one is done."""
        started = re.compile(r"^localrule (?!all:)\w+:$", re.MULTILINE)
        self._until(lambda: len(started.findall(self.shown())) >= number)
        done = self.shown().count("Finished jobid")
        if moment == "started":
            self._until(self.jobs)
        elif moment == "writing":
            self._until(
                lambda: self.study.temporary_files() or self.shown().count("Finished jobid") > done
            )
        else:
            self._until(lambda: self.shown().count("Finished jobid") > done)

    def _until(self, seen):
        end = time.monotonic() + PATIENCE_S
        while not seen():
            assert self._process.poll() is None, self.shown()
            assert time.monotonic() < end, self.shown()
            time.sleep(0.002)

    def kill(self, victim):
        """Kills and waits for Snakemake's end; the jobs that outlive it."""
        if victim == "job":
            self._until(self.jobs)
            self.jobs()[-1].kill()
            assert self._process.wait(PATIENCE_S) == 1
            return []
        jobs = self.jobs()
        if victim == "group":
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        assert self._process.wait(PATIENCE_S) == -signal.SIGKILL
        return jobs


def _words(process):
    try:
        return process.cmdline()
    except psutil.Error:  # it ended while we looked
        return []


def test_the_recovery_of_a_recovery_is_the_same():
    words = ["--cores", "all", "--directory", "my study"]
    assert recovery(["--rerun-incomplete", *words]) == recovery(words)
    assert "--directory 'my study'" in recovery(words)


def test_a_left_lock_and_incomplete_files_are_named_with_their_cure(finished, tmp_path):
    study = finished.copy(tmp_path / "study")
    lose("tables", study)
    run = Interrupted(study)
    run.wait_for(1, "started")
    run.kill("group")
    # As if the kill had come between the first and the second file of that job.
    (study.results / "scores.csv").write_bytes((finished.results / "scores.csv").read_bytes())
    for words, message, cure in (
        ((), "seem to be incomplete", "--rerun-incomplete"),
        (("--rerun-incomplete",), "Directory cannot be locked", "--unlock"),
    ):
        code, shown = study.run(*words)
        assert code == 1
        assert message in shown
        assert cure in shown
        assert "Traceback" not in shown
