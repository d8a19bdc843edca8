"""The baseline rows: centre bias without the image at hand, and the viewers left out."""

import numpy as np
import pytest

from bench.errors import ValidationError
from bench.heatmaps import fixation_heatmap
from bench.metrics import (
    CentreBias,
    centre_density,
    leave_one_viewer_out,
    scale_fixations,
    split_viewers,
    uniform_map,
    zero_map,
)


def images(seed=0):
    rng = np.random.default_rng(seed)
    shapes = {"a": (60, 80), "b": (90, 50), "c": (60, 80)}
    xy = {
        name: rng.normal((0.55 * w, 0.45 * h), (0.1 * w, 0.1 * h), (30, 2)).clip(0, (w - 1, h - 1))
        for name, (h, w) in shapes.items()
    }
    return xy, shapes


def test_zero_and_uniform_maps():
    assert not zero_map((2, 3)).any()
    assert (uniform_map((2, 3)) == 0.5).all()


def test_centre_bias_is_the_gaussian_of_the_other_images():
    xy, shapes = images()
    relative = np.concatenate([(xy[k] + 0.5) / shapes[k][::-1] - 0.5 for k in "bc"])
    found = CentreBias.fit(xy, shapes)
    count, mean, deviation = found.moments(exclude="a")
    assert count == 60
    np.testing.assert_allclose(mean, relative.mean(axis=0), atol=1e-14)
    np.testing.assert_allclose(deviation, relative.std(axis=0), atol=1e-12)
    density = found.density((60, 80), exclude="a")
    assert density.sum() == pytest.approx(1, abs=1e-12)
    assert density.min() >= 1e-3 / 4800
    row, column = np.unravel_index(density.argmax(), density.shape)
    assert abs(column - ((0.5 + mean[0]) * 80 - 0.5)) <= 0.5
    assert abs(row - ((0.5 + mean[1]) * 60 - 0.5)) <= 0.5
    # the drop over one standard deviation along the row of the mean
    u = (np.arange(80) + 0.5) / 80 - 0.5
    gaussian = np.exp(-0.5 * ((u - mean[0]) / deviation[0]) ** 2)
    across = density[row] - 1e-3 / 4800
    np.testing.assert_allclose(across / across.max(), gaussian / gaussian.max(), atol=1e-12)


def test_the_image_at_hand_plays_no_part_in_its_centre_bias():
    xy, shapes = images()
    before = centre_density((60, 80), xy, shapes, exclude="a")
    xy["a"] = np.full((500, 2), 3.0)
    np.testing.assert_allclose(centre_density((60, 80), xy, shapes, exclude="a"), before, rtol=1e-9)
    assert not np.allclose(centre_density((60, 80), xy, shapes), before)


def test_centre_bias_of_a_single_image_is_uniform():
    found = centre_density((4, 5), {"a": [(1, 1), (2, 2)]}, {"a": (4, 5)}, exclude="a")
    np.testing.assert_allclose(found, 1 / 20)


def test_centre_bias_of_fixations_on_one_pixel_is_finite():
    found = centre_density((40, 50), {"a": [(25, 20)] * 9}, {"a": (40, 50)})
    assert np.isfinite(found).all()
    assert found.argmax() == 20 * 50 + 25


def test_an_unknown_image_to_leave_out_is_named():
    with pytest.raises(ValidationError, match="'z' is not among"):
        centre_density((4, 5), {"a": [(1, 1)]}, {"a": (4, 5)}, exclude="z")


def test_scaling_fixations_keeps_relative_positions():
    xy = np.array([(0.0, 0.0), (79.5, 59.5), (39.5, 29.5)])
    there = scale_fixations(xy, (60, 80), (90, 200))
    np.testing.assert_allclose((there + 0.5) / (200, 90), (xy + 0.5) / (80, 60))
    np.testing.assert_allclose(scale_fixations(there, (90, 200), (60, 80)), xy, atol=1e-12)
    assert scale_fixations([], (1, 2), (3, 4)).shape == (0, 2)


def test_left_out_viewers_are_scored_on_the_heatmap_of_the_others():
    rng = np.random.default_rng(0)
    x, y, ms = rng.uniform(0, 99, 40), rng.uniform(0, 79, 40), rng.uniform(90, 400, 40)
    viewer = np.repeat(["v2", "v1", "v3", "v4"], 10)
    x[viewer == "v4"] = -50  # never inside
    found = list(leave_one_viewer_out(x, y, ms, viewer, (80, 100), sigma=5, size=20))
    assert [one.viewer for one in found] == ["v1", "v2", "v3"]
    for one in found:
        own, others = viewer == one.viewer, (viewer != one.viewer) & (viewer != "v4")
        np.testing.assert_array_equal(one.fixations, np.column_stack([x[own], y[own]]))
        np.testing.assert_array_equal(one.durations, ms[own])
        expected = fixation_heatmap(x[others], y[others], ms[others], (80, 100), sigma=5, size=20)
        np.testing.assert_array_equal(one.heatmap, expected)


def test_one_viewer_alone_has_no_ceiling():
    assert list(leave_one_viewer_out([1, 2], [1, 2], [9, 9], [7, 7], (5, 5))) == []


def test_viewer_column_of_another_length_is_refused():
    with pytest.raises(ValidationError, match="viewer 1"):
        list(leave_one_viewer_out([1, 2], [1, 2], [9, 9], [7], (5, 5)))


def gaze(viewers, seed=0):
    rng = np.random.default_rng(seed)
    names = np.repeat([f"v{number:02}" for number in range(viewers)], 6)
    return rng.uniform(0, 99, names.size), rng.uniform(0, 79, names.size), names


def halves(viewers, seed=0, **options):
    x, y, names = gaze(viewers)
    given = (x, y, np.full(x.size, 200.0), names, (80, 100))
    options = {"sigma": 5, "size": 20, **options}
    return list(split_viewers(*given, generator=np.random.default_rng(seed), **options))


@pytest.mark.parametrize(
    ("viewers", "splits"), [(2, 2), (3, 3), (4, 6), (5, 10), (6, 10), (15, 10)]
)
def test_halves_are_all_there_are_or_ten_different_ones(viewers, splits):
    found = halves(viewers)
    assert len({half.viewers for half in found}) == len(found) == splits
    assert {len(half.viewers) for half in found} == {viewers // 2}


def test_a_half_is_predicted_by_all_viewers_who_are_not_in_it():
    x, y, names = gaze(7)
    for half in halves(7):
        own = np.isin(names, half.viewers)
        np.testing.assert_array_equal(half.fixations, np.column_stack([x[own], y[own]]))
        for rows, heatmap in ((own, half.heatmap), (~own, half.predictor)):
            ms = np.full(rows.sum(), 200.0)
            expected = fixation_heatmap(x[rows], y[rows], ms, (80, 100), sigma=5, size=20)
            np.testing.assert_array_equal(heatmap, expected)


def test_every_viewer_is_as_often_in_the_first_half_as_any_other():
    first = [halves(4, seed)[0].viewers for seed in range(400)]
    counts = [sum(f"v{number:02}" in one for one in first) for number in range(4)]
    assert min(counts) > 160  # 200 expected, standard deviation 10


def test_halves_repeat_with_their_seed():
    assert [half.viewers for half in halves(9, 3)] == [half.viewers for half in halves(9, 3)]
    assert [half.viewers for half in halves(9, 3)] != [half.viewers for half in halves(9, 4)]


def test_one_viewer_has_no_halves():
    assert halves(1) == []
