"""Seconds and memory of every stage as a data set grows: both must not run away.

    OMP_NUM_THREADS=1 .venv/bin/python tests/benchmarks/scaling.py [--images 100 1000 5000]
        [--shard-size 500] [--stages fixations heatmap ...] [--keep FOLDER]

A synthetic data set (photographs of 96 x 64 px, three viewers, five fixations of each), Grad-CAM on
a tiny network with random weights, three rows of scores. Each stage is what the workflow calls,
one process after the other; CPU seconds of the processes, with their children, since other work on
the machine disturbs less then, and the highest resident memory of any. Printed per stage: seconds
and MB for each size; seconds as a multiple of linear growth from the smallest, start-up taken out;
memory of the largest over the smallest. Start-up is that of the same job on one image, which is
also what a shard more costs. Budget: both ratios within 1.2 (from 200 to 2000 images for memory).
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

DESCRIPTION = """\
label: Synthetic
kind: fixation_table
task: none
viewing_ms: 2000
pixels_per_degree: 14
stimuli: {folder: stimuli, pattern: "*.png"}
fixations: {file: fixations.csv}
"""
NETWORK = "timm:test_resnet"
ROWS = (("baseline", "centre"), ("baseline", "human"), ("timm_test_resnet", "gradcam"))
METRICS = ("auc", "sauc", "nss", "cc", "sim", "kl", "ig", "ig_fitted", "mae_paper")
STAGES = (
    *("fixations", "heatmap", "shards", "attend", "join-maps", "score", "join-scores"),
    *("leaderboard", "sensitivity", "report"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", nargs="+", type=int, default=[100, 1000, 5000])
    parser.add_argument("--shard-size", type=int, default=500)
    parser.add_argument("--stages", nargs="+", default=STAGES, choices=STAGES)
    parser.add_argument("--keep", type=Path, help="work here and leave the files")
    arguments = parser.parse_args()
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="scaling"))
    sizes = [1, *arguments.images]
    found = {}
    for size in sizes:
        found[size] = Study(folder / str(size), size, arguments.shard_size).run(arguments.stages)
    _print(found, arguments.images)
    if not arguments.keep:
        shutil.rmtree(folder)


class Study:
    """One synthetic data set and the results that the stages leave."""

    def __init__(self, folder: Path, images: int, shard_size: int) -> None:
        self.data, self.results = folder / "data" / "toy", folder / "results" / "toy"
        self.model = self.results / ROWS[-1][0]
        self.weights = folder / "weights.safetensors"
        self.images, self.shard_size = images, shard_size
        if not self.data.exists():
            _write_data(self.data, images)
            _write_weights(self.weights)

    def run(self, stages: list[str]) -> dict[str, tuple[float, float, int]]:
        """{stage: (CPU seconds of all its processes, highest MB of one, number of processes)}."""
        seconds, peak, runs = defaultdict(float), defaultdict(float), defaultdict(int)
        for stage, words in self._commands():
            if stage in stages:
                spent, memory = _measured(stage, words)
                print(f"{self.images} {stage}: {spent:.2f} s, {memory:.0f} MB", flush=True)
                seconds[stage] += spent
                peak[stage] = max(peak[stage], memory)
                runs[stage] += 1
        return {stage: (seconds[stage], peak[stage], runs[stage]) for stage in seconds}

    def _commands(self):
        from bench.shards import cut

        dataset = ["--dataset", self.data / "dataset.yaml"]
        table, recordings = self.results / "fixations.parquet", self.results / "recordings.json"
        gaze = ["--fixations", table, "--heatmaps", self.results / "heatmaps.h5"]
        yield "fixations", [*dataset, "--output", table, "--recordings", recordings]
        yield (
            "heatmap",
            ["--fixations", table, "--recordings", recordings, "--output", gaze[-1]],
        )
        manifest = self.results / "shards.csv"
        yield "shards", [*dataset, "--size", self.shard_size, "--output", manifest]
        shards = list(cut(sorted(_names(self.images)), self.shard_size))
        attend = ["--model", NETWORK, "--weights", self.weights, "--device", "cpu"]
        for shard in shards:
            out = ["--output-folder", self.model / "shards" / shard / "maps"]
            yield "attend", [*dataset, *attend, "--shard", manifest, shard, *out]
        joined = self.model / "maps" / "gradcam.h5"
        yield "join-maps", ["--shards", manifest, "--output", joined]
        rows = [
            (
                self.results / model,
                ["--model", model, "--method", method, *gaze, "--metrics", *METRICS],
                method,
            )
            for model, method in ROWS
        ]
        for folder, words, method in rows:
            for shard in shards:
                part = folder / "shards" / shard
                maps = ["--maps", part / "maps" / "gradcam.h5"] if method == "gradcam" else []
                out = _tables(part, method)
                yield "score", [*words, *maps, "--shard", manifest, shard, *out]
        for folder, words, method in rows:
            maps = ["--maps", joined] if method == "gradcam" else []
            yield "join-scores", [*words, *maps, "--shards", manifest, *_tables(folder, method)]
        scores, viewers, pieces = (
            [folder / kind / f"{method}.parquet" for folder, _, method in rows]
            for kind in ("scores", "viewers", "sensitivity")
        )
        names = ("scores", "leaderboard", "comparisons")
        out = [word for name in names for word in (f"--{name}", self.results / f"{name}.csv")]
        yield "leaderboard", [*scores, "--viewers", *viewers, "--dataset", "toy", *out]
        out = ["--agreement", self.results / "agreement.csv"]
        out += ["--output", self.results / "sensitivity.csv"]
        yield "sensitivity", [*pieces, "--scores", self.results / "scores.csv", *out]
        out = ["--models", ROWS[-1][0], "--methods", "gradcam"]
        page = self.results / "report.html"
        yield "report", [*dataset, "--results", self.results, *out, "--output", page]


def _tables(folder: Path, method: str) -> list[object]:
    kinds = {"output": "scores", "viewers": "viewers", "sensitivity": "sensitivity"}
    return [
        word
        for option, kind in kinds.items()
        for word in (f"--{option}", folder / kind / f"{method}.parquet")
    ]


def _measured(stage: str, words: list[object]) -> tuple[float, float]:
    """(CPU seconds, peak MB) of a verb, its children included; ends where the verb fails."""
    command = [sys.executable, "-m", "bench", stage, *map(str, words), "--quiet"]
    pid = os.posix_spawn(sys.executable, command, os.environ)
    _, status, used = os.wait4(pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _names(count: int) -> list[str]:
    return [f"{number:05}.png" for number in range(count)]


def _write_data(folder: Path, count: int) -> None:
    (folder / "stimuli").mkdir(parents=True)
    (folder / "dataset.yaml").write_text(DESCRIPTION)
    rng = np.random.default_rng(0)
    with (folder / "fixations.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image_id", "subject_id", "x_image_px", "y_image_px", "duration_ms"])
        for name in _names(count):
            pixels = rng.integers(0, 255, (4, 6, 3), dtype=np.uint8)
            Image.fromarray(pixels).resize((96, 64)).save(folder / "stimuli" / name)
            for viewer in range(3):
                fixations = rng.normal((48, 32, 250), (18, 12, 40), (5, 3))
                fixations = fixations.clip((0, 0, 50), (95, 63, 500)).round(1)
                table.writerows([name, viewer, *row] for row in fixations.tolist())


def _write_weights(path: Path) -> None:
    """In a process of its own: a child's peak begins at the size of the parent that starts it."""
    code = (
        "import sys, torch; from safetensors.torch import save_file\n"
        "from bench.networks import load_network; torch.manual_seed(0)\n"
        "save_file(load_network(sys.argv[1], weights=None).module.state_dict(), sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", code, NETWORK, path], check=True)


def _print(found: dict[int, dict[str, tuple[float, float, int]]], sizes: list[int]) -> None:
    first, last = min(sizes), max(sizes)
    print(f"\n{'stage':12} start-up s, ms/image at {last}, against linear from {first}, memory")
    for stage, (_, peak, _) in found[last].items():
        start = found[1][stage][0] / found[1][stage][2]
        own = {
            size: (found[size][stage][0] - start * found[size][stage][2]) / size
            for size in (first, last)
        }
        growth = f"{own[last] / own[first]:.2f}" if own[first] > 0 else "-"
        memory = peak / found[first][stage][1]
        print(f"{stage:12} {start:6.2f} {1000 * own[last]:8.2f} {growth:>8} {memory:8.2f}")


if __name__ == "__main__":
    main()
