"""HDF5 files that reach out of themselves, or state more than there is."""

import h5py
import numpy as np
import pytest

from bench.errors import ValidationError
from bench.external import ExternalMaps
from bench.hdf5 import own_items

VALUES = np.ones((3, 4))
ELSEWHERE = {
    "another file": lambda file, folder: h5py.ExternalLink("other.h5", "/secret"),
    "another file's whole path": lambda file, folder: h5py.ExternalLink(
        str(folder / "other.h5"), "/secret"
    ),
    "no file at all": lambda file, folder: h5py.ExternalLink("/nowhere.h5", "/secret"),
    "a place in the same file": lambda file, folder: h5py.SoftLink("/group/b"),
    "itself": lambda file, folder: h5py.SoftLink("/a"),
}


@pytest.fixture
def path(tmp_path):
    """A file to be, beside one that it must not read."""
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"], other["group/a"] = VALUES, VALUES
    (tmp_path / "raw").write_bytes(VALUES.tobytes())
    return tmp_path / "maps.h5"


def refused(path, message):
    for suffix in (".h5", ".mat"):  # MATLAB's 7.3 is HDF5 too
        file = path.rename(path.with_suffix(suffix))
        with pytest.raises(ValidationError, match=message) as error:
            list(ExternalMaps(file, {"a.png": (3, 4)}))
        assert str(file) in str(error.value)
        path = file


@pytest.mark.parametrize("link", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_link_is_not_followed(link, path):
    with h5py.File(path, "w") as file:
        file["group/b"] = VALUES
        file["a"] = link(file, path.parent)
    refused(path, r"'a' is a link to .*expected the array in the file itself")


def test_a_group_of_another_file_is_not_entered(path):
    with h5py.File(path, "w") as file:
        file["maps"] = h5py.ExternalLink("other.h5", "/group")
    refused(path, r"'maps' is a link to other\.h5")


def test_numbers_that_lie_in_another_file_are_not_read(path):
    with h5py.File(path, "w") as file:
        raw = [(str(path.parent / "raw"), 0, VALUES.nbytes)]
        file.create_dataset("a", VALUES.shape, "f8", external=raw)
    refused(path, "'a' is an array whose numbers lie in .*raw")


def test_an_array_put_together_from_another_file_is_not_read(path):
    layout = h5py.VirtualLayout(VALUES.shape, "f8")
    layout[:] = h5py.VirtualSource(str(path.parent / "other.h5"), "secret", VALUES.shape)
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("a", layout)
    refused(path, "'a' is a virtual array")


@pytest.mark.parametrize("shape", [(10**9, 10**9), (200_000, 200_000), (89_478_486, 1)])
def test_a_stated_size_is_judged_before_it_is_read(shape, path):
    with h5py.File(path, "w") as file:
        file.create_dataset("a", shape, "f8", chunks=(100, 1))
    assert path.stat().st_size < 10_000
    refused(path, "'a' states a shape of .* at most 89478485 numbers")


def test_an_array_without_a_shape_is_no_map(path):
    with h5py.File(path, "w") as file:
        file["a"] = h5py.Empty("f8")
    refused(path, "'a' states no shape")


def test_what_lies_in_the_file_is_found(path):
    with h5py.File(path, "w") as file:
        file["a"], file["group/b"] = VALUES, VALUES
    with h5py.File(path) as file:
        assert list(own_items(file, path)) == ["a", "group"]
        np.testing.assert_array_equal(own_items(file, path)["a"], VALUES)
