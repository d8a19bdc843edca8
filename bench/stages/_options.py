"""Arguments that several verbs share, and files that they share, so that they read alike."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.datasets import Dataset, load_dataset
from bench.errors import DataError, ValidationError

if TYPE_CHECKING:
    import pandas as pd


def add_dataset(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """--dataset and --root."""
    parser.add_argument(
        "--dataset", type=Path, required=required, metavar="YAML", help="data/ID/dataset.yaml"
    )
    parser.add_argument("--root", type=Path, metavar="FOLDER", help="where its files lie")


def chosen_dataset(arguments: argparse.Namespace) -> Dataset:
    """The data set that --dataset and --root name."""
    return load_dataset(arguments.dataset, arguments.root)


def add_output(parser: argparse.ArgumentParser, name: str, what: str) -> None:
    """A required option for a file to write."""
    parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE", help=what)


def read_json(path: Path) -> dict[str, Any]:
    """The content of a file that an earlier stage wrote."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable as JSON ({error}).") from None


def read_fixations(path: Path) -> pd.DataFrame:
    """The table of rule `fixations`; ValidationError where a column of it is missing."""
    import pandas as pd

    from bench.gaze import FIXATION_COLUMNS

    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable as a Parquet table ({error}).") from None
    missing = [column for column in FIXATION_COLUMNS if column not in table]
    if missing:
        raise ValidationError(
            f"{path}: missing column {', '.join(map(repr, missing))}. Delete the file; the "
            "workflow makes it again."
        )
    return table
