"""The workflow on a full disk, or one that may only be read: one message, nothing lost."""

import platform
import subprocess

import pytest

from .study import make_study

pytestmark = pytest.mark.slow

# What is said once the run has failed: no page on time and memory either, and what to do.
AFTERWARDS = ("bench performance: ", "attention-bench: the run ended")
TARGET = "results/pair/heatmaps.h5"


@pytest.fixture
def small_disk(tmp_path):
    """(a study whose results lie on a disk of their own, a function: options -> mounted anew)."""
    study = make_study(tmp_path / "study", tmp_path / "bytecode")
    place = study.folder / "results"
    place.mkdir()

    def mount(*options):
        words = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(place)]
        return subprocess.run(words, capture_output=True).returncode == 0

    if platform.system() != "Linux" or not mount("size=12k"):
        pytest.skip("only Linux's root can mount a small disk")
    yield study, mount
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_after_room_is_made_a_run_that_met_a_full_disk_finishes(small_disk):
    study, mount = small_disk
    for options, file in (((), "fixations.parquet"), (("remount", "size=40k"), "heatmaps.h5")):
        assert not options or mount(*options)
        told = refused(study, "bench ")
        assert f"{file}: cannot be written (No space left on device)" in told
    assert mount("remount", "ro", "size=1m")
    told = refused(study, "attention-bench: ")
    assert f"{study.folder / 'results'}: nothing may be written there" in told
    assert mount("remount", "rw")
    assert "1 of 1 steps (100%) done" in study.finish(TARGET)
    assert "Nothing to be done" in study.finish(TARGET, "-n")


def refused(study, who):
    """The one message of a run that must fail and leave what was finished before."""
    before = finished_files(study)
    code, shown = study.run(TARGET)
    told = [line for line in shown.splitlines() if line.startswith(who)]
    told = [line for line in told if not line.startswith(AFTERWARDS)]
    assert code == 1
    assert len(told) == 1, shown
    assert "Traceback" not in shown
    assert "ignored" not in shown
    assert study.temporary_files() == []
    assert before.items() <= finished_files(study).items()
    assert not (study.folder / TARGET).exists()
    return told[0]


def finished_files(study):
    """{path: bytes} of what stages wrote so far."""
    suffixes = (".parquet", ".json", ".h5")
    return {path: path.read_bytes() for path in study.results.rglob("*") if path.suffix in suffixes}
