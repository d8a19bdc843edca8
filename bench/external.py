"""Maps that were made elsewhere: found by the photograph's name, read, checked.

A source is a folder with one file per photograph, or one file with an array per photograph. The
file for `beach.jpg` is called `beach.png`, `beach.jpg.png`, `beach.npz`, ...; the array in a common
file is called `beach.jpg` or `beach`. HDF5 (.h5, .hdf5), NumPy (.npz, .npy), MATLAB (.mat, also
version 7.3) and grey PNG are read; arrays are (h, w), at any resolution, and cover the whole
photograph: row before column, origin top left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from math import prod
from pathlib import Path

import numpy as np

from bench.errors import DataError, ValidationError
from bench.parallel import ProcessDied, apart

HDF5 = (".h5", ".hdf5")
COMMON = (*HDF5, ".mat", ".npz")
SUFFIXES = (*COMMON, ".npy", ".png")
# What the largest photograph that is read takes as float64.
MOST_BYTES = 8 * 89_478_485
EXPECTED = "expected HDF5 (.h5), .npz, .npy, .mat or a grey .png"
# A file with several arrays says by these names which one is the map.
MAP_NAMES = ("map", "saliency", "saliency_map")


def external_files(source: Path, images: Iterable[str]) -> dict[str, list[Path]]:
    """{photograph: the files in the folder `source` that may hold its map}, without opening them.

    A file that has the name of several photographs (two of one stem) belongs to none of them.
    """
    images = list(images)
    stems = [Path(image).stem for image in images]
    by_name: dict[str, list[Path]] = {}
    for path in sorted(source.iterdir()) if source.is_dir() else ():
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            by_name.setdefault(path.stem, []).append(path)
    return {
        image: by_name.get(image, []) + (by_name.get(stem, []) if stems.count(stem) == 1 else [])
        for image, stem in zip(images, stems, strict=True)
    }


class ExternalMaps:
    """The maps of a source for the photographs `sizes`, {name: (height, width)}.

    `ignored` names the files or arrays that belong to no photograph. Raises DataError for a source
    that is absent or unreadable and ValidationError for photographs without a map or with several,
    all before a map is read.
    """

    def __init__(self, source: Path, sizes: Mapping[str, tuple[int, int]]) -> None:
        self.source = source
        self.sizes = dict(sizes)
        if source.is_dir():
            self._files = external_files(source, self.sizes)
            names = {path.name for path in source.iterdir() if not path.name.startswith(".")}
            found = {image: [path.name for path in paths] for image, paths in self._files.items()}
        elif source.is_file() and source.suffix.lower() in COMMON:
            with _arrays(source) as arrays:
                names = set(arrays)
            found = {
                image: [name for name in dict.fromkeys((image, Path(image).stem)) if name in names]
                for image in self.sizes
            }
        else:
            raise DataError(
                f"{source}: no such folder or file; {EXPECTED} per photograph in a folder, or one "
                "HDF5, .npz or .mat file with an array per photograph."
            )
        self._check(found)
        self._names = {image: names[0] for image, names in found.items()}
        self.ignored = sorted(names - set(self._names.values()))

    def _check(self, found: Mapping[str, list[str]]) -> None:
        missing = [image for image, names in found.items() if not names]
        if missing:
            stem = Path(missing[0]).stem
            shared = [image for image in self.sizes if Path(image).stem == stem]
            what = f"{missing[0]}.png" if len(shared) > 1 else f"{stem}.png"
            wanted = f"a file such as {what}" if self.source.is_dir() else f"an array {stem!r}"
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise ValidationError(
                f"{self.source}: no map for the photograph {missing[0]!r}{more}; expected {wanted} "
                f"for each of the {len(found)} photographs ({EXPECTED})."
            )
        for image, names in found.items():
            if len(names) > 1:
                raise ValidationError(
                    f"{self.source}: {' and '.join(names)} both may be the map of the photograph "
                    f"{image!r}; keep one of them."
                )

    def __iter__(self) -> Iterator[tuple[str, np.ndarray]]:
        """(photograph, its map (h, w) float32), in the order of `sizes`.

        Raises ValidationError for an array that is no map of its photograph.
        """
        if self.source.is_dir():
            for image, name in self._names.items():
                path = self.source / name
                yield image, self._checked(image, _single(path), str(path))
        else:
            with _arrays(self.source) as arrays:
                for image, name in self._names.items():
                    yield image, self._checked(image, arrays[name], f"{self.source}, {name!r}")

    def _checked(self, image: str, values: object, where: str) -> np.ndarray:
        values = np.asarray(values)
        height, width = self.sizes[image]
        if values.ndim != 2 or 0 in values.shape or values.dtype.kind not in "bfiu":
            hint = " (a colour picture? save the map in grey)" if values.ndim == 3 else ""
            raise ValidationError(
                f"{where}: found an array of shape {values.shape} and type {values.dtype}{hint}; "
                "expected numbers in two dimensions, (h, w)."
            )
        if height != width and values.shape == (width, height):
            raise ValidationError(
                f"{where}: found {values.shape[0]} rows and {values.shape[1]} columns, the "
                f"photograph {image!r} has {height} and {width}: the map is transposed; store rows "
                "first."
            )
        with np.errstate(over="ignore"):
            values = values.astype(np.float32)
        if bad := int(np.count_nonzero(~np.isfinite(values))):
            raise ValidationError(
                f"{where}: {bad} of {values.size} values are NaN or infinite; expected finite "
                "numbers. Put 0 where the map says nothing."
            )
        return values


def _single(path: Path) -> np.ndarray:
    """The only array of a file, or the one that is called a map."""
    suffix = path.suffix.lower()
    if suffix == ".png":
        return _grey(path)
    if suffix == ".npy":
        with _readable(path), path.open("rb") as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)
    with _arrays(path) as arrays:
        names = list(arrays)
        named = names if len(names) == 1 else [name for name in MAP_NAMES if name in names]
        if not named:
            raise ValidationError(
                f"{path}: found {', '.join(names) or 'no array'}; expected one array, or one that "
                f"is called {' or '.join(MAP_NAMES)}."
            )
        return np.asarray(arrays[named[0]])


@contextmanager
def _arrays(path: Path) -> Iterator[Mapping]:
    """{name: array} of an HDF5, .npz or .mat file, read when asked for."""
    suffix = path.suffix.lower()
    if suffix in HDF5:
        with _hdf5(path) as file:
            yield file
    elif suffix == ".npz":
        with _readable(path):
            stream = path.open("rb")
        with stream:
            with _readable(path):
                file = np.lib.npyio.NpzFile(stream, allow_pickle=False)
            with file:
                yield _Members(path, file)
    else:
        with _matlab(path) as found:
            yield found


class _Members(Mapping):
    """The arrays of an .npz file; a damaged member is named when it is read."""

    def __init__(self, path: Path, file: np.lib.npyio.NpzFile) -> None:
        self._path, self._file = path, file

    def __getitem__(self, name: str) -> np.ndarray:
        with _readable(self._path):
            held = set(self._file.zip.namelist()) & {name, f"{name}.npy"}
            size = max(self._file.zip.getinfo(member).file_size for member in held)
            _check_unpacked(self._path, name, size, MOST_BYTES)
            return self._file[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._file)

    def __len__(self) -> int:
        return len(self._file)


def _check_unpacked(path: Path, name: str, size: int, most_bytes: int) -> None:
    """ValidationError for an array of too many bytes: a few zeros, packed, unpack to anything."""
    if size > most_bytes:
        raise ValidationError(
            f"{path}: {name!r} unpacks to {size} bytes; expected an array of at most {most_bytes}."
        )


class _Datasets(Mapping):
    """The arrays of a group of an HDF5 file; a damaged one is named when it is read.

    With `transposed` columns become rows: MATLAB's files of version 7.3 hold every matrix column
    by column.
    """

    def __init__(self, path: Path, group: Mapping, names: list[str], *, transposed: bool) -> None:
        self._path, self._group, self._names = path, group, names
        self._transposed = transposed

    def __getitem__(self, name: str) -> np.ndarray:
        from bench.hdf5 import check_size

        with _readable(self._path):
            item = self._group[name]
            check_size(item, name, self._path)
            values = np.asarray(item[()])
            return values.T if self._transposed else values

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@contextmanager
def _hdf5(path: Path, *, transposed: bool = False) -> Iterator[Mapping]:
    """The arrays at the root, or of the only group there (a method's own maps/{method}.h5)."""
    import h5py

    from bench.hdf5 import own_items

    with _readable(path):
        file = h5py.File(path, "r")
    with file:
        with _readable(path):
            group, items = file, own_items(file, path)
            if len(items) == 1 and isinstance(only := next(iter(items.values())), h5py.Group):
                group, items = only, own_items(only, path)
            names = [name for name, item in items.items() if isinstance(item, h5py.Dataset)]
        yield _Datasets(path, group, names, transposed=transposed)


@contextmanager
def _matlab(path: Path) -> Iterator[Mapping]:
    import h5py

    if h5py.is_hdf5(path):  # version 7.3
        with _hdf5(path, transposed=True) as arrays:
            yield arrays
        return
    with _readable(path):
        # Apart, for scipy's parser dies on some damaged files.
        content = apart(partial(_matlab_variables, most_bytes=MOST_BYTES), path)
    yield content


def _matlab_variables(path: Path, most_bytes: int) -> dict[str, np.ndarray]:
    from scipy.io import loadmat, whosmat

    for name, shape, _ in whosmat(path):
        _check_unpacked(path, name, 8 * prod(shape), most_bytes)
    return {name: value for name, value in loadmat(path).items() if not name.startswith("__")}


def _grey(path: Path) -> np.ndarray:
    from PIL import Image

    with _readable(path), Image.open(path) as image:
        mode, values = image.mode, np.asarray(image)
    if mode not in ("1", "L", "I", "I;16", "F"):
        raise ValidationError(
            f"{path}: found a picture in colour or with transparency (mode {mode}); expected grey, "
            "one number per pixel: a colour map cannot be read back into numbers."
        )
    return values


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turns whatever a reader raises over a damaged file into a DataError that names the file."""
    try:
        yield
    except (DataError, ValidationError):
        raise
    except ProcessDied:
        raise DataError(f"{path}: cannot be read (damaged: its reader dies); {EXPECTED}.") from None
    except Exception as error:  # zip, zlib, struct, PIL and scipy each raise their own kinds
        raise DataError(
            f"{path}: cannot be read ({type(error).__name__}: {error}); {EXPECTED}."
        ) from None
