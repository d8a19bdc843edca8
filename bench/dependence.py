"""How much a method's maps depend on what the network learned: maps beside their controls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from bench.controls import control_of
from bench.errors import ValidationError
from bench.maps import map_names, open_maps, read_map
from bench.statistics import DRAWS, bootstrap_mean

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["dataset", "model", "method", "map", "spearman", "ci_low", "ci_high", "n_images"]


def rank_correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Spearman's rank correlation of two maps of the same shape, ties sharing their mean rank.

    1 for the same order of pixels, 0 for none in common; NaN where a map is constant or holds NaN,
    for then it has no order. Signs count: a map and its negative have -1.

    >>> rank_correlation([[1, 2], [3, 4]], [[1, 4], [9, 16]]), rank_correlation([1, 2], [5, 5])
    (1.0, nan)
    """
    import pandas as pd

    a, b = np.asarray(a, dtype=np.float64).ravel(), np.asarray(b, dtype=np.float64).ravel()
    if a.size != b.size:
        raise ValidationError(f"maps of {a.size} and {b.size} pixels have no rank correlation")
    if not (_has_order(a) and _has_order(b)):
        return float("nan")
    ranks = [pd.Series(values).rank().to_numpy() for values in (a, b)]
    first, second = (rank - rank.mean() for rank in ranks)
    return float(first @ second / np.sqrt((first @ first) * (second @ second)))


def _has_order(values: np.ndarray) -> bool:
    """Whether the values are finite and differ by more than the round-off of a float32."""
    if not np.isfinite(values).all():
        return False
    return bool(np.ptp(values) > 8 * np.finfo(np.float32).eps * np.abs(values).max())


def map_correlations(trained: Path, control: Path) -> Iterator[tuple[str, str, float]]:
    """(map name, image, rank correlation) of a method's maps with those of its control.

    The correlation is taken at the maps' own resolution. Nothing where the method or its
    control does not apply to the network. Raises DataError for a missing file, ValidationError
    for a method that failed or files that do not belong together.
    """
    with open_maps(trained) as file, open_maps(control) as other:
        for path, opened in ((trained, file), (control, other)):
            if "failed" in opened.attrs:
                raise ValidationError(f"{path} holds no maps: {opened.attrs['failed']}")
        if "not_applicable" in other.attrs:  # cam with fitted weights: the fit is no control's
            return
        for name in map_names(file):
            if control_of(name) not in other:
                raise ValidationError(f"{control}: no map {control_of(name)!r}, the control of it.")
            for image in file[name]:
                pair = read_map(file[name], image), read_map(other[control_of(name)], image)
                yield name, image, rank_correlation(*pair)


def dependence_table(
    rows: pd.DataFrame, *, draws: int = DRAWS, level: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """One row per map: the mean rank correlation over images with its bootstrap interval.

    rows: the columns dataset, model, method, map, image, spearman. Images with a constant map are
    left out; `n_images` says how many remain. Columns of the result: `COLUMNS`.

    Source: Adebayo et al. 2018, Sanity Checks for Saliency Maps, section 4.1 (rank correlation
    without absolute values); interval as in `bench.statistics.bootstrap_mean`.
    """
    import pandas as pd

    found = []
    for key, group in rows.groupby(COLUMNS[:4], sort=True):
        mean = bootstrap_mean(group["spearman"], draws=draws, level=level, seed=seed)
        found.append((*key, mean.mean, mean.ci_low, mean.ci_high, mean.n_images))
    return pd.DataFrame(found, columns=COLUMNS)
