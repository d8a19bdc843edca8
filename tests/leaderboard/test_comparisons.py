"""Paired comparisons: the numbers of each pair, the families of tests, and what n can show."""

import contextlib
import io
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.leaderboard import comparisons, leaderboard, ranking_sentence
from bench.statistics import (
    compare_paired,
    crossed_means,
    detectable_effect,
    holm,
    images_needed,
    sign_flip_pvalues,
    wilcoxon_pvalues,
)

OPTIONS = {"draws": 1000}
PAGE = Path(__file__).resolve().parents[2] / "docs" / "statistics.md"


@pytest.fixture
def gaps(make_scores):
    """Scores of two metrics, some missing."""
    scores = make_scores(("nss", "mae_paper"), n=12)
    scores.loc[(scores["map"] == "gradcam") & (scores.image < "03"), "value"] = np.nan
    return scores[~((scores["map"] == "zero") & (scores.image == "11"))]


def test_columns(gaps):
    assert comparisons(gaps, **OPTIONS).columns.tolist() == [
        *("dataset", "metric", "model_a", "map_a", "model_b", "map_b", "mean_difference"),
        *("ci_low", "ci_high", "n_images", "d_z", "better"),
        *("p_sign_flip", "p_sign_flip_holm", "p_wilcoxon", "p_wilcoxon_holm"),
        *("detectable", "images_needed", "crossed_low", "crossed_high"),
    ]
    assert list(comparisons(gaps.iloc[:0]).columns) == list(comparisons(gaps, **OPTIONS).columns)


def test_every_pair_has_the_numbers_of_its_two_columns_alone(gaps):
    found = comparisons(gaps, **OPTIONS)
    assert len(found) == 2 * 15
    wide = gaps.pivot(index="image", columns=["metric", "map"], values="value")
    for row in found.itertuples():
        a, b = wide[row.metric, row.map_a], wide[row.metric, row.map_b]
        expected = compare_paired(a, b, **OPTIONS)
        assert row.mean_difference == pytest.approx(expected.mean_difference, rel=1e-10)
        assert row.ci_low == pytest.approx(expected.ci_low, rel=1e-9, abs=1e-12)
        assert row.ci_high == pytest.approx(expected.ci_high, rel=1e-9, abs=1e-12)
        assert row.n_images == expected.n_images
        assert row.d_z == pytest.approx(expected.d_z, rel=1e-9)
        both = np.column_stack([a, b])[(a.notna() & b.notna()).to_numpy()]
        assert row.p_sign_flip == pytest.approx(sign_flip_pvalues(both, [0], [1]).item())
        differences = both[:, :1] - both[:, 1:]
        assert row.p_wilcoxon == pytest.approx(wilcoxon_pvalues(differences).item())
        deviation = differences.std(ddof=1)
        assert row.detectable == pytest.approx(detectable_effect(len(both)) * deviation)
        assert row.images_needed == images_needed(expected.d_z)


def test_pairs_without_a_shared_image_have_no_numbers(make_scores):
    scores = make_scores()
    scores.loc[(scores["map"] == "gradcam") & (scores.image < "05"), "value"] = np.nan
    scores.loc[scores["map"] == "zero", "value"] = np.nan
    pairs = comparisons(scores, **OPTIONS).set_index(["map_a", "map_b"])
    assert pairs.loc[("human", "gradcam"), "n_images"] == 15
    none = pairs.loc[("zero", "gradcam")]
    assert none["n_images"] == 0
    assert none["better"] == "unclear"
    assert none[["p_sign_flip", "p_sign_flip_holm", "detectable", "images_needed"]].isna().all()


def test_better_follows_the_metric_s_direction(make_scores):
    found = comparisons(make_scores(("nss", "mae_paper")), **OPTIONS)
    better = found.set_index(["metric", "map_a", "map_b"])["better"]
    assert better["nss", "human", "gradcam"] == "a"
    assert better["mae_paper", "human", "gradcam"] == "b"
    assert better["nss", "centre", "dense_conv4"] == "unclear"


def test_holm_s_family_is_a_metric_s_pairs_with_a_method_and_without_a_control(make_scores):
    scores = make_scores(("nss", "mae_paper"))
    control = scores[scores["map"] == "gradcam"].assign(map="gradcam_random")
    control["value"] += 0.1
    found = comparisons(pd.concat([scores, control]), **OPTIONS)
    for _, pairs in found.groupby("metric"):
        sides = pairs[["map_a", "map_b"]]
        baselines = sides.isin(["zero", "centre", "human"])
        out = baselines.all(axis=1) | (sides == "gradcam_random").any(axis=1)
        assert out.sum() == 3 + 6
        assert (pairs["p_sign_flip_holm"].isna() == out).all()
        assert pairs["p_sign_flip"].notna().all()
        for test in ("p_sign_flip", "p_wilcoxon"):
            expected = holm(pairs.loc[~out, test])
            np.testing.assert_allclose(pairs.loc[~out, f"{test}_holm"], expected)


def test_a_difference_of_rounding_is_no_difference(make_scores):
    scores = make_scores()
    twin = scores[scores["map"] == "gradcam"].assign(method="cam", map="cam")
    twin["value"] *= 1 + 1e-8
    found = comparisons(pd.concat([scores, twin]), **OPTIONS)
    pair = found[(found["map_a"] == "cam") & (found["map_b"] == "gradcam")]
    assert pair["ci_low"].item() > 0
    assert pair["better"].item() == "unclear"
    assert math.isinf(pair["images_needed"].item())


def test_crossed_intervals_are_those_of_the_difference_of_the_crossed_draws(
    make_scores, make_viewers
):
    by_viewer, scores = make_viewers(make_scores(n=15))
    found = comparisons(scores, by_viewer, **OPTIONS).set_index(["map_a", "map_b"])
    pair = by_viewer[by_viewer["map"].isin(["centre", "gradcam"])]
    cells = pair.pivot(index=["image", "viewer"], columns="map", values=["value", "weight"])
    image, viewer = (cells.index.get_level_values(name) for name in ("image", "viewer"))
    means = crossed_means(image, viewer, cells["value"], cells["weight"], draws=1000)
    low, high = np.percentile(means[:, 0] - means[:, 1], [2.5, 97.5])
    assert found.loc[("centre", "gradcam"), "crossed_low"] == pytest.approx(low)
    assert found.loc[("centre", "gradcam"), "crossed_high"] == pytest.approx(high)


def test_without_viewers_there_are_no_crossed_intervals(make_scores):
    assert comparisons(make_scores(), **OPTIONS)["crossed_low"].isna().all()


def test_the_sentence_says_what_so_many_images_cannot_rank(make_scores):
    pairs = comparisons(make_scores(n=40, seed=4), **OPTIONS).set_index(["map_a", "map_b"])
    row = pairs.loc[("centre", "dense_conv4")]
    text = ranking_sentence(row, "NSS", "centre bias", "conv4")
    assert text.startswith("40 images cannot rank centre bias and conv4 by NSS: they differ by ")
    assert f"a difference of {row['detectable']:.2g} or more at 80 % power" in text
    needed = float(re.search(r"; about ([\d,]+) would be needed", text)[1].replace(",", ""))
    assert needed == pytest.approx(row["images_needed"], rel=0.05)  # two digits
    # noise of 0.3 on either side: the standard deviation of differences is 0.42
    assert row["detectable"] == pytest.approx(0.3 * 2**0.5 * detectable_effect(40), rel=0.3)
    assert ranking_sentence(pairs.loc[("human", "gradcam")], "NSS", "a", "b") == ""


def test_the_sentence_names_no_number_for_two_maps_that_are_the_same(make_scores):
    scores = make_scores()
    twin = scores[scores["map"] == "gradcam"].assign(method="cam", map="cam")
    pairs = comparisons(pd.concat([scores, twin]), **OPTIONS).set_index(["map_a", "map_b"])
    text = ranking_sentence(pairs.loc[("cam", "gradcam")], "NSS", "CAM", "Grad-CAM")
    assert text == "20 images cannot rank CAM and Grad-CAM by NSS: they differ by 0."


def test_the_page_s_code_prints_the_page_s_sentence():
    page = PAGE.read_text()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(re.search(r"```python\n(.+?)```", page, flags=re.DOTALL)[1], {})
    quoted = re.search(r"(?:^> .+\n)+", page, flags=re.MULTILINE)[0].replace("> ", "")
    assert printed.getvalue().split() == quoted.split()


def test_the_page_explains_every_column(make_scores):
    page = PAGE.read_text()
    keys = {"dataset", "model", "method", "map", "metric", "model_a", "map_a", "model_b", "map_b"}
    for table in (leaderboard, comparisons):
        columns = set(table(make_scores(n=2), draws=10).columns) - keys
        assert {column for column in columns if f"`{column}`" not in page} == set()
