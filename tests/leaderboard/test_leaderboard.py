"""Leaderboard and comparisons on small score tables."""

import math

import numpy as np
import pandas as pd
import pytest

from bench.errors import UsageError, ValidationError
from bench.leaderboard import comparisons, leaderboard
from bench.statistics import bootstrap_mean

ROWS = {
    ("baseline", "zero", "zero"): 0.0,
    ("baseline", "centre", "centre"): 1.0,
    ("baseline", "human", "human"): 3.0,
    ("net", "gradcam", "gradcam"): 2.0,
    ("net", "dense", "dense_conv5"): 0.9,
    ("net", "dense", "dense_conv4"): 1.02,
}
OPTIONS = {"draws": 1000}


def table(metrics=("nss", "mae_paper"), n=20, seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        ("toy", f"{image:02}", *row, metric, level + 0.3 * rng.normal(), "")
        for metric in metrics
        for row, level in ROWS.items()
        for image in range(n)
    ]
    columns = ["dataset", "image", "model", "method", "map", "metric", "value", "flag"]
    return pd.DataFrame(rows, columns=columns)


def values(scores, metric, map_name):
    chosen = scores[(scores.metric == metric) & (scores["map"] == map_name)]
    return chosen.sort_values("image").value.to_numpy()


def test_columns_and_order():
    found = leaderboard(table(), **OPTIONS)
    assert found.columns.tolist() == [
        *("dataset", "model", "method", "map", "metric", "mean", "ci_low", "ci_high"),
        *("n_images", "rank", "ceiling_share", "above_centre", "best"),
        *("rank_low", "rank_high", "rank_kept", "crossed_low", "crossed_high"),
        *("share_low", "share_high", "matched_mean", "ceiling", "ceiling_kind", "ceiling_note"),
    ]
    assert len(found) == 12
    assert found[found.metric == "nss"]["rank"].tolist() == [1, 2, 3, 4, 5, 6]


def test_means_and_intervals_are_those_of_bootstrap_mean():
    scores = table()
    row = leaderboard(scores, **OPTIONS).query("metric == 'nss' and map == 'gradcam'").iloc[0]
    expected = bootstrap_mean(values(scores, "nss", "gradcam"), **OPTIONS)
    assert row["mean"] == pytest.approx(expected.mean)
    assert row["ci_low"] == pytest.approx(expected.ci_low)
    assert row["ci_high"] == pytest.approx(expected.ci_high)


def test_rank_follows_the_metric_s_direction():
    found = leaderboard(table(), **OPTIONS).set_index(["metric", "map"])["rank"]
    assert found["nss", "human"] == 1
    assert found["nss", "zero"] == 6
    assert found["mae_paper", "zero"] == 1
    assert found["mae_paper", "human"] == 6


def test_equal_means_share_a_rank():
    scores = table(["nss"])
    scores.loc[scores["map"].isin(["dense_conv5", "gradcam"]), "value"] = 2.0
    found = leaderboard(scores, **OPTIONS).set_index("map")["rank"]
    assert found[["human", "gradcam", "dense_conv5"]].tolist() == [1, 2, 2]
    assert sorted(found)[3] == 4


def test_above_centre_is_oriented_so_that_yes_is_better():
    found = leaderboard(table(n=40), **OPTIONS).set_index(["metric", "map"])["above_centre"]
    assert found["nss"][["gradcam", "human", "zero", "centre"]].tolist() == ["yes", "yes", "no", ""]
    assert found["mae_paper"][["gradcam", "zero"]].tolist() == ["no", "yes"]
    assert found["nss"]["dense_conv4"] == "unclear"


def test_without_baselines_the_columns_stay_empty():
    scores = table()
    found = leaderboard(scores[scores.model == "net"], **OPTIONS)
    assert found["ceiling_share"].isna().all()
    assert (found["above_centre"] == "").all()


def test_images_without_a_score_are_left_out_and_counted():
    scores = table(["nss"])
    scores.loc[(scores["map"] == "gradcam") & (scores.image < "05"), "value"] = np.nan
    scores.loc[scores["map"] == "zero", "value"] = np.nan
    found = leaderboard(scores, **OPTIONS).set_index("map")
    assert found["n_images"][["gradcam", "human", "zero"]].tolist() == [15, 20, 0]
    assert math.isnan(found["mean"]["zero"])
    assert found["rank"].isna().tolist() == (found.index == "zero").tolist()


def test_tables_do_not_depend_on_the_order_of_the_scores():
    scores = table()
    shuffled = scores.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(leaderboard(scores, **OPTIONS), leaderboard(shuffled, **OPTIONS))
    pd.testing.assert_frame_equal(comparisons(scores, **OPTIONS), comparisons(shuffled, **OPTIONS))


def test_one_image_has_means_but_no_intervals():
    found = leaderboard(table(["nss"], n=1), **OPTIONS)
    assert found["mean"].notna().all()
    assert found["ci_low"].isna().all()
    assert set(found["above_centre"]) == {""}
    pairs = comparisons(table(["nss"], n=1), **OPTIONS)
    assert pairs["mean_difference"].notna().all()
    assert pairs["ci_low"].isna().all()


def test_no_scores_give_empty_tables():
    assert leaderboard(table().iloc[:0]).empty
    assert comparisons(table().iloc[:0]).empty


def test_bad_tables_are_refused():
    with pytest.raises(ValidationError, match="column map, value missing"):
        leaderboard(table().drop(columns=["map", "value"]))
    with pytest.raises(ValidationError, match="stand twice"):
        comparisons(pd.concat([table(), table().iloc[:1]]))
    with pytest.raises(UsageError, match="did you mean 'nss'"):
        leaderboard(table(["nsss"]))


def test_best_holds_the_ties_and_no_baseline_or_control():
    scores = table(["nss", "mae_paper"])
    control = scores[scores["map"] == "gradcam"].assign(map="gradcam_random")
    control["value"] += 5 * np.where(control.metric == "nss", 1, -1)
    twin = scores[scores["map"] == "gradcam"].assign(method="cam", map="cam")
    twin["value"] += np.random.default_rng(5).normal(0, 0.3, len(twin))
    found = leaderboard(pd.concat([scores, control, twin]), **OPTIONS)
    nss = found[found.metric == "nss"].set_index("map")
    assert nss["rank"]["gradcam_random"] == 1
    assert sorted(nss.index[nss["best"] == "yes"]) == ["cam", "gradcam"]
    assert sorted(nss.index[nss["best"] == "no"]) == ["dense_conv4", "dense_conv5"]
    assert set(nss.loc[["gradcam_random", "human", "zero", "centre"], "best"]) == {""}
    mae = found[found.metric == "mae_paper"].set_index("map")["best"]
    assert "dense_conv5" in mae.index[mae == "yes"]
    assert mae["gradcam"] == "no"


def test_ranks_say_how_firm_they_are():
    found = leaderboard(table(n=40), **OPTIONS).set_index(["metric", "map"])
    row = found.loc["nss", "human"]
    assert (row["rank_low"], row["rank_high"], row["rank_kept"]) == (1, 1, 1)
    close = found.loc["nss"].loc[["centre", "dense_conv4"]]  # 1.0 and 1.02
    assert close["rank_low"].tolist() == [3, 3]
    assert close["rank_high"].min() >= 4
    assert close["rank_kept"].max() < 1
    # lower is better: 0.9 comes before 1.0 there
    assert found.loc["mae_paper", "zero"]["rank_high"] == 1
