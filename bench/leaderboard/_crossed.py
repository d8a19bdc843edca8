"""Draws of images and viewers for the scores that can be taken apart by viewer."""

from __future__ import annotations

import numpy as np

from bench.leaderboard._table import MetricTable
from bench.statistics import crossed_means

SAME = 1e-9


def crossed_draws(table: MetricTable, options: dict[str, float]) -> np.ndarray:
    """Crossed bootstrap means (draws, k); NaN for maps whose scores are no means over viewers.

    A score can be taken apart where on every image the weighted mean over viewers equals it, which
    is so for metrics that are means over fixations, and for the row `human`, a mean over viewers.
    Fewer than two images or two viewers give no interval.
    """
    draws = np.full((int(options["draws"]), table.values.shape[1]), np.nan)
    cells = table.cells
    if cells is None or len(set(cells.image)) < 2 or len(set(cells.viewer)) < 2:
        return draws
    columns = np.flatnonzero(_taken_apart(table))
    if columns.size:
        draws[:, columns] = crossed_means(
            cells.image,
            cells.viewer,
            cells.values[:, columns],
            cells.weights[:, columns],
            draws=len(draws),
            seed=int(options["seed"]),
        )
    return draws


def _taken_apart(table: MetricTable) -> np.ndarray:
    """Which columns' scores are the weighted means of their scores on single viewers, (k,)."""
    cells, n = table.cells, len(table.values)
    whole = np.zeros(table.values.shape[1], dtype=bool)
    values, weights = np.nan_to_num(cells.values), np.nan_to_num(cells.weights)
    weights[np.isnan(cells.values)] = 0.0
    for column in range(whole.size):
        weight = np.bincount(cells.image, weights[:, column], n)
        total = np.bincount(cells.image, weights[:, column] * values[:, column], n)
        mean = np.divide(total, weight, out=np.full(n, np.nan), where=weight > 0)
        same = np.isclose(mean, table.values[:, column], rtol=SAME, atol=SAME, equal_nan=True)
        whole[column] = same.all() and weight.any()
    return whole
