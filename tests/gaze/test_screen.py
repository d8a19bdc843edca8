"""Screen geometry: degrees, and from screen pixels to a picture's own pixels."""

import math

import numpy as np
import pytest

from bench.errors import UsageError
from bench.gaze import Placement, Screen

PAPER = Screen(1920, 1080)


def test_pixels_per_degree_at_57_cm():
    # At 573 mm one degree is 2 * 573 * tan(0.5 deg) = 10.0008 mm; 4 px a mm.
    screen = Screen(1920, 1080, width_mm=480, distance_mm=573)
    assert screen.pixels_per_degree == pytest.approx(4 * 2 * 573 * math.tan(math.pi / 360))
    assert screen.pixels_per_degree == pytest.approx(40.003, abs=1e-3)


def test_unequal_densities_are_averaged():
    screen = Screen(1000, 1000, width_mm=500, height_mm=250, distance_mm=573)
    assert screen.pixels_per_degree == pytest.approx(3 * 10.0008, abs=1e-3)


@pytest.mark.parametrize("missing", [{}, {"width_mm": 480}, {"distance_mm": 600}])
def test_without_size_or_distance_there_are_no_degrees(missing):
    assert Screen(1920, 1080, **missing).pixels_per_degree is None


def test_stated_pixels_per_degree_win():
    screen = Screen.from_mapping({"width_px": 1920, "height_px": 1080}, pixels_per_degree=28.0)
    assert screen.pixels_per_degree == 28.0


def test_a_misspelt_key_of_the_screen_is_named():
    with pytest.raises(UsageError, match="'width_mm'"):
        Screen.from_mapping({"width_px": 1, "height_px": 1, "width_nm": 3})


def test_the_papers_picture_covers_460_to_1460_and_165_to_915():
    placement = Placement(2)
    assert placement.offset((375, 500), PAPER) == (460, 165)
    x, y = placement.to_image(
        [460, 461, 1459, 459, 1460], [165, 166, 914, 164, 915], (375, 500), PAPER
    )
    assert np.floor(x + 0.5).tolist() == [0, 0, 499, -1, 500]
    assert np.floor(y + 0.5).tolist() == [0, 0, 374, -1, 375]


def test_two_screen_pixels_lie_evenly_about_their_image_pixel():
    x, _ = Placement(2).to_image([460, 461], [0, 0], (375, 500), PAPER)
    assert x.tolist() == [-0.25, 0.25]


def test_scale_one_at_the_corner_changes_nothing():
    x, y = Placement(1, (0, 0)).to_image([3.5], [-7.0], (10, 10), PAPER)
    assert (x[0], y[0]) == (3.5, -7.0)


@pytest.mark.parametrize("options", [{"scale": 0}, {"scale": -1}, {"position": "left"}])
def test_an_impossible_placement_is_refused(options):
    with pytest.raises(UsageError, match="image_on_screen"):
        Placement(**options)
