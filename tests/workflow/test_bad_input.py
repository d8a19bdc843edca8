"""Through Snakemake, bad input ends with 1 and shows one message, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def snakemake(folder, *config):
    """The exit code and all that was shown of a run in `folder`."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--cores", "2", "--directory", folder),
            *("--snakefile", PROJECT / "Snakefile"),
            *("results/tiny/fixations.parquet", "--config", *config),
        ],
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_an_unknown_name_stops_the_run_at_once(tmp_path):
    # The other names that a configuration has: tests/workflow/test_configuration.py.
    code, shown = snakemake(tmp_path, "models=[resnet81]")
    assert code == 1
    assert "unknown model 'resnet81': did you mean 'resnet18'" in shown
    assert "Traceback" not in shown
    assert not (tmp_path / "results").exists()


def test_a_bad_table_shows_the_verb_s_message_and_leaves_no_file(tiny, tmp_path):
    with (tiny / "fixations.csv").open("a") as file:
        file.write("c.png,1,1,1,100\n")
    code, shown = snakemake(tmp_path, "datasets=[tiny]")
    assert code == 1
    assert "row 32: image 'c.png' is not among the 2 photographs" in shown
    assert "exit status 4" in shown
    assert "Traceback" not in shown
    left = [path.name for path in (tmp_path / "results").rglob("*.*")]
    assert left == ["fixations.log"]
