"""Lists that an experiment keeps beside its recordings: which trial showed what, and where."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import DataError, ValidationError

if TYPE_CHECKING:
    from bench.gaze import Placement

DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Row:
    """A line of a list: its number in the file and its cells, empty ones left out."""

    number: int
    cells: dict[str, str]


def images_of_trials(
    path: Path, viewer: str, usual: Placement
) -> tuple[dict[str, str], dict[str, Placement]]:
    """({trial label: image name}, {trial label: placement}) of one viewer.

    The CSV (comma, semicolon or tab) has the columns trial and image; where the order differs
    between viewers, viewer; and where pictures stand elsewhere, x_px and y_px (left upper corner
    on the screen) and scale, for the trials that fill them in. Other columns are passed over. A
    row without viewer holds for all.

    Raises DataError for a file that cannot be read, ValidationError with the row for a missing
    column or cell, a value that is no number, and a trial that stands twice.
    """
    images: dict[str, str] = {}
    placements: dict[str, Placement] = {}
    for row in _rows(path, ("trial", "image")):
        if row.cells.get("viewer", viewer) != viewer:
            continue
        trial = _cell(path, row, "trial")
        if trial in images:
            raise ValidationError(
                f"{path.name}, row {row.number}: trial {trial!r} stands there a second time for "
                f"viewer {viewer!r}; expected one image per trial."
            )
        images[trial] = _cell(path, row, "image")
        if placement := _placement(path, row, usual):
            placements[trial] = placement
    if not images:
        raise ValidationError(
            f"{path.name}: no row for viewer {viewer!r}; expected their trials, or rows without "
            "viewer."
        )
    return images, placements


def placements_of_images(path: Path, usual: Placement) -> dict[str, Placement]:
    """{image name: placement}; a CSV with the columns image, x_px and y_px, and scale.

    Errors as for `images_of_trials`.
    """
    found: dict[str, Placement] = {}
    for row in _rows(path, ("image",)):
        image = _cell(path, row, "image")
        if image in found:
            raise ValidationError(
                f"{path.name}, row {row.number}: image {image!r} stands there a second time."
            )
        found[image] = _placement(path, row, usual) or usual
    return found


def _rows(path: Path, required: tuple[str, ...]) -> Iterator[Row]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise DataError(
            f"{path.name}: the list cannot be read ({reason}). Expected a CSV in UTF-8 with the "
            f"columns {', '.join(required)}: save it as that, or correct its name in dataset.yaml."
        ) from None
    lines = text.splitlines()
    header = lines[0] if lines else ""
    reader = csv.DictReader(lines, delimiter=max(DELIMITERS, key=header.count))
    columns = [name.strip() for name in reader.fieldnames or []]
    missing = [name for name in required if name not in columns]
    if missing:
        raise ValidationError(
            f"{path.name}: missing column {', '.join(map(repr, missing))}; found "
            f"{', '.join(map(repr, columns)) or 'none'}. Name the columns in the first line so."
        )
    reader.fieldnames = columns
    for number, cells in enumerate(reader, 2):
        filled = {
            name: value.strip()
            for name, value in cells.items()
            if isinstance(name, str) and isinstance(value, str) and value.strip()
        }
        if filled:
            yield Row(number, filled)


def _cell(path: Path, row: Row, name: str) -> str:
    if name not in row.cells:
        raise ValidationError(f"{path.name}, row {row.number}: {name} is empty; expected a name.")
    return row.cells[name]


def _placement(path: Path, row: Row, usual: Placement) -> Placement | None:
    """What the row says of the place; the rest from `usual`; None where it says nothing."""
    from bench.gaze import Placement

    numbers = {}
    for name in ("x_px", "y_px", "scale"):
        if name in row.cells:
            try:
                numbers[name] = float(row.cells[name])
            except ValueError:
                numbers[name] = math.nan
            if not math.isfinite(numbers[name]):
                raise ValidationError(
                    f"{path.name}, row {row.number}: {name} is {row.cells[name]!r}, expected a "
                    "number."
                ) from None
    if not numbers:
        return None
    if ("x_px" in numbers) != ("y_px" in numbers) or not numbers.get("scale", 1.0) > 0:
        raise ValidationError(
            f"{path.name}, row {row.number}: expected both x_px and y_px or neither, and a scale "
            "above 0."
        )
    position = (numbers["x_px"], numbers["y_px"]) if "x_px" in numbers else usual.position
    return Placement(numbers.get("scale", usual.scale), position)
