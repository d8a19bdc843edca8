"""Any bytes as a map from elsewhere: (h, w) finite numbers, or one of our own errors."""

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bench.errors import BenchError
from bench.external import ExternalMaps

VALUES = np.arange(12.0).reshape(3, 4)


def hdf5(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=VALUES, chunks=(2, 2), compression="gzip")


WRITE = {
    "h5": hdf5,
    "npy": lambda path: np.save(path, VALUES),
    "npz": lambda path: np.savez_compressed(path, VALUES),
    "png": lambda path: Image.fromarray(VALUES.astype(np.uint8)).save(path),
}
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6)


def check(folder, suffix, edits, cut):
    path = folder / f"a.{suffix}"
    WRITE[suffix](path)
    whole = bytearray(path.read_bytes())
    for place, value in edits:
        whole[min(int(place * len(whole)), len(whole) - 1)] = value
    path.write_bytes(whole[: len(whole) - int(cut * len(whole))])
    try:
        found = list(ExternalMaps(folder, {"a.png": (3, 4)}))
    except BenchError as error:
        assert path.name in str(error)  # noqa: PT017
        return
    finally:
        path.unlink()
    ((image, values),) = found  # one photograph in, one map out
    assert image == "a.png"
    assert values.ndim == 2
    assert np.isfinite(values).all()


@pytest.mark.parametrize("suffix", WRITE)
@given(edits=EDITS, cut=st.sampled_from([0, 0, 0, 0.1, 0.5]))
def test_a_damaged_map_is_a_map_or_refused(suffix, edits, cut, tmp_path):
    check(tmp_path, suffix, edits, cut)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", WRITE)
@settings(max_examples=500)
@given(edits=EDITS, cut=st.sampled_from([0, 0, 0, 0.1, 0.5]))
def test_of_many_damaged_maps_each_is_a_map_or_refused(suffix, edits, cut, tmp_path):
    check(tmp_path, suffix, edits, cut)


@given(arrays=st.dictionaries(st.text(max_size=4), st.integers(0, 3), max_size=4))
def test_names_and_numbers_of_arrays_agree(arrays, tmp_path):
    """Of a common file each photograph gets its array; each other array is named as ignored."""
    names = {name for name in arrays if name.strip(".") and "/" not in name and "\0" not in name}
    path = tmp_path / "all.h5"
    try:
        with h5py.File(path, "w") as file:
            file["a"], file["b.png"] = VALUES, VALUES
            for name in names - {"a", "b.png"}:
                file[name] = VALUES
    except UnicodeEncodeError:
        return
    if "a.png" in names or "b" in names:
        return
    maps = ExternalMaps(path, {"a.png": (3, 4), "b.png": (3, 4)})
    assert len(list(maps)) + len(maps.ignored) == len(names | {"a", "b.png"})
