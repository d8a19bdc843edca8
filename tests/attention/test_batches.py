"""Photographs in files -> maps per image."""

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from bench.attention import attend, method_names
from bench.attention._batches import attend_images
from bench.errors import DataError, UsageError
from bench.networks import load_network
from bench.photographs import read_photograph


@pytest.fixture(scope="module")
def lite():
    return load_network("efficientnet_lite0")


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    for name in ("chelsea", "coffee", "rocket"):
        Image.fromarray(getattr(data, name)()).save(folder / f"{name}.png")
    return [folder / f"{name}.png" for name in ("chelsea", "coffee", "rocket")]


def test_maps_classes_and_scores_of_photographs(lite, photographs):
    counts = []
    attended = attend_images(
        ["cam", "gradient"], lite, photographs, batch_size=2, progress=counts.append
    )
    items = list(attended)
    assert len(attended) == 3
    assert counts == [2, 1]
    assert [item.image_id for item in items] == ["chelsea.png", "coffee.png", "rocket.png"]
    assert [item.target_name for item in items] == ["Egyptian cat", "espresso", "missile"]
    x = torch.stack([lite.preprocess(read_photograph(path)) for path in photographs])
    expected = attend(["cam", "gradient"], lite, x)
    with torch.no_grad():
        scores = lite.module(x).amax(1)
    for row, item in enumerate(items):
        assert item.score == pytest.approx(float(scores[row]), rel=1e-4)
        for method in ("cam", "gradient"):
            found = item.maps[method][method]
            assert found.dtype == np.float32
            assert found.ndim == 2
            assert found == pytest.approx(expected[method][row].numpy(), rel=1e-3, abs=1e-3)


def test_given_targets_and_ids(lite, photographs):
    paths = {"a": photographs[0], "b": photographs[1]}
    items = list(attend_images("cam", lite, paths, targets={"a": 7, "b": 9}))
    assert [(item.image_id, item.target) for item in items] == [("a", 7), ("b", 9)]
    with pytest.raises(UsageError, match="none for the image 'b'"):
        attend_images("cam", lite, paths, targets={"a": 7})


def test_a_method_that_does_not_apply_is_left_out_and_named_once(photographs):
    network = load_network("alexnet", weights=None)
    attended = attend_images(["cam", "gradcam"], network, photographs, batch_size=1)
    items = list(attended)
    assert all(list(item.maps) == ["gradcam"] for item in items)
    assert "fully connected" in attended.not_applicable["cam"]


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n broken"])
def test_an_unreadable_photograph_is_named(tmp_path, content, lite):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.png: cannot be read as a photograph"):
        list(attend_images("cam", lite, [path]))


def test_a_cut_off_photograph_is_named(tmp_path, photographs):
    path = tmp_path / "cut.png"
    path.write_bytes(photographs[0].read_bytes()[:5000])
    with pytest.raises(DataError, match=r"cut\.png"):
        read_photograph(path)
    with pytest.raises(DataError, match="absent"):
        read_photograph(tmp_path / "absent.png")


def test_every_kind_of_picture_becomes_rgb(tmp_path):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    pictures = {
        "L": Image.fromarray(grey),
        "P": Image.fromarray(grey).convert("P"),
        "1": Image.fromarray(grey).convert("1"),
        "RGBA": Image.fromarray(grey).convert("RGBA"),
        "LA": Image.fromarray(grey).convert("LA"),
        "I;16": Image.fromarray(grey.astype(np.uint16) * 257),
    }
    for mode, picture in pictures.items():
        path = tmp_path / f"{mode.replace(';', '')}.png"
        picture.save(path)
        rgb = read_photograph(path)
        assert rgb.dtype == np.uint8
        assert rgb.shape == (16, 16, 3)
        if mode != "1":
            assert np.array_equal(rgb[:, :, 0], grey), mode


def test_transparent_parts_are_black(tmp_path):
    rgba = np.full((4, 4, 4), 200, dtype=np.uint8)
    rgba[:2, :, 3] = 0
    rgba[2:, :, 3] = 255
    Image.fromarray(rgba).save(tmp_path / "t.png")
    rgb = read_photograph(tmp_path / "t.png")
    assert (rgb[:2] == 0).all()
    assert (rgb[2:] == 200).all()


def test_two_files_of_one_name_need_ids(lite, tmp_path):
    with pytest.raises(UsageError, match="same file name"):
        attend_images("cam", lite, [tmp_path / "a" / "x.png", tmp_path / "b" / "x.png"])


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (333, 500)])
@pytest.mark.parametrize("value", [0, 255])
def test_even_photographs_of_any_size_give_finite_maps(tmp_path, lite, size, value):
    path = tmp_path / "even.png"
    Image.fromarray(np.full((*size, 3), value, dtype=np.uint8)).save(path)
    (item,) = attend_images(list(method_names()), lite, [path])
    for method, maps in item.maps.items():
        for name, values in maps.items():
            assert np.isfinite(values).all(), (method, name)
            assert values.shape != (0, 0)
