import numpy as np
import pandas as pd
import pytest

from bench.cli import main
from bench.heatmaps import fixation_heatmap
from bench.maps import open_maps
from bench.metrics import evaluate
from bench.scores import Gaze
from bench.sensitivity import FACTORS, METRICS, looks, references, sensitivity_rows


@pytest.fixture
def gaze(tiny, tmp_path):
    """The tiny data set (96 x 64 px, three viewers), through the stages that make its files."""
    table, recordings = tmp_path / "fixations.parquet", tmp_path / "recordings.json"
    heatmaps = tmp_path / "heatmaps.h5"
    dataset = ["--dataset", str(tiny / "dataset.yaml"), "--root", str(tiny)]
    main(["fixations", *dataset, "--output", str(table), "--recordings", str(recordings)])
    gaze = ["--fixations", str(table), "--recordings", str(recordings)]
    main(["heatmap", *gaze, "--output", str(heatmaps)])
    return Gaze(pd.read_parquet(table), heatmaps)


@pytest.fixture
def rows(gaze):
    """The table of one map, the columns of an image, under every setting."""
    ramp = np.tile(np.linspace(0, 1, 6), (4, 1)) ** 2
    found = [row for look in looks(gaze) for row in sensitivity_rows(look, "ramp", ramp)]
    return pd.DataFrame(found).set_index(["image", "metric", "factor", "setting"])["value"]


def test_every_choice_has_the_protocols_setting_and_others(gaze, rows):
    settings = rows.index.droplevel(["image", "metric"]).unique()
    for factor in FACTORS:
        here = [setting for name, setting in settings if name == factor.name]
        assert references(gaze)[factor.name] in here
        assert len(here) > 1


def test_the_protocols_setting_gives_the_same_score_whatever_is_varied(gaze, rows):
    for (_, _), scores in rows.groupby(level=["image", "metric"]):
        scores = scores.droplevel(["image", "metric"])
        same = [scores[factor, setting] for factor, setting in references(gaze).items()]
        assert same == [same[0]] * len(same)


def test_the_protocols_setting_is_what_evaluate_gives_where_the_grid_is_the_photographs(gaze, rows):
    """96 pixels are fewer than the grid's cells, so nothing is reduced."""
    from bench.maps import upsampled

    ramp = upsampled(np.tile(np.linspace(0, 1, 6), (4, 1)) ** 2, (64, 96))
    for image in gaze.images:
        target = gaze.target(image)
        scores = evaluate(
            ramp,
            fixations=target.fixations,
            durations=target.durations,
            heatmap=gaze.heatmap(image),
            other_fixations=gaze.other_fixations(image),
            centre=gaze.centre(image),
            metrics=METRICS,
        )
        for metric in METRICS:
            assert rows[image, metric, "map_blur_px", "0"] == pytest.approx(
                scores[metric], abs=1e-6
            )


def test_the_humans_sigma_moves_what_is_scored_on_the_heatmap_only(rows):
    for image in ("a.png", "b.png"):
        for metric in METRICS:
            narrow = rows[image, metric, "human_sigma_px", "10"]
            wide = rows[image, metric, "human_sigma_px", "40"]
            assert (narrow == wide) == (metric in ("nss", "sauc", "ig"))


def test_fewer_viewers_are_a_subset_that_the_seed_decides(gaze):
    first, again = next(looks(gaze, seed=1)), next(looks(gaze, seed=1))
    one, other = (look.variants["viewers", "1"] for look in (first, again))
    assert np.array_equal(one.fixations, other.fixations)
    assert len(one.fixations) == 5  # of one viewer
    everyone = {tuple(xy) for xy in first.reference.fixations}
    assert {tuple(xy) for xy in one.fixations} < everyone


def test_a_wider_gaussian_of_the_humans_is_the_heatmap_of_that_sigma(gaze):
    look = next(looks(gaze))
    found = look.variants["human_sigma_px", "40"].heatmap
    rows = gaze.rows(look.image)
    wanted = fixation_heatmap(
        rows["x_image_px"], rows["y_image_px"], rows["duration_ms"], (64, 96), sigma=40, size=160
    )
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_dropping_the_first_fixation_leaves_one_less_per_viewer(gaze):
    look = next(looks(gaze))
    assert len(look.reference.fixations) == 15
    assert len(look.variants["first_fixation", "drop"].fixations) == 12


def test_the_first_fixation_is_dropped_on_the_other_images_too(gaze):
    """What is compared with, the other images' fixations and the centre bias, follows suit."""
    dropped = gaze.with_first_fixation("drop")
    for look in looks(gaze):
        found, wanted = look.variants["first_fixation", "drop"], dropped.target(look.image)
        np.testing.assert_array_equal(found.other_counts, wanted.other_counts)
        np.testing.assert_allclose(found.centre, wanted.centre)
        assert not np.array_equal(found.other_counts, look.reference.other_counts)


def test_a_protocol_that_drops_the_first_fixation_shows_it_kept(gaze):
    dropped = gaze.with_first_fixation("drop")
    assert references(dropped)["first_fixation"] == "drop"
    for look, with_all in zip(looks(dropped), looks(gaze), strict=True):
        kept = look.variants["first_fixation", "keep"]
        np.testing.assert_array_equal(kept.fixations, with_all.reference.fixations)
        np.testing.assert_array_equal(kept.heatmap, with_all.reference.heatmap)
        assert look.variants["first_fixation", "drop"] is look.reference


def test_scores_and_sensitivity_become_tables(gaze, tmp_path):
    from bench.maps import write_map

    maps = tmp_path / "maps.h5"
    import h5py

    with h5py.File(maps, "w") as file:
        file.attrs["maps"] = '["ramp"]'
        for image in gaze.images:
            ramp = np.tile(np.linspace(0, 1, 6), (4, 1))
            write_map(file.require_group("ramp"), image, ramp)
    pieces, tables = [], []
    for model, method, given in (
        ("baseline", "centre", []),
        ("baseline", "human", []),
        ("net", "ramp", ["--maps", str(maps)]),
    ):
        table = tmp_path / model / "scores" / f"{method}.parquet"
        piece = tmp_path / model / "sensitivity" / f"{method}.parquet"
        words = ["--model", model, "--method", method, *given, "--metrics", "nss", "sauc", "ig"]
        words += ["--heatmaps", str(tmp_path / "heatmaps.h5"), "--output", str(table)]
        words += ["--fixations", str(tmp_path / "fixations.parquet"), "--sensitivity", str(piece)]
        main(["score", *words])
        tables.append(str(table))
        pieces.append(str(piece))
    scores, agreement = str(tmp_path / "scores.csv"), str(tmp_path / "agreement.csv")
    others = [f"--{name}={tmp_path / name}.csv" for name in ("leaderboard", "comparisons")]
    main(["leaderboard", *tables, "--dataset", "tiny", "--scores", scores, *others])
    output = str(tmp_path / "sensitivity.csv")
    main(["sensitivity", *pieces, "--scores", scores, "--output", output, "--agreement", agreement])
    table = pd.read_csv(output)
    assert set(table["map"]) == {"centre", "ramp"}  # the human row has another target
    assert set(table["factor"]) == {factor.name for factor in FACTORS}
    with open_maps(tmp_path / "heatmaps.h5") as file:
        assert file.attrs["protocol"] == "default"
    for path in [output, agreement, *sorted(tmp_path.glob("*.csv"))]:
        found = pd.read_csv(path)
        assert found.columns[-1] == "protocol"
        assert set(found["protocol"]) <= {"default"}


def test_tables_of_two_protocols_are_not_put_together(tmp_path, capsys):
    paths = [tmp_path / "baseline" / "scores" / f"{name}.parquet" for name in ("zero", "centre")]
    for path, protocol in zip(paths, ("default", "mit"), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = ["image", "map", "metric", "value", "flag", "half_value"]
        table = pd.DataFrame([["a", path.stem, "nss", 0.0, "", np.nan]], columns=columns)
        table.attrs = {"protocol": protocol}
        table.to_parquet(path)
    outputs = [f"--{name}={tmp_path / name}" for name in ("scores", "leaderboard", "comparisons")]
    with pytest.raises(SystemExit) as stop:
        main(["leaderboard", *map(str, paths), "--dataset", "tiny", *outputs])
    assert stop.value.code == 4
    message = capsys.readouterr().err
    assert "zero.parquet" in message
    assert "'mit'" in message
    assert "'default'" in message
