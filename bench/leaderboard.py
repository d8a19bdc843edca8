"""Scores of all images -> the leaderboard and the paired comparisons, as tidy tables."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import ValidationError
from bench.metrics import get_metric
from bench.statistics import (
    DRAWS,
    bootstrap_mean,
    bootstrap_means,
    ceiling_share,
    effect_size,
    interval,
)

if TYPE_CHECKING:
    import pandas as pd

SCORE_COLUMNS = ["dataset", "image", "model", "method", "map", "metric", "value", "flag"]
ROW = ["model", "method", "map"]
BASELINE = "baseline"
# Scores agree to this share between machines, cores and batch sizes; a difference below it is none.
REPRODUCIBLE = 1e-5


def leaderboard(
    scores: pd.DataFrame, *, draws: int = DRAWS, level: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """One row per data set, metric and map: mean over images, interval, rank, and what it is worth.

    scores: tidy, one row per image, map and metric, with the columns `SCORE_COLUMNS`; baselines
    have the model `baseline` and the methods `zero`, `uniform`, `centre`, `human`, ... Columns of
    the result:

    dataset, model, method, map, metric;
    mean, ci_low, ci_high, n_images: `bootstrap_mean` over the images with a score;
    rank: 1 is best by the metric's direction, among all maps and baselines; equal means share it;
    ceiling_share: (mean - centre) / (human - centre), means over the images that all three have;
    never clipped. Only where the human row is above the centre row (its interval says so), higher
    is better and fixations are the target: against a
    heatmap, the human row is scored on the map of the one viewer left out, a harder target than
    the map of all viewers that the methods are scored on, and so no ceiling for them;
    above_centre: "yes" where the paired interval of the difference to the centre baseline lies on
    the better side of 0, "no" where it lies on the worse side, "unclear" otherwise; "" for the
    centre row itself, and where there is none or too few images for an interval.

    Rows are sorted by dataset, metric, rank, model and map.

    Errors: ValidationError for missing columns or two rows for one score; UsageError for an
    unknown metric.
    """
    import pandas as pd

    options = {"draws": draws, "level": level, "seed": seed}
    parts = []
    for (dataset, name), table in _by_metric(scores):
        metric = get_metric(name)
        sign = metric.sign
        values = table.to_numpy()
        found = bootstrap_mean(values, **options)
        part = table.columns.to_frame(index=False)
        part.insert(0, "dataset", dataset)
        part["metric"] = name
        part["mean"], part["ci_low"], part["ci_high"] = found.mean, found.ci_low, found.ci_high
        part["n_images"] = found.n_images
        part["rank"] = (-sign * part["mean"]).rank(method="min").astype("Int64")
        centre, human = _baseline(part, "centre"), _baseline(part, "human")
        above = _above_centre(values, centre, sign, options)
        part["ceiling_share"] = np.nan
        fair = sign > 0 and "heatmap" not in metric.needs
        if fair and centre is not None and human is not None and above[human] == "yes":
            part["ceiling_share"] = _ceiling_shares(values, centre, human)
        part["above_centre"] = above
        parts.append(part)
    if not parts:
        columns = ["mean", "ci_low", "ci_high", "n_images", "rank", "ceiling_share", "above_centre"]
        return pd.DataFrame(columns=["dataset", *ROW, "metric", *columns])
    order = ["dataset", "metric", "rank", "model", "map"]
    return pd.concat(parts).sort_values(order, kind="stable", ignore_index=True)


def comparisons(
    scores: pd.DataFrame, *, draws: int = DRAWS, level: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Paired differences over shared images between all pairs of maps within a metric.

    scores: as in `leaderboard`. Columns of the result: dataset, metric, model_a, map_a, model_b,
    map_b; mean_difference (a - b), ci_low, ci_high, n_images (shared by both), d_z as in
    `compare_paired`; better: "a" or "b" where the interval leaves 0 out by more than rounding, by
    the metric's direction, otherwise "unclear". Pairs come in the order of model and map.

    One matrix of bootstrap means serves all pairs of a metric: with the same images, the bootstrap
    of a difference is the difference of the bootstraps.
    """
    import pandas as pd

    parts = []
    for (dataset, name), table in _by_metric(scores):
        labels = table.columns.to_frame(index=False)
        numbers = _pair_numbers(table.to_numpy(), draws=draws, level=level, seed=seed)
        a, b = numbers.pop("a"), numbers.pop("b")
        part = pd.DataFrame({"dataset": dataset, "metric": name}, index=range(len(a)))
        for side, index in (("a", a), ("b", b)):
            part[f"model_{side}"] = labels["model"].to_numpy()[index]
            part[f"map_{side}"] = labels["map"].to_numpy()[index]
        part = part.assign(**numbers)
        means = np.abs(table.mean().to_numpy())
        least = REPRODUCIBLE * np.maximum(means[a], means[b])
        part["better"] = _verdict(part, get_metric(name).sign, least)
        parts.append(part)
    if not parts:
        columns = ["mean_difference", "ci_low", "ci_high", "n_images", "d_z", "better"]
        sides = ["model_a", "map_a", "model_b", "map_b"]
        return pd.DataFrame(columns=["dataset", "metric", *sides, *columns])
    return pd.concat(parts, ignore_index=True)


def _by_metric(scores: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    """((dataset, metric), table with a row per image and a column per (model, method, map))."""
    missing = [column for column in SCORE_COLUMNS[:-1] if column not in scores.columns]
    if missing:
        raise ValidationError(
            f"scores: column {', '.join(missing)} missing; expected {', '.join(SCORE_COLUMNS)}"
        )
    key = ["dataset", "metric", *ROW, "image"]
    twice = scores.duplicated(key)
    if twice.any():
        first = scores.loc[twice, key].iloc[0].to_dict()
        raise ValidationError(f"scores: {int(twice.sum())} scores stand twice, the first {first}")
    for group, rows in scores.groupby(["dataset", "metric"], sort=True):
        yield group, rows.pivot(index="image", columns=ROW, values="value").sort_index(axis=1)


def _baseline(part: pd.DataFrame, method: str) -> int | None:
    found = np.flatnonzero((part["model"] == BASELINE) & (part["method"] == method))
    return int(found[0]) if found.size else None


def _above_centre(
    values: np.ndarray, centre: int | None, sign: int, options: dict[str, float]
) -> list[str]:
    if centre is None:
        return [""] * values.shape[1]
    difference = sign * (values - values[:, [centre]])
    found = bootstrap_mean(difference, **options)
    means = np.abs(bootstrap_mean(values, draws=1, level=0.5).mean)
    least = REPRODUCIBLE * np.maximum(means, means[centre])
    above, below = found.ci_low > least, found.ci_high < -least
    words = np.select([above, below], ["yes", "no"], "unclear").tolist()
    return [
        "" if column == centre or np.isnan(found.ci_low[column]) else word
        for column, word in enumerate(words)
    ]


def _ceiling_shares(values: np.ndarray, centre: int, human: int) -> list[float]:
    """Each column's share of the way from the centre to the human column."""
    shares = []
    for column in range(values.shape[1]):
        three = values[:, [column, centre, human]]
        shared = three[~np.isnan(three).any(axis=1)]
        shares.append(ceiling_share(*shared.mean(axis=0)) if len(shared) else np.nan)
    return shares


def _verdict(part: pd.DataFrame, sign: int, least: np.ndarray) -> np.ndarray:
    """The better side, a or b, where the interval is on one side of 0 by more than `least`."""
    up, down = part["ci_low"] > least, part["ci_high"] < -least
    better, worse = (up, down) if sign > 0 else (down, up)
    return np.select([better, worse], ["a", "b"], "unclear")


def _pair_numbers(
    values: np.ndarray, *, draws: int, level: float, seed: int
) -> dict[str, np.ndarray]:
    """The numbers of all pairs of columns of values (n, k), in the order of np.triu_indices."""
    a, b = np.triu_indices(values.shape[1], 1)
    mean, low, high, size = np.full((4, a.size), np.nan)
    shared = np.zeros(a.size, dtype=np.intp)
    patterns, group = np.unique(~np.isnan(values), axis=1, return_inverse=True)
    group = group.ravel()
    for left, right in combinations_with_replacement(range(patterns.shape[1]), 2):
        images = patterns[:, left] & patterns[:, right]
        pairs = np.flatnonzero(
            ((group[a] == left) & (group[b] == right)) | ((group[a] == right) & (group[b] == left))
        )
        shared[pairs] = images.sum()
        if not pairs.size or not images.any():
            continue
        table = values[images].copy()
        table[np.isnan(table)] = 0  # columns of other groups, in no pair here
        difference = table[:, a[pairs]] - table[:, b[pairs]]
        mean[pairs], size[pairs] = difference.mean(axis=0), effect_size(difference)
        if len(table) > 1:
            means = bootstrap_means(table, draws=draws, seed=seed)
            for some in np.array_split(pairs, -(-pairs.size // 64)):
                low[some], high[some] = interval(means[:, a[some]] - means[:, b[some]], level)
    return {
        "a": a,
        "b": b,
        "mean_difference": mean,
        "ci_low": low,
        "ci_high": high,
        "n_images": shared,
        "d_z": size,
    }
