"""pysaliency's HDF5: what `FixationTrains.to_hdf5` and `Fixations.to_hdf5` of 0.2.22 write.

Trains are arrays (trains, longest train), padded with NaN, with an image's and a viewer's number
per train; Fixations are arrays of one value a fixation. Images have numbers only: their names come
from `fixations: stimuli` of dataset.yaml, a FileStimuli HDF5 or a text file with a name a line.

pysaliency cuts decimals off, so that pixel 0 is 0 <= x < 1 with its centre at 0.5 (its `x_int`);
its own data sets have durations in seconds, as an attribute `durations` or `duration`.
"""

from __future__ import annotations

from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.datasets.formats import RawTable
from bench.datasets.photograph_list import read_names
from bench.errors import DataError, UsageError, ValidationError
from bench.hdf5 import check_size, own_item

if TYPE_CHECKING:
    import h5py

    from bench.datasets import Dataset

SUFFIXES = (".h5", ".hdf5")
ORIGIN = 0.5
DURATIONS = "s"
DURATION_NAMES = ("durations", "duration", "train_durations")
# What h5py raises over damaged files.
DAMAGED = (OSError, RuntimeError, LookupError, ValueError, TypeError)
VERSIONS = {"FixationTrains": ("1.0", "1.1", "1.2"), "Fixations": ("1.0",)}


def read(path: Path, dataset: Dataset) -> RawTable:
    """The fixations, train by train in the order of viewing, or as the file has them.

    Raises DataError for what is no HDF5, UsageError where dataset.yaml does not say which
    photograph has which number, ValidationError for another layout or number.
    """
    import h5py
    import pandas as pd

    try:
        with h5py.File(path, "r") as file:
            kind = _kind(path, file, VERSIONS)
            given = dataset.spec["fixations"]
            named = given["columns"].get("duration_ms")
            wanted = (named,) if named else DURATION_NAMES
            read_rows = _trains if kind == "FixationTrains" else _fixations
            columns = read_rows(path, file, () if given.get("durations") == "none" else wanted)
    except DAMAGED as error:
        raise DataError(f"{path}: not readable as HDF5 ({_reason(error)}).") from None
    images = _image_names(path, dataset)
    if len(set(images)) < len(images):
        raise ValidationError(
            f"{path}: fixations: stimuli names two photographs alike (without their folders); "
            "rename one of them."
        )
    numbers = columns.pop("n")
    wrong = (numbers < 0) | (numbers >= len(images))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValidationError(
            f"{path}, fixation {row + 1}: image number {numbers[row]}, but fixations: stimuli "
            f"names {len(images)} (0 to {len(images) - 1}). Are they of the same data set?"
        )
    rows = pd.DataFrame(
        {
            "image_id": np.array(images, dtype=object)[numbers],
            "subject_id": columns.pop("subjects").astype(str),
            **columns,
        }
    )
    names = {"image_id": "n", "subject_id": "subjects", "x_image_px": "x", "y_image_px": "y"}
    return RawTable(rows, {**names, "duration_ms": "duration"}, lambda row: f"fixation {row + 1}")


def _trains(path: Path, file: h5py.File, durations: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The values of every fixation from arrays (trains, longest train)."""
    xs, ys = (_array(path, file, name, 2) for name in ("train_xs", "train_ys"))
    per_train = [_whole(path, file, name) for name in ("train_ns", "train_subjects")]
    # A train ends where its padding begins; a fixation in it without a position stays.
    length = (
        xs.shape[1] - np.argmax(~np.isnan(xs[:, ::-1]), axis=1) if xs.size else np.array([], int)
    )
    length = np.where(np.isnan(xs).all(axis=1), 0, length) if xs.size else length
    inside = np.arange(xs.shape[1]) < length[:, None]
    attributes = ("scanpath_fixation_attributes", "scanpath_attributes")
    groups = [*(own_item(file, name, path) for name in attributes), file]
    found = _durations(path, groups, durations, xs.shape)
    for name, values in (
        ("train_ys", ys),
        ("train_ns", per_train[0]),
        ("train_subjects", per_train[1]),
    ):
        if len(values) != len(xs) or (values.ndim == 2 and values.shape != xs.shape):
            raise ValidationError(
                f"{path}: {name} is {values.shape}, train_xs {xs.shape}; expected one row a train."
            )
    columns = {"x_image_px": xs[inside], "y_image_px": ys[inside]}
    columns |= {
        name: np.repeat(values, length)
        for name, values in zip(("n", "subjects"), per_train, strict=True)
    }
    return columns | ({} if found is None else {"duration_ms": found[inside]})


def _fixations(path: Path, file: h5py.File, durations: tuple[str, ...]) -> dict[str, np.ndarray]:
    x, y = (_array(path, file, name, 1) for name in ("x", "y"))
    columns = {"x_image_px": x, "y_image_px": y}
    columns |= {name: _whole(path, file, name) for name in ("n", "subjects")}
    for name, values in columns.items():
        if len(values) != len(x):
            raise ValidationError(f"{path}: {len(values)} values of {name}, {len(x)} of x.")
    found = _durations(path, [file], durations, x.shape)
    return columns | ({} if found is None else {"duration_ms": found})


def _durations(
    path: Path, groups: list[Any], names: tuple[str, ...], shape: tuple[int, ...]
) -> np.ndarray | None:
    """The first attribute with one of the names and the shape of the positions."""
    import h5py

    for group in groups:
        for name in names:
            item = None if group is None else own_item(group, name, path)
            if isinstance(item, h5py.Dataset) and item.shape == shape and item.dtype.kind in "iuf":
                return np.asarray(item[...], dtype=np.float64)
    return None


def _array(path: Path, file: h5py.File, name: str, dimensions: int) -> np.ndarray:
    import h5py

    item = own_item(file, name, path)
    if (
        not isinstance(item, h5py.Dataset)
        or item.ndim != dimensions
        or item.dtype.kind not in "iuf"
    ):
        raise ValidationError(
            f"{path}: no array {name} of {dimensions} dimension(s) with numbers; found "
            f"{', '.join(sorted(file)) or 'nothing'}. Write the file with pysaliency's to_hdf5."
        )
    check_size(item, name, path)
    return np.asarray(item[...], dtype=np.float64)


def _whole(path: Path, file: h5py.File, name: str) -> np.ndarray:
    values = _array(path, file, name, 1)
    if not ((np.abs(values) < 2**53) & (values == np.floor(values))).all():
        raise ValidationError(f"{path}: {name} holds other than whole numbers.")
    return values.astype(np.int64)


def _kind(path: Path, file: h5py.File, known: dict[str, tuple[str, ...]]) -> str:
    """The type that the file says it is, with a version that is known."""
    kind, version = (_text(file.attrs.get(name, "")) for name in ("type", "version"))
    if version not in known.get(kind, ()):
        expected = " or ".join(f"{name} {'/'.join(versions)}" for name, versions in known.items())
        raise ValidationError(
            f"{path}: type {kind or 'not stated'} {version}; expected {expected}, which "
            "pysaliency 0.2.22 writes with to_hdf5."
        )
    return kind


def _image_names(path: Path, dataset: Dataset) -> list[str]:
    """The photographs' file names in the order of their numbers."""
    import h5py

    given = dataset.spec["fixations"].get("stimuli")
    if given is None:
        raise UsageError(
            f"{path}: its images have numbers, no names. Say fixations: stimuli: FILE in the "
            f"dataset.yaml of {dataset.id!r}: the FileStimuli HDF5 of the same data set, or a text "
            "file with the photographs' names in the order of their numbers."
        )
    stimuli = dataset.file(given)
    if stimuli.suffix.lower() not in SUFFIXES:
        return read_names(stimuli)
    try:
        with h5py.File(stimuli, "r") as file:
            _kind(stimuli, file, {"FileStimuli": ("1.0", "2.0", "2.1")})
            names = own_item(file, "filenames", stimuli)
            if not isinstance(names, h5py.Dataset) or names.ndim != 1:
                raise ValidationError(
                    f"{stimuli}: no array filenames in it, a name per photograph."
                )
            check_size(names, "filenames", stimuli)
            # A file written on Windows has its folders there; PureWindowsPath knows both signs.
            return [PureWindowsPath(_text(name)).name for name in names[...]]
    except DAMAGED as error:
        raise DataError(f"{stimuli}: not readable as HDF5 ({_reason(error)}).") from None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or " ".join(str(error).split())
