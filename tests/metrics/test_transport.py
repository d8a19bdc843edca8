"""The earth mover's distance: known answers, scipy, and the linear programme over all pairs."""

import numpy as np
import pytest

from bench.metrics import evaluate
from bench.metrics._transport import cell_masses, transport_cost


def emd(S, G):
    return evaluate(S, heatmap=G, metrics="emd")["emd"]


def point(shape, row, column):
    image = np.zeros(shape)
    image[row, column] = 3.0
    return image


def test_one_point_moves_to_another():
    shape = (15, 20)  # a pixel is a cell
    assert emd(point(shape, 2, 3), point(shape, 5, 7)) == pytest.approx(5, abs=1e-9)
    assert emd(point(shape, 2, 3), point(shape, 2, 3)) == 0


def test_the_unit_is_a_pixel_whatever_the_size_of_a_cell():
    small, large = (15, 20), (60, 80)
    one, other = (np.kron(point(small, *at), np.ones((4, 4))) for at in ((2, 3), (5, 7)))
    assert one.shape == large
    assert emd(one, other) == pytest.approx(20, abs=1e-9)


def test_on_a_line_it_is_the_area_between_the_distributions():
    from scipy.stats import wasserstein_distance

    rng = np.random.default_rng(0)
    a, b = rng.random((2, 1, 20))
    where = np.arange(20)
    expected = wasserstein_distance(where, where, a[0], b[0])
    assert emd(a, b) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_value_is_that_of_the_programme_over_all_pairs(seed):
    from scipy.stats import wasserstein_distance_nd

    rng = np.random.default_rng(seed)
    a, b = rng.random((2, 6, 8)) ** (1 + 3 * seed)
    a, b = a / a.sum(), b / b.sum()
    places = np.argwhere(np.ones((6, 8)))
    expected = wasserstein_distance_nd(places, places, a.ravel(), b.ravel())
    assert transport_cost(a, b, 20) == pytest.approx(expected, rel=1e-7)


def test_pixels_are_split_between_cells_by_area():
    rng = np.random.default_rng(1)
    density = rng.random((13, 17))
    side = 17 / 20
    rows = int(np.ceil(13 / side))
    top = (13 - rows * side) / 2
    expected = np.zeros((rows, 20))
    for (r, c), value in np.ndenumerate(density):
        for i in range(rows):
            for j in range(20):
                down = min(r + 1, top + (i + 1) * side) - max(r, top + i * side)
                across = min(c + 1, (j + 1) * side) - max(c, j * side)
                expected[i, j] += value * max(down, 0) * max(across, 0)
    np.testing.assert_allclose(cell_masses(density), expected, atol=1e-12)
    assert cell_masses(np.ones((600, 800))).shape == (15, 20)
