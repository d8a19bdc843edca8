"""The how-to pages' own files, dropped into a copy of the project, do what the pages say."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from .how_to import PROJECT, page_commands, page_files, save

WEIGHTS = """
from safetensors.torch import save_file
from bench.networks import load_network
network = load_network("small_cnn", weights=None)
save_file(network.module.state_dict(), "small_cnn.safetensors")
"""


@pytest.fixture
def copy(tiny, tmp_path):
    """A copy of the project that knows the data set `tiny`, and runs its own code."""
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for name in ("bench", "config", "tests"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=ignore)
    shutil.copy(PROJECT / "Snakefile", tmp_path)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def run(folder, *words):
    """Runs a module's command in the folder; the shown text."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_network_of_ones_own_is_listed_tried_and_run(copy):
    save(page_files("add-a-network.md"), copy)
    assert "bench list pairs small_cnn" in page_commands("add-a-network.md")
    assert "small_cnn           Small CNN" in run(copy, "-m", "bench", "list", "networks")
    pairs = run(copy, "-m", "bench", "list", "pairs", "small_cnn", "--json")
    assert '"cam": ""' in pairs
    run(copy, "-c", WEIGHTS)
    run(
        copy,
        *("-m", "snakemake", "--cores", "2", "results/tiny/small_cnn/maps/cam.h5", "--config"),
        *("datasets=[tiny]", "models=[small_cnn]", "weights={small_cnn: [small_cnn.safetensors]}"),
        *("methods=[cam]", "random_weights=false"),
    )


@pytest.mark.slow
def test_a_metric_of_ones_own_is_listed_kept_to_the_contract_and_scored(copy):
    save(page_files("add-a-metric.md"), copy)
    assert "bench list metrics" in page_commands("add-a-metric.md")
    assert "percentile" in run(copy, "-m", "bench", "list", "metrics")
    contract = "tests/metrics/test_contract.py"
    run(copy, "-m", "pytest", contract, "-k", "percentile", "-p", "no:cacheprovider")
    run(
        copy,
        *("-m", "snakemake", "--cores", "2", "results/tiny/scores.csv", "--config"),
        *("datasets=[tiny]", "methods=[gradcam]", "metrics=[nss, percentile]"),
        "random_weights=false",
    )
    scores = pd.read_csv(copy / "results/tiny/scores.csv")
    found = scores[scores["metric"] == "percentile"]
    assert set(found["method"]) >= {"gradcam", "human", "centre", "zero"}
    assert found["value"].between(0, 1).all()
    assert (found.loc[found["method"].isin(["zero", "uniform"]), "value"] == 0.5).all()
