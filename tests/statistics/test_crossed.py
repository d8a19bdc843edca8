"""The crossed bootstrap over images and viewers: by loops, by hand, and what its width must be."""

import numpy as np
import pytest

from bench.errors import ValidationError
from bench.statistics import bootstrap_means, crossed_means


def cells(images=5, viewers=4, maps=3, seed=0):
    rng = np.random.default_rng(seed)
    image, viewer = (axis.ravel() for axis in np.indices((images, viewers)))
    values = rng.normal(size=(image.size, maps))
    weights = rng.integers(1, 9, (image.size, 1)) * np.ones(maps)
    return image, viewer, values, weights


def brute_force(image, viewer, values, weights, draws, seed):
    """One draw after the other, one image after the other."""
    images, viewers = np.unique(image), np.unique(viewer)
    draw_images = np.random.default_rng(seed).integers(0, len(images), (draws, len(images)))
    draw_viewers = np.random.default_rng((seed, 1)).integers(0, len(viewers), (draws, len(viewers)))
    result = np.full((draws, values.shape[1]), np.nan)
    for draw in range(draws):
        for column in range(values.shape[1]):
            scores = []
            for chosen in images[draw_images[draw]]:
                parts = [
                    (values[cell, column], weights[cell, column])
                    for person in viewers[draw_viewers[draw]]
                    for cell in np.flatnonzero((image == chosen) & (viewer == person))
                    if not np.isnan(values[cell, column])
                ]
                if parts:
                    of_viewers, weight = zip(*parts, strict=True)
                    scores.append(np.average(of_viewers, weights=weight))
            if scores:
                result[draw, column] = np.mean(scores)
    return result


def test_draws_are_those_of_loops_over_images_and_viewers():
    image, viewer, values, weights = cells()
    weights[:, 2] = 1.0  # a column with weights of its own
    values[3, 1] = np.nan
    keep = np.random.default_rng(1).permutation(image.size)[:15]  # not every viewer saw every image
    image, viewer, values, weights = image[keep], viewer[keep], values[keep], weights[keep]
    found = crossed_means(image, viewer, values, weights, draws=60, seed=4)
    expected = brute_force(image, viewer, values, weights, 60, 4)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_blocks_do_not_change_the_draws(monkeypatch):
    given = cells(seed=2)
    whole = crossed_means(*given, draws=300)
    monkeypatch.setattr("bench.statistics.bootstrap.INDICES_AT_ONCE", 20 * 7)
    np.testing.assert_allclose(crossed_means(*given, draws=300), whole, rtol=1e-12)


def test_viewers_who_agree_leave_the_bootstrap_over_images():
    image, viewer, values, weights = cells(images=12)
    by_image = values[::4]
    found = crossed_means(image, viewer, by_image[image], weights, draws=500, seed=3)
    np.testing.assert_allclose(found, bootstrap_means(by_image, draws=500, seed=3), rtol=1e-10)


def test_spread_holds_that_of_images_and_that_of_viewers():
    # value = image effect + viewer effect: the variance of the mean is s_i^2 / I + s_v^2 / V
    rng = np.random.default_rng(5)
    image, viewer = (axis.ravel() for axis in np.indices((60, 15)))
    of_image, of_viewer = rng.normal(0, 1, 60), rng.normal(0, 2, 15)
    values = (of_image[image] + of_viewer[viewer])[:, None]
    found = crossed_means(image, viewer, values, np.ones_like(values), draws=20_000)
    expected = of_image.var() / 60 + of_viewer.var() / 15
    assert found.var() == pytest.approx(expected, rel=0.05)


def test_an_image_without_any_viewer_in_a_draw_is_left_out_of_it():
    # two images, each seen by one viewer: a draw without the viewer of an image knows the other
    found = crossed_means([0, 1], [0, 1], [[1.0], [5.0]], np.ones((2, 1)), draws=400)[:, 0]
    assert set(found[~np.isnan(found)]) == {1.0, 3.0, 5.0}
    # nothing is left where both draws of images are the one and both draws of viewers the other
    assert 0.06 < np.isnan(found).mean() < 0.2


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValidationError, match="2 cells"):
        crossed_means([0, 1], [0, 1], [[1.0]], [[1.0]])
