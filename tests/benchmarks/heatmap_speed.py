"""Milliseconds for one human heatmap, and how many times faster than scipy's own convolution.

    OMP_NUM_THREADS=1 python tests/benchmarks/heatmap_speed.py

Budget (DESIGN.md section 6): 800 x 600 with 140 fixations in at most 2 ms.
"""

import sys
import timeit

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

from bench.heatmaps import fixation_cells, fixation_heatmap, kernel_window
from bench.metrics import leave_one_viewer_out

SHAPE = (600, 800)


def best_ms(work, repeat: int = 15) -> float:
    return 1000 * min(timeit.repeat(work, number=1, repeat=repeat))


def main() -> int:
    rng = np.random.default_rng(0)
    x, y = rng.normal(400, 170, 140).clip(0, 799), rng.normal(280, 118, 140).clip(0, 599)
    duration, viewer = rng.uniform(80, 600, 140), np.arange(140) % 15
    rows, columns, _ = fixation_cells(x, y, SHAPE)
    cells = np.zeros(SHAPE)
    np.add.at(cells, (rows, columns), duration)
    window, _ = kernel_window()
    ours = best_ms(lambda: fixation_heatmap(x, y, duration, SHAPE))
    fourier = best_ms(lambda: fftconvolve(cells, window, mode="same"))
    filtered = best_ms(lambda: gaussian_filter(cells, 20, mode="constant"))
    true_gaussian = best_ms(lambda: fixation_heatmap(x, y, duration, SHAPE, kernel="gaussian"))
    viewers = (x, y, duration, viewer, SHAPE)
    left_out = best_ms(lambda: sum(1 for _ in leave_one_viewer_out(*viewers)), 5)
    print(f"paper kernel {ours:.2f} ms (budget 2), fftconvolve {fourier / ours:.1f} times that")
    print(f"gaussian {true_gaussian:.2f} ms, gaussian_filter {filtered / true_gaussian:.1f} times")
    print(f"15 viewers, each left out once: {left_out:.1f} ms = {left_out / ours:.1f} heatmaps")
    return 0


if __name__ == "__main__":
    sys.exit(main())
