"""OSIE's `fixations.mat`: MATLAB cells of images, of viewers, of fixations.

The variable `fixations` is a cell of images, each a struct of `img` (the file's name) and
`subjects`, a cell of viewers, each a struct of `fix_x`, `fix_y` and `fix_duration` (1 x N). Xu,
Jiang, Wang, Kankanhalli, Zhao: Predicting human gaze beyond pixels. Journal of Vision 14(1):28,
2014. Their own programs take the coordinates as 1-based; viewers have no names but their positions.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.datasets.formats import RawTable
from bench.errors import DataError, ValidationError

if TYPE_CHECKING:
    from bench.datasets import Dataset

SUFFIXES = (".mat",)
ORIGIN = 1
DURATIONS = "ms"
CHILD = Path(__file__).with_name("_osie_child.py")
SECONDS_PER_FILE = 60.0
SECONDS_PER_MB = 10.0


def read(path: Path, dataset: Dataset) -> RawTable:
    """The fixations, image by image, viewer by viewer (1, 2, ...), in the order of viewing.

    Raises DataError for what is no MATLAB file of version 7.2 or older, ValidationError for
    another layout.
    """
    import pandas as pd

    found = _child_result(path)
    if "unreadable" in found:
        raise DataError(f"{path}: not readable as a MATLAB file ({found['unreadable']}).")
    if "layout" in found:
        raise ValidationError(f"{path}: {found['layout']}")
    names = {
        "image_id": "image",
        "subject_id": "viewer",
        "x_image_px": "fix_x",
        "y_image_px": "fix_y",
        "duration_ms": "fix_duration",
    }
    if dataset.spec["fixations"].get("durations") == "none":
        del names["duration_ms"]
    rows = pd.DataFrame({key: found[name] for key, name in names.items()})

    def place(row: int) -> str:
        image, viewer = rows.loc[row, ["image_id", "subject_id"]]
        own = (rows["image_id"] == image) & (rows["subject_id"] == viewer)
        return f"{image}, viewer {viewer}, fixation {own[: row + 1].sum()}"

    return RawTable(rows, names, place)


def _child_result(path: Path) -> dict[str, Any]:
    """What the child process found; DataError where it dies or takes too long."""
    seconds = SECONDS_PER_FILE + SECONDS_PER_MB * path.stat().st_size / 1e6
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "result.json")
        # -P: the folder of the formats has modules of common names.
        words = [sys.executable, "-P", str(CHILD), str(path), str(result)]
        try:
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise DataError(
                f"{path}: not read within {seconds:.0f} s; it is damaged. Copy it again."
            ) from None
        if done.returncode:
            how = f" (signal {-done.returncode})" if done.returncode < 0 else ""
            raise DataError(f"{path}: reader died{how}: the file is damaged. Copy it again.")
        return json.loads(result.read_text(encoding="utf-8"))
