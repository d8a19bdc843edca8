"""Which photographs a figure shows: chosen by the scores, or by their names, never by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.metrics import Metric, get_metric, metric_names
from bench.report.numbers import number

CHOSEN_BY = "nss"  # else, where it was not scored, the first metric that was


@dataclass(frozen=True)
class Example:
    """One photograph and why it is shown: "Best", "Median", "Worst", "Only one", "Not scored"."""

    role: str
    image: str

    @property
    def ordered(self) -> bool:
        """Whether scores chose it."""
        return self.role in ("Best", "Median", "Worst")


@dataclass(frozen=True)
class ImageScores:
    """The scores of single photographs by one metric: {(model, method, map): {image: value}}."""

    metric: Metric
    values: dict[tuple[str, str, str], dict[str, float]]

    def of(self, model: str, method: str, map_name: str, image: str) -> float:
        """One score; NaN where there is none."""
        return self.values.get((model, method, map_name), {}).get(image, math.nan)

    def over_maps(self, model: str, method: str, maps: Sequence[str]) -> dict[str, float]:
        """{image: mean score over a method's maps}, of the photographs that have one."""
        totals: dict[str, list[float]] = {}
        for map_name in maps:
            for image, value in self.values.get((model, method, map_name), {}).items():
                if math.isfinite(value):
                    totals.setdefault(image, []).append(value)
        return {image: math.fsum(values) / len(values) for image, values in totals.items()}

    def mean(self, model: str, method: str, map_name: str) -> float:
        """A map's mean score; that of a map without one is worse than any."""
        values = list(self.over_maps(model, method, [map_name]).values())
        return math.fsum(values) / len(values) if values else -self.metric.sign * math.inf

    def text(self, value: float) -> str:
        """ "NSS 1.25", or that there is no score."""
        if not math.isfinite(value):
            return f"no {self.metric.label}"
        return f"{self.metric.label} {number(value)}"


def image_scores(folder: Path, scored: Sequence[str]) -> ImageScores | None:
    """The scores of folder/scores.csv by the metric that photographs are chosen by.

    scored: the metrics that the table holds. None where it holds none.
    """
    import pandas as pd

    known = [name for name in (CHOSEN_BY, *metric_names()) if name in set(scored)]
    if not known:
        return None
    columns = ["image", "model", "method", "map", "metric", "value"]
    # an image may be called "nan"; a value that is missing is an empty cell
    table = pd.read_csv(
        folder / "scores.csv", usecols=columns, keep_default_na=False, na_values={"value": [""]}
    )
    table = table[table["metric"] == known[0]]
    values: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in table[columns].itertuples(index=False):
        values.setdefault((row.model, row.method, row.map), {})[str(row.image)] = float(row.value)
    return ImageScores(get_metric(known[0]), values)


def examples(
    values: dict[str, float], images: Sequence[str], *, higher_is_better: bool
) -> list[Example]:
    """The best, the median and the worst photograph; equal scores stand in order of their names.

    Of an even number the better of the two in the middle is the median. Fewer than three scored
    photographs give as many examples; without any score they are spread over all names.

    >>> [(one.role, one.image) for one in examples({"a": 1, "b": 3, "c": 2, "d": 0}, "abcd",
    ...                                            higher_is_better=True)]
    [('Best', 'b'), ('Median', 'c'), ('Worst', 'd')]
    """
    sign = -1 if higher_is_better else 1
    order = sorted(values, key=lambda image: (sign * values[image], image))
    if not order:
        return [Example("Not scored", image) for image in spread(images, 3)]
    if len(order) == 1:
        return [Example("Only one", order[0])]
    chosen = [Example("Best", order[0]), Example("Worst", order[-1])]
    if len(order) > 2:
        chosen.insert(1, Example("Median", order[(len(order) - 1) // 2]))
    return chosen


def spread(names: Sequence[str], count: int) -> list[str]:
    """`count` names evenly spread over the list, so that no choice of ours is in it.

    >>> spread("abcdefgh", 3)
    ['a', 'c', 'f']
    """
    step = max(len(names) / count, 1)
    return [names[int(number * step)] for number in range(min(count, len(names)))]
