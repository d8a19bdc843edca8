"""The scores of one metric as arrays: images by maps, and cells of images and viewers by maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.controls import is_control
from bench.errors import ValidationError

if TYPE_CHECKING:
    import pandas as pd

SCORE_COLUMNS = ["dataset", "image", "model", "method", "map", "metric", "value", "flag"]
VIEWER_COLUMNS = [*SCORE_COLUMNS[:6], "viewer", "value", "weight"]
ROW = ["model", "method", "map"]
BASELINE = "baseline"
# Scores agree to this share between machines, cores and batch sizes; a difference below it is none.
REPRODUCIBLE = 1e-5


@dataclass(frozen=True, eq=False)
class Cells:
    """Scores on single viewers: image and viewer of each cell (C,), values and weights (C, k)."""

    image: np.ndarray
    viewer: np.ndarray
    values: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, eq=False)
class MetricTable:
    """The scores of one metric: n images in the rows, k maps in the columns.

    labels: (k, 3) model, method and map; values: (n, k), NaN where there is no score; half_values:
    (n, k) against half of the viewers; cells: the scores on single viewers, None where not given.
    """

    dataset: str
    metric: str
    labels: pd.DataFrame
    values: np.ndarray
    half_values: np.ndarray
    cells: Cells | None

    def baseline(self, method: str) -> int | None:
        """The column of a baseline, None where it was not scored."""
        of_method = (self.labels["model"] == BASELINE) & (self.labels["method"] == method)
        found = np.flatnonzero(of_method)
        return int(found[0]) if found.size else None

    @property
    def is_baseline(self) -> np.ndarray:
        """Which columns are baselines, (k,)."""
        return (self.labels["model"] == BASELINE).to_numpy()

    @property
    def is_candidate(self) -> np.ndarray:
        """Which columns can be the best: methods, neither baselines nor controls, (k,)."""
        controls = np.array([is_control(name) for name in self.labels["map"]], dtype=bool)
        return ~self.is_baseline & ~controls

    def rounding(self) -> np.ndarray:
        """The size of a difference that is none, for each column's mean, (k,)."""
        return REPRODUCIBLE * np.abs(column_means(self.values))


def column_means(values: np.ndarray) -> np.ndarray:
    """Means over the images with a score; NaN for a column without any."""
    present = ~np.isnan(values)
    counts = present.sum(axis=0)
    sums = np.where(present, values, 0.0).sum(axis=0)
    return np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0)


def metric_tables(
    scores: pd.DataFrame, viewers: pd.DataFrame | None = None
) -> Iterator[MetricTable]:
    """One table per data set and metric, sorted; their columns sorted by model, method and map."""
    _check(scores, SCORE_COLUMNS[:-1], SCORE_COLUMNS, "scores", ["image"])
    cells = {}
    if viewers is not None:
        _check(viewers, VIEWER_COLUMNS, VIEWER_COLUMNS, "scores by viewer", ["image", "viewer"])
        cells = dict(list(viewers.groupby(["dataset", "metric"])))
    for (dataset, metric), rows in scores.groupby(["dataset", "metric"], sort=True):
        wide = rows.pivot(index="image", columns=ROW, values="value").sort_index(axis=1)
        half = np.full(wide.shape, np.nan)
        if "half_value" in rows.columns:
            pivot = rows.pivot(index="image", columns=ROW, values="half_value")
            half = pivot.reindex(index=wide.index, columns=wide.columns).to_numpy()
        yield MetricTable(
            dataset,
            metric,
            wide.columns.to_frame(index=False),
            wide.to_numpy(),
            half,
            _cells(cells.get((dataset, metric)), wide),
        )


def _cells(rows: pd.DataFrame | None, wide: pd.DataFrame) -> Cells | None:
    if rows is None or rows.empty:
        return None
    tables = [
        rows.pivot(index=["image", "viewer"], columns=ROW, values=column).reindex(
            columns=wide.columns
        )
        for column in ("value", "weight")
    ]
    image = wide.index.get_indexer(tables[0].index.get_level_values("image"))
    viewer = tables[0].index.get_level_values("viewer").factorize(sort=True)[0]
    known = image >= 0
    return Cells(image[known], viewer[known], *(table.to_numpy()[known] for table in tables))


def _check(
    table: pd.DataFrame, wanted: list[str], expected: list[str], what: str, unit: list[str]
) -> None:
    missing = [column for column in wanted if column not in table.columns]
    if missing:
        raise ValidationError(
            f"{what}: column {', '.join(missing)} missing; expected {', '.join(expected)}"
        )
    key = ["dataset", "metric", *ROW, *unit]
    twice = table.duplicated(key)
    if twice.any():
        first = table.loc[twice, key].iloc[0].to_dict()
        raise ValidationError(f"{what}: {int(twice.sum())} scores stand twice, the first {first}")
