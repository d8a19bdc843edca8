"""What the image explorer holds: levels, fixations and scores as they stand in the results."""

import base64
import io
import json

import numpy as np
import pandas as pd
import pytest
from matplotlib import colormaps
from PIL import Image
from skimage.transform import resize

from bench.metrics import get_metric
from bench.report.explorer import make_explorer
from bench.report.explorer_pictures import colour_tables, grey_levels, map_picture
from bench.report.numbers import number
from bench.report.pictures import OPACITY, overlay

METRICS = [get_metric(name) for name in ("nss", "sauc")]


def pixels(address):
    kind, content = address.split(",")
    assert kind == "data:image/jpeg;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content)))).astype(float)


def test_levels_are_the_place_on_the_figures_scale():
    values = np.ones((120, 120))
    values[:60], values[0, :2] = 0, (4, 16)  # not resized; the mean stays about a half
    mean = values.mean()
    levels = grey_levels(values)
    assert levels[0, 0] == pytest.approx(255 * (np.log2(4 / mean) + 2) / 6)
    assert levels[0, 1] == 255  # more than 16 times the mean
    assert levels[119, 0] == pytest.approx(255 * (np.log2(1 / mean) + 2) / 6)
    assert (levels[1:60] == 0).all()


def test_levels_are_those_that_the_figures_colour():
    values = np.random.default_rng(1).random((120, 130)) ** 4
    drawn = overlay(np.zeros((120, 130, 3), dtype=np.uint8), values)
    colours = colormaps["magma"](grey_levels(values).astype(np.uint8))[:, :, :3] * 255
    assert np.abs(drawn - OPACITY * colours).max() <= 1


@pytest.mark.parametrize(
    ("values", "level"),
    [(np.full((3, 3), 7.0), 85), (np.zeros((3, 3)), 85), (np.array([[1.0, np.nan]]), 0)],
)
def test_an_even_map_has_the_colour_of_the_mean_and_one_that_is_not_finite_is_dark(values, level):
    assert grey_levels(values) == pytest.approx(level)


def test_a_coarse_map_is_enlarged_as_it_is_scored():
    values = np.random.default_rng(0).random((7, 9))
    enlarged = resize(values, (112, 112), order=1, mode="edge")
    expected = 255 * np.clip((np.log2(enlarged / enlarged.mean()) + 2) / 6, 0, 1)
    error = np.abs(pixels(map_picture(values)) - expected)
    assert error.max() < 12  # JPEG's
    assert error.mean() < 2


def test_colours_are_the_galleries():
    assert [len(table.split()) for table in colour_tables()] == [33] * 3
    ends = [(float(t.split()[0]), float(t.split()[-1])) for t in colour_tables()]
    assert ends == [(0.001, 0.987), (0.0, 0.991), (0.014, 0.750)]  # van der Walt, Smith: magma


def _read(folder, name):
    text = (folder / name).read_text(encoding="ascii")
    return json.loads(text.removeprefix("explorerPhotograph(").removesuffix(");\n"))


def test_a_photograph_has_its_fixations_in_order_and_all_scores(small_results, tmp_path):
    results, files, fixations = small_results()
    folder = tmp_path / "explorer"
    explorer = make_explorer(results, files, fixations, METRICS, folder)
    assert explorer.folder == ""  # small: inside the page
    assert explorer.photographs == [_read(folder, name) for name in explorer.index["files"]]
    first, last = explorer.photographs[0], explorer.photographs[-1]
    assert first["gaze"] == [["ann", [10, 20, 300, 40, 31, 250]], ["bob", [70, 50, 1200]]]
    assert last["gaze"] == []
    assert first["size"] == [80, 60]
    assert pixels(first["photograph"]).shape == (60, 80, 3)
    table = pd.read_csv(results.folder / "scores.csv").set_index(
        ["model", "method", "image", "metric"]
    )["value"]
    for model in ("alexnet", "vgg16"):
        seen = first["networks"][model]
        assert seen["class"] == f"{model}'s <class>"
        for method, row in zip(("cam", "gradient"), seen["maps"], strict=True):
            wanted = [number(table[model, method, "a.png", name]) for name in ("nss", "sauc")]
            assert row[2:] == wanted
            assert row[1] == ("flat" if method == "cam" else "")
        assert last["networks"][model]["maps"][0] is None  # no map of this photograph
    assert [row[0] for row in first["baselines"]] == ["other viewers", "centre bias"]


def test_what_is_too_large_for_the_page_lies_in_the_folder_alone(small_results, tmp_path):
    results, files, fixations = small_results()
    folder = tmp_path / "explorer"
    folder.mkdir()
    for name in ("0123456789abcdef.js", "mine.js", "note.txt"):
        (folder / name).write_text("")
    explorer = make_explorer(results, files, fixations, METRICS, folder, inside_bytes=1000)
    assert (explorer.folder, explorer.photographs) == ("explorer", [])
    kept = {path.name for path in folder.iterdir()}
    assert kept == {*explorer.index["files"], "mine.js", "note.txt"}
    again = make_explorer(results, files, fixations, METRICS, tmp_path / "b", inside_bytes=1000)
    assert again.index == explorer.index  # names are checksums of what is in the files


def test_viewers_who_count_fixations_still_have_durations(small_results, tmp_path):
    import h5py

    results, files, fixations = small_results()
    with h5py.File(results.folder / "heatmaps.h5", "a") as file:
        file.attrs.update(weight="count", first_fixation="drop")
    explorer = make_explorer(results, files, fixations, METRICS, tmp_path / "explorer")
    assert explorer.photographs[0]["gaze"] == [["ann", [40, 31, 250]]]
