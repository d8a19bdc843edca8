"""Failed, not run and not applicable are told apart by the files that a run leaves."""

import os

import h5py
import pandas as pd
import pytest

from bench.report.labels import MethodText
from bench.report.outcomes import FAILED, MARKS, NOT_APPLICABLE, NOT_RUN, SCORED, Outcome, outcome
from bench.report.score_table import grouped, outcome_rows
from bench.report.tables import Row


@pytest.fixture
def results(tmp_path):
    """The folder of a data set `d` with one row, (net, cam), that is whole."""
    folder = tmp_path / "d"
    for name in ("maps", "scores", "logs"):
        (folder / "net" / name).mkdir(parents=True)
    with h5py.File(folder / "net/maps/cam.h5", "w") as file:
        file.attrs["fingerprint"] = "abc"
    table = pd.DataFrame({"value": [1.0]})
    table.attrs = {"maps": "abc"}
    table.to_parquet(folder / "net/scores/cam.parquet")
    (folder / "net/logs/attend_d_net.log").write_text("2 images, cam: 3 images per second\n")
    return folder


def test_a_row_with_scores_of_its_maps_is_scored(results):
    assert outcome(results, "net", "cam") == Outcome(SCORED)


@pytest.mark.parametrize(
    ("attribute", "state"), [("failed", FAILED), ("not_applicable", NOT_APPLICABLE)]
)
def test_the_map_file_says_what_became_of_its_method(results, attribute, state):
    with h5py.File(results / "net/maps/cam.h5", "a") as file:
        file.attrs[attribute] = "why"
    assert outcome(results, "net", "cam") == Outcome(state, "why")


@pytest.mark.parametrize("log", ["attend_d_net_cam", "attend_d_net", "fit_cam", "external_cam"])
def test_without_maps_the_log_of_their_job_says_why(results, log):
    (results / "net/maps/cam.h5").unlink()
    (results / "net/logs/attend_d_net.log").unlink()
    (results / f"net/logs/{log}.log").write_text("begun\nbench attend: a.png: truncated.\nMend it.")
    assert outcome(results, "net", "cam") == Outcome(FAILED, "a.png: truncated.\nMend it.")


def test_a_method_from_outside_failed_though_the_job_of_the_others_ended_later(results):
    (results / "net/logs/attend_d_net_mine.log").write_text("bench attend: mine.py, line 3: no.")
    os.utime(results / "net/logs/attend_d_net_mine.log", (0, 0))
    assert outcome(results, "net", "mine") == Outcome(FAILED, "mine.py, line 3: no.")


def test_without_maps_and_without_a_message_it_was_not_run(results):
    (results / "net/maps/cam.h5").unlink()
    assert outcome(results, "net", "cam").state == NOT_RUN
    (results / "net/logs/attend_d_net.log").unlink()
    assert outcome(results, "net", "cam") == Outcome(
        NOT_RUN, "no maps were made: its job did not start"
    )


@pytest.fixture
def cut(results):
    """The same, cut into the shards 1a and 2b, of which the second has no maps."""
    (results / "shards.csv").write_text("shard,image\n1a,a.png\n2b,b.png\n")
    for shard in ("1a", "2b", "0old"):
        for name in ("maps", "logs"):
            (results / "net/shards" / shard / name).mkdir(parents=True)
    (results / "net/maps/cam.h5").rename(results / "net/shards/1a/maps/cam.h5")
    (results / "net/logs/attend_d_net.log").rename(results / "net/shards/1a/logs/attend_d_net.log")
    return results


@pytest.mark.parametrize("log", ["attend_d_net", "attend_d_net__2", "attend_d_net_cam"])
def test_the_log_of_one_shard_says_why_the_row_failed(cut, log):
    assert outcome(cut, "net", "cam").state == NOT_RUN
    (cut / f"net/shards/2b/logs/{log}.log").write_text("bench attend: b.png: truncated.")
    assert outcome(cut, "net", "cam") == Outcome(FAILED, "b.png: truncated.")
    (cut / "net/logs/join_maps_cam.log").write_text("bench join-maps: no room.")
    assert outcome(cut, "net", "cam") == Outcome(FAILED, "no room.")


@pytest.mark.parametrize(
    ("attribute", "state"), [("failed", FAILED), ("not_applicable", NOT_APPLICABLE)]
)
def test_the_map_file_of_one_shard_says_why_the_row_has_none(cut, attribute, state):
    with h5py.File(cut / "net/shards/2b/maps/cam.h5", "w") as file:
        file.attrs[attribute] = "why"
    assert outcome(cut, "net", "cam") == Outcome(state, "why")


def test_without_joined_scores_a_shard_or_the_joining_says_why(cut):
    (cut / "net/shards/1a/maps/cam.h5").rename(cut / "net/maps/cam.h5")
    (cut / "net/scores/cam.parquet").unlink()
    assert outcome(cut, "net", "cam").state == NOT_RUN
    (cut / "net/shards/2b/logs/score_cam.log").write_text("bench score: no map for 'b.png'.")
    assert outcome(cut, "net", "cam") == Outcome(FAILED, "no map for 'b.png'.")
    (cut / "net/logs/join_scores_cam.log").write_text("bench join-scores: no room.")
    assert outcome(cut, "net", "cam") == Outcome(FAILED, "no room.")


def test_a_folder_of_a_former_shard_says_nothing(cut):
    (cut / "net/shards/0old/logs/attend_d_net.log").write_text("bench attend: long ago")
    (cut / "net/shards/0old/maps/cam.h5").write_bytes(b"garbage")
    assert outcome(cut, "net", "cam").state == NOT_RUN
    (cut / "shards.csv").write_bytes(b"garbage")
    assert outcome(cut, "net", "cam").state == NOT_RUN


def test_a_control_has_a_shared_log_of_its_own(results):
    (results / "net/logs/attend_d_net__random.log").write_text("bench attend: no luck")
    assert outcome(results, "net", "cam_random") == Outcome(FAILED, "no luck")


def test_without_scores_the_log_of_scoring_says_why(results):
    (results / "net/scores/cam.parquet").unlink()
    assert outcome(results, "net", "cam").state == NOT_RUN
    (results / "net/logs/score_cam.log").write_text("bench score: cam.h5/cam: no map for 'a.png'.")
    assert outcome(results, "net", "cam") == Outcome(FAILED, "cam.h5/cam: no map for 'a.png'.")


def test_scores_of_former_maps_are_no_scores(results):
    with h5py.File(results / "net/maps/cam.h5", "a") as file:
        file.attrs["fingerprint"] = "def"
    assert outcome(results, "net", "cam").state == NOT_RUN


@pytest.mark.parametrize("path", ["net/maps/cam.h5", "net/scores/cam.parquet"])
def test_a_broken_file_is_a_failure_that_names_it(results, path):
    (results / path).write_bytes(b"garbage")
    found = outcome(results, "net", "cam")
    assert found.state == FAILED
    assert str(results / path) in found.reason


def test_a_baseline_needs_no_maps(results):
    assert outcome(results, "baseline", "zero").state == NOT_RUN
    (results / "net").rename(results / "baseline")
    (results / "baseline/scores/cam.parquet").rename(results / "baseline/scores/zero.parquet")
    assert outcome(results, "baseline", "zero") == Outcome(SCORED)


def test_the_states_have_different_signs():
    assert len(set(MARKS.values())) == len(MARKS) == 3


OUTCOMES = {
    ("vgg16", "cam"): Outcome(SCORED),
    ("vgg16", "mine"): Outcome(NOT_RUN, "later"),
    ("vgg16", "cam_random"): Outcome(SCORED),
    ("alexnet", "cam"): Outcome(FAILED, "no luck"),
    ("baseline", "human"): Outcome(SCORED),
    ("baseline", "zero"): Outcome(SCORED),
}
TEXTS = {"cam": MethodText("CAM", "", ""), "mine": MethodText("My own", "", "")}


def test_the_table_has_the_ceiling_on_top_networks_in_between_and_the_floor_below():
    rows = [
        Row("", label, True, [], model, method)
        for label, model, method in (
            ("All zero", "baseline", "zero"),
            ("CAM", "vgg16", "cam"),
            ("CAM (random weights)", "vgg16", "cam_random"),
            ("Other viewers", "baseline", "human"),
        )
    ]
    groups = grouped(rows, OUTCOMES, TEXTS)
    assert [group.title for group in groups] == [
        "Human ceiling",
        "VGG16",
        "AlexNet",
        "VGG16, random weights",
        "Baselines",
    ]
    assert [group.fixed for group in groups] == [True, False, False, False, True]
    assert [[row.label for row in group.rows] for group in groups] == [
        ["Other viewers"],
        ["CAM"],
        [],
        ["CAM (random weights)"],
        ["All zero"],
    ]
    assert [[row.label for row in group.missing] for group in groups] == [
        *([], ["My own"], ["CAM"], [], []),
    ]


def test_what_has_no_scores_is_listed_failures_first():
    assert outcome_rows(OUTCOMES, TEXTS) == [
        ("AlexNet", "CAM", Outcome(FAILED, "no luck")),
        ("VGG16", "My own", Outcome(NOT_RUN, "later")),
    ]
