"""The human heatmap against a brute-force double loop, identities, and scipy."""

import math
import subprocess
import sys

import numpy as np
import pytest

from bench.errors import UsageError, ValidationError
from bench.heatmaps import fixation_cells, fixation_heatmap, kernel_window


def brute_force(x, y, duration, shape, *, sigma=20.0, size=80, normalise="before"):
    """conv2(cells, fspecial('gaussian', size, sigma), 'same') by its definition, cell by cell."""
    height, width = shape
    cells = [[0.0] * width for _ in range(height)]
    for xi, yi, ms in zip(x, y, duration, strict=True):
        column, row = math.floor(xi + 0.5), math.floor(yi + 0.5)
        if 0 <= column < width and 0 <= row < height:
            cells[row][column] += ms
    peak = max(map(max, cells))
    middle = (size - 1) / 2
    values = [
        [math.exp(-((i - middle) ** 2 + (j - middle) ** 2) / (2 * sigma**2)) for j in range(size)]
        for i in range(size)
    ]
    total = math.fsum(math.fsum(row) for row in values)
    heat = np.zeros(shape)
    for row in range(height):
        for column in range(width):
            if not cells[row][column]:
                continue
            weight = cells[row][column] / (peak if normalise == "before" else 1)
            for i in range(size):
                for j in range(size):
                    r, c = row + i - size // 2, column + j - size // 2
                    if 0 <= r < height and 0 <= c < width:
                        heat[r, c] += weight * values[i][j] / total
    return heat / heat.max() if normalise == "after" and peak else heat


CASES = {
    "interior": ([60.2], [55.7], [250]),
    "border": ([0.3, 61], [50, 109.4], [100, 300]),
    "corner": ([0, 129], [0, 109], [123, 456]),
    "two_on_one_pixel": ([40.4, 39.6, 80], [50.49, 49.5, 60], [100, 150, 200]),
    "one_outside": ([70, -0.6, 70], [70, 30, 109.5], [100, 900, 900]),
    "on_the_half": ([10.5, -0.5], [20.5, 109.49], [100, 50]),
}


@pytest.mark.parametrize("normalise", ["before", "after", "none"])
@pytest.mark.parametrize("case", CASES)
def test_heatmap_equals_the_double_loop(case, normalise):
    x, y, duration = CASES[case]
    shape = (110, 130)
    found = fixation_heatmap(x, y, duration, shape, normalise=normalise)
    expected = brute_force(x, y, duration, shape, normalise=normalise)
    assert found.dtype == np.float64
    assert found.shape == shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * max(expected.max(), 1))


@pytest.mark.parametrize("size", [4, 5, 9])
def test_small_kernels_equal_the_double_loop(size):
    x, y, duration = [3, 7.2, 0], [2, 5.9, 11], [10, 20, 30]
    found = fixation_heatmap(x, y, duration, (12, 15), sigma=1.5, size=size)
    expected = brute_force(x, y, duration, (12, 15), sigma=1.5, size=size)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_a_fixation_paints_rows_r_minus_40_to_r_plus_39():
    heat = fixation_heatmap([100], [90], [1], (200, 300))
    rows, columns = np.nonzero(heat)
    assert (rows.min(), rows.max()) == (50, 129)
    assert (columns.min(), columns.max()) == (60, 139)
    # the four middle cells are equal: the centre lies between them
    assert heat[89, 99] == heat[90, 100] == heat.max()
    assert heat.max() == pytest.approx(4.36e-4, rel=2e-3)  # notes/metrics.md section 3


def test_sum_away_from_borders_is_total_ms_over_largest_cell():
    x, y, duration = [100, 100, 150, 120.3], [100, 100, 140, 99.8], [100, 200, 250, 50]
    heat = fixation_heatmap(x, y, duration, (260, 260))
    assert heat.sum() == pytest.approx(600 / 300, abs=1e-12)
    milliseconds = fixation_heatmap(x, y, duration, (260, 260), normalise="none")
    assert milliseconds.sum() == pytest.approx(600, abs=1e-9)


def test_gaussian_kernel_equals_scipy():
    ndimage = pytest.importorskip("scipy.ndimage")
    rng = np.random.default_rng(0)
    x, y, duration = rng.uniform(0, 199, 30), rng.uniform(0, 149, 30), rng.uniform(50, 900, 30)
    cells = np.zeros((150, 200))
    for xi, yi, ms in zip(x, y, duration, strict=True):
        cells[math.floor(yi + 0.5), math.floor(xi + 0.5)] += ms
    expected = ndimage.gaussian_filter(cells / cells.max(), 20, mode="constant")
    found = fixation_heatmap(x, y, duration, cells.shape, kernel="gaussian")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_edf2mat_kernel_has_the_measured_sum_and_peak():
    window, before = kernel_window("edf2mat")
    assert window.shape == (80, 80)
    assert before == 40
    assert window.sum() == pytest.approx(2245, abs=1)  # notes/eyetracking.md, 1.11
    assert window.max() == pytest.approx(0.9994, abs=5e-5)
    # a sigma of 20 px is one of 20 * 79 / 80 = 19.75 px on a grid of 1 px
    ratio = math.exp((19.5**2 - 0.5**2) / (2 * 19.75**2))
    assert window[39, 39] / window[39, 59] == pytest.approx(ratio, rel=1e-12)


@pytest.mark.parametrize("normalise", ["before", "after", "none"])
@pytest.mark.parametrize(
    ("x", "y", "duration"), [([], [], []), ([-5], [3], [100]), ([5.0], [5.0], [0.0])]
)
def test_nothing_inside_gives_zeros(x, y, duration, normalise):
    heat = fixation_heatmap(x, y, duration, (20, 30), normalise=normalise)
    assert heat.shape == (20, 30)
    assert not heat.any()


def test_after_has_maximum_one_and_before_only_rescales():
    x, y, duration = CASES["two_on_one_pixel"]
    before = fixation_heatmap(x, y, duration, (110, 130))
    after = fixation_heatmap(x, y, duration, (110, 130), normalise="after")
    assert after.max() == 1
    np.testing.assert_allclose(before / before.max(), after, rtol=1e-13)


@pytest.mark.parametrize(
    ("x", "y", "duration", "words"),
    [
        ([1, np.nan], [1, 1], [1, 1], "x_px holds nan at position 1"),
        ([1], [np.inf], [1], "y_px holds inf"),
        ([1], [1], [np.nan], "duration_ms holds nan"),
        ([1], [1], [-4], "duration_ms holds -4 at position 0"),
        ([1, 2], [1], [1], "x_px has 2 values, y_px 1"),
        ([[1, 2]], [1], [1], "one column"),
        (["left"], [1], [1], "must be numbers"),
    ],
)
def test_bad_fixations_are_refused_with_the_reason(x, y, duration, words):
    with pytest.raises(ValidationError, match=words):
        fixation_heatmap(x, y, duration, (20, 30))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kernel": "papr"}, "did you mean 'paper'"),
        ({"normalise": "befor"}, "did you mean 'before'"),
        ({"sigma": 0}, "sigma"),
        ({"size": 0}, "size"),
    ],
)
def test_bad_options_are_refused_with_the_reason(options, words):
    with pytest.raises(UsageError, match=words):
        fixation_heatmap([1], [1], [1], (20, 30), **options)


def test_cells_survive_positions_beyond_any_integer():
    rows, columns, inside = fixation_cells(np.array([1e300, 2.0]), np.array([0.0, 1.0]), (5, 5))
    assert (rows.tolist(), columns.tolist(), inside.tolist()) == ([1], [2], [False, True])


def test_import_needs_numpy_only():
    code = "import bench.heatmaps, sys; print({'scipy', 'torch', 'pandas'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
