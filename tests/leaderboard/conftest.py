"""Score tables with known levels."""

import numpy as np
import pandas as pd
import pytest

LEVELS = {
    ("baseline", "zero", "zero"): 0.0,
    ("baseline", "centre", "centre"): 1.0,
    ("baseline", "human", "human"): 3.0,
    ("net", "gradcam", "gradcam"): 2.0,
    ("net", "dense", "dense_conv5"): 0.9,
    ("net", "dense", "dense_conv4"): 1.02,
}
COLUMNS = ["dataset", "image", "model", "method", "map", "metric", "value", "flag"]


@pytest.fixture
def make_scores():
    """A function: tidy scores of six rows on n images, noise of 0.3 around `LEVELS`."""

    def make(metrics=("nss",), n=20, seed=0, levels=LEVELS):
        rng = np.random.default_rng(seed)
        rows = [
            ("toy", f"{image:02}", *row, metric, level + 0.3 * rng.normal(), "")
            for metric in metrics
            for row, level in levels.items()
            for image in range(n)
        ]
        return pd.DataFrame(rows, columns=COLUMNS)

    return make


@pytest.fixture
def make_viewers():
    """A function: from scores, (scores by viewer, scores that are their weighted means).

    The row `human` has equal weights, the others numbers of fixations.
    """

    def make(scores, viewers=5, seed=1, spread=0.5):
        rng = np.random.default_rng(seed)
        taste = rng.normal(0, spread, viewers)
        rows = []
        for score in scores.itertuples(index=False):
            for viewer in range(viewers):
                weight = 1.0 if score.map == "human" else float(3 + (viewer + int(score.image)) % 4)
                value = score.value + taste[viewer] + 0.2 * rng.normal()
                rows.append((*score[:6], f"v{viewer}", value, weight))
        names = [*scores.columns[:6], "viewer", "value", "weight"]
        by_viewer = pd.DataFrame(rows, columns=names)
        parts = by_viewer.assign(sums=by_viewer.value * by_viewer.weight)
        sums = parts.groupby(names[:6])[["sums", "weight"]].sum()
        means = (sums["sums"] / sums["weight"]).rename("value").reset_index()
        return by_viewer, means.assign(flag="")

    return make
