"""Two map files side by side: against scipy and numpy, over shapes, layouts and hostile input."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from skimage.transform import resize

from bench.cli import main
from bench.errors import UsageError, ValidationError
from bench.map_comparison import compared, likeness, map_pairs, maps_in
from bench.shards import shard_path
from bench.stages._map_links import link_maps


def _file(path, arrays, **attributes):
    with h5py.File(path, "w") as file:
        file.attrs.update(attributes)
        for name, values in arrays.items():
            file[name] = values
    return path


def test_likeness_is_that_of_scipy_and_numpy():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 30, 40))
    ranks, linear, shared, difference, identical = likeness(a, b)
    assert ranks == pytest.approx(spearmanr(a.ravel(), b.ravel())[0])
    assert linear == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1])
    assert shared == pytest.approx(np.minimum(a / a.sum(), b / b.sum()).sum())
    assert difference == np.abs(a - b).max()
    assert identical is False


def test_signed_maps_are_correlated_with_their_sign_and_overlap_without():
    a = np.array([[-3.0, 1.0], [0.0, 1.0]])
    ranks, linear, shared, difference, _ = likeness(a, -a)
    assert (ranks, linear) == (pytest.approx(-1), pytest.approx(-1))
    # p = S - min(S, 0), over its sum: (0, 4, 3, 4) / 11 and (4, 0, 1, 0) / 5
    assert shared == pytest.approx(min(3 / 11, 1 / 5))
    assert difference == 6


def test_maps_of_other_shapes_meet_on_the_finer_grid():
    coarse = np.random.default_rng(1).random((7, 7))
    fine = resize(coarse, (120, 200), order=1, mode="edge")
    ranks, linear, shared, difference, identical = likeness(coarse, fine)
    assert (ranks, linear, shared) == (pytest.approx(1, abs=1e-6),) * 3
    assert np.isnan(difference)
    assert identical is False


def test_large_maps_keep_their_likeness_on_the_common_grid():
    y, x = np.mgrid[:600, :800] / 100
    a, b = np.sin(x) + np.cos(y), np.sin(x + 0.3) + np.cos(y)
    ranks, linear, *_ = likeness(a, b)
    assert linear == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1], abs=1e-3)
    assert ranks == pytest.approx(spearmanr(a.ravel(), b.ravel())[0], abs=1e-3)


def test_maps_without_order_or_with_nan_have_no_correlation():
    ramp = np.arange(6.0).reshape(2, 3)
    ranks, linear, shared, difference, identical = likeness(ramp, np.ones((2, 3)))
    assert np.isnan([ranks, linear]).all()
    assert shared == pytest.approx(np.minimum(ramp / 15, 1 / 6).sum())
    assert (difference, identical) == (4, False)
    hole = np.where(ramp == 2, np.nan, ramp)
    assert np.isnan(likeness(ramp, hole)[:4]).all()
    assert likeness(hole, hole)[3:] == (0.0, True)


def test_which_maps_are_compared():
    assert map_pairs(["gradcam"], ["heatmaps"]) == [("gradcam", "heatmaps")]
    assert map_pairs(["d1", "d2"], ["d2", "d3"]) == [("d2", "d2")]
    assert map_pairs(["d1", "d2"], ["d1"], ("d2", "d1")) == [("d2", "d1")]
    with pytest.raises(UsageError, match=r"d1, d2; e1.*--map A_NAME B_NAME"):
        map_pairs(["d1", "d2"], ["e1"])
    with pytest.raises(UsageError, match=r"unknown map 'd3'.*Known: d1, d2"):
        map_pairs(["d1", "d2"], ["e1"], ("d3", "e1"))


def test_layouts_of_others_are_read(tmp_path):
    ramp = np.arange(6.0).reshape(2, 3)
    flat = _file(tmp_path / "model.h5", {"a.jpg": ramp, "deep/b.jpg": ramp})
    grouped = _file(tmp_path / "g.h5", {"second/a.jpg": ramp, "first/a.jpg": ramp}, maps="[]")
    with h5py.File(flat) as file:
        assert maps_in(file) == {"model": {"a.jpg": "/a.jpg", "deep/b.jpg": "/deep/b.jpg"}}
    with h5py.File(grouped) as file:
        assert list(maps_in(file)) == ["first", "second"]
    for attributes, message in (({}, "holds no array"), ({"failed": "too small"}, "too small")):
        empty = _file(tmp_path / "empty.h5", {}, **attributes)
        with h5py.File(empty) as file, pytest.raises(ValidationError, match=message):
            maps_in(file)


@pytest.fixture
def two(tmp_path):
    """Two files of one map each: three photographs in both, one in the first alone."""
    ramp = np.arange(12.0).reshape(3, 4)
    a = _file(tmp_path / "a.h5", {f"m/{name}.png": ramp for name in "abcd"})
    b = {"n/a.png": ramp, "n/b.png": ramp + 0.5, "n/c.png": -ramp}
    return a, _file(tmp_path / "b.h5", b)


def test_maps_in_shards_are_compared_like_those_in_one_file(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {f"mine/{name}": rng.random((4, 5)) for name in ("a.png", "b.png", "c.png")}
    whole = _file(tmp_path / "whole.h5", arrays, maps='["mine"]', fingerprint="x")
    joined = tmp_path / "maps" / "mine.h5"
    parts = {shard_path(joined, "1f"): ["a.png", "b.png"], shard_path(joined, "2e"): ["c.png"]}
    for path, names in parts.items():
        path.parent.mkdir(parents=True)
        own = {f"mine/{name}": arrays[f"mine/{name}"] for name in names}
        _file(path, own, maps='["mine"]', fingerprint="x")
    joined.parent.mkdir()
    link_maps(joined, parts)
    with h5py.File(joined) as a, h5py.File(whole) as b:
        rows = list(compared(a, b, ("mine", "mine")))
    assert [row["image"] for row in rows] == ["a.png", "b.png", "c.png"]
    assert all(row["identical"] for row in rows)


def test_a_map_whose_shard_is_gone_is_one_message(tmp_path, capsys):
    whole = _file(tmp_path / "whole.h5", {"mine/a.png": np.eye(3)}, maps='["mine"]')
    broken = _file(
        tmp_path / "broken.h5", {"mine/a.png": h5py.ExternalLink("gone.h5", "/mine/a.png")}
    )
    with pytest.raises(SystemExit) as ended:
        main(["compare-maps", str(whole), str(broken)])
    assert ended.value.code == 3
    assert "broken.h5: damaged" in capsys.readouterr().err


def test_the_verb_tells_means_intervals_and_the_worst_photograph(two, tmp_path, capsys):
    table = tmp_path / "out" / "table.csv"
    main(["compare-maps", *map(str, two), "--csv", str(table)])
    text = capsys.readouterr().out
    assert "A m, B n: 3 photographs in both, 1 only in A" in text
    assert "rank correlation     0.333 [−1.00, 1.00]      worst −1.00 c.png" in text
    assert "largest difference   7.50 [0.000, 22.00]      worst 22.00 c.png" in text
    assert "identical            1 of 3" in text
    rows = pd.read_csv(table)
    assert rows["identical"].tolist() == [True, False, False]
    assert rows["max_difference"].tolist() == [0, 0.5, 22]


def test_the_verb_speaks_json(two, tmp_path, capsys):
    shifted = _file(tmp_path / "wide.h5", {"a.png": np.ones((5, 5))})
    main(["compare-maps", str(two[0]), str(shifted), "--json", "--quiet"])
    (pair,) = json.loads(capsys.readouterr().out)["pairs"]
    assert (pair["a_map"], pair["b_map"]) == ("m", "wide")
    assert (pair["n_images"], pair["only_a"], pair["only_b"]) == (
        1,
        ["b.png", "c.png", "d.png"],
        [],
    )
    assert pair["measures"]["spearman"]["mean"] is None  # a constant map
    assert pair["measures"]["max_difference"]["worst_image"] is None  # other shapes


@pytest.mark.parametrize(
    ("make", "code", "message"),
    [
        (lambda path: path.write_text("text"), 3, "not an HDF5 file. Expected one array per"),
        (lambda path: None, 3, "no such file"),
        (lambda path: _file(path, {"x.jpg": np.eye(2)}), 4, r"share no photograph: the first has"),
        (lambda path: _file(path, {"a.png": np.zeros(3)}), 4, r"expected numbers in an array"),
        (lambda path: _file(path, {}), 4, "holds no array"),
    ],
)
def test_what_cannot_be_compared_ends_with_one_message(two, tmp_path, capsys, make, code, message):
    make(tmp_path / "bad.h5")
    with pytest.raises(SystemExit) as stop:
        main(["compare-maps", str(two[0]), str(tmp_path / "bad.h5")])
    said = capsys.readouterr().err
    assert stop.value.code == code
    assert message in said
    assert said.startswith("bench compare-maps: ")
