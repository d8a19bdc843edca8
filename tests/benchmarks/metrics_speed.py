"""Milliseconds per 800 x 600 map for each metric and for all together, on one core.

    OMP_NUM_THREADS=1 python tests/benchmarks/metrics_speed.py

Budget (DESIGN.md section 6): the eight in at most 6 ms. The ratio to one plain full sort of the map
(`np.sort`, float64) holds on other machines too, where milliseconds do not.
"""

import sys
import timeit

import numpy as np

from bench.heatmaps import fixation_heatmap
from bench.metrics import GazeTarget, SaliencyMap, metric_names, score_map

SHAPE = (600, 800)
EIGHT = ["auc", "sauc", "nss", "cc", "sim", "kl", "ig", "mae_paper"]


def best_ms(work, repeat: int = 15) -> float:
    return 1000 * min(timeit.repeat(work, number=1, repeat=repeat))


def example_target(rng: np.random.Generator, others: int) -> GazeTarget:
    xy = rng.normal((400, 280), (170, 118), (140, 2)).clip(0, (799, 599))
    duration = rng.uniform(80, 600, 140)
    heatmap = fixation_heatmap(*xy.T, duration, SHAPE)
    rows, columns = np.indices(SHAPE)
    centre = np.exp(-((columns - 400) ** 2) / 2 / 170**2 - (rows - 280) ** 2 / 2 / 118**2)
    other = rng.normal((400, 280), (170, 118), (others, 2)).clip(0, (799, 599))
    return GazeTarget(SHAPE, xy, duration, heatmap, other, centre)


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
        "constant": np.full(SHAPE, 0.5),
    }


def main() -> int:
    rng = np.random.default_rng(0)
    maps = example_maps(rng)
    sort = best_ms(lambda: np.sort(maps["noise"], axis=None))
    print(f"one full np.sort of the map: {sort:.2f} ms")
    worst = 0.0
    for others in (8_400, 98_000):
        target = example_target(rng, others)
        for name, values in maps.items():
            score_map(values, target)
            every = best_ms(lambda values=values, target=target: score_map(values, target))
            worst = max(worst, every)
            eight = best_ms(lambda values=values, target=target: score_map(values, target, EIGHT))
            print(
                f"{others:6d} other fixations, {name:13s} ten {every:5.2f} ms = {every / sort:.2f} "
                f"sorts, the budget's eight {eight:5.2f} ms"
            )
    print(f"map prepared: {best_ms(lambda: SaliencyMap(maps['blob'])):.2f} ms")
    for name in metric_names():
        cost = best_ms(lambda name=name: score_map(maps["blob"], target, name))
        print(f"  {name:17s} alone, with the map's own quantities {cost:5.2f} ms")
    print(f"slowest of all ten: {worst:.2f} ms; budget for the eight 6 ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
