"""The two passes of the fitted score against the same fit with everything in memory."""

import h5py
import numpy as np
import pandas as pd
import pytest

from bench.fitted_scores import FittedScores, _examples
from bench.heatmaps import fixation_heatmap
from bench.metrics import fitted_information_gain, spread_evenly
from bench.scores import Gaze

SHAPE = (24, 32)
KERNEL = {"sigma": 3.0, "size": 12}


@pytest.fixture
def gaze(tmp_path):
    """Twelve images; nobody looked at the last one."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(11):
        centre = rng.uniform((8, 6), (24, 18))
        rows += [
            (f"{number:02}", viewer, *xy, 200.0, "kept")
            for viewer in "pq"
            for xy in rng.normal(centre, 3, (6, 2)).clip(0, (31, 23))
        ]
    columns = ["image_id", "subject_id", "x_image_px", "y_image_px", "duration_ms", "status"]
    table = pd.DataFrame(rows, columns=columns)
    with h5py.File(tmp_path / "heatmaps.h5", "w") as file:
        file.attrs.update(
            weight="duration_ms", first_fixation="keep", sigma_px=3.0, size_px=12, kernel="paper"
        )
        file.attrs["normalise"] = "before"
        for number in range(12):
            own = table[table.image_id == f"{number:02}"]
            columns = own.x_image_px, own.y_image_px, own.duration_ms
            file[f"{number:02}"] = fixation_heatmap(*columns, SHAPE, **KERNEL)
    return Gaze(table, tmp_path / "heatmaps.h5")


def one_look(gaze):
    def looks(image):
        rng = np.random.default_rng(int(image))
        values = gaze.heatmap(image) + 0.01 * rng.random(SHAPE)
        yield (np.full(SHAPE, np.nan) if image == "03" else values), gaze.positions(image)

    return looks


@pytest.mark.parametrize("keep", [0, 5, 600])
@pytest.mark.parametrize("sample", [300, 7])
def test_the_scores_are_those_of_a_fit_with_all_in_memory(sample, keep, gaze, monkeypatch):
    for module in ("bench.fitted_scores", "bench.metrics._fitted"):
        monkeypatch.setattr(f"{module}.SAMPLE", sample)
    looks = one_look(gaze)
    fitted = FittedScores(gaze, "mine", looks, keep)
    found = {image: fitted.row(gaze, image, looks) for image in gaze.images}
    # 03 has no map and 11 no fixation, so neither has a score or a part in the fit
    usable = [image for image in gaze.images if image not in ("03", "11")]
    assert [image for image in found if np.isnan(found[image]["value"])] == ["03", "11"]
    assert "no_fixation" in found["11"]["flag"]
    if sample == 300:
        examples = {image: _examples(gaze, image, looks)[0] for image in usable}
        expected = fitted_information_gain(examples)
        assert {image: found[image]["value"] for image in usable} == expected


def test_an_image_of_the_sample_is_scored_by_a_fit_without_it(gaze):
    """Whatever is on an image, the density that scores it stays the same."""
    looks = one_look(gaze)

    def other(image):
        for values, fixations in looks(image):
            yield (values[::-1] if image == "05" else values), fixations

    first, second = (FittedScores(gaze, "mine", each) for each in (looks, other))
    place = first._place["05"] % len(first.densities)
    for number, (a, b) in enumerate(zip(first.densities, second.densities, strict=True)):
        assert np.array_equal(a.parameters, b.parameters) == (number == place)


def test_a_sample_is_spread_over_all_images():
    assert spread_evenly(range(5), 9) == [0, 1, 2, 3, 4]
    found = spread_evenly(range(1000), 300)
    assert len(set(found)) == 300
    assert (found[0], found[-1]) == (0, 999)
    assert set(np.diff(found)) == {3, 4}
