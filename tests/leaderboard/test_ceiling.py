"""The human ceiling and each map's share of it: which target, and when there is none."""

import numpy as np
import pandas as pd
import pytest

from bench.leaderboard import leaderboard
from bench.statistics import bootstrap_mean, bootstrap_share, crossed_means, spearman_brown

OPTIONS = {"draws": 1000}


def board(scores, *viewers):
    return leaderboard(scores, *viewers, **OPTIONS).set_index("map")


def wide(scores, column="value"):
    return scores.pivot(index="image", columns="map", values=column)


def with_halves(scores, shift=-0.1):
    """Scores against the heatmap of half of the viewers: those of all, moved and shaken."""
    noise = np.random.default_rng(9).normal(0, 0.02, len(scores))
    return scores.assign(half_value=scores["value"] * 0.25 + shift + noise)


def test_fixation_metrics_share_the_way_to_the_viewer_left_out(make_scores):
    scores = make_scores()
    found = board(scores)
    mean = found["mean"]
    expected = (mean["gradcam"] - mean["centre"]) / (mean["human"] - mean["centre"])
    assert found["ceiling_share"]["gradcam"] == pytest.approx(expected)
    assert found["ceiling_share"][["centre", "human"]].tolist() == [0, 1]
    assert found["ceiling_share"]["zero"] < 0
    assert set(found["ceiling_kind"]) == {"leave_one_out"}
    assert set(found["ceiling_note"]) == {""}
    columns = wide(scores)
    share = bootstrap_share(columns["gradcam"], columns["centre"], columns["human"], **OPTIONS)
    assert found["share_low"]["gradcam"] == pytest.approx(share.ci_low)
    assert found["share_high"]["gradcam"] == pytest.approx(share.ci_high)


def test_with_viewers_the_maps_are_scored_on_each_viewer_too(make_scores, make_viewers):
    by_viewer, scores = make_viewers(make_scores())
    found = board(scores, by_viewer)
    equal = by_viewer.groupby("map")["value"].mean()
    weighted = found["mean"]
    assert weighted["gradcam"] != pytest.approx(equal["gradcam"], rel=1e-4)
    for name in ("gradcam", "centre"):
        assert found["matched_mean"][name] == pytest.approx(equal[name])
    expected = (equal["gradcam"] - equal["centre"]) / (equal["human"] - equal["centre"])
    assert found["ceiling_share"]["gradcam"] == pytest.approx(expected)
    assert found["ceiling"]["gradcam"] == pytest.approx(equal["human"])


def test_a_metric_that_no_map_has_by_viewer_has_no_share(make_scores, make_viewers):
    by_viewer, scores = make_viewers(make_scores(["auc"]))
    found = board(scores, by_viewer[by_viewer["map"] == "human"])
    assert found["ceiling_share"].isna().all()
    assert set(found["ceiling_note"]) == {"maps have no score viewer by viewer in this metric"}


def test_against_a_heatmap_all_are_scored_on_half_of_the_viewers(make_scores):
    scores = with_halves(make_scores(["sim"]))
    found, half = board(scores), wide(scores, "half_value").mean()
    assert set(found["ceiling_kind"]) == {"split_half"}
    assert found["ceiling"].iloc[0] == pytest.approx(half["human"])
    assert found["matched_mean"]["gradcam"] == pytest.approx(half["gradcam"])
    expected = (half["gradcam"] - half["centre"]) / (half["human"] - half["centre"])
    assert found["ceiling_share"]["gradcam"] == pytest.approx(expected)


def test_shares_of_a_metric_where_lower_is_better_read_the_same_way(make_scores):
    levels = {"zero": 4.0, "centre": 3.0, "human": 1.0, "gradcam": 2.0}
    levels = {("baseline", name, name): level for name, level in levels.items()}
    levels["net", "gradcam", "gradcam"] = levels.pop(("baseline", "gradcam", "gradcam"))
    found = board(with_halves(make_scores(["kl"], levels=levels)))
    assert found["ceiling_share"]["gradcam"] == pytest.approx(0.5, abs=0.1)
    assert found["ceiling_share"]["zero"] == pytest.approx(-0.5, abs=0.1)


def test_only_cc_is_extended_to_all_viewers_and_its_maps_are_scored_on_all(make_scores):
    scores = with_halves(make_scores(["cc"]), shift=0)
    scores["value"] /= 4
    found, half = board(scores), wide(scores, "half_value")["human"]
    assert set(found["ceiling_kind"]) == {"split_half_spearman_brown"}
    ceiling = spearman_brown(half).mean()
    assert found["ceiling"].iloc[0] == pytest.approx(ceiling)
    mean = found["mean"]
    expected = (mean["gradcam"] - mean["centre"]) / (ceiling - mean["centre"])
    assert found["ceiling_share"]["gradcam"] == pytest.approx(expected)
    assert found["matched_mean"]["gradcam"] == pytest.approx(mean["gradcam"])


def test_without_halves_there_is_no_ceiling_against_a_heatmap(make_scores):
    found = board(make_scores(["cc"]))
    assert found["ceiling_share"].isna().all()
    assert set(found["ceiling_note"]) == {"no image with two viewers"}
    assert set(found["ceiling_kind"]) == {""}


def test_shares_are_taken_over_the_images_that_all_three_have():
    # On the ten images with a human score the map lies halfway; on the others it lies far below.
    rows = []
    for image in range(20):
        both = image < 10
        values = {"centre": 0.0, "human": 2.0 if both else np.nan, "gradcam": 1.0 if both else -9.0}
        for name, value in values.items():
            model = "net" if name == "gradcam" else "baseline"
            rows.append(("toy", f"{image:02}", model, name, name, "nss", value, ""))
    columns = ["dataset", "image", "model", "method", "map", "metric", "value", "flag"]
    assert board(pd.DataFrame(rows, columns=columns))["ceiling_share"]["gradcam"] == 0.5


def test_a_human_row_that_is_not_above_the_centre_is_no_ceiling(make_scores):
    scores = make_scores()
    scores.loc[scores["map"] == "human", "value"] -= 9
    found = board(scores)
    assert found["ceiling_share"].isna().all()
    assert found["share_low"].isna().all()
    assert set(found["ceiling_note"]) == {"other viewers are not above the centre bias"}


def test_no_share_where_a_map_that_knows_nothing_is_on_its_way_up(make_scores):
    scores = make_scores()
    scores.loc[scores["map"] == "zero", "value"] += 1.5  # 1.5 between 1 (centre) and 3 (human)
    found = board(scores)
    assert found["ceiling_share"].isna().all()
    assert found["ceiling_note"].iloc[0].startswith("the zero map, which knows nothing, is 2")


@pytest.mark.parametrize(
    ("absent", "note"),
    [("human", "other viewers were not scored"), ("centre", "the centre bias was not scored")],
)
def test_without_a_baseline_the_note_says_which(make_scores, absent, note):
    scores = make_scores()
    found = board(scores[scores["map"] != absent])
    assert set(found["ceiling_note"]) == {note}
    assert found["ceiling_share"].isna().all()


def test_one_image_has_no_share(make_scores):
    assert set(board(make_scores(n=1))["ceiling_note"]) == {"too few images for an interval"}


def test_crossed_intervals_are_those_of_the_crossed_draws_and_wider(make_scores, make_viewers):
    by_viewer, scores = make_viewers(make_scores(n=15))
    found = board(scores, by_viewer)
    own = by_viewer[by_viewer["map"] == "gradcam"]
    given = (own["image"], own["viewer"], own[["value"]], own[["weight"]])
    low, high = np.percentile(crossed_means(*given, draws=1000), [2.5, 97.5])
    assert found["crossed_low"]["gradcam"] == pytest.approx(low)
    assert found["crossed_high"]["gradcam"] == pytest.approx(high)
    narrow = bootstrap_mean(wide(scores)["gradcam"], **OPTIONS)
    assert high - low > 1.5 * (narrow.ci_high - narrow.ci_low)


def test_a_score_that_is_no_mean_over_viewers_has_no_crossed_interval(make_scores, make_viewers):
    by_viewer, scores = make_viewers(make_scores(n=15))
    scores.loc[scores["map"] == "gradcam", "value"] += 0.001
    found = board(scores, by_viewer)["crossed_low"]
    assert np.isnan(found["gradcam"])
    assert np.isfinite(found["centre"])


def test_one_viewer_has_no_crossed_interval(make_scores, make_viewers):
    by_viewer, scores = make_viewers(make_scores(n=15), viewers=1)
    assert board(scores, by_viewer)["crossed_low"].isna().all()
