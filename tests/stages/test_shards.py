"""A study cut into shards of three images, verb by verb: the tables of the uncut study."""

import h5py
import numpy as np
import pandas as pd
import pytest

from bench.cli import main
from bench.errors import ValidationError
from bench.maps import map_names, open_maps, read_map, write_map
from bench.shards import cut, shard_path, write_shards
from bench.stages._map_links import link_maps

METRICS = ["nss", "sauc", "cc", "kl", "ig", "ig_fitted", "mae_paper"]
IMAGES = [f"{number}.png" for number in range(7)]
SHARDS = cut(IMAGES, 3)


def bench(*words):
    main([str(word) for word in words] + ["--quiet"])


def write_maps(path, images, **attributes):
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.attrs.update({"maps": '["b", "a"]', "fingerprint": path.parts[-3]} | attributes)
        for image in images:
            rng = np.random.default_rng(int(image[0]))
            for name in ("b", "a"):
                write_map(file.require_group(name), image, rng.random((5, 6)), target=1)


@pytest.fixture
def results(seven, tmp_path):
    """The folder of results after the gaze stages, with a list of shards."""
    folder = tmp_path / "results" / "seven"
    table, recordings = folder / "fixations.parquet", folder / "recordings.json"
    dataset = ["--dataset", seven / "dataset.yaml"]
    bench("fixations", *dataset, "--output", table, "--recordings", recordings)
    gaze = ["--fixations", table, "--recordings", recordings]
    bench("heatmap", *gaze, "--output", folder / "heatmaps.h5")
    bench("shards", *dataset, "--size", 3, "--output", folder / "shards.csv")
    return folder


def tables(folder, method):
    kinds = {"output": "scores", "viewers": "viewers", "sensitivity": "sensitivity"}
    return {option: folder / kind / f"{method}.parquet" for option, kind in kinds.items()}


def options(paths):
    return [word for option, path in paths.items() for word in (f"--{option}", path)]


@pytest.mark.parametrize(
    ("model", "method"),
    [("net", "mine"), ("net", "mine_random"), *(("baseline", name) for name in ("human", "sobel"))],
)
def test_joined_scores_are_those_of_one_job(model, method, results, seven):
    joined = results / model / "maps" / f"{method}.h5"
    words = ["--model", model, "--method", method, "--metrics", *METRICS, "--seed", 3]
    words += ["--fixations", results / "fixations.parquet", "--heatmaps", results / "heatmaps.h5"]
    words += ["--dataset", seven / "dataset.yaml"] if method == "sobel" else []
    maps = {key: [] for key in (None, *SHARDS)}
    if model == "net":
        for shard, images in SHARDS.items():
            write_maps(shard_path(joined, shard), images)
            maps[shard] = ["--maps", shard_path(joined, shard)]
        manifest = ["--shards", results / "shards.csv"]
        bench("join-maps", *manifest, "--output", joined)
        maps[None] = ["--maps", joined]
    whole, parts = tables(results / "whole", method), tables(results / model, method)
    bench("score", *words, *maps[None], *options(whole))
    for shard in SHARDS:
        own = {option: shard_path(path, shard) for option, path in parts.items()}
        named = ["--shard", results / "shards.csv", shard]
        bench("score", *words, *maps[shard], *named, *options(own))
    bench("join-scores", *words, *maps[None], "--shards", results / "shards.csv", *options(parts))
    for option, path in parts.items():
        expected, found = pd.read_parquet(whole[option]), pd.read_parquet(path)
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
        assert found.attrs == expected.attrs
        assert len(found) or option == "sensitivity"


def score_shards(results, model, method, **stated):
    """Scores a method shard by shard, its maps with these attributes, and gives the last words."""
    joined = results / model / "maps" / f"{method}.h5"
    words = ["--model", model, "--method", method, "--metrics", "nss", "ig_fitted"]
    words += ["--fixations", results / "fixations.parquet", "--heatmaps", results / "heatmaps.h5"]
    parts = tables(results / model, method)
    for number, (shard, images) in enumerate(SHARDS.items()):
        maps = shard_path(joined, shard)
        write_maps(maps, [] if number == 0 and stated else images, **(stated if not number else {}))
        own = {option: shard_path(path, shard) for option, path in parts.items()}
        named = ["--maps", maps, "--shard", results / "shards.csv", shard]
        bench("score", *words, *named, *options(own))
    bench("join-maps", "--shards", results / "shards.csv", "--output", joined)
    return [*words, "--maps", joined, "--shards", results / "shards.csv", *options(parts)]


def test_a_method_that_does_not_apply_in_one_shard_has_no_scores(results):
    stated = {"not_applicable": "no classifier", "maps": "[]"}
    bench("join-scores", *score_shards(results, "net", "mine", **stated))
    for path in tables(results / "net", "mine").values():
        assert len(pd.read_parquet(path)) == 0
    assert len(pd.read_parquet(shard_path(path, list(SHARDS)[1])))


@pytest.mark.parametrize("said", ["lacks", "holds"])
def test_a_table_of_other_photographs_is_not_joined(said, results, capsys):
    words = score_shards(results, "net", "mine")
    first, second = list(SHARDS)[:2]
    before, after = SHARDS[first], SHARDS[second]
    changed = dict(SHARDS)
    if said == "lacks":
        changed[first], changed[second] = [*before, after[0]], after[1:]
    else:
        changed[first], changed[second] = before[:-1], [before[-1], *after]
    write_shards(changed, results / "shards.csv")
    with pytest.raises(SystemExit) as ended:
        bench("join-scores", *words)
    assert ended.value.code == 4
    told = capsys.readouterr().err
    assert f"shards/{first}/scores/mine.parquet: {said} scores of image" in told
    assert not (results / "net/scores/mine.parquet").exists()


def test_more_processes_write_the_same_bytes(results, monkeypatch):
    monkeypatch.setattr("bench.stages._scoring.PIECE", 2)
    monkeypatch.setattr("bench.stages.heatmap.PIECE", 2)
    gaze = ["--fixations", results / "fixations.parquet"]
    words = ["--recordings", results / "recordings.json", "--output", results / "again.h5"]
    bench("heatmap", *gaze, *words, "--jobs", 2)
    assert (results / "again.h5").read_bytes() == (results / "heatmaps.h5").read_bytes()
    words = ["--model", "baseline", "--method", "human", "--metrics", *METRICS]
    words += [*gaze, "--heatmaps", results / "heatmaps.h5"]
    for jobs in (1, 2):
        bench("score", *words, "--jobs", jobs, *options(tables(results / str(jobs), "human")))
    for kind in ("scores", "viewers"):
        one, two = (results / jobs / kind / "human.parquet" for jobs in "12")
        assert one.read_bytes() == two.read_bytes()


def test_linked_maps_are_those_of_the_shards_wherever_the_results_lie(tmp_path):
    joined = tmp_path / "results" / "net" / "maps" / "mine.h5"
    parts = {shard_path(joined, shard): images for shard, images in SHARDS.items()}
    for path, images in parts.items():
        write_maps(path, images)
    link_maps(joined, parts)
    (tmp_path / "results").rename(tmp_path / "moved")
    with open_maps(tmp_path / "moved" / "net" / "maps" / "mine.h5") as file:
        assert map_names(file) == ["b", "a"]
        assert list(file["a"]) == IMAGES
        for image in IMAGES:
            rng = np.random.default_rng(int(image[0]))
            expected = [rng.random((5, 6)) for _ in "ba"][1].astype(np.float32)
            np.testing.assert_array_equal(read_map(file["a"], image), expected)
            assert file["a"][image].attrs["target"] == 1
    assert (tmp_path / "moved/net/maps/mine.h5").stat().st_size < 50_000


@pytest.mark.parametrize("state", ["failed", "not_applicable"])
def test_a_method_without_maps_in_one_shard_has_none_at_all(state, tmp_path):
    joined = tmp_path / "net" / "maps" / "mine.h5"
    parts = {shard_path(joined, shard): images for shard, images in SHARDS.items()}
    for number, (path, images) in enumerate(parts.items()):
        write_maps(path, [] if number == 1 else images, **({state: "why"} if number == 1 else {}))
    link_maps(joined, parts)
    with h5py.File(joined) as file:
        assert file.attrs[state] == "why"
        assert list(file) == []
        assert (file.attrs["fingerprint"] == "failed") == (state == "failed")


def test_a_shard_that_lacks_an_image_is_named(tmp_path):
    joined = tmp_path / "net" / "maps" / "mine.h5"
    path = shard_path(joined, "1f")
    write_maps(path, ["0.png"])
    with pytest.raises(ValidationError, match=r"1f/maps/mine.h5: no map 'b' for image '1.png'"):
        link_maps(joined, {path: ["0.png", "1.png"]})
    assert not joined.exists()


def test_a_list_of_shards_lists_the_stimuli(results, tmp_path):
    write_shards(SHARDS, tmp_path / "expected.csv")
    assert (results / "shards.csv").read_text() == (tmp_path / "expected.csv").read_text()
