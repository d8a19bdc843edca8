"""Stimuli and fixations of a data set behind one interface; one file per kind of data set.

A data set is a folder with a `dataset.yaml` (schema: bench/schemas/dataset.schema.yaml). Its
photographs and gaze may lie elsewhere: the configuration's `roots` says where.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import DataError, UsageError, ValidationError, shown
from bench.files import user_path
from bench.schemas import checked, read_yaml

if TYPE_CHECKING:
    import pandas as pd

IMAGE_SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


@dataclass(frozen=True)
class Dataset:
    """A data set's description and the folder its files lie in."""

    id: str
    spec: dict[str, Any]
    root: Path

    @property
    def made_by_rule(self) -> bool:
        """Whether a rule of the workflow makes the files, so that they may be absent as yet."""
        return "made_by" in self.spec

    @property
    def pixels_per_degree(self) -> float | None:
        """Pixels of the photographs per degree of visual angle: stated, or from the screen."""
        if "pixels_per_degree" in self.spec or "screen" not in self.spec:
            return self.spec.get("pixels_per_degree")
        from bench.gaze.screen import Screen

        on_screen = Screen.from_mapping(self.spec["screen"]).pixels_per_degree
        scale = self.spec.get("image_on_screen", {}).get("scale", 1)
        return None if on_screen is None else on_screen / scale

    def stimuli(self) -> list[Path]:
        """The photographs, sorted by name; of a folder with more, those that `list` names.

        Raises DataError where there is none, or a list cannot be read; ValidationError for a name
        in the list that no photograph has.
        """
        if self.made_by_rule:
            from bench.datasets.demo.files import DEMO_FILES

            folder = f"{self.spec['stimuli']['folder']}/"
            return sorted(self.root / name for name in DEMO_FILES if name.startswith(folder))
        folder = self.file(self.spec["stimuli"]["folder"])
        if not folder.is_dir():
            raise DataError(
                f"data set {self.id!r}: no folder {folder}. Expected the photographs there; "
                f"say where the data set lies with roots={{{self.id}: FOLDER}}."
            )
        found = sorted(
            path
            for path in self.matching(self.spec["stimuli"]["pattern"], folder)
            if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
        )
        if not found:
            pattern = self.spec["stimuli"]["pattern"]
            raise DataError(f"data set {self.id!r}: no photograph matches {pattern} in {folder}.")
        if "list" in self.spec["stimuli"]:
            from bench.datasets.photograph_list import listed

            found = listed(self, found)
        for path in found:
            check_name(path)
        return found

    def inputs(self) -> list[Path]:
        """The files that hold gaze: recordings, or the fixation table."""
        return _kind(self).inputs(self)

    def matching(self, pattern: str, folder: Path | None = None) -> list[Path]:
        """What a pattern of dataset.yaml finds in `folder`, by default the data set's own.

        UsageError for a whole path, or one that is no pattern.
        """
        try:
            if Path(pattern).anchor:
                raise ValueError("a whole path")
            if ".." in Path(pattern).parts:
                raise ValueError("its .. leads out of the folder")
            return list((folder or self.root).glob(pattern))
        # glob's own: an empty pattern, ** beside letters; a longer name than the system takes
        except (ValueError, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(
                f"data set {self.id!r}: the pattern {shown(pattern)} cannot be used ({reason}). "
                f"Expected one relative to {folder or self.root}, such as '*.jpg' or "
                f"'edf/{{viewer}}.edf', with roots={{{self.id}: FOLDER}} for that folder."
            ) from None

    def file(self, relative: str) -> Path:
        """A path below the data set's folder; UsageError for one that would leave it."""
        path = user_path(self.root / relative, f"data set {self.id!r}")
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise UsageError(
                f"data set {self.id!r}: {relative!r} leads out of its folder {self.root}; "
                "paths in dataset.yaml stay inside."
            )
        return path


def check_name(path: Path) -> None:
    """ValidationError for a file name that Snakemake would read as a pattern, or no text."""
    if not path.name.isprintable():  # a line end, or bytes that are not UTF-8
        raise ValidationError(
            f"{str(path)!r}: a file name with a control character or in another encoding than "
            "UTF-8 cannot go through the workflow; rename it."
        )
    if found := sorted(set(path.name) & set("{}<>")):
        raise ValidationError(
            f"{path}: a file name with {' '.join(found)} cannot go through the workflow; rename it."
        )


def dataset_files(*folders: Path) -> dict[str, Path]:
    """Every data set: {id: dataset.yaml}. Of two folders of one name the first wins."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/dataset.yaml")):
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", path.parent.name):
                raise UsageError(
                    f"{path}: the folder's name is the data set's id; use letters, digits, _ and -."
                )
            found.setdefault(path.parent.name, path)
    return found


def load_dataset(description: Path, root: str | Path | None = None) -> Dataset:
    """The data set that a `dataset.yaml` describes, with its files in the folder `root`.

    Raises DataError for an unreadable description or a missing folder, UsageError for a
    description that does not fit the schema.
    """
    dataset_id = description.parent.name
    spec = checked(read_yaml(description), "dataset", str(description), UsageError)
    root = root or spec.get("root") or description.parent
    dataset = Dataset(dataset_id, spec, Path(root))
    if not dataset.made_by_rule and not dataset.root.is_dir():
        raise DataError(
            f"data set {dataset_id!r}: no folder {dataset.root}. Say where its files lie with "
            f"roots={{{dataset_id}: FOLDER}} in the configuration."
        )
    return dataset


def image_sizes(dataset: Dataset) -> dict[str, tuple[int, int]]:
    """{image name: (height, width)} in pixels, from the files' headers.

    Raises DataError for a file that is no image, ValidationError for two files of one name and for
    a picture that is no still one or may have been shown turned (bench/photographs.py).
    """
    from bench.photographs import photograph_size

    rotation = dataset.spec["stimuli"]["exif_rotation"]
    sizes: dict[str, tuple[int, int]] = {}
    for path in dataset.stimuli():
        if path.name in sizes:
            raise ValidationError(f"{path}: a second image of that name in {dataset.id!r}.")
        sizes[path.name] = photograph_size(path, exif_rotation=rotation)
    return sizes


def read_gaze(
    dataset: Dataset, sizes: dict[str, tuple[int, int]], *, jobs: int = 1, salvage: bool = False
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The fixation table (bench.gaze.FIXATION_COLUMNS) and one summary per recording.

    `sizes` are the photographs' `image_sizes`. Recordings are read by `jobs` processes at a time,
    with the results of one after the other; with `salvage`, the complete trials of truncated ones
    are used.

    Raises DataError for what cannot be read and ValidationError for what fails a check.
    """
    options = {"jobs": jobs, "salvage": salvage} if dataset.spec["kind"] == "recordings" else {}
    return _kind(dataset).read_gaze(dataset, sizes, **options)


def _kind(dataset: Dataset) -> Any:
    """The module of the data set's kind; the schema has checked the name."""
    return importlib.import_module(f"bench.datasets.{dataset.spec['kind']}")
