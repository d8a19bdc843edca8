"""What the workflow makes can lie in object storage: the same tables, and nothing to do again.

Selected with `-m storage`; skips where the packages of the group `cluster` are missing.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from . import object_storage
from .environment import environment

PROJECT = Path(__file__).resolve().parents[2]
# The demo's seven photographs are two shards, the data set `tiny` is not cut.
STUDY = ["datasets=[demo, tiny]", "methods=[gradcam]", "metrics=[nss, ig_fitted]"]
STUDY += ["random_weights=false", "shard_size=4"]
TARGETS = (
    "results/demo/baseline/scores/sobel.parquet",
    "results/demo/efficientnet_lite0/scores/gradcam.parquet",
    "results/tiny/baseline/scores/sobel.parquet",
)

pytestmark = [
    pytest.mark.storage,
    pytest.mark.skipif(bool(object_storage.missing()), reason=object_storage.missing()),
]


def snakemake(folder, bytecode, *words):
    """Makes the targets in `folder`; the output."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", *TARGETS, "--snakefile", PROJECT / "Snakefile"),
            *("--cores", "all", *words, "--config", *STUDY),
        ],
        cwd=folder,
        env=environment(bytecode),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout + done.stderr


def test_made_files_lie_in_the_bucket_and_given_ones_stay_where_they_are(tiny, tmp_path):
    with object_storage.object_storage() as (storage, listed):
        snakemake(tmp_path, tmp_path / "bytecode", *storage)
        objects = listed()
        again = snakemake(tmp_path, tmp_path / "bytecode", *storage)
    assert {f"study/{target}" for target in TARGETS} < objects
    assert "study/data/demo/stimuli/coffee.png" in objects
    assert not any("data/tiny" in name for name in objects)
    assert not (tmp_path / "results").exists()
    assert not (tmp_path / "data/demo").exists()
    assert "Nothing to be done" in again
