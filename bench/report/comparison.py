"""Two score tables side by side: the same maps, what changed, and on which images.

Rows are joined by network, method and map. Where each side has exactly one network that the other
lacks, these two are taken for each other, so that two networks can be compared. Differences are
paired, B minus A on the images that both have, with the intervals and tests of the leaderboard's
own comparisons; Holm's correction runs within a metric over all maps of networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.controls import is_control
from bench.leaderboard import BASELINE, REPRODUCIBLE
from bench.metrics import get_metric
from bench.rankings import DRAWS, rank_agreement
from bench.statistics import (
    bootstrap_mean,
    bootstrap_means,
    effect_size,
    holm,
    interval,
    sign_flip_pvalues,
    wilcoxon_pvalues,
)

if TYPE_CHECKING:
    import pandas as pd

KEY = ["model_a", "model_b", "method", "map"]
SIDE = ("mean", "ci_low", "ci_high", "n_images")
COLUMNS = [
    *("metric", *KEY),
    *(f"{name}_{side}" for side in "ab" for name in SIDE),
    *("b_minus_a", "ci_low", "ci_high", "n_shared", "d_z", "better"),
    *("p_sign_flip", "p_sign_flip_holm", "p_wilcoxon", "p_wilcoxon_holm"),
]
AGREEMENT = ["metric", "tau", "ci_low", "ci_high", "n_maps", "n_images"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What two tables say together.

    rows: COLUMNS, one row per metric and map that both have. agreement: AGREEMENT, one row per
    metric. only_a, only_b: (network, method, map, metrics) of rows that the other lacks; metrics is
    empty where the other has the map in no metric.
    """

    rows: pd.DataFrame
    agreement: pd.DataFrame
    only_a: list[tuple[str, str, str, tuple[str, ...]]]
    only_b: list[tuple[str, str, str, tuple[str, ...]]]


def compare(
    a: pd.DataFrame, b: pd.DataFrame, images: list[str], *, seed: int = 0, draws: int | None = None
) -> Comparison:
    """Joins two tidy tables of scores (columns image, model, method, map, metric, value).

    images: the names of those images that are the same in both (`reports.shared_images`); without
    one, means stand side by side and no difference is made. Metrics must be known. draws: of the
    bootstraps, by default those of every other interval. A difference counts as one (`better` is
    "a" or "b", by the metric's direction) where its interval leaves 0 out by more than rounding.
    """
    import pandas as pd

    options = {"seed": seed} | ({} if draws is None else {"draws": draws})
    networks = matched_networks(a, b)
    parts, agreements, found = [], [], {"a": {}, "b": {}}
    for metric in sorted({*a["metric"], *b["metric"]}):
        wide = {"a": _wide(a, metric), "b": _wide(b, metric)}
        keys = [key for key in wide["a"].columns if _partner(key, networks) in wide["b"].columns]
        partners = [_partner(key, networks) for key in keys]
        for side, matched in (("a", keys), ("b", partners)):
            for key in wide[side].columns.difference(matched):
                found[side].setdefault(key, []).append(metric)
        if not keys:
            continue
        sides = wide["a"][keys], wide["b"][partners]
        parts.append(_rows(metric, *sides, images, options))
        agreements.append(_agreement(metric, *sides, images, seed, draws or DRAWS))
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    in_both = {"a": set(zip(*(rows[name] for name in ("model_a", "method", "map")), strict=True))}
    in_both["b"] = set(zip(*(rows[name] for name in ("model_b", "method", "map")), strict=True))
    alone = {
        side: [
            (*key, tuple(metrics) if key in in_both[side] else ())
            for key, metrics in sorted(found[side].items())
        ]
        for side in "ab"
    }
    table = pd.DataFrame(agreements, columns=AGREEMENT)
    return Comparison(rows[COLUMNS], table, alone["a"], alone["b"])


def matched_networks(a: pd.DataFrame, b: pd.DataFrame) -> dict[str, str]:
    """{network of A: the network of B that it is compared with}."""
    first, second = set(a["model"]), set(b["model"])
    networks = {name: name for name in first & second}
    others = {BASELINE, "external"}
    left, right = first - second - others, second - first - others
    if len(left) == len(right) == 1:
        networks[left.pop()] = right.pop()
    return networks


def _partner(key: tuple[str, str, str], networks: dict[str, str]) -> tuple[str, str, str]:
    model, *rest = key
    return (networks.get(model, ""), *rest)


def _wide(scores: pd.DataFrame, metric: str) -> pd.DataFrame:
    rows = scores[scores["metric"] == metric]
    keys = ["model", "method", "map"]
    return rows.pivot(index="image", columns=keys, values="value").sort_index(axis=1)


def _rows(
    metric: str, a: pd.DataFrame, b: pd.DataFrame, images: list[str], options: dict[str, int]
) -> pd.DataFrame:
    import pandas as pd

    labels = a.columns.to_frame(index=False).rename(columns={"model": "model_a"})
    part = labels.assign(metric=metric, model_b=b.columns.get_level_values("model"))
    for side, wide in (("a", a), ("b", b)):
        found = bootstrap_mean(wide.to_numpy(), **options)
        for name in SIDE:
            part[f"{name}_{side}"] = getattr(found, name)
    shared = [name for name in images if name in a.index and name in b.index]
    numbers = _differences(a.loc[shared].to_numpy(), b.loc[shared].to_numpy(), options)
    part = part.assign(**numbers)
    least = REPRODUCIBLE * np.fmax(part["mean_a"].abs(), part["mean_b"].abs()).to_numpy()
    up, down = part["ci_low"] > least, part["ci_high"] < -least
    better, worse = (up, down) if get_metric(metric).sign > 0 else (down, up)
    verdict = np.select([better, worse], ["b", "a"], "unclear")
    part["better"] = pd.Series(verdict).where(part["ci_low"].notna(), "")
    candidate = _candidates(part)
    for test in ("p_sign_flip", "p_wilcoxon"):
        part[f"{test}_holm"] = holm(np.where(candidate, part[test], np.nan))
    return part


def _candidates(rows: pd.DataFrame) -> np.ndarray:
    """Which rows are maps of networks, neither baselines nor controls."""
    controls = rows["map"].map(is_control).astype(bool)
    return ((rows["model_a"] != BASELINE) & ~controls).to_numpy()


def _differences(a: np.ndarray, b: np.ndarray, options: dict[str, int]) -> dict[str, np.ndarray]:
    """B - A of each pair of columns (n, k): mean, interval, tests; NaN where no image is shared."""
    count = a.shape[1]
    names = ("d_z", "p_sign_flip", "p_wilcoxon")
    found = {name: np.full(count, np.nan) for name in names}
    difference = b - a
    mean = bootstrap_mean(difference, **options)
    patterns, group = np.unique(~np.isnan(difference), axis=1, return_inverse=True)
    for index in range(patterns.shape[1]):
        columns = np.flatnonzero(group.ravel() == index)
        images = patterns[:, index]
        if images.sum() < 2:
            continue
        block = difference[np.ix_(images, columns)]
        found["d_z"][columns] = effect_size(block)
        # against a column of zeros, the test of a difference is the test of the pair
        padded = np.column_stack([block, np.zeros(len(block))])
        place = np.arange(columns.size)
        zeros = np.full(columns.size, columns.size)
        found["p_sign_flip"][columns] = sign_flip_pvalues(
            padded, place, zeros, seed=options["seed"]
        )
        found["p_wilcoxon"][columns] = wilcoxon_pvalues(block)
    return found | {
        "b_minus_a": mean.mean,
        "ci_low": mean.ci_low,
        "ci_high": mean.ci_high,
        "n_shared": mean.n_images,
    }


def _agreement(
    metric: str, a: pd.DataFrame, b: pd.DataFrame, images: list[str], seed: int, draws: int
) -> list[object]:
    """Kendall's tau-b between the orders of the maps that both have, no baselines or controls.

    On the shared images that every map has a score for, with its bootstrap interval; where there
    are fewer than two, from each side's own means, without.
    """
    labels = a.columns.to_frame(index=False).rename(columns={"model": "model_a"})
    scored = a.notna().any().to_numpy() & b.notna().any().to_numpy()
    chosen = _candidates(labels) & scored
    a, b = a.loc[:, chosen], b.loc[:, chosen]
    maps = int(chosen.sum())
    shared = [name for name in images if name in a.index and name in b.index]
    values = np.stack([a.loc[shared].to_numpy(), b.loc[shared].to_numpy()], axis=1)  # (n, 2, k)
    values = values[~np.isnan(values).any(axis=(1, 2))]
    if maps < 2:
        return [metric, np.nan, np.nan, np.nan, maps, len(values)]
    if len(values) < 2:
        means = np.column_stack([a.mean().to_numpy(), b.mean().to_numpy()])
        return [metric, float(rank_agreement(means)[0, 1]), np.nan, np.nan, maps, 0]
    flat = values.reshape(len(values), -1)
    means = np.vstack([flat.mean(axis=0), bootstrap_means(flat, draws=draws, seed=seed)])
    tau = rank_agreement(means.reshape(-1, 2, maps).swapaxes(1, 2))[:, 0, 1]
    low, high = interval(tau[1:]) if np.isfinite(tau).all() else (np.nan, np.nan)
    return [metric, tau[0], low, high, maps, len(values)]
