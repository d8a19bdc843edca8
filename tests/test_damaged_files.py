"""A byte that changed on the disk is one message, or changes nothing; never another number."""

import h5py
import numpy as np
import pandas as pd
import pytest

from bench.errors import BenchError, DataError
from bench.maps import NewMaps, open_maps, read_map, stored_fingerprint, write_map
from bench.stages._inputs import read_csv, read_json, read_table, write_table

IMAGES = ("a.png", "b.png")


def damaged_copies(path, number, seed=0):
    """Overwrites `path`, one byte changed at a time; yields the place of that byte."""
    whole = path.read_bytes()
    for place in np.random.default_rng(seed).choice(len(whole), number, replace=False):
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        path.write_bytes(changed)
        yield int(place)


@pytest.fixture
def table():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "image": pd.Series([f"{n}.png" for n in range(40)], dtype="string"),
            "value": rng.random(40),
            "n_fixations": rng.integers(0, 9, 40),
        }
    )


def test_a_changed_byte_of_a_parquet_table_is_an_error_or_changes_no_value(table, tmp_path):
    path = tmp_path / "scores.parquet"
    write_table(table, path)
    refused = []
    for place in damaged_copies(path, 150):
        try:
            found = read_table(path, *table.columns)
        except BenchError as error:
            refused.append(str(error))
        else:
            assert (found[["image", "value", "n_fixations"]] == table).all(axis=None), place
    assert len(refused) > 50
    assert all(str(path) in told and "makes it again" in told for told in refused)


def test_a_changed_byte_of_a_map_file_is_an_error_or_changes_no_value(tmp_path):
    path = tmp_path / "gradcam.h5"
    maps = dict(zip(IMAGES, np.random.default_rng(1).random((2, 7, 7)), strict=True))
    with NewMaps(path) as file:
        file.attrs["maps"] = '["gradcam"]'
        for name, values in maps.items():
            write_map(file.require_group("gradcam"), name, values, target=3)
    refused = []
    for place in damaged_copies(path, 150):
        try:
            with open_maps(path) as file:
                found = {name: read_map(file["gradcam"], name) for name in IMAGES}
        except DataError as error:
            refused.append(str(error))
        else:
            for name, values in maps.items():
                assert (found[name] == values.astype(np.float32)).all(), place
        stored_fingerprint(path)  # the planner reads what it can, and never fails
    assert len(refused) > 15
    assert all(str(path) in told and "makes it again" in told for told in refused)


def test_a_map_file_is_small_and_plain_hdf5(tmp_path):
    path = tmp_path / "gradcam.h5"
    with NewMaps(path) as file:
        for number in range(100):
            write_map(file.require_group("gradcam"), f"{number}.png", np.full((7, 7), number))
    assert path.stat().st_size < 100 * (7 * 7 * 4 + 600)
    with h5py.File(path) as file:
        assert (file["gradcam/42.png"][()] == 42).all()


def test_an_error_that_is_not_the_file_s_stays_what_it_is(tmp_path):
    path = tmp_path / "gradcam.h5"
    NewMaps(path).close()
    with pytest.raises(KeyError, match="mine"), open_maps(path):
        raise KeyError("mine")


@pytest.mark.parametrize(
    ("name", "read"), [("recordings.json", read_json), ("scores.csv", read_csv)]
)
def test_a_byte_that_no_text_has_is_named(name, read, tmp_path):
    path = tmp_path / name
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(DataError, match=f"{name}: not readable as .* makes it again"):
        read(path)
