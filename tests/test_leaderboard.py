"""Leaderboard and comparisons on small score tables."""

import math

import numpy as np
import pandas as pd
import pytest

from bench.errors import UsageError, ValidationError
from bench.leaderboard import comparisons, leaderboard
from bench.statistics import bootstrap_mean, compare_paired

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
        *("n_images", "rank", "ceiling_share", "above_centre"),
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


def test_ceiling_share_is_between_centre_and_human_and_only_where_higher_is_better():
    found = leaderboard(table(), **OPTIONS).set_index(["metric", "map"])
    nss = found.loc["nss"]
    mean = nss["mean"]
    expected = (mean["gradcam"] - mean["centre"]) / (mean["human"] - mean["centre"])
    assert nss["ceiling_share"]["gradcam"] == pytest.approx(expected)
    assert nss["ceiling_share"]["centre"] == 0
    assert nss["ceiling_share"]["human"] == 1
    assert nss["ceiling_share"]["zero"] < 0
    assert found.loc["mae_paper"]["ceiling_share"].isna().all()


def test_against_a_heatmap_there_is_no_ceiling_share_for_the_human_row_has_another_target():
    assert leaderboard(table(["cc"]), **OPTIONS)["ceiling_share"].isna().all()


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
    pairs = comparisons(scores, **OPTIONS).set_index(["map_a", "map_b"])
    assert pairs.loc[("human", "gradcam"), "n_images"] == 15
    assert pairs.loc[("zero", "gradcam"), "n_images"] == 0
    assert pairs.loc[("zero", "gradcam"), "better"] == "unclear"


def test_comparisons_equal_compare_paired_for_every_pair():
    scores = table(n=12)
    scores.loc[(scores["map"] == "gradcam") & (scores.image < "03"), "value"] = np.nan
    scores = scores[~((scores["map"] == "zero") & (scores.image == "11"))]
    found = comparisons(scores, **OPTIONS)
    assert found.columns.tolist() == [
        *("dataset", "metric", "model_a", "map_a", "model_b", "map_b", "mean_difference"),
        *("ci_low", "ci_high", "n_images", "d_z", "better"),
    ]
    assert len(found) == 2 * 15
    wide = scores.pivot(index="image", columns=["metric", "map"], values="value")
    for row in found.itertuples():
        a, b = wide[row.metric, row.map_a], wide[row.metric, row.map_b]
        expected = compare_paired(a, b, **OPTIONS)
        assert row.mean_difference == pytest.approx(expected.mean_difference, rel=1e-10)
        assert row.ci_low == pytest.approx(expected.ci_low, rel=1e-9, abs=1e-12)
        assert row.ci_high == pytest.approx(expected.ci_high, rel=1e-9, abs=1e-12)
        assert row.n_images == expected.n_images
        assert row.d_z == pytest.approx(expected.d_z, rel=1e-9)


def test_better_follows_the_metric_s_direction():
    found = comparisons(table(), **OPTIONS).set_index(["metric", "map_a", "map_b"])["better"]
    assert found["nss", "human", "gradcam"] == "a"
    assert found["mae_paper", "human", "gradcam"] == "b"
    assert found["nss", "centre", "dense_conv4"] == "unclear"


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


def test_the_ceiling_share_is_taken_over_the_images_that_all_three_have():
    # On the ten images with a human score the map lies halfway; on the others it lies far below.
    rows = []
    for image in range(20):
        both = image < 10
        values = {"centre": 0.0, "human": 2.0 if both else np.nan, "gradcam": 1.0 if both else -9.0}
        for name, value in values.items():
            model = "net" if name == "gradcam" else "baseline"
            rows.append(("toy", f"{image:02}", model, name, name, "nss", value, ""))
    columns = ["dataset", "image", "model", "method", "map", "metric", "value", "flag"]
    found = leaderboard(pd.DataFrame(rows, columns=columns), **OPTIONS).set_index("map")
    assert found["ceiling_share"]["gradcam"] == 0.5


def test_a_human_row_that_is_not_above_the_centre_is_no_ceiling():
    scores = table(["nss"])
    scores.loc[scores["map"] == "human", "value"] -= 9
    assert leaderboard(scores, **OPTIONS)["ceiling_share"].isna().all()


def test_a_difference_of_rounding_is_no_difference():
    scores = table(["nss"])
    twin = scores[scores["map"] == "gradcam"].assign(method="cam", map="cam")
    twin["value"] *= 1 + 1e-8
    found = comparisons(pd.concat([scores, twin]), **OPTIONS)
    pair = found[(found["map_a"] == "cam") & (found["map_b"] == "gradcam")]
    assert pair["ci_low"].item() > 0
    assert pair["better"].item() == "unclear"
