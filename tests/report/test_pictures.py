"""A colour means the same of every map: the density as a multiple of the map's own mean."""

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from bench.maps import upsampled
from bench.report.pictures import (
    COLOURS,
    OPACITY,
    colour_bar,
    density,
    overlay,
    photograph,
    what_is_wrong,
)

RNG = np.random.default_rng(0)
GREY = np.full((40, 60, 3), 128, dtype=np.uint8)


def colour_of(level):
    """What the scale says of a density, over mid grey: a quarter is 0, 16 times is 1."""
    place = np.clip((np.log2(level) + 2) / 6, 0, 1)
    return OPACITY * 255 * np.array(colormaps[COLOURS](place)[:3]) + (1 - OPACITY) * 128


@pytest.mark.parametrize("shape", [(7, 7), (224, 224), (600, 800)])
def test_the_mean_density_is_one_at_any_resolution(shape):
    shown = density(RNG.random(shape), (60, 40))
    assert shown.shape == (40, 60)
    assert shown.mean() == pytest.approx(1)


def test_neither_unit_nor_scale_of_a_map_changes_its_density():
    values = RNG.random((14, 14))
    np.testing.assert_allclose(density(1e30 * values, (60, 40)), density(values, (60, 40)), 1e-5)
    assert not np.allclose(density(values + 1, (60, 40)), density(values, (60, 40)))


def test_an_enlarged_map_is_the_one_that_is_scored():
    values = RNG.random((7, 9))
    expected = upsampled(values, (40, 60))
    np.testing.assert_allclose(density(values, (60, 40)), expected / expected.mean(), rtol=1e-5)


def test_negative_values_are_lifted_as_for_the_scores():
    shown = density(np.array([[-1.0, 1.0], [-1.0, 1.0]]), (2, 2))
    np.testing.assert_allclose(shown, [[0, 2], [0, 2]], atol=1e-6)


def test_an_all_zero_map_is_even():
    np.testing.assert_array_equal(density(np.zeros((3, 3)), (5, 4)), np.ones((4, 5)))


def test_the_colours_of_map_and_bar_are_those_of_the_scale():
    values = np.zeros((40, 60))
    values[:, :15] = 4.0  # a quarter of the pixels: 4 times the mean
    shown = overlay(GREY, values)
    np.testing.assert_allclose(shown[20, 5], colour_of(4), atol=4)
    np.testing.assert_allclose(shown[20, 50], colour_of(0.25), atol=4)
    bar = colour_bar(601, 10)
    np.testing.assert_allclose(bar[5, 400], colour_of(4), atol=4)
    np.testing.assert_allclose(bar[5, 0], colour_of(0.25), atol=4)
    np.testing.assert_allclose(bar[5, -1], colour_of(16), atol=4)


def test_the_scale_is_ordered_in_grey():
    grey = colour_bar(64, 1)[0] @ [0.299, 0.587, 0.114]
    assert (np.diff(grey) > 0).all()


@pytest.mark.parametrize("values", [None, np.full((4, 4), np.nan), np.full((4, 4), np.inf)])
def test_what_cannot_be_shown_leaves_the_photograph_in_grey(values):
    shown = overlay(GREY, values)
    assert (shown == shown[:1, :1, :1]).all()
    assert "no map" in what_is_wrong(values)


def test_constant_and_empty_maps_say_what_they_are():
    assert what_is_wrong(np.zeros((4, 4))) == "empty: all zero"
    assert what_is_wrong(np.full((4, 4), 0.5)) == "constant"
    assert what_is_wrong(np.eye(4)) == ""


def test_a_photograph_fits_its_box_whatever_its_shape(tmp_path):
    for size, expected in (((800, 600), (75, 100)), ((30, 120), (100, 25)), ((2, 900), (100, 1))):
        Image.new("RGB", size, (10, 200, 30)).save(tmp_path / "a.png")
        shown = photograph(tmp_path / "a.png", (100, 100))
        assert shown.shape == (*expected, 3)
        assert (shown == (10, 200, 30)).all()
