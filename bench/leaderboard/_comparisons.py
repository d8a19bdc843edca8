"""The paired comparisons: one row per metric and pair of maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.leaderboard._crossed import crossed_draws
from bench.leaderboard._table import MetricTable, metric_tables
from bench.metrics import get_metric
from bench.statistics import (
    DRAWS,
    POWER,
    bootstrap_means,
    detectable_effect,
    effect_size,
    holm,
    images_needed,
    interval,
    sign_flip_pvalues,
    wilcoxon_pvalues,
)

if TYPE_CHECKING:
    import pandas as pd

SIDES = ["model_a", "map_a", "model_b", "map_b"]
NUMBERS = ["mean_difference", "ci_low", "ci_high", "n_images", "d_z"]
TESTS = ["p_sign_flip", "p_wilcoxon"]
FURTHER = [
    *("p_sign_flip", "p_sign_flip_holm", "p_wilcoxon", "p_wilcoxon_holm"),
    *("detectable", "images_needed", "crossed_low", "crossed_high"),
]
PAIRS_AT_ONCE = 64


def comparisons(
    scores: pd.DataFrame,
    viewers: pd.DataFrame | None = None,
    *,
    draws: int = DRAWS,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Paired differences over shared images between all pairs of maps within a metric.

    scores, viewers: as in `leaderboard`. Columns of the result:

    dataset, metric, model_a, map_a, model_b, map_b;
    mean_difference (a - b), ci_low, ci_high, n_images (shared by both), d_z: `compare_paired`;
    better: "a" or "b" where the interval leaves 0 out by more than rounding, by the metric's
    direction, otherwise "unclear";
    p_sign_flip, p_wilcoxon: `sign_flip_pvalues`, `wilcoxon_pvalues`; with `_holm`: corrected within
    the metric over all pairs of a method with another method or a baseline; empty for pairs of two
    baselines and pairs with a control, which are no question of ours;
    detectable: the smallest difference that so many images show at 80 % power (`detectable_effect`
    times the standard deviation of the differences); images_needed: how many images would show the
    difference found (`images_needed`), infinite where it is 0;
    crossed_low, crossed_high: interval of the difference over other images and other viewers, for
    metrics that are means over fixations and maps with scores on the same images.

    Pairs come in the order of model and map. One matrix of bootstrap means serves all pairs of a
    metric: with the same images, the bootstrap of a difference is the difference of the bootstraps.
    """
    import pandas as pd

    options = {"draws": draws, "level": level, "seed": seed}
    parts = [_rows(table, options) for table in metric_tables(scores, viewers)]
    if not parts:
        return pd.DataFrame(columns=["dataset", "metric", *SIDES, *NUMBERS, "better", *FURTHER])
    return pd.concat(parts, ignore_index=True)


def ranking_sentence(pair: Mapping[str, Any], metric: str, a: str, b: str) -> str:
    """Why these images cannot rank two maps, from a row of `comparisons`; "" where they can.

    >>> pair = {"better": "unclear", "n_images": 40, "mean_difference": 0.12, "detectable": 0.33,
    ...         "images_needed": 302.0}
    >>> print(ranking_sentence(pair, "NSS", "CAM", "Grad-CAM"))
    40 images cannot rank CAM and Grad-CAM by NSS: they differ by 0.12, and 40 images show a \
difference of 0.33 or more at 80 % power; about 300 would be needed.
    """
    n, difference = int(pair["n_images"]), abs(pair["mean_difference"])
    if pair["better"] != "unclear" or n < 2:
        return ""
    text = f"{n} images cannot rank {a} and {b} by {metric}: they differ by {difference:.2g}"
    if not pair["detectable"] > 0:
        return f"{text}."
    text += (
        f", and {n} images show a difference of {pair['detectable']:.2g} or more at "
        f"{100 * POWER:.0f} % power"
    )
    needed = pair["images_needed"]
    if n < needed < 1e6:
        text += f"; about {float(f'{needed:.2g}'):,.0f} would be needed"
    return f"{text}."


def _rows(table: MetricTable, options: dict[str, float]) -> pd.DataFrame:
    import pandas as pd

    a, b = np.triu_indices(table.values.shape[1], 1)
    part = pd.DataFrame({"dataset": table.dataset, "metric": table.metric}, index=range(a.size))
    for side, index in (("a", a), ("b", b)):
        part[f"model_{side}"] = table.labels["model"].to_numpy()[index]
        part[f"map_{side}"] = table.labels["map"].to_numpy()[index]
    numbers = _pair_numbers(table.values, a, b, options)
    part = part.assign(**{name: numbers[name] for name in NUMBERS})
    rounding = table.rounding()
    least = np.maximum(rounding[a], rounding[b])
    part["better"] = _verdict(part, get_metric(table.metric).sign, least)
    candidate, baseline = table.is_candidate, table.is_baseline
    family = (candidate[a] & (candidate | baseline)[b]) | (candidate[b] & (candidate | baseline)[a])
    for test in TESTS:
        part[test] = numbers[test]
        part[f"{test}_holm"] = holm(np.where(family, numbers[test], np.nan))
    effects = {n: detectable_effect(n) for n in set(numbers["n_images"].tolist())}
    deviation = np.array([effects[n] for n in numbers["n_images"].tolist()])
    part["detectable"] = deviation * numbers["deviation"]
    part["images_needed"] = _needed(numbers, least)
    part["crossed_low"], part["crossed_high"] = _crossed(table, a, b, options)
    return part


def _verdict(part: pd.DataFrame, sign: int, least: np.ndarray) -> np.ndarray:
    """The better side, a or b, where the interval is on one side of 0 by more than `least`."""
    up, down = part["ci_low"] > least, part["ci_high"] < -least
    better, worse = (up, down) if sign > 0 else (down, up)
    return np.select([better, worse], ["a", "b"], "unclear")


def _needed(numbers: dict[str, np.ndarray], least: np.ndarray) -> np.ndarray:
    """Images needed; a difference without any scatter needs two, one of rounding none shows."""
    needed = images_needed(numbers["d_z"])
    difference = np.abs(numbers["mean_difference"])
    constant = np.isnan(numbers["d_z"]) & (numbers["n_images"] > 1)
    needed = np.where(constant, 2.0, needed)
    return np.where((numbers["n_images"] > 1) & (difference <= least), np.inf, needed)


def _pair_numbers(
    values: np.ndarray, a: np.ndarray, b: np.ndarray, options: dict[str, float]
) -> dict[str, np.ndarray]:
    """What depends on the pairs' shared images alone, one number per pair of columns of (n, k)."""
    names = ("mean_difference", "ci_low", "ci_high", "d_z", "deviation", *TESTS)
    found = {name: np.full(a.size, np.nan) for name in names}
    found["n_images"] = np.zeros(a.size, dtype=np.intp)
    for pairs, images in _pairs_by_images(values, a, b):
        found["n_images"][pairs] = images.sum()
        if not images.any():
            continue
        table = values[images]
        table = np.where(np.isnan(table), 0.0, table)  # columns of other groups, in no pair here
        difference = table[:, a[pairs]] - table[:, b[pairs]]
        found["mean_difference"][pairs] = difference.mean(axis=0)
        if len(table) < 2:
            continue
        found["d_z"][pairs] = effect_size(difference)
        found["deviation"][pairs] = difference.std(axis=0, ddof=1)
        found["p_sign_flip"][pairs] = sign_flip_pvalues(
            table, a[pairs], b[pairs], seed=int(options["seed"])
        )
        found["p_wilcoxon"][pairs] = wilcoxon_pvalues(difference)
        means = bootstrap_means(table, draws=options["draws"], seed=options["seed"])
        low, high = _pair_intervals(means, a[pairs], b[pairs], options["level"])
        found["ci_low"][pairs], found["ci_high"][pairs] = low, high
    return found


def _pairs_by_images(
    values: np.ndarray, a: np.ndarray, b: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Groups of pairs that share the same images: (pairs, which images)."""
    patterns, group = np.unique(~np.isnan(values), axis=1, return_inverse=True)
    group = group.ravel()
    for left, right in combinations_with_replacement(range(patterns.shape[1]), 2):
        one_way = (group[a] == left) & (group[b] == right)
        other_way = (group[a] == right) & (group[b] == left)
        pairs = np.flatnonzero(one_way | other_way)
        if pairs.size:
            yield pairs, patterns[:, left] & patterns[:, right]


def _pair_intervals(
    means: np.ndarray, a: np.ndarray, b: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Percentile intervals of means[:, a] - means[:, b], some pairs at a time."""
    low, high = np.full((2, a.size), np.nan)
    for start in range(0, a.size, PAIRS_AT_ONCE):
        some = slice(start, start + PAIRS_AT_ONCE)
        low[some], high[some] = interval(means[:, a[some]] - means[:, b[some]], level)
    return low, high


def _crossed(
    table: MetricTable, a: np.ndarray, b: np.ndarray, options: dict[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.full((2, a.size), np.nan)
    means = crossed_draws(table, options)
    absent = np.isnan(table.values)
    known = ~np.isnan(means).any(axis=0)
    alike = (absent[:, a] == absent[:, b]).all(axis=0) & known[a] & known[b]
    low[alike], high[alike] = _pair_intervals(means, a[alike], b[alike], options["level"])
    return low, high
