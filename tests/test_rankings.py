import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from bench.rankings import metric_agreement, rank_agreement, sensitivity_table


def test_rank_agreement_is_kendalls_tau_b_with_ties_too():
    values = np.random.default_rng(1).integers(0, 4, (9, 3)).astype(float)
    found = rank_agreement(values)
    for a in range(3):
        for b in range(3):
            assert found[a, b] == pytest.approx(kendalltau(values[:, a], values[:, b]).statistic)


def test_a_constant_column_has_no_order():
    found = rank_agreement(np.array([[1.0, 5.0], [2.0, 5.0]]))
    assert np.isnan(found[0, 1])
    assert found[0, 0] == 1


def tidy(values: dict[str, np.ndarray]) -> pd.DataFrame:
    """scores of {metric: (images, maps)}."""
    return pd.DataFrame(
        {
            "image": f"{image}.png",
            "model": "net",
            "method": f"m{number}",
            "map": f"m{number}",
            "metric": metric,
            "value": value,
        }
        for metric, table in values.items()
        for image, row in enumerate(table)
        for number, value in enumerate(row)
    )


def test_an_error_and_a_score_that_order_the_maps_alike_agree_fully():
    quality = np.arange(4.0) + np.random.default_rng(2).normal(0, 0.1, (20, 4))
    found = metric_agreement(tidy({"nss": quality, "mae_paper": -quality}))
    assert found.loc[0, ["tau", "ci_low", "ci_high"]].tolist() == [1, 1, 1]
    assert found.loc[0, ["n_maps", "n_images"]].tolist() == [4, 20]


def test_the_interval_shows_that_noise_cannot_order_maps():
    noise = np.random.default_rng(3).normal(size=(2, 30, 5))
    found = metric_agreement(tidy({"nss": noise[0], "cc": noise[1]})).iloc[0]
    assert found["ci_low"] < 0 < found["ci_high"]


def test_images_without_a_score_for_some_map_are_left_out():
    values = np.random.default_rng(4).normal(size=(6, 3))
    values[2, 1] = np.nan
    assert metric_agreement(tidy({"nss": values, "cc": values}))["n_images"].tolist() == [5]


def test_one_map_or_one_image_cannot_be_ranked():
    assert metric_agreement(tidy({"nss": np.ones((5, 1))})).empty
    assert metric_agreement(tidy({"nss": np.ones((1, 5)), "cc": np.ones((1, 5))})).empty


def test_sensitivity_table_ranks_within_each_setting_and_compares_with_the_protocols():
    reference, turned = np.tile([3.0, 2.0, 1.0], (4, 1)), np.tile([1.0, 2.0, 3.0], (4, 1))
    parts = [
        tidy({"nss": values}).assign(factor="map_blur_px", setting=setting)
        for setting, values in (("0", reference), ("20", turned))
    ]
    found = sensitivity_table(pd.concat(parts), {"map_blur_px": "0"})
    assert found["rank"].tolist() == [1, 2, 3, 3, 2, 1]
    assert found["agreement"].tolist() == [1, 1, 1, -1, -1, -1]
    assert found["reference"].tolist() == [True] * 3 + [False] * 3
    assert found["n_images"].unique().tolist() == [4]
    texts = ["image", "model", "method", "map", "factor", "setting", "metric"]
    small = pd.concat(parts).astype(dict.fromkeys(texts, "category"))  # as the stage reads them
    pd.testing.assert_frame_equal(sensitivity_table(small, {"map_blur_px": "0"}), found)


def test_a_metric_or_map_without_any_score_leaves_the_others_comparable():
    values = np.random.default_rng(5).normal(size=(6, 4))
    nothing, three = np.full((6, 4), np.nan), values.copy()
    three[:, 1] = np.nan
    found = metric_agreement(tidy({"ig_fitted": nothing, "nss": values, "cc": three}))
    assert found[["metric_a", "metric_b"]].to_numpy().tolist() == [["nss", "cc"]]
    assert found[["tau", "n_maps", "n_images"]].iloc[0].tolist() == [1, 3, 6]
