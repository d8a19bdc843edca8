"""The package brings its workflow along: installed, from a foreign folder, as a module."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bench.cli import main
from bench.places import PROJECT, SNAKEFILE

from .how_to import page_files, save

CHECKOUT = Path(__file__).resolve().parents[2]


def test_in_a_checkout_the_workflow_is_the_checkouts(capsys):
    main(["workflow"])
    assert capsys.readouterr().out.strip() == str(SNAKEFILE) == str(CHECKOUT / "Snakefile")
    assert PROJECT == CHECKOUT


def test_an_unknown_profile_is_refused_with_the_known_ones(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["workflow", "--profile", "slrum"])
    assert ended.value.code == 2
    assert "unknown profile 'slrum'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout, built in a folder of its own."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not on the PATH, which builds the wheel")
    folder = tmp_path_factory.mktemp("wheel")
    command = [uv, "build", "--wheel", "--quiet", "--out-dir", str(folder), str(CHECKOUT)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode and "Failed to fetch" in done.stderr:
        pytest.skip("no network for the tool that builds the wheel")
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def _tracked(*patterns):
    listed = ["git", "ls-files", *patterns]
    found = subprocess.run(listed, cwd=CHECKOUT, capture_output=True, text=True)
    return found.stdout.split("\n")[:-1]


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_the_whole_workflow(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    rules = _tracked("bench/*.smk")
    package = set(_tracked("bench")) - set(rules)
    study = ["Snakefile", *rules, *_tracked("config", "profiles", "data/*/dataset.yaml")]
    assert rules
    assert package <= inside
    assert {f"bench/study/{name}" for name in study} <= inside
    assert not [name for name in inside if name.startswith(("tests", "results", "data"))]


@pytest.mark.slow
def test_a_foreign_workflow_runs_the_installed_package_with_a_users_own(wheel, tiny, tmp_path):
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    study = tmp_path / "ein fremder Ordner" / "Straße 5"
    shutil.copytree(tiny, study / "data" / "tiny")
    save(page_files("reuse.md"), study)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PYTHONPATH": str(installed), "PATH": path}
    command = [sys.executable, "-m", "snakemake", "--cores", "2"]
    done = subprocess.run(command, cwd=study, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "efficientnet_lite0,brightness,brightness,nss," in (study / "nss.csv").read_text()
    assert (study / "results/tiny/efficientnet_lite0/maps/brightness.h5").is_file()
    log = study / "results/tiny/logs/leaderboard.log"
    assert "done: seconds" in log.read_text()
    assert sorted(path.name for path in study.iterdir() if path.name[0] != ".") == [
        *("Snakefile", "data", "my methods", "nss.csv", "results")
    ]
    again = subprocess.run(
        [*command, "-n"], cwd=study, env=environment, capture_output=True, text=True
    )
    assert "Nothing to be done" in again.stdout + again.stderr
