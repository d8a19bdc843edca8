"""Low-level saliency against scipy, scikit-image and sums written out."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import filters

from bench.errors import ValidationError
from bench.low_level import grey, sobel, spectral_residual


def photograph(shape=(48, 64), seed=0):
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.random((*shape, 3)), (2, 2, 0))
    return np.round(255 * (smooth - smooth.min()) / np.ptp(smooth)).astype(np.uint8)


def test_grey_is_the_luma_of_bt_601():
    pixels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 10, 10]]], dtype=np.uint8)
    np.testing.assert_allclose(grey(pixels), [[76.245, 149.685, 29.07, 10.0]])


def test_sobel_is_that_of_scipy_and_of_scikit_image():
    pixels = photograph((37, 53))
    luma = grey(pixels)
    along = [ndimage.sobel(luma, axis, mode="nearest") for axis in (0, 1)]
    np.testing.assert_allclose(sobel(pixels), np.hypot(*along), atol=1e-10)
    # scikit-image divides the kernels by 4 and takes the root of the mean of the squares
    other = 4 * np.sqrt(2) * filters.sobel(luma, mode="nearest")
    np.testing.assert_allclose(sobel(pixels), other, atol=1e-10)


def test_spectral_residual_is_its_formula_with_the_transform_written_out():
    pixels = photograph()  # already 64 px wide: nothing is resized
    luma = grey(pixels).astype(np.float32).astype(np.float64)
    down, across = (np.exp(-2j * np.pi * np.outer(range(n), range(n)) / n) for n in luma.shape)
    spectrum = down @ luma @ across
    log_amplitude = np.log(np.abs(spectrum))
    residual = log_amplitude - ndimage.uniform_filter(log_amplitude, 3, mode="nearest")
    changed = np.exp(residual) * spectrum / np.abs(spectrum)
    back = np.abs(down.conj() @ changed @ across.conj() / luma.size) ** 2
    expected = ndimage.gaussian_filter(back, 2.5, mode="nearest")
    found = spectral_residual(pixels)
    assert found.shape == (48, 64)
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-6)


def test_spectral_residual_finds_the_one_spot_in_a_landscape_of_noise():
    rng = np.random.default_rng(0)
    for row, column in ((12, 50), (30, 20), (40, 45)):
        luma = 60 + 300 * ndimage.gaussian_filter(rng.normal(size=(48, 64)), 5, mode="wrap")
        luma += rng.normal(size=luma.shape)  # no camera is without; absent frequencies mislead
        luma[row - 1 : row + 2, column - 1 : column + 2] += 100
        found = spectral_residual(np.repeat(luma[:, :, None], 3, axis=2))
        peak = np.unravel_index(found.argmax(), found.shape)
        assert np.hypot(peak[0] - row, peak[1] - column) <= 2


def test_size_and_contrast_of_the_photograph_hardly_matter():
    pixels = photograph((96, 128))
    doubled = np.kron(pixels, np.ones((2, 2, 1), dtype=np.uint8))
    assert np.corrcoef(spectral_residual(pixels).flat, spectral_residual(doubled).flat)[0, 1] > 0.97
    half = spectral_residual(pixels / 2)
    np.testing.assert_allclose(half, spectral_residual(pixels), rtol=1e-4)


def test_a_photograph_of_one_colour_has_maps_of_zeros():
    pixels = np.full((30, 40, 3), 77, dtype=np.uint8)
    assert not spectral_residual(pixels).any()
    assert not sobel(pixels).any()


def test_an_array_that_is_no_photograph_is_refused():
    with pytest.raises(ValidationError, match=r"\(H, W, 3\), found \(4, 5\)"):
        sobel(np.zeros((4, 5)))
