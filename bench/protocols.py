"""From fixations to a human heatmap and a list of metrics, by the name of a convention.

A protocol is a file, config/protocols/NAME.yaml, or one of your own. What is computed with one
says so: in the heatmaps' attributes, in the tables of scores and in the report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import DataError, UsageError, unknown_name
from bench.files import user_path
from bench.places import PROJECT
from bench.schemas import checked, read_yaml

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FOLDER = PROJECT / "config" / "protocols"
# What tells the fixations of one viewer's look at one image from those of another.
LOOK = ["recording_id", "trial_index", "image_id"]
# Of a fixation table, all that heatmaps and scores use.
USED_COLUMNS = (
    *("subject_id", *LOOK, "fixation_index"),
    *("duration_ms", "span_ms", "x_image_px", "y_image_px", "status"),
)


@dataclass(frozen=True)
class Protocol:
    """The choices between a fixation table and scores (DESIGN.md section 5).

    `weight` is what a fixation weighs: the column `duration_ms` (end minus start plus one sample,
    the tracker's text convention), the column `span_ms` (end minus start, what Edf2Mat gives and
    hence, most likely, what the paper used), or "count", 1 each. `first_fixation` is "keep" or
    "drop". `sigma_deg`, where it is given and the data set states pixels per degree, replaces
    `sigma_px`. `metrics` are names, or "default" or "all".
    """

    name: str
    label: str
    reference: str
    weight: str
    first_fixation: str = "keep"
    sigma_px: float = 20.0
    sigma_deg: float | None = None
    size_px: int = 80
    kernel: str = "paper"
    normalise: str = "before"
    metrics: str | tuple[str, ...] = "default"

    @property
    def milliseconds(self) -> str:
        """The column that says how long a fixation lasted."""
        return "duration_ms" if self.weight == "count" else self.weight

    def sigma(self, pixels_per_degree: float | None) -> float:
        """The standard deviation of the human heatmap's Gaussian on this data set, in pixels."""
        if self.sigma_deg is None or pixels_per_degree is None:
            return self.sigma_px
        return self.sigma_deg * pixels_per_degree


def protocol_files() -> dict[str, Path]:
    """The protocols that come with the bench: {name: file}."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}


def get_protocol(name: str) -> Protocol:
    """The protocol of that name, or in the file of that path (which must end in .yaml).

    Raises UsageError for an unknown name, with the nearest ones, or a file that says something
    else than a protocol may; DataError for a file that cannot be read.
    """
    known = protocol_files()
    if name in known:
        return _read(known[name])
    if name.endswith((".yaml", ".yml")):
        path = user_path(name, "protocol")
        if not path.is_file():
            raise DataError(f"{path}: no such file. Expected a protocol, like {known['default']}.")
        return _read(path)
    raise unknown_name("protocol", name, known)


@cache
def _read(path: Path) -> Protocol:
    said = checked(read_yaml(path), "protocol", str(path), UsageError)
    heatmap, metrics = said.pop("heatmap"), said.pop("metrics")
    metrics = metrics if isinstance(metrics, str) else tuple(metrics)
    return Protocol(name=path.stem, metrics=metrics, **said, **heatmap)


def used_fixations(table: pd.DataFrame, first_fixation: str = "keep") -> pd.DataFrame:
    """The rows that heatmaps and scores use: status `kept`, in time order as in the table.

    With "drop" the earliest of these of each viewer's look at each image is left out: it tells
    more of where the fixation cross stood than of the image (Tatler 2007).
    """
    kept = table[table["status"] == "kept"]
    if first_fixation == "keep":
        return kept
    order = kept.sort_values("fixation_index", kind="stable")
    return kept.drop(order.drop_duplicates(LOOK).index)


def fixation_weights(rows: pd.DataFrame, weight: str) -> np.ndarray:
    """What each fixation weighs, (F,): milliseconds, or 1 each for "count"."""
    import numpy as np

    if weight == "count":
        return np.ones(len(rows))
    return rows[weight].to_numpy(dtype=np.float64)


def rows_by_image(table: pd.DataFrame, images: Sequence[str]) -> Callable[[str], pd.DataFrame]:
    """A function: image -> its rows of a fixation table, in the table's order; none for others."""
    ordered, places = sorted_by_image(table, images)
    return lambda image: ordered.iloc[places.get(image, slice(0))]


def sorted_by_image(
    table: pd.DataFrame, images: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, slice]]:
    """A fixation table sorted by image, otherwise in its order, and where each image's rows lie.

    Sorted once: a frame per image would cost far more memory than the numbers in it.
    """
    import numpy as np
    import pandas as pd

    codes = pd.Categorical(table["image_id"], categories=list(images)).codes
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(images) + 1)).tolist()
    return table.iloc[order], dict(zip(images, map(slice, edges, edges[1:]), strict=True))
