"""A study of two photographs, two viewers and two methods, and Snakemake runs of it.

The workflow's own files are a copy beside the study, so that a test may edit them.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

PROJECT = Path(__file__).resolve().parents[2]
RESULTS = Path("results/pair")
NETWORK = "efficientnet_lite0"
# What an undisturbed run and a recovered one agree on byte for byte.
TABLES = ("scores.csv", "leaderboard.csv", "comparisons.csv", "sensitivity.csv", "report.html")

CONFIGURATION = {
    "datasets": ["pair"],
    "methods": ["cam", "gradcam"],
    "metrics": ["nss"],
    "random_weights": False,
    "workers": 0,
}
DATASET = """\
label: Pair
kind: fixation_table
task: free viewing
viewing_ms: 2000
pixels_per_degree: 14
stimuli: {folder: stimuli, pattern: "*.png"}
fixations: {file: fixations.csv}
"""


class Study:
    """A folder with the project's copy, the data set `pair` and its results."""

    def __init__(self, folder, bytecode):
        self.folder = Path(folder)
        self.results = self.folder / RESULTS
        self._bytecode = bytecode

    def words(self, *words, cores=2, **config):
        """The command line of a run; `config` are keys that differ from the configuration."""
        configuration = self.folder / "study.yaml"
        configuration.write_text(yaml.safe_dump(CONFIGURATION | config))
        command = (sys.executable, "-m", "snakemake", *words, "--cores", str(cores))
        snakefile = self.folder / "project" / "Snakefile"
        return [*command, "--snakefile", str(snakefile), "--configfile", "study.yaml"]

    def environment(self):
        """That of its processes: our own copy of the package, its bytecode kept between jobs."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        own = {"PATH": path, "PYTHONPATH": str(self.folder / "project"), "OMP_NUM_THREADS": "1"}
        kept = {name: value for name, value in os.environ.items() if "BYTECODE" not in name}
        return kept | own | {"PYTHONPYCACHEPREFIX": str(self._bytecode)}

    def run(self, *words, **options):
        """(exit code, all that was shown) of a run."""
        done = subprocess.run(
            self.words(*words, **options),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def finish(self, *words, **options):
        """A run that must end well; all that was shown."""
        code, shown = self.run(*words, **options)
        assert code == 0, shown
        return shown

    def jobs(self, **config):
        """{rule: how many jobs of it} that a run would execute now, without `all`."""
        shown = self.finish("-n", "--quiet", "rules", **config)
        if "Nothing to be done" in shown:
            return {}
        table = shown.split("Job stats:")[1]
        counts = dict(re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE))
        return {rule: int(n) for rule, n in counts.items() if rule not in ("all", "total")}

    def contents(self):
        """The bytes of every table that two runs agree on."""
        return {name: (self.results / name).read_bytes() for name in TABLES}

    def temporary_files(self):
        """What a writer left that did not finish."""
        return list(self.folder.rglob(".*.part*"))

    def copy(self, folder):
        """The same study in another folder, with the times of its files."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Study(folder, self._bytecode)


def make_study(folder, bytecode):
    """The study before its first run; `bytecode` is where its processes keep compiled modules."""
    folder = Path(folder)
    project = folder / "project"
    for name in ("bench", "config"):
        skip = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(PROJECT / name, project / name, ignore=skip)
    for name in ("Snakefile", "CITATION.cff"):
        shutil.copy2(PROJECT / name, project / name)
    stimuli = folder / "data/pair/stimuli"
    stimuli.mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = ["image_id,subject_id,x_image_px,y_image_px,duration_ms"]
    for name in ("a.png", "b.png"):
        pixels = rng.integers(0, 255, (4, 6, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((96, 64)).save(stimuli / name)
        for viewer in (1, 2):
            for x, y, ms in rng.uniform((0, 0, 100), (95, 63, 400), (5, 3)).round(1):
                rows.append(f"{name},{viewer},{x},{y},{ms}")
    (folder / "data/pair/dataset.yaml").write_text(DATASET)
    (folder / "data/pair/fixations.csv").write_text("\n".join(rows) + "\n")
    return Study(folder, bytecode)
