"""Do two metrics, or two settings, put the same methods in the same order?

Kendall's tau-b over methods: +1 for the same order, 0 for no relation, -1 for the reverse. Its
interval comes from the same bootstrap over images as every other interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.metrics import get_metric
from bench.statistics import bootstrap_mean, bootstrap_means, interval

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 2_000  # of these bootstraps; a rank order needs fewer than a mean
ROW = ["model", "method", "map"]
SETTING = ["factor", "setting", "metric"]
AGREEMENT_COLUMNS = ["metric_a", "metric_b", "tau", "ci_low", "ci_high", "n_maps", "n_images"]
SENSITIVITY_COLUMNS = [
    *("factor", "setting", "reference", "metric", *ROW),
    *("mean", "ci_low", "ci_high", "n_images", "rank", "agreement"),
]


def rank_agreement(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kendall's tau-b between all pairs of columns, (..., k, m) -> (..., m, m).

    Rows are methods, columns rankings; only the order of the values counts, ties by tau-b. NaN
    where a column is constant, as no order can be told.

    Source: Kendall 1945, The treatment of ties in ranking problems.

    >>> rank_agreement(np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]])).round(6).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    first, second = np.triu_indices(columns.shape[-2], k=1)
    order = np.sign(columns[..., first, :] - columns[..., second, :])
    products = np.swapaxes(order, -1, -2) @ order
    untied = np.diagonal(products, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return products / np.sqrt(untied[..., :, None] * untied[..., None, :])


def metric_agreement(scores: pd.DataFrame, *, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """How far two metrics rank the maps alike: one row per pair of metrics.

    scores: tidy rows of one data set (columns dataset, image, model, method, map, metric, value);
    baselines and random-weight controls must not be among them. Columns of the result: metric_a,
    metric_b, tau, ci_low, ci_high, n_maps, n_images. All metrics point the same way (a lower error
    counts as better), so +1 is the same ranking. Metrics without any score are left out, and maps
    without one by some metric; of the rest only images that every map and metric has a score for
    are used. The interval is the percentile bootstrap over them.
    """
    import pandas as pd

    scored = scores[scores["value"].notna()]
    names = list(dict.fromkeys(scored["metric"]))
    wide = scored.pivot(index="image", columns=["metric", *ROW], values="value")
    common = [wide[name].columns for name in names]
    shared = common[0] if common else []
    for columns in common[1:]:
        shared = shared[shared.isin(columns)]
    if len(shared) < 2:
        return pd.DataFrame(columns=AGREEMENT_COLUMNS)
    values = np.stack([get_metric(name).sign * wide[name][shared].to_numpy() for name in names], 1)
    values = values[np.isfinite(values).all(axis=(1, 2))]
    images, metrics, maps = values.shape
    if images < 2:
        return pd.DataFrame(columns=AGREEMENT_COLUMNS)
    flat = values.reshape(images, -1)
    means = np.vstack([flat.mean(axis=0), bootstrap_means(flat, draws=draws, seed=seed)])
    tables = means.reshape(-1, metrics, maps).swapaxes(1, 2)
    tau = np.concatenate([rank_agreement(part) for part in np.array_split(tables, 32)])
    rows = []
    for a, b in zip(*np.triu_indices(metrics, k=1), strict=True):
        drawn = tau[1:, a, b]
        low, high = interval(drawn) if np.isfinite(drawn).all() else (np.nan, np.nan)
        rows.append([names[a], names[b], tau[0, a, b], low, high, maps, images])
    return pd.DataFrame(rows, columns=AGREEMENT_COLUMNS)


def sensitivity_table(
    scores: pd.DataFrame, references: dict[str, str], *, draws: int = DRAWS, seed: int = 0
) -> pd.DataFrame:
    """The means of every map under every setting, their ranks, and what becomes of the order.

    scores: columns image, model, method, map, factor, setting, metric, value. references: the
    setting of each factor that the protocol has. Columns of the result: factor, setting, reference
    (whether this is the protocol's), metric, model, method, map, mean, ci_low, ci_high, n_images,
    rank (1 is best among the maps and baselines of this setting), agreement (Kendall's tau-b of
    this setting's order of the methods, baselines aside, with the reference's).
    """
    import pandas as pd

    tables = {}
    for key, rows in scores.groupby(SETTING, sort=False, observed=True):
        rows = rows.astype({"image": "str", **dict.fromkeys(ROW, "str")})  # not as categories
        wide = rows.pivot(index="image", columns=ROW, values="value").sort_index(axis=1)
        found = bootstrap_mean(wide.to_numpy(), draws=draws, seed=seed)
        table = wide.columns.to_frame(index=False)
        table[SETTING] = key
        table["mean"], table["ci_low"], table["ci_high"] = found.mean, found.ci_low, found.ci_high
        table["n_images"] = found.n_images
        better = get_metric(key[2]).sign * table["mean"]
        table["rank"] = (-better).rank(method="min").astype("Int64")
        tables[key] = table
    for (factor, setting, metric), table in tables.items():
        reference = tables.get((factor, references[factor], metric))
        table["reference"] = setting == references[factor]
        table["agreement"] = np.nan if reference is None else _agreement(table, reference)
    if not tables:
        return pd.DataFrame(columns=SENSITIVITY_COLUMNS)
    return pd.concat(tables.values(), ignore_index=True)[SENSITIVITY_COLUMNS]


def _agreement(table: pd.DataFrame, reference: pd.DataFrame) -> float:
    methods = table["model"] != "baseline"
    both = table[methods].merge(reference, on=ROW, suffixes=("", "_reference"))
    if len(both) < 2:
        return np.nan
    return float(rank_agreement(both[["mean", "mean_reference"]].to_numpy())[0, 1])
