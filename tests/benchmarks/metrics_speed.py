"""CPU milliseconds per 800 x 600 map, by kind of map, and how many times faster than pysaliency.

    OMP_NUM_THREADS=1 python tests/benchmarks/metrics_speed.py [--pysaliency]

Budget (DESIGN.md section 6): the eight metrics in at most 6 ms on every kind of map, at least 8
times faster than pysaliency 0.2.22. CPU time, not wall time, so that a busy machine matters less.
With --pysaliency the isolated environment of tests/metrics/pysaliency_oracle.py is used (built at
the first call) and both sides are measured in the same run, one thread each. pysaliency has no MAE.
"""

import argparse
import sys
import time
import timeit
from pathlib import Path

import numpy as np

from bench.heatmaps import fixation_heatmap
from bench.metrics import GazeTarget, metric_names, score_map

SHAPE = (600, 800)
EIGHT = ["auc", "sauc", "nss", "cc", "sim", "kl", "ig", "mae_paper"]
BUDGET_MS, BUDGET_RATIO = 6, 8


def best_ms(work, repeat: int = 15) -> float:
    return 1000 * min(timeit.repeat(work, number=1, repeat=repeat, timer=time.process_time))


def example_gaze(rng: np.random.Generator, others: int) -> dict[str, np.ndarray]:
    xy = rng.normal((400, 280), (170, 118), (140, 2)).clip(0, (799, 599)).astype(int)
    duration = rng.uniform(80, 600, 140)
    rows, columns = np.indices(SHAPE)
    return {
        "fixations": xy,
        "durations": duration,
        "heatmap": fixation_heatmap(*xy.T, duration, SHAPE),
        "other_fixations": rng.normal((400, 280), (170, 118), (others, 2))
        .clip(0, (799, 599))
        .astype(int),
        "centre": np.exp(-((columns - 400) ** 2) / 2 / 170**2 - (rows - 280) ** 2 / 2 / 118**2),
    }


def example_maps(rng: np.random.Generator) -> dict[str, np.ndarray]:
    noise = rng.random(SHAPE)
    rows, columns = np.indices(SHAPE)
    blob = np.exp(-((columns - 300) ** 2) / 2 / 120**2 - (rows - 200) ** 2 / 2 / 90**2)
    blocks = np.kron(rng.random((6, 8)), np.ones((100, 100)))
    return {
        "noise": noise,
        "blob": blob,
        "blob ** 8": blob**8,
        "float32": blob.astype(np.float32),
        "sparse": np.where(noise > 0.95, noise, 0),
        "heavy tail": noise**20,
        "6 x 8 blocks": blocks,
        "8 bit": np.round(noise * 255),
        "signed": rng.laplace(size=SHAPE) ** 3,
        "top heavy": 1 - noise**30,
        "constant": np.full(SHAPE, 0.5),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pysaliency", action="store_true")
    parser.add_argument("--others", type=int, default=98_000, help="fixations on other images")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    maps, gaze = example_maps(rng), example_gaze(rng, arguments.others)
    theirs = _pysaliency(maps, gaze) if arguments.pysaliency else {}
    target = GazeTarget(SHAPE, **gaze)
    usual = metric_names(default_only=True, of_one_map=True)
    score_map(
        maps["noise"], target, metric_names(of_one_map=True)
    )  # the human side, once per image
    print(f"{arguments.others} other fixations; CPU ms per map, the fastest of 15")
    print("map            eight  default  np.sort  pysaliency  ratio")
    eights, ratios = [], []
    for name, values in maps.items():
        eights.append(best_ms(lambda values=values: score_map(values, target, EIGHT)))
        every = best_ms(lambda values=values: score_map(values, target, usual), 3)
        sort = best_ms(lambda values=values: np.sort(values, axis=None), 3)
        line = f"{name:13s} {eights[-1]:6.2f} {every:8.1f} {sort:8.1f}"
        if name in theirs:
            ratios.append(theirs[name] / eights[-1])
            line += f" {theirs[name]:11.1f} {ratios[-1]:6.1f}"
        print(line)
    print(f"\nthe eight: slowest {max(eights):.2f} ms (budget {BUDGET_MS})", end="")
    print(f", smallest ratio {min(ratios):.1f} (budget {BUDGET_RATIO})" if ratios else "")
    print("\none metric alone on the blob, with the map's own quantities")
    for name in metric_names(of_one_map=True):
        cost = best_ms(lambda name=name: score_map(maps["blob"], target, name), 5)
        print(f"  {name:17s} {cost:7.2f} ms")
    preparing = best_ms(lambda: score_map(maps["blob"], GazeTarget(SHAPE, **gaze), usual), 5)
    shared = best_ms(lambda: score_map(maps["blob"], target, usual), 5)
    print(f"the human side of the default metrics, once per image: {preparing - shared:.1f} ms")
    return 0


def _pysaliency(maps: dict[str, np.ndarray], gaze: dict[str, np.ndarray]) -> dict[str, float]:
    """{map: CPU milliseconds of pysaliency's seven of the eight}; it has no MAE."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "metrics"))
    from pysaliency_oracle import asked

    human = {"heatmap": gaze["heatmap"], "centre": gaze["centre"]}
    human |= {"fixations": gaze["fixations"], "others": gaze["other_fixations"]}
    # a constant map has no log density without an epsilon
    cases = {name: {"map": values, **human} for name, values in maps.items() if name != "constant"}
    return {name: found["eight"] for name, found in asked(cases, rounds=7).items()}


if __name__ == "__main__":
    sys.exit(main())
