"""What runs write: outputs where they were asked for, and nothing anywhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

PROJECT = Path(__file__).resolve().parents[1]
# Names that a person may give to photographs and viewers.
ODD = (
    "two words.png",
    "Frühstück 朝食.png",
    "<b>&\"'.png".replace("<b>", "(b)"),
    "é" * 100 + ".png",
)


def snapshot(*folders):
    """{path: (size, time of the last change)} of all files below the folders."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                found[path] = (path.stat().st_size, path.stat().st_mtime_ns)
    return found


@pytest.fixture
def elsewhere(tmp_path):
    """A working folder, and an environment whose home and caches are ours to look at."""
    home = tmp_path / "home"
    (home / ".cache").mkdir(parents=True)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment |= {"HOME": str(home), "TMPDIR": str(scratch), "PATH": path}
    return environment | {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}


def run(environment, folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def sources():
    return snapshot(PROJECT / "bench", PROJECT / "config", PROJECT / "data")


@pytest.mark.slow  # three processes
def test_the_verbs_write_their_outputs_and_nothing_else(tiny, tmp_path, elsewhere):
    results = tmp_path / "results" / "tiny"
    data, before = snapshot(tmp_path / "data"), sources()
    gaze = results / "fixations.parquet", results / "recordings.json"
    inputs = "--fixations", gaze[0]
    heatmaps, scores = results / "heatmaps.h5", results / "scores" / "centre.parquet"
    run(
        elsewhere, tmp_path, "bench", "fixations", "--dataset", tiny / "dataset.yaml",
        "--output", gaze[0], "--recordings", gaze[1],
    )  # fmt: skip
    run(
        elsewhere, tmp_path, "bench", "heatmap", *inputs, "--recordings", gaze[1],
        "--output", heatmaps,
    )  # fmt: skip
    run(
        elsewhere, tmp_path, "bench", "score", "--model", "baseline", "--method", "centre",
        "--heatmaps", heatmaps, *inputs, "--output", scores,
    )  # fmt: skip
    assert set(snapshot(tmp_path / "results")) == {*gaze, heatmaps, scores}
    assert snapshot(tmp_path / "data") == data
    assert sources() == before
    assert snapshot(tmp_path / "home", tmp_path / "scratch") == {}
    assert {path.name for path in tmp_path.iterdir()} == {"data", "home", "results", "scratch"}


@pytest.mark.slow
def test_the_workflow_writes_results_and_its_own_state_only(tiny, tmp_path, elsewhere):
    """With names that a shell, a regular expression or a page of HTML could take for its own."""
    rows = (tiny / "fixations.csv").read_text()
    for old, new in zip(("a.png", "b.png"), ODD[:2], strict=True):
        (tiny / "stimuli" / old).rename(tiny / "stimuli" / new)
        rows = rows.replace(old, new)
    for name in ODD[2:]:
        Image.new("RGB", (96, 64)).save(tiny / "stimuli" / name)
    header, *rows = rows.splitlines()
    rows += [row.replace(ODD[0], f'"{ODD[2]}"'.replace("\"'", '""\'')) for row in rows[:5]]
    rows = [row.replace(",1,", ",<i>viewer</i>,", 1) for row in rows]
    (tiny / "fixations.csv").write_text("\n".join([header, *rows]) + "\n")
    data, before = snapshot(tmp_path / "data"), sources()
    run(
        elsewhere, tmp_path, "snakemake", "--cores", "2", "--directory", tmp_path,
        "--snakefile", PROJECT / "Snakefile", "--config", "datasets=[tiny]", "methods=[gradcam]",
    )  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == {
        ".snakemake", "data", "home", "results", "scratch"
    }  # fmt: skip
    assert snapshot(tmp_path / "data") == data
    assert sources() == before
    assert snapshot(tmp_path / "scratch") == {}
    # Not ours: where Snakemake keeps the sources of remote Snakefiles, and matplotlib its fonts.
    caches = {path.relative_to(tmp_path / "home").parts[:2] for path in snapshot(tmp_path / "home")}
    assert caches <= {(".cache", "snakemake"), (".cache", "matplotlib")}
    page = (tmp_path / "results" / "tiny" / "report.html").read_text()
    assert "<i>viewer</i>" not in page
