"""Map files: HDF5 with one array per image name, the layout that pysaliency reads and writes.

`heatmaps.h5` holds the human heatmaps at its root; `maps/{method}.h5` holds a group per map name
(a method may give several) and in it the arrays, at the method's own resolution, raw. Opening a
file that is not such a file is a DataError that names it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from bench.errors import DataError, ValidationError

DAMAGED = "Delete it; the workflow makes it again."


class NewMaps(h5py.File):
    """A new file, open for writing; OSError where the disk takes no more, at once and cleanly.

    The format is that of HDF5 1.10: its structure carries checksums, as the arrays do
    (`write_map`), and small maps take a sixth of the room that checksums cost in the older one.
    """

    def __init__(self, path: Path) -> None:
        self._disk = _Disk(path, "w+")
        super().__init__(self._disk, "w", libver="v110")

    def require_group(self, name: str) -> h5py.Group:
        """The group of that name."""
        self._check()
        return super().require_group(name)

    def create_dataset(self, *words: Any, **options: Any) -> h5py.Dataset:
        """A new array."""
        self._check()
        return super().create_dataset(*words, **options)

    def close(self) -> None:
        """Writes what is left and closes the file."""
        if self._disk.closed:
            return
        super().close()
        self._disk.close()
        self._check()

    def _check(self) -> None:
        if self._disk.error:
            raise self._disk.error


class _Disk(io.FileIO):
    """A file that keeps its first error of writing, and from then on takes all and writes nothing.

    HDF5 writes when it likes, often where h5py can raise nothing. A file that cannot be written to
    its end it never closes, and at the end of the process it crashes on it.
    """

    error: OSError | None = None

    def write(self, data: Any) -> int:
        rest = memoryview(data)
        try:
            while len(rest) and not self.error:
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.error = error
        return len(data)

    def truncate(self, size: int | None = None) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self.error = self.error or error
        return size or 0


@contextmanager
def open_maps(path: Path) -> Iterator[h5py.File]:
    """The file, open for reading; damage that only shows while it is read is a DataError too."""
    if not path.is_file():
        raise DataError(f"{path}: no such file. Expected maps in HDF5.")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DataError(f"{path}: not readable as HDF5 ({error}). {DAMAGED}") from None
    with file:
        try:
            yield file
        except (OSError, KeyError, RuntimeError) as error:
            if "synchronously" not in str(error):  # so HDF5 begins: "Can't synchronously read ..."
                raise
            reason = error.args[0]
            raise DataError(f"{path}: damaged, not readable ({reason}). {DAMAGED}") from None


def write_map(group: h5py.Group, image_id: str, values: np.ndarray, **attributes: Any) -> None:
    """Stores one map as float32 under the image's name, its attributes beside it.

    A slash would open a group inside the group, so it cannot stand in a name. The array carries a
    checksum, so that a byte that changed on the disk is an error and never a number.
    """
    if "/" in image_id:
        raise ValidationError(f"image name {image_id!r}: a name holds no slash.")
    values = np.asarray(values, dtype=np.float32)
    item = group.create_dataset(image_id, data=values, chunks=values.shape, fletcher32=True)
    item.attrs.update(attributes)


def read_map(group: h5py.Group, image_id: str) -> np.ndarray:
    """One map, (h, w) float64.

    ValidationError where it is missing or no two-dimensional array. What is damaged raises an
    OSError or KeyError of HDF5's, which `open_maps` turns into a DataError.
    """
    where = f"{Path(group.file.filename).name}{group.name.rstrip('/')}"
    if image_id not in group:
        raise ValidationError(f"{where}: no map for image {image_id!r}.")
    item = group[image_id]
    if not isinstance(item, h5py.Dataset) or item.ndim != 2 or item.dtype.kind not in "fiu":
        raise ValidationError(f"{where}/{image_id}: expected numbers in an array (h, w).")
    return item[()].astype(np.float64)


def map_names(file: h5py.File) -> list[str]:
    """The groups of a method's file, in the method's own order."""
    return json.loads(file.attrs.get("maps", "[]")) or sorted(file)


def stored_fingerprint(path: Path) -> tuple[str, str]:
    """What a map file says it was made from, and the record of the job that made it.

    The first is "absent" or "unreadable" where the file cannot say.
    """
    if not path.exists():
        return "absent", ""
    try:
        with h5py.File(path, "r") as file:
            return str(file.attrs["fingerprint"]), str(file.attrs.get("record", ""))
    except (OSError, KeyError):
        return "unreadable", ""


def stored_failure(path: Path) -> str:
    """Why the method behind a map file failed; "" where it did not or the file cannot say."""
    try:
        with h5py.File(path, "r") as file:
            return str(file.attrs.get("failed", ""))
    except OSError:
        return ""


def upsampled(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The map (h, w) at the image's size (H, W): bilinear, pixel centres aligned, edges held.

    The same numbers as torch's `interpolate(mode="bilinear", align_corners=False)`, without torch.
    """
    for axis, size in enumerate(shape):
        length = values.shape[axis]
        if length == size:
            continue
        place = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
        below = np.minimum(place.astype(np.intp), max(length - 2, 0))
        weight = (place - below).reshape((-1, 1) if axis == 0 else (1, -1))
        low = values.take(below, axis)
        high = values.take(np.minimum(below + 1, length - 1), axis)
        values = low + (high - low) * weight
    return values
