"""How alike maps and controls are: rank correlation against scipy's, and what has none."""

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from bench.dependence import dependence_table, map_correlations, rank_correlation
from bench.errors import ValidationError
from bench.maps import write_map


@pytest.mark.parametrize("levels", [5, 10_000])
def test_rank_correlation_is_scipy_s_with_ties_and_without(levels):
    rng = np.random.default_rng(levels)
    a, b = rng.integers(0, levels, (2, 14, 14)).astype(float)
    assert rank_correlation(a, b) == pytest.approx(spearmanr(a.ravel(), b.ravel())[0], abs=1e-12)
    assert rank_correlation(a, -a) == pytest.approx(-1)
    assert rank_correlation(a, np.exp(a / levels)) == pytest.approx(1)


def test_a_map_without_an_order_has_no_correlation():
    ramp = np.arange(12.0).reshape(3, 4)
    round_off = 1 + 1e-8 * ramp
    for flat in (np.zeros((3, 4)), round_off, np.where(ramp == 3, np.nan, ramp)):
        assert np.isnan(rank_correlation(ramp, flat))


def _file(path, maps, **attributes):
    with h5py.File(path, "w") as file:
        file.attrs.update(attributes)
        for name, images in maps.items():
            for image, values in images.items():
                write_map(file.require_group(name), image, values)


def test_maps_are_paired_with_their_controls_by_name(tmp_path):
    ramp = np.arange(12.0).reshape(3, 4)
    _file(tmp_path / "m.h5", {"m_1": {"a": ramp, "b": ramp}, "m_2": {"a": ramp, "b": ramp}})
    controls = {"m_1_random": {"a": ramp, "b": -ramp}, "m_2_random": {"a": 0 * ramp, "b": ramp}}
    _file(tmp_path / "m_random.h5", controls)
    found = list(map_correlations(tmp_path / "m.h5", tmp_path / "m_random.h5"))
    rows = pd.DataFrame(found, columns=["map", "image", "spearman"])
    rows[["dataset", "model", "method"]] = "d", "net", "m"
    table = dependence_table(rows).set_index("map")
    assert table.loc["m_1", ["spearman", "ci_low", "ci_high"]].tolist() == pytest.approx([0, -1, 1])
    assert table.loc["m_2", "spearman"] == pytest.approx(1)
    assert table["n_images"].tolist() == [2, 1]  # a constant map is left out


def test_a_control_that_does_not_apply_has_no_rows(tmp_path):
    _file(tmp_path / "cam.h5", {"cam": {"a": np.eye(2)}})
    _file(tmp_path / "cam_random.h5", {}, not_applicable="a fit of the trained network")
    assert list(map_correlations(tmp_path / "cam.h5", tmp_path / "cam_random.h5")) == []


def test_files_that_do_not_belong_together_are_named(tmp_path):
    _file(tmp_path / "m.h5", {"m": {"a": np.eye(2)}})
    _file(tmp_path / "other.h5", {"x": {"a": np.eye(2)}})
    with pytest.raises(ValidationError, match="no map 'm_random'"):
        list(map_correlations(tmp_path / "m.h5", tmp_path / "other.h5"))
    _file(tmp_path / "broken.h5", {}, failed="it broke")
    with pytest.raises(ValidationError, match="holds no maps: it broke"):
        list(map_correlations(tmp_path / "m.h5", tmp_path / "broken.h5"))
