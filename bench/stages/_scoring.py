"""One row of the score table worked out: piece by piece, on several cores, with the same numbers.

What a piece needs travels as names of files; every process reads the gaze once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.baselines import baseline_scores, looks_of, maps_of
from bench.fitted_scores import KEPT_EXAMPLES, FittedScores
from bench.parallel import in_order, pieces
from bench.scores import Gaze, kinds, method_scores
from bench.stages._inputs import read_fixations

if TYPE_CHECKING:
    from bench.score_tables import MapScores

PIECE = 16  # images that a process scores in one go


@dataclass(frozen=True)
class ScoredRow:
    """A method, or with `maps` None a baseline, and the files that it is scored from.

    fixations: fixations.parquet; heatmaps: heatmaps.h5; maps: the method's file; photographs:
    {image: file} for the baselines that look at them; seed: of what is drawn.
    """

    method: str
    metrics: list[str]
    fixations: Path
    heatmaps: Path
    maps: Path | None = None
    photographs: dict[str, Path] | None = field(default=None, repr=False)
    seed: int = 0

    def gaze(self) -> Gaze:
        """The gaze of the whole data set, read once in this process."""
        changed = [path.stat().st_mtime_ns for path in (self.fixations, self.heatmaps)]
        return _gaze(self.fixations, self.heatmaps, self.seed, *changed)

    @property
    def _source(self) -> tuple[Path | None, str, dict[str, Path] | None]:
        return self.maps, self.method, self.photographs


def image_scores(row: ScoredRow, images: Sequence[str], jobs: int = 1) -> Iterator[MapScores]:
    """The scores of these images by the metrics of one map, image by image."""
    parts = in_order(partial(_image_scores, row), pieces(images, PIECE), jobs)
    return chain.from_iterable(parts)


def fitted_scores(row: ScoredRow, images: Sequence[str], jobs: int = 1) -> Iterator[MapScores]:
    """The scores by the fitted metric, map by map; nothing where it is not asked for.

    They have no halves and no single viewers. The fit rests on the whole data set (`FittedScores`).
    """
    if not kinds(row.metrics)[1]:
        return
    gaze, parts = row.gaze(), pieces(images, PIECE)
    keep = KEPT_EXAMPLES if jobs <= 1 else 0
    with looks_of(gaze, *row._source) as looks:
        for name, own in looks.items():
            fitted = FittedScores(gaze, name, own, keep)
            yield from chain.from_iterable(
                in_order(partial(_fitted_scores, row, fitted), parts, jobs)
            )


def sensitivity_of(
    row: ScoredRow, images: Sequence[str], jobs: int = 1
) -> Iterator[list[dict[str, Any]]]:
    """The rows of bench.sensitivity of each of these images; none for `human`."""
    return in_order(partial(_sensitivity_rows, row), images, jobs)


def _image_scores(row: ScoredRow, images: Sequence[str]) -> list[MapScores]:
    if row.maps is not None:
        return list(method_scores(row.gaze(), row.maps, row.metrics, images))
    return list(baseline_scores(row.gaze(), row.method, row.metrics, row.photographs, images))


def _fitted_scores(row: ScoredRow, fitted: FittedScores, images: Sequence[str]) -> list[MapScores]:
    from bench.score_tables import MapScores

    found = []
    with looks_of(row.gaze(), *row._source) as looks:
        for image in images:
            one = fitted.row(row.gaze(), image, looks[fitted.name])
            value, flag = {one["metric"]: one["value"]}, {one["metric"]: one["flag"]}
            n = one["n_fixations"]
            found.append(MapScores(image, fitted.name, value, flag, n, {}, [], {}))
    return found


def _sensitivity_rows(row: ScoredRow, image: str) -> list[dict[str, Any]]:
    from bench.sensitivity import looks, sensitivity_rows

    found = []
    with maps_of(row.gaze(), *row._source) as maps:
        for look in looks(row.gaze(), [image], seed=row.seed) if maps else ():
            for name, read in maps.items():
                found.extend(sensitivity_rows(look, name, read(image)))
    return found


@lru_cache(maxsize=1)
def _gaze(fixations: Path, heatmaps: Path, seed: int, *_changed: int) -> Gaze:
    return Gaze(read_fixations(fixations), heatmaps, seed=seed)
