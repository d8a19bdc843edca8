"""Map files, and maps at the image's size."""

import h5py
import numpy as np
import pytest

from bench.errors import DataError, ValidationError
from bench.maps import open_maps, read_map, stored_fingerprint, upsampled, write_map


@pytest.mark.parametrize("shape", [(7, 7), (14, 9), (1, 1), (1, 5), (224, 224)])
@pytest.mark.parametrize("size", [(60, 80), (33, 57), (9, 300)])
def test_upsampling_equals_torchs_bilinear_interpolation(shape, size):
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(0).normal(size=shape)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], size=size, mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(upsampled(values, size), expected[0, 0].numpy(), atol=1e-12)


def test_a_map_of_the_images_size_stays_as_it_is():
    values = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(upsampled(values, (2, 3)), values)


def test_a_map_comes_back_as_it_was_written(tmp_path):
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        write_map(file, "ä b.jpg", values, target=3)
    with open_maps(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(read_map(file, "ä b.jpg"), values)
        assert file["ä b.jpg"].attrs["target"] == 3


def test_a_missing_map_names_file_and_image(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        write_map(file.require_group("cam"), "a.jpg", np.zeros((2, 2)))
    with (
        open_maps(tmp_path / "a.h5") as file,
        pytest.raises(ValidationError, match=r"a\.h5/cam: no map for image 'b\.jpg'"),
    ):
        read_map(file["cam"], "b.jpg")


def test_an_array_of_another_shape_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a.jpg"] = np.zeros((2, 2, 3))
    with (
        open_maps(tmp_path / "a.h5") as file,
        pytest.raises(ValidationError, match=r"expected numbers in an array \(h, w\)"),
    ):
        read_map(file, "a.jpg")


def test_garbage_is_no_map_file(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"garbage")
    with (
        pytest.raises(DataError, match=r"a\.h5: not readable as HDF5"),
        open_maps(tmp_path / "a.h5"),
    ):
        pass
    assert stored_fingerprint(tmp_path / "a.h5") == ("unreadable", "")
    assert stored_fingerprint(tmp_path / "none.h5") == ("absent", "")


def test_a_name_with_a_slash_is_refused(tmp_path):
    with (
        h5py.File(tmp_path / "a.h5", "w") as file,
        pytest.raises(ValidationError, match="holds no slash"),
    ):
        write_map(file, "a/b.jpg", np.zeros((2, 2)))
