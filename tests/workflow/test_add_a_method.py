"""A new method is one file: a target at once, part of `all`, and nothing else runs again.

The how-to's own code block is dropped into a copy of the project.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .how_to import PROJECT, page_files

MAPS = "results/tiny/efficientnet_lite0/maps"


@pytest.fixture
def copy(tiny, tmp_path):
    """A copy of the project that knows the data set `tiny`; the jobs run the copy's code."""
    for name in ("Snakefile", "bench", "config"):
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(
                source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".*")
            )
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def snakemake(folder, *words):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--cores", "2", *words),
            *("--config", "datasets=[tiny]", "methods=[cam, gradcam]", "metrics=[nss, mae_paper]"),
            "random_weights=false",
        ],
        cwd=folder,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def changed(folder, before):
    """The files below results/ that are new or were written again, by name."""
    return {
        str(path.relative_to(folder / "results/tiny"))
        for path, stamp in stamps(folder).items()
        if before.get(path) != stamp
    }


def stamps(folder):
    return {
        path: path.stat().st_mtime_ns
        for path in (folder / "results").rglob("*")
        if path.suffix in (".h5", ".parquet")
    }


@pytest.mark.slow
def test_the_how_to_s_method_is_a_target_and_only_it_runs(copy):
    snakemake(copy, f"{MAPS}/cam.h5", f"{MAPS}/gradcam.h5")
    before = stamps(copy)
    path, code = next(iter(page_files("add-a-method.md").items()))
    name = Path(path).stem
    (copy / "bench" / "attention" / f"{name}.py").write_text(code)

    snakemake(copy, f"{MAPS}/{name}.h5")
    assert changed(copy, before) == {f"efficientnet_lite0/maps/{name}.h5"}
    assert "Nothing to be done" in snakemake(copy, f"{MAPS}/{name}.h5")


@pytest.mark.slow
def test_an_edit_or_a_loss_of_one_method_runs_that_method_only(copy):
    targets = [f"results/tiny/efficientnet_lite0/scores/{name}.parquet" for name in METHODS]
    snakemake(copy, *targets)
    before = stamps(copy)
    with (copy / "bench/attention/gradcam.py").open("a") as file:
        file.write("\n# edited\n")
    snakemake(copy, *targets)
    own = {
        "efficientnet_lite0/maps/gradcam.h5",
        *(
            f"efficientnet_lite0/{folder}/gradcam.parquet"
            for folder in ("scores", "viewers", "sensitivity")
        ),
    }
    assert changed(copy, before) == own

    (copy / MAPS / "cam.h5").unlink()
    before = stamps(copy)
    snakemake(copy, *targets)
    assert "efficientnet_lite0/maps/gradcam.h5" not in changed(copy, before)
    assert "efficientnet_lite0/maps/cam.h5" in changed(copy, before)

    (copy / MAPS / "cam.h5").write_bytes(b"garbage")
    snakemake(copy, *targets)
    assert (copy / MAPS / "cam.h5").read_bytes() != b"garbage"
    assert "Nothing to be done" in snakemake(copy, *targets)


METHODS = ("cam", "gradcam")
