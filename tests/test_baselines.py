"""The baseline rows, on a small data set whose heatmaps are made here."""

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.baselines import BASELINES, OTHER_IMAGES, baseline_scores
from bench.errors import UsageError, ValidationError
from bench.heatmaps import fixation_heatmap
from bench.low_level import sobel
from bench.maps import upsampled
from bench.metrics import evaluate, split_viewers
from bench.photographs import read_photograph
from bench.score_tables import score_tables
from bench.scores import Gaze

SHAPES = {f"{number:02}.png": (60, 80) for number in range(12)} | {"wide.png": (50, 120)}
VIEWERS = ["p", "q", "r", "s"]
PROTOCOL = {"sigma_px": 5.0, "size_px": 20, "kernel": "paper", "normalise": "before"}
KERNEL = {"sigma": 5.0, "size": 20}
METRICS = ["nss", "sauc", "cc", "sim"]


@pytest.fixture(scope="module")
def table():
    """Five fixations of each of four viewers on each of thirteen images."""
    rng = np.random.default_rng(0)
    rows = []
    for image, (height, width) in SHAPES.items():
        centre = rng.uniform((0.2 * width, 0.2 * height), (0.8 * width, 0.8 * height))
        for viewer in VIEWERS:
            xy = rng.normal(centre, 6, (5, 2)).clip(0, (width - 1, height - 1))
            rows += [(image, viewer, x, y, rng.uniform(90, 400), "kept") for x, y in xy]
    columns = ["image_id", "subject_id", "x_image_px", "y_image_px", "duration_ms", "status"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture(scope="module")
def heatmaps(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("heatmaps") / "heatmaps.h5"
    with h5py.File(path, "w") as file:
        file.attrs.update(
            dataset="toy", name="default", weight="duration_ms", first_fixation="keep", **PROTOCOL
        )
        for image, shape in SHAPES.items():
            file[image] = fixation_heatmap(*columns(table, image), shape, **KERNEL)
    return path


@pytest.fixture
def gaze(table, heatmaps):
    return Gaze(table, heatmaps, seed=7)


def columns(table, image):
    rows = table[table.image_id == image]
    return rows.x_image_px.to_numpy(), rows.y_image_px.to_numpy(), rows.duration_ms.to_numpy()


def scores(gaze, baseline, **options):
    return {one.image: one for one in baseline_scores(gaze, baseline, METRICS, **options)}


def test_the_ids_are_those_of_the_design():
    names = ["zero", "uniform", "noise", "centre", "spectral_residual", "sobel", "other_image"]
    assert list(BASELINES) == [*names, "human"]


def test_noise_depends_on_the_seed_and_on_the_image(gaze, table, heatmaps):
    make = BASELINES["noise"].map
    first = make(gaze, "00.png")
    np.testing.assert_array_equal(first, make(gaze, "00.png"))
    assert first.shape == (60, 80)
    assert 0 <= first.min() < 0.01 < 0.99 < first.max() < 1
    assert abs(np.corrcoef(first.flat, make(gaze, "01.png").flat)[0, 1]) < 0.05
    other_seed = make(Gaze(table, heatmaps, seed=8), "00.png")
    assert abs(np.corrcoef(first.flat, other_seed.flat)[0, 1]) < 0.05


def test_other_image_is_the_mean_of_ten_other_images_densities(gaze):
    found = BASELINES["other_image"].map(gaze, "wide.png")
    assert found.shape == (50, 120)
    stretched = {
        image: upsampled(gaze.heatmap(image), (50, 120)) for image in SHAPES if image != "wide.png"
    }
    parts = np.stack([one / one.sum() for one in stretched.values()]).reshape(12, -1)
    share = np.linalg.lstsq(parts.T, found.reshape(-1), rcond=None)[0]
    assert sorted(share.round(6).tolist()) == [0, 0] + [1] * OTHER_IMAGES


def test_the_image_at_hand_plays_no_part_in_other_image_and_centre(gaze, table, heatmaps, tmp_path):
    changed = table.copy()
    changed.loc[changed.image_id == "03.png", ["x_image_px", "y_image_px"]] = 1.0
    path = tmp_path / "heatmaps.h5"
    path.write_bytes(heatmaps.read_bytes())
    with h5py.File(path, "a") as file:
        file["03.png"][:] = fixation_heatmap(*columns(changed, "03.png"), (60, 80), **KERNEL)
    other = Gaze(changed, path, seed=7)
    for name in ("other_image", "centre"):
        before, after = (BASELINES[name].map(one, "03.png") for one in (gaze, other))
        np.testing.assert_allclose(after, before, rtol=1e-9)


def test_low_level_maps_are_made_from_the_photograph(gaze, tmp_path):
    rng = np.random.default_rng(3)
    photographs = {}
    for image, shape in SHAPES.items():
        photographs[image] = tmp_path / image
        Image.fromarray(rng.integers(0, 255, (*shape, 3), dtype=np.uint8)).save(tmp_path / image)
    found = scores(gaze, "sobel", photographs=photographs)["02.png"]
    edges = sobel(read_photograph(tmp_path / "02.png"))
    expected = evaluate(edges, heatmap=gaze.heatmap("02.png"), metrics="cc")["cc"]
    assert found.values["cc"] == pytest.approx(expected)
    assert set(scores(gaze, "spectral_residual", photographs=photographs)) == set(SHAPES)


def test_photographs_that_are_missing_or_of_another_size_are_named(gaze, tmp_path):
    with pytest.raises(UsageError, match="'sobel' needs the photographs"):
        scores(gaze, "sobel")
    with pytest.raises(ValidationError, match=r"00\.png' of the heatmaps is not among"):
        scores(gaze, "sobel", photographs={})
    Image.new("RGB", (8, 6)).save(tmp_path / "00.png")
    with pytest.raises(ValidationError, match=r"6 x 8 px .* 60 x 80"):
        scores(gaze, "sobel", photographs={"00.png": tmp_path / "00.png"})
    with pytest.raises(UsageError, match="did you mean 'centre'"):
        scores(gaze, "center")


def test_human_is_the_mean_over_viewers_left_out(gaze, table):
    found = scores(gaze, "human")["05.png"]
    rows = table[table.image_id == "05.png"]
    expected = []
    for viewer in VIEWERS:
        own, others = rows[rows.subject_id == viewer], rows[rows.subject_id != viewer]
        xy = [rows_.loc[:, ["x_image_px", "y_image_px"]].to_numpy() for rows_ in (own, others)]
        predictor = fixation_heatmap(*xy[1].T, others.duration_ms, (60, 80), **KERNEL)
        expected.append(evaluate(predictor, fixations=xy[0], metrics="nss")["nss"])
    assert found.values["nss"] == pytest.approx(np.mean(expected))
    assert found.viewers == VIEWERS
    np.testing.assert_allclose(found.by_viewer["nss"][0], expected)


def test_the_human_half_is_the_mean_over_splits_and_maps_are_scored_on_the_first(gaze, table):
    rows = table[table.image_id == "05.png"]
    given = (*columns(table, "05.png"), rows.subject_id.to_numpy(dtype=str), (60, 80))
    generator = gaze.generator("05.png", "halves")
    halves = list(split_viewers(*given, generator=generator, **KERNEL))
    assert len(halves) == 6
    expected = [evaluate(h.predictor, heatmap=h.heatmap, metrics="cc")["cc"] for h in halves]
    human = scores(gaze, "human")["05.png"]
    assert human.half_values["cc"] == pytest.approx(np.mean(expected))
    assert set(human.half_values) == {"cc", "sim"}
    centre = scores(gaze, "centre")["05.png"]
    on_half = evaluate(gaze.centre("05.png"), heatmap=halves[0].heatmap, metrics="cc")["cc"]
    assert centre.half_values["cc"] == pytest.approx(on_half)


def test_an_image_of_one_viewer_has_a_score_but_no_ceiling(table, heatmaps):
    alone = table[(table.image_id != "04.png") | (table.subject_id == "p")]
    gaze = Gaze(alone, heatmaps)
    human, centre = scores(gaze, "human")["04.png"], scores(gaze, "centre")["04.png"]
    assert np.isnan(list(human.values.values())).all()
    assert set(human.flags.values()) == {"one_viewer"}
    assert np.isnan(human.half_values["cc"])
    assert np.isnan(centre.half_values["cc"])
    assert np.isfinite(centre.values["cc"])
    assert centre.viewers == ["p"]


def test_the_tables_hold_one_row_per_score_and_per_viewer(gaze):
    by_image, by_viewer = score_tables(baseline_scores(gaze, "centre", METRICS))
    assert len(by_image) == len(SHAPES) * len(METRICS)
    assert by_image["map"].eq("centre").all()
    assert by_image.loc[by_image.metric == "nss", "half_value"].isna().all()
    assert len(by_viewer) == len(SHAPES) * 2 * len(VIEWERS)  # nss and sauc
    assert by_viewer["weight"].eq(5).all()
    nothing = score_tables([])
    assert [len(one) for one in nothing] == [0, 0]
    assert list(nothing[0].columns) == list(by_image.columns)
