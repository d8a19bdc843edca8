"""The leaderboard: one row per metric and map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.leaderboard._ceiling import human_ceiling
from bench.leaderboard._crossed import crossed_draws
from bench.leaderboard._table import ROW, MetricTable, column_means, metric_tables
from bench.metrics import get_metric
from bench.statistics import DRAWS, bootstrap_mean, interval, rank_stability

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = [
    *("dataset", *ROW, "metric", "mean", "ci_low", "ci_high", "n_images", "rank"),
    *("ceiling_share", "above_centre", "best", "rank_low", "rank_high", "rank_kept"),
    *("crossed_low", "crossed_high", "share_low", "share_high", "matched_mean"),
    *("ceiling", "ceiling_kind", "ceiling_note"),
]


def leaderboard(
    scores: pd.DataFrame,
    viewers: pd.DataFrame | None = None,
    *,
    draws: int = DRAWS,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """One row per data set, metric and map: mean over images, interval, rank, and what it is worth.

    scores: tidy, one row per image, map and metric, with the columns dataset, image, model, method,
    map, metric, value, flag, and `half_value` for ceilings against a heatmap (bench.scores);
    baselines have the model `baseline` and the methods `zero`, `centre`, `human`, ... viewers: the
    same with `viewer` and `weight`, one row per viewer, for what needs single viewers. Columns of
    the result:

    dataset, model, method, map, metric;
    mean, ci_low, ci_high, n_images: `bootstrap_mean` over the images with a score;
    rank: 1 is best by the metric's direction, among all maps and baselines; equal means share it;
    ceiling_share: (matched_mean - that of the centre row) / (ceiling - that of the centre row),
    means over the images that all three have; 0 at the centre bias, 1 at the human ceiling, never
    clipped; empty where `ceiling_note` says why;
    above_centre: "yes" where the paired interval of the difference to the centre baseline lies on
    the better side of 0, "no" where it lies on the worse side, "unclear" otherwise; "" for the
    centre row itself, and where there is none or too few images for an interval;
    best: "yes" for the best of the methods and for those whose paired interval to it holds 0, else
    "no"; "" for baselines and controls, which are no candidates;
    rank_low, rank_high, rank_kept: interval of the rank over the draws, and the share of draws in
    which the row keeps its rank;
    crossed_low, crossed_high: interval of the mean over other images and other viewers
    (`crossed_means`), for metrics that are means over fixations;
    share_low, share_high: interval of ceiling_share, from the same draws;
    matched_mean, ceiling, ceiling_kind, ceiling_note: the mean on the ceiling's own target, the
    ceiling, how it was measured (`human_ceiling`), and why there is no share.

    Rows are sorted by dataset, metric, rank, model and map.

    Errors: ValidationError for missing columns or two rows for one score; UsageError for an
    unknown metric.
    """
    import pandas as pd

    options = {"draws": draws, "level": level, "seed": seed}
    parts = [_rows(table, options) for table in metric_tables(scores, viewers)]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    order = ["dataset", "metric", "rank", "model", "map"]
    return pd.concat(parts).sort_values(order, kind="stable", ignore_index=True)


def _rows(table: MetricTable, options: dict[str, float]) -> pd.DataFrame:
    import pandas as pd

    sign = get_metric(table.metric).sign
    found = bootstrap_mean(table.values, **options)
    firm = rank_stability(sign * table.values, **options)
    ceiling = human_ceiling(table, options)
    crossed_low, crossed_high = interval(crossed_draws(table, options), options["level"])
    columns = {
        "dataset": table.dataset,
        **{name: table.labels[name] for name in ROW},
        "metric": table.metric,
        "mean": found.mean,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "n_images": found.n_images,
        "rank": pd.array(firm.rank, dtype="Float64").astype("Int64"),
        "ceiling_share": ceiling.share.mean,
        "above_centre": _above_centre(table, sign, options),
        "best": _best(table, sign, options),
        "rank_low": pd.array(firm.low, dtype="Float64").astype("Int64"),
        "rank_high": pd.array(firm.high, dtype="Float64").astype("Int64"),
        "rank_kept": firm.kept,
        "crossed_low": crossed_low,
        "crossed_high": crossed_high,
        "share_low": ceiling.share.ci_low,
        "share_high": ceiling.share.ci_high,
        "matched_mean": ceiling.matched,
        "ceiling": ceiling.mean,
        "ceiling_kind": ceiling.kind,
        "ceiling_note": ceiling.note,
    }
    return pd.DataFrame(columns)[COLUMNS]


def _above_centre(table: MetricTable, sign: int, options: dict[str, float]) -> list[str]:
    centre = table.baseline("centre")
    if centre is None:
        return [""] * table.values.shape[1]
    low, high, least = _lead(table, centre, sign, options)
    words = np.select([low > least, high < -least], ["yes", "no"], "unclear").tolist()
    return [
        "" if column == centre or np.isnan(low[column]) else word
        for column, word in enumerate(words)
    ]


def _best(table: MetricTable, sign: int, options: dict[str, float]) -> list[str]:
    means = np.where(table.is_candidate, sign * column_means(table.values), np.nan)
    if np.isnan(means).all():
        return [""] * means.size
    _, high, least = _lead(table, int(np.nanargmax(means)), sign, options)
    words = np.where(high < -least, "no", "yes")
    return np.where(np.isnan(means), "", words).tolist()


def _lead(
    table: MetricTable, other: int, sign: int, options: dict[str, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Interval of each column's lead over another, and the size of a lead that is rounding."""
    found = bootstrap_mean(sign * (table.values - table.values[:, [other]]), **options)
    rounding = table.rounding()
    return found.ci_low, found.ci_high, np.maximum(rounding, rounding[other])
