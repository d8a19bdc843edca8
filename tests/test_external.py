"""Maps made elsewhere: every format is read, and what does not fit is named."""

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from bench.cli import main
from bench.errors import DataError, ValidationError
from bench.external import ExternalMaps, external_files
from bench.maps import read_map

SIZES = {"a.png": (3, 4), "b.png": (3, 4)}
MAPS = {name: np.arange(12.0).reshape(3, 4) + number for number, name in enumerate(SIZES)}


def hdf5(path, arrays):
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values


def matlab73(path, arrays):
    """As MATLAB writes it: a 512-byte header, and every matrix column by column."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in arrays.items():
            file[name] = np.asarray(values).T
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


ONE = {
    "h5": lambda path, values: hdf5(path, {"anything": values}),
    "hdf5": lambda path, values: hdf5(path, {"map": values, "other": 0 * values}),
    "npy": np.save,
    "npz": lambda path, values: np.savez(path, values),
    "mat": lambda path, values: savemat(path, {"anything": values}),
    "png": lambda path, values: Image.fromarray(values.astype(np.uint8)).save(path),
}


@pytest.mark.parametrize("suffix", ONE)
@pytest.mark.parametrize("name", ["{stem}.{suffix}", "{image}.{suffix}"])
def test_a_folder_with_a_file_per_photograph(suffix, name, tmp_path):
    for image, values in MAPS.items():
        ONE[suffix](tmp_path / name.format(stem=image[0], image=image, suffix=suffix), values)
    found = dict(ExternalMaps(tmp_path, SIZES))
    assert list(found) == list(SIZES)
    for image, values in found.items():
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, MAPS[image])


ALL = {
    "h5": hdf5,
    "group.h5": lambda path, arrays: hdf5(path, {f"gradcam/{n}": v for n, v in arrays.items()}),
    "npz": lambda path, arrays: np.savez(path, **arrays),
    "mat": lambda path, arrays: savemat(path, {name[0]: v for name, v in arrays.items()}),
    "73.mat": lambda path, arrays: matlab73(path, {name[0]: v for name, v in arrays.items()}),
}


@pytest.mark.parametrize("suffix", ALL)
def test_one_file_with_an_array_per_photograph(suffix, tmp_path):
    path = tmp_path / f"all.{suffix}"
    ALL[suffix](path, MAPS)
    for image, values in ExternalMaps(path, SIZES):
        np.testing.assert_array_equal(values, MAPS[image])


@pytest.mark.parametrize("mode", ["L", "I;16", "1"])
def test_grey_pictures_of_every_depth_keep_their_values(mode, tmp_path):
    values = np.arange(12).reshape(3, 4)
    picture = {
        "L": Image.fromarray(values.astype(np.uint8)),
        "I;16": Image.fromarray((values * 5000).astype(np.uint16)),
        "1": Image.fromarray(values.astype(np.uint8) * 20).convert("1", dither=0),
    }[mode]
    expected = {"L": values, "I;16": values * 5000, "1": values * 20 > 127}[mode]
    picture.save(tmp_path / "a.png")
    ((_, found),) = ExternalMaps(tmp_path, {"a.png": (3, 4)})
    np.testing.assert_array_equal(found, expected)


def nan(shape=(3, 4)):
    values = np.zeros(shape)
    values[0, 1] = np.nan
    return values


BAD = {
    "nan": (nan(), r"a\.npy: 1 of 12 values are NaN or infinite"),
    "too_large": (np.full((3, 4), 1e60), "12 of 12 values are NaN or infinite"),
    "three_dimensional": (np.zeros((3, 4, 3)), r"shape \(3, 4, 3\).*save the map in grey"),
    "one_dimensional": (np.zeros(12), r"found an array of shape \(12,\)"),
    "empty": (np.zeros((0, 4)), r"found an array of shape \(0, 4\)"),
    "complex": (np.zeros((3, 4), dtype=complex), "type complex128; expected numbers"),
    "text": (np.full((3, 4), "x"), "expected numbers in two dimensions"),
    "transposed": (np.zeros((4, 3)), "the map is transposed; store rows first"),
}


@pytest.mark.parametrize(("values", "message"), BAD.values(), ids=BAD)
def test_an_array_that_is_no_map_is_named(values, message, tmp_path):
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(ValidationError, match=message) as error:
        list(ExternalMaps(tmp_path, {"a.png": (3, 4)}))
    assert "a.npy" in str(error.value)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA"])
def test_a_picture_in_colour_is_refused(mode, tmp_path):
    Image.new(mode, (4, 3)).save(tmp_path / "a.png")
    with pytest.raises(ValidationError, match=rf"a\.png: found a picture in colour.*mode {mode}"):
        list(ExternalMaps(tmp_path, {"a.png": (3, 4)}))


@pytest.mark.parametrize("suffix", ["h5", "npz", "npy", "mat", "png"])
@pytest.mark.parametrize("content", [b"", b"no such format at all", b"PK\x03\x04 broken"])
def test_a_damaged_file_is_named(suffix, content, tmp_path):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"a\.{suffix}: cannot be read"):
        list(ExternalMaps(tmp_path, {"a.png": (3, 4)}))


def test_a_matlab_file_that_scipy_dies_over_is_named_and_the_next_is_read(tmp_path):
    values = np.arange(12.0).reshape(3, 4)
    savemat(tmp_path / "a.mat", {"a": values})
    content = bytearray((tmp_path / "a.mat").read_bytes())
    content[177] = 255  # the type of the name's element; scipy 1.17 ends with signal 11
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.mat: cannot be read"):
        list(ExternalMaps(tmp_path, {"a.png": (3, 4)}))
    savemat(tmp_path / "a.mat", {"a": values})
    ((_, read),) = list(ExternalMaps(tmp_path, {"a.png": (3, 4)}))
    np.testing.assert_array_equal(read, values)


def test_a_pickled_array_is_not_opened(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"a\.npy: cannot be read .*allow_pickle"):
        list(ExternalMaps(tmp_path, {"a.png": (3, 4)}))


@pytest.mark.parametrize("suffix", ["npz", "mat"])
def test_a_few_bytes_that_unpack_to_many_are_refused(suffix, tmp_path, monkeypatch):
    monkeypatch.setattr("bench.external.MOST_BYTES", 1_000_000)
    path = tmp_path / f"a.{suffix}"
    zeros = np.zeros((400, 500))
    if suffix == "npz":
        np.savez_compressed(path, a=zeros)
    else:
        savemat(path, {"a": zeros}, do_compression=True)
    assert path.stat().st_size < 5000
    with pytest.raises(ValidationError, match=r"a\.\w+: 'a' unpacks to 16\d{5} bytes"):
        list(ExternalMaps(tmp_path, {"a.png": (400, 500)}))


def test_photographs_without_a_map_are_named_with_what_was_expected(tmp_path):
    np.save(tmp_path / "a.npy", MAPS["a.png"])
    with pytest.raises(ValidationError, match=r"no map for the photograph 'b\.png'; .*such as b\."):
        ExternalMaps(tmp_path, SIZES)
    np.savez(tmp_path / "all.npz", a=MAPS["a.png"])
    with pytest.raises(ValidationError, match=r"'b\.png'; expected an array 'b' for each of the 2"):
        ExternalMaps(tmp_path / "all.npz", SIZES)
    with pytest.raises(DataError, match="no such folder or file"):
        ExternalMaps(tmp_path / "nowhere", SIZES)


def test_two_maps_for_one_photograph_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", MAPS["a.png"])
    np.savez(tmp_path / "a.npz", MAPS["a.png"])
    with pytest.raises(ValidationError, match=r"a\.npy and a\.npz both may be the map"):
        ExternalMaps(tmp_path, {"a.png": (3, 4)})


def test_photographs_of_one_stem_need_the_whole_name(tmp_path):
    sizes = {"a.jpg": (3, 4), "a.png": (3, 4)}
    np.save(tmp_path / "a.npy", MAPS["a.png"])
    with pytest.raises(ValidationError, match=r"'a\.jpg' and 1 more; .* such as a\.jpg\.png"):
        ExternalMaps(tmp_path, sizes)
    for number, image in enumerate(sizes):
        np.save(tmp_path / f"{image}.npy", np.full((3, 4), number))
    found = ExternalMaps(tmp_path, sizes)
    assert {image: values[0, 0] for image, values in found} == {"a.jpg": 0, "a.png": 1}
    assert found.ignored == ["a.npy"]


def test_files_of_other_photographs_are_ignored_and_named(tmp_path):
    for name in ("a.npy", "b.npy", "c.npy", "notes.txt", ".hidden.npy"):
        np.save(tmp_path / "x.npy", MAPS["a.png"])
        (tmp_path / "x.npy").rename(tmp_path / name)
    assert ExternalMaps(tmp_path, SIZES).ignored == ["c.npy", "notes.txt"]
    assert {p.name for paths in external_files(tmp_path, SIZES).values() for p in paths} == {
        "a.npy",
        "b.npy",
    }


def test_the_verb_writes_a_method_s_file(tiny, tmp_path, capsys):
    maps = tmp_path / "mine"
    maps.mkdir()
    for name in ("a", "b", "c"):
        np.savez(maps / f"{name}.npz", np.full((6, 9), ord(name)))
    output = tmp_path / "results/tiny/external/maps/mine.h5"
    words = ["external", "--dataset", tiny / "dataset.yaml", "--source", maps, "--output", output]
    main([str(word) for word in [*words, "--name", "mine"]])
    with h5py.File(output) as file:
        assert read_map(file["mine"], "b.png").tolist() == np.full((6, 9), ord("b")).tolist()
    assert "1 that belong to no photograph are ignored: c.npz" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in [*words, "--name", "../mine"]])
    assert stop.value.code == 2
