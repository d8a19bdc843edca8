"""OSIE's `fixations.mat`: MATLAB cells of images, of viewers, of fixations.

The variable `fixations` is a cell of images, each a struct of `img` (the file's name) and
`subjects`, a cell of viewers, each a struct of `fix_x`, `fix_y` and `fix_duration` (1 x N). Xu,
Jiang, Wang, Kankanhalli, Zhao: Predicting human gaze beyond pixels. Journal of Vision 14(1):28,
2014. Their own programs take the coordinates as 1-based; viewers have no names but their positions.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.datasets.formats import RawTable
from bench.errors import DataError, ValidationError

if TYPE_CHECKING:
    from bench.datasets import Dataset

SUFFIXES = (".mat",)
ORIGIN = 1
DURATIONS = "ms"
FIELDS = {"x_image_px": "fix_x", "y_image_px": "fix_y", "duration_ms": "fix_duration"}
LAYOUT = "a cell `fixations` of structs (img, subjects), subjects of (fix_x, fix_y, fix_duration)"


def read(path: Path, dataset: Dataset) -> RawTable:
    """The fixations, image by image, viewer by viewer (1, 2, ...), in the order of viewing.

    Raises DataError for what is no MATLAB file of version 7.2 or older, ValidationError for
    another layout.
    """
    import pandas as pd

    parts = []
    for number, image in enumerate(_cells(path, _variable(path), "fixations"), start=1):
        name = _name(path, image, number)
        viewers = _cells(path, _field(path, image, "subjects", name), f"subjects of {name}")
        for viewer, cell in enumerate(viewers, start=1):
            parts.append(_one_viewer(path, cell, name, str(viewer)))
    rows = pd.concat(parts, ignore_index=True)
    index = rows.groupby(["image_id", "subject_id"], sort=False).cumcount().to_numpy() + 1
    names = {"image_id": "img", "subject_id": "subjects", **FIELDS}
    if dataset.spec["fixations"].get("durations") == "none":
        rows = rows.drop(columns="duration_ms")

    def place(row: int) -> str:
        image, viewer = rows["image_id"].iloc[row], rows["subject_id"].iloc[row]
        return f"{image}, viewer {viewer}, fixation {index[row]}"

    return RawTable(rows, names, place)


def _one_viewer(path: Path, cell: Any, image: str, viewer: str) -> Any:
    import pandas as pd

    place = f"{image}, viewer {viewer}"
    columns = {}
    for key, name in FIELDS.items():
        values = np.asarray(_field(path, cell, name, place)).ravel()
        if values.dtype.kind not in "iuf":
            raise ValidationError(f"{path}: {place}: {name} holds no numbers; expected {LAYOUT}.")
        # The file stores small whole numbers in a byte; nothing may be subtracted from these.
        columns[key] = values.astype(np.float64)
    sizes = {FIELDS[key]: len(values) for key, values in columns.items()}
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{size} of {name}" for name, size in sizes.items())
        raise ValidationError(f"{path}: {place}: {found}; expected as many of each.")
    return pd.DataFrame({"image_id": image, "subject_id": viewer, **columns})


def _variable(path: Path) -> Any:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        found = loadmat(path, variable_names=["fixations"])
    except NotImplementedError:
        raise DataError(
            f"{path}: a MATLAB file of version 7.3 (HDF5). Save it with save(..., '-v7')."
        ) from None
    except (MatReadError, ValueError, TypeError, OSError, IndexError, KeyError, zlib.error) as e:
        reason = " ".join(str(e).split()) or "damaged"
        raise DataError(f"{path}: not readable as a MATLAB file ({reason}).") from None
    if "fixations" not in found:
        raise ValidationError(f"{path}: no variable fixations; expected {LAYOUT}.")
    return found["fixations"]


def _cells(path: Path, value: Any, what: str) -> list[Any]:
    if not isinstance(value, np.ndarray) or value.dtype != object or not value.size:
        raise ValidationError(f"{path}: {what} is no cell array with content; expected {LAYOUT}.")
    return list(value.ravel())


def _field(path: Path, cell: Any, name: str, place: str) -> Any:
    """The field of a 1 x 1 struct."""
    if not isinstance(cell, np.ndarray) or cell.size != 1 or name not in (cell.dtype.names or ()):
        raise ValidationError(f"{path}: {place}: no field {name}; expected {LAYOUT}.")
    return cell.ravel()[0][name]


def _name(path: Path, cell: Any, number: int) -> str:
    """The image's file name, which OSIE wraps in one more cell."""
    value = _field(path, cell, "img", f"image {number}")
    while isinstance(value, np.ndarray) and value.size == 1:
        value = value.ravel()[0]
    if not isinstance(value, str) or not value:
        raise ValidationError(f"{path}: image {number}: img is no name; expected {LAYOUT}.")
    return value
