"""Stage by stage over a tiny data set: what each verb writes, and what it says when it cannot."""

import io
import json
import re

import h5py
import numpy as np
import pandas as pd
import pytest

from bench.baselines import BASELINES
from bench.cli import main
from bench.heatmaps import fixation_heatmap
from bench.maps import write_map
from bench.report.figure_names import figure_names
from bench.scores import Gaze

IMAGES = ("a.png", "b.png")


def bench(*words):
    main([str(word) for word in words])


@pytest.fixture
def gaze(tiny, tmp_path):
    """The folder of results after the gaze stages."""
    results = tmp_path / "results" / "tiny"
    bench("fixations", "--dataset", tiny / "dataset.yaml", *_outputs(results))
    bench("heatmap", *_gaze_inputs(results), "--output", results / "heatmaps.h5")
    return results


def _outputs(results):
    return "--output", results / "fixations.parquet", "--recordings", results / "recordings.json"


def _gaze_inputs(results):
    return "--fixations", results / "fixations.parquet", "--recordings", results / "recordings.json"


def _score(results, model, method, *words):
    bench(
        *("score", "--model", model, "--method", method, *words),
        *("--heatmaps", results / "heatmaps.h5"),
        *("--fixations", results / "fixations.parquet"),
        *("--output", results / model / "scores" / f"{method}.parquet"),
    )
    return pd.read_parquet(results / model / "scores" / f"{method}.parquet")


def _maps(path, values, images=IMAGES):
    """A map file with one map `mine` per image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.attrs.update(maps=json.dumps(["mine"]), weights="none", version="", options="{}")
        for image in images:
            write_map(file.require_group("mine"), image, values(image), target_name="cat")


def test_heatmaps_are_those_of_the_kept_fixations(gaze):
    table = pd.read_parquet(gaze / "fixations.parquet").query("image_id == 'a.png'")
    expected = fixation_heatmap(table.x_image_px, table.y_image_px, table.duration_ms, (64, 96))
    with h5py.File(gaze / "heatmaps.h5") as file:
        np.testing.assert_allclose(file["a.png"], expected, rtol=1e-6)
        assert file["a.png"].attrs["viewers"] == 3
        assert file["a.png"].attrs["fixations"] == 15


def test_the_human_heatmap_itself_scores_as_identity(gaze, tmp_path):
    with h5py.File(gaze / "heatmaps.h5") as file:
        human = {name: file[name][()] for name in file}
    _maps(tmp_path / "maps.h5", human.__getitem__)
    table = _score(gaze, "net", "mine", "--maps", tmp_path / "maps.h5")
    means = table.groupby("metric")["value"].mean()
    assert means["cc"] == pytest.approx(1)
    assert means["sim"] == pytest.approx(1)
    assert means["mae_density"] == pytest.approx(0, abs=1e-9)


def test_a_coarse_map_is_scored_at_the_images_size(gaze, tmp_path):
    _maps(tmp_path / "maps.h5", lambda image: np.array([[0.0, 1.0], [0.0, 1.0]]))
    table = _score(gaze, "net", "mine", "--maps", tmp_path / "maps.h5")
    # The right half is bright: pixels rank by their column, whatever the row.
    fixations = pd.read_parquet(gaze / "fixations.parquet").query("image_id == 'a.png'")
    column = np.clip(np.floor(fixations.x_image_px + 0.5), 23.5, 71.5)
    every = np.clip(np.arange(96), 23.5, 71.5)
    expected = np.mean([(np.sum(every < c) + 0.5 * np.sum(every == c)) / 96 for c in column])
    found = table.query("image == 'a.png' and metric == 'auc'")["value"].item()
    assert found == pytest.approx(expected)


def test_pooled_counts_are_those_of_the_other_images_fixations(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.scores.SIZES_KEPT", 2)  # fewer than there are sizes
    rng = np.random.default_rng(0)
    shapes = {"a.png": (60, 80), "b.png": (90, 50), "c.png": (60, 80), "d.png": (40, 40)}
    rows = [
        {"image_id": name, "subject_id": "1", "x_image_px": x, "y_image_px": y, "status": "kept"}
        for name, (height, width) in shapes.items()
        for x, y in rng.uniform((-3, -3), (width + 2, height + 2), (200, 2))
    ]
    with h5py.File(tmp_path / "heatmaps.h5", "w") as file:
        file.attrs["first_fixation"] = "keep"
        for name, shape in shapes.items():
            file[name] = np.ones(shape)
    gaze = Gaze(pd.DataFrame(rows), tmp_path / "heatmaps.h5")
    for name in [*shapes, *shapes]:
        height, width = shapes[name]
        expected = np.zeros((height, width), dtype=int)
        for x, y in np.floor(gaze.other_fixations(name) + 0.5).astype(int):
            if 0 <= x < width and 0 <= y < height:
                expected[y, x] += 1
        np.testing.assert_array_equal(gaze.other_counts(name), expected)


def test_the_all_zero_map_wins_the_papers_mae_and_is_flagged(gaze):
    zero = _score(gaze, "baseline", "zero")
    human = _score(gaze, "baseline", "human")
    error = {
        name: table.query("metric == 'mae_paper'")["value"].mean()
        for name, table in {"zero": zero, "human": human}.items()
    }
    assert error["zero"] < error["human"]
    assert set(zero["flag"]) == {"constant empty"}


@pytest.mark.parametrize("name", list(BASELINES))
def test_every_baseline_is_a_table_of_scores_and_one_by_viewer(tiny, gaze, name):
    words = ["--dataset", tiny / "dataset.yaml"] if BASELINES[name].photograph else []
    viewers = gaze / "baseline" / "viewers" / f"{name}.parquet"
    table = _score(gaze, "baseline", name, *words, "--metrics", "nss", "cc", "--viewers", viewers)
    assert table["map"].eq(name).all()
    assert np.isfinite(table["value"]).all()
    assert np.isfinite(table.query("metric == 'cc'")["half_value"]).all()
    by_viewer = pd.read_parquet(viewers)
    assert sorted(set(by_viewer["viewer"])) == ["1", "2", "3"]
    whole = table.query("metric == 'nss'").set_index("image")["value"]
    for image, rows in by_viewer.groupby("image"):
        assert np.average(rows["value"], weights=rows["weight"]) == pytest.approx(whole[image])


def test_a_low_level_baseline_without_the_photographs_ends_with_2(gaze, capsys):
    with pytest.raises(SystemExit) as stop:
        _score(gaze, "baseline", "sobel")
    assert stop.value.code == 2
    assert "'sobel' needs the photographs: give --dataset YAML" in capsys.readouterr().err


def test_scores_repeat_with_their_seed(gaze):
    first, again, other = (
        _score(gaze, "baseline", "noise", "--seed", seed, "--metrics", "nss", "cc")
        for seed in (3, 3, 4)
    )
    pd.testing.assert_frame_equal(first, again)
    assert not first["value"].equals(other["value"])


def test_an_image_without_fixations_is_flagged_and_left_out_of_the_means(tiny, tmp_path):
    rows = (tiny / "fixations.csv").read_text().splitlines()
    kept = [row for row in rows if not row.startswith("b.png")]
    (tiny / "fixations.csv").write_text("\n".join(kept) + "\n")
    results = tmp_path / "results" / "tiny"
    bench("fixations", "--dataset", tiny / "dataset.yaml", *_outputs(results))
    bench("heatmap", *_gaze_inputs(results), "--output", results / "heatmaps.h5")
    assert json.loads((results / "recordings.json").read_text())["images_without_fixations"] == [
        "b.png"
    ]
    for name in ("centre", "human"):
        table = _score(results, "baseline", name).query("image == 'b.png'")
        assert table["value"].isna().all()
        assert set(table["flag"]) == {"no_fixation"}
    bench(
        *("leaderboard", results / "baseline/scores/human.parquet", "--dataset", "tiny"),
        *("--scores", results / "scores.csv", "--leaderboard", results / "leaderboard.csv"),
        *("--comparisons", results / "comparisons.csv"),
    )
    board = pd.read_csv(results / "leaderboard.csv").query("metric == 'auc'")
    assert board["n_images"].item() == 1


def test_a_missing_map_ends_with_4_and_leaves_no_file(gaze, tmp_path, capsys):
    _maps(tmp_path / "maps.h5", lambda image: np.ones((2, 2)))
    with h5py.File(tmp_path / "maps.h5", "a") as file:
        del file["mine/b.png"]
    with pytest.raises(SystemExit) as stop:
        _score(gaze, "net", "mine", "--maps", tmp_path / "maps.h5")
    assert stop.value.code == 4
    assert "no map for image 'b.png'" in capsys.readouterr().err
    assert not (gaze / "net" / "scores" / "mine.parquet").exists()


def test_a_table_that_lost_a_column_ends_with_4(gaze, capsys):
    path = gaze / "fixations.parquet"
    pd.read_parquet(path).drop(columns="status").to_parquet(path)
    with pytest.raises(SystemExit) as stop:
        _score(gaze, "baseline", "zero")
    assert stop.value.code == 4
    assert "missing column 'status'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("attend", "--methods", "grad-cam"), 2, "unknown method 'grad-cam': did you mean"),
        (("attend", "x.png"), 2, "give IMAGE"),
        (("attend", "--methods", "{"), 2, "not readable as JSON"),
        (("check-config", "none.yaml"), 3, "none.yaml: cannot be read"),
    ],
)
def test_bad_usage_ends_with_one_message(words, code, message, capsys):
    with pytest.raises(SystemExit) as stop:
        bench(*words)
    assert stop.value.code == code
    shown = capsys.readouterr().err
    assert message in shown
    assert "Traceback" not in shown


def test_messages_go_to_the_log_too(tiny, tmp_path):
    bench(
        *("fixations", "--dataset", tiny / "dataset.yaml", *_outputs(tmp_path)),
        *("--log", tmp_path / "logs" / "fixations.log"),
    )
    assert "30 fixations, 30 kept" in (tmp_path / "logs" / "fixations.log").read_text()


def _report(tiny, results, metrics=("nss", "sauc", "mae_paper", "mae_density")):
    """The page over one network with one method, and its text."""
    names = [("baseline", name) for name in ("zero", "centre", "human")]
    maps = results / "efficientnet_lite0" / "maps" / "gradcam.h5"
    for model, method in [*names, ("efficientnet_lite0", "gradcam")]:
        words = ("--maps", maps) if model != "baseline" else ()
        _score(results, model, method, *words, "--metrics", *metrics)
    bench(
        *("leaderboard", *sorted(results.glob("*/scores/*.parquet")), "--dataset", "tiny"),
        *("--scores", results / "scores.csv", "--leaderboard", results / "leaderboard.csv"),
        *("--comparisons", results / "comparisons.csv"),
    )
    bench(
        *("report", "--dataset", tiny / "dataset.yaml", "--results", results),
        *("--models", "efficientnet_lite0", "--methods", "gradcam"),
        *("--output", results / "report.html"),
    )
    return (results / "report.html").read_text()


@pytest.fixture
def ramp(gaze):
    """The results with one method's maps: brighter to the right."""
    path = gaze / "efficientnet_lite0" / "maps" / "gradcam.h5"
    _maps(path, lambda image: np.tile(np.arange(8.0), (6, 1)))
    return gaze


@pytest.mark.parametrize(
    "metrics", [("nss", "sauc", "mae_paper", "mae_density"), ("mae_paper",), ("nss",), ("kl",)]
)
def test_the_report_stands_whatever_was_scored(tiny, ramp, metrics):
    page = _report(tiny, ramp, metrics)
    assert ("What the literal MAE says" in page) == ("mae_paper" in metrics)
    assert "not scored" not in page.split("<tbody>")[2]
    assert {path.name for path in (ramp / "figures").iterdir()} == {
        f"{name}.{suffix}"
        for name in figure_names(["efficientnet_lite0"], ["gradcam"])
        for suffix in ("svg", "png")
    }


def test_two_reports_of_the_same_results_are_the_same_bytes(tiny, ramp):
    first = _report(tiny, ramp)
    figures = {path.name: path.read_bytes() for path in (ramp / "figures").iterdir()}
    assert _report(tiny, ramp) == first
    assert {path.name: path.read_bytes() for path in (ramp / "figures").iterdir()} == figures


def test_every_term_has_an_anchor_and_the_page_links_to_nothing_but_itself_and_references(
    tiny, ramp
):
    page = _report(tiny, ramp)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    terms = ("nss", "mae_paper", "gradcam", "centre", "human", "efficientnet_lite0")
    assert {f"term-{name}" for name in terms} <= set(ids)
    links = set(re.findall(r'href="([^"]+)"', page))
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    others = {link for link in links if not link.startswith(("#", "https://doi.org/10."))}
    figures = {f"figures/{path.name}" for path in (ramp / "figures").iterdir()}
    assert others - {"performance.html"} <= figures
    assert "performance.html" in others
    said = json.loads((ramp / "provenance.json").read_text())
    assert (said["dataset"], said["seed"]) == ("tiny", 0)
    assert said["configuration"]["methods"] == ["gradcam"]


def test_names_of_the_user_are_escaped_and_drawn_as_they_are(tiny, tmp_path):
    name = "a$\\x$&b.png"
    (tiny / "stimuli" / "a.png").rename(tiny / "stimuli" / name)
    rows = (tiny / "fixations.csv").read_text().replace("a.png", name)
    (tiny / "fixations.csv").write_text(rows)
    description = (tiny / "dataset.yaml").read_text()
    (tiny / "dataset.yaml").write_text(description.replace("Tiny", "<b>Tiny</b>"))
    results = tmp_path / "results" / "tiny"
    bench("fixations", "--dataset", tiny / "dataset.yaml", *_outputs(results))
    bench("heatmap", *_gaze_inputs(results), "--output", results / "heatmaps.h5")
    path = results / "efficientnet_lite0" / "maps" / "gradcam.h5"
    _maps(path, lambda image: np.eye(4), images=(name, "b.png"))
    page = _report(tiny, results)
    assert "<b>Tiny</b>" not in page
    assert "&lt;b&gt;Tiny&lt;/b&gt;" in page


def test_a_method_that_does_not_apply_is_named_with_its_reason(tiny, gaze):
    path = gaze / "efficientnet_lite0" / "maps" / "gradcam.h5"
    _maps(path, lambda image: np.eye(4), images=())
    with h5py.File(path, "a") as file:
        file.attrs.update(maps="[]", not_applicable="it has no layer")
    page = _report(tiny, gaze)
    (row,) = [
        row for row in page.split('id="outcomes"')[1].split("<tr>") if "it has no layer" in row
    ]
    assert "Grad-CAM" in row
    assert "does not apply" in row
    assert "<p>Grad-CAM on EfficientNet-Lite0: does not apply, it has no layer.</p>" in page
    assert (gaze / "figures" / "gradcam-efficientnet_lite0.png").is_file()


def test_a_control_explains_the_class_that_the_trained_network_sees(tiny, tmp_path):
    words = ("attend", "--dataset", tiny / "dataset.yaml", "--methods", "cam,dense", "--quiet")
    bench(*words, "--output-folder", tmp_path)
    bench(*words, "--output-folder", tmp_path, "--random-weights", 3)
    with h5py.File(tmp_path / "cam.h5") as file, h5py.File(tmp_path / "cam_random.h5") as control:
        for name in IMAGES:
            trained, random = file["cam"][name], control["cam_random"][name]
            assert random.attrs["target"] == trained.attrs["target"]
            assert random.attrs["score"] != trained.attrs["score"]
            assert random.shape == trained.shape
            assert abs(np.corrcoef(random[()].ravel(), trained[()].ravel())[0, 1]) < 0.99
        assert "untrained, seed 3" in control.attrs["weights"]
    with h5py.File(tmp_path / "dense_random.h5") as control:
        assert "dense_conv54321_random" in control
        assert json.loads(control.attrs["maps"])[0] == "dense_conv1_random"
    first = (tmp_path / "cam_random.h5").read_bytes()
    bench(*words[:-3], "--methods", "cam", "--output-folder", tmp_path, "--random-weights", 3)
    with h5py.File(tmp_path / "cam_random.h5") as again, h5py.File(io.BytesIO(first)) as before:
        assert (again["cam_random/a.png"][()] == before["cam_random/a.png"][()]).all()


def test_gaze_that_never_meets_a_photograph_still_gives_a_report(tiny, tmp_path):
    header, *rows = (tiny / "fixations.csv").read_text().splitlines()
    moved = [",".join([*row.split(",")[:2], "-50", "-50", "100"]) for row in rows]
    (tiny / "fixations.csv").write_text("\n".join([header, *moved]) + "\n")
    results = tmp_path / "results" / "tiny"
    bench("fixations", "--dataset", tiny / "dataset.yaml", *_outputs(results))
    bench("heatmap", *_gaze_inputs(results), "--output", results / "heatmaps.h5")
    _maps(results / "efficientnet_lite0" / "maps" / "gradcam.h5", lambda image: np.eye(4))
    page = _report(tiny, results)
    assert "over the 0 photographs with a score" in page
    assert "Photographs without a fixation, left out of the means: a.png, b.png" in page


def test_a_map_of_nan_is_drawn_blank_and_counted_among_the_flags(tiny, gaze):
    path = gaze / "efficientnet_lite0" / "maps" / "gradcam.h5"
    _maps(path, lambda image: np.full((6, 8), np.nan if image == "a.png" else 0.5))
    page = _report(tiny, gaze, ("nss",))
    quality = re.sub(r"\s+", " ", page.split('id="quality"')[1].split("<h2")[0])
    assert "<strong>constant</strong>: All-zero map (2 photographs), Grad-CAM" in quality
    assert "<strong>nan</strong>: Grad-CAM" in quality


def _partial(tiny, results, folder="partial"):
    page = results / folder / "report.html"
    bench(
        *("report", "--partial", "--dataset", tiny / "dataset.yaml", "--results", results),
        *("--models", "efficientnet_lite0", "--methods", "gradcam", "cam", "--output", page),
    )
    return page.read_text()


def test_a_partial_report_stands_on_what_is_there(tiny, ramp):
    _report(tiny, ramp)
    whole = {name: (ramp / name).read_bytes() for name in ("leaderboard.csv", "report.html")}
    (ramp / "scores.csv").unlink()
    (ramp / "baseline/scores/centre.parquet").unlink()
    logs = ramp / "efficientnet_lite0" / "logs"
    logs.mkdir()
    (logs / "attend_tiny_efficientnet_lite0_cam.log").write_text("bench attend: too <dark>\n")
    page = _partial(tiny, ramp)
    assert "A partial report" in page
    outcomes = page.split('id="outcomes"')[1].split("<h2")[0]
    (cam,) = [row for row in outcomes.split("<tr>") if "too &lt;dark&gt;" in row]
    assert "failed" in cam
    (centre,) = [row for row in outcomes.split("<tr>") if "Centre bias" in row]
    assert "not run" in centre
    scored = pd.read_csv(ramp / "partial" / "leaderboard.csv")
    assert set(scored["method"]) == {"gradcam", "zero", "human"}
    # the workflow's own tables and page stay as they are
    assert {name: (ramp / name).read_bytes() for name in whole} == whole
    assert not (ramp / "scores.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["efficientnet_lite0/scores/gradcam.parquet", "baseline/scores"])
def test_a_partial_report_needs_neither_maps_nor_baselines(tiny, ramp, lost):
    _report(tiny, ramp)
    path = ramp / lost
    for file in [path] if path.is_file() else path.iterdir():
        file.unlink()
    page = _partial(tiny, ramp)
    assert "A partial report" in page
    assert "its job did not start" in page


def test_a_partial_report_of_nothing_ends_with_4(tiny, gaze, capsys):
    with pytest.raises(SystemExit) as ended:
        _partial(tiny, gaze)
    assert ended.value.code == 4
    assert "found no scores of the" in capsys.readouterr().err


def test_a_partial_report_does_not_take_the_place_of_the_workflow_s(tiny, ramp, capsys):
    _report(tiny, ramp)
    with pytest.raises(SystemExit) as ended:
        _partial(tiny, ramp, folder=".")
    assert ended.value.code == 2
    assert "give --output another folder" in capsys.readouterr().err
