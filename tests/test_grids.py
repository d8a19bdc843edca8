import numpy as np
import pytest

from bench.grids import grid_shape, on_grid
from bench.maps import upsampled


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_equal_blocks_are_averaged(rng):
    values = rng.random((12, 8))
    blocks = values.reshape(3, 4, 4, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(on_grid(values, (3, 4)), blocks, atol=1e-15)


def test_pixels_on_a_border_are_split_by_area(rng):
    """Brute force: every pixel as 6 x 6 pieces, so that the borders of 5 -> 3 fall between."""
    values = rng.random((5, 7))
    fine = np.kron(values, np.ones((6, 6)))
    blocks = fine.reshape(3, 10, 2, 21).mean(axis=(1, 3))
    np.testing.assert_allclose(on_grid(values, (3, 2)), blocks, atol=1e-14)


def test_a_small_map_is_brought_to_the_images_size_first(rng):
    values = rng.random((7, 7))
    full = upsampled(values, (60, 80))
    np.testing.assert_allclose(on_grid(values, (6, 8), (60, 80)), on_grid(full, (6, 8)), atol=1e-14)


def test_the_mean_stays(rng):
    values = rng.random((31, 17))
    assert on_grid(values, (7, 5)).mean() == pytest.approx(values.mean(), abs=1e-14)


@pytest.mark.parametrize("cells", [7, 14, 28, 56, 256])
@pytest.mark.parametrize("shape", [(600, 800), (427, 640)])
def test_a_constant_map_stays_exactly_constant(shape, cells):
    grid = grid_shape(shape, cells)
    coarse = on_grid(np.full(shape, 0.1), grid)
    np.testing.assert_array_equal(coarse, np.full(grid, 0.1))
    np.testing.assert_array_equal(on_grid(coarse, (24, 32), shape), np.full((24, 32), 0.1))


def test_cells_are_about_square_and_never_finer_than_pixels():
    assert grid_shape((375, 500), 48) == (36, 48)
    assert grid_shape((10, 400), 40) == (1, 40)
    assert grid_shape((20, 30), 48) == (20, 30)
