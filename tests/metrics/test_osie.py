"""Known facts of real gaze (OSIE): what humans, the centre bias and a zero map score."""

import csv
from collections import defaultdict

import numpy as np
import pytest

from bench.heatmaps import fixation_heatmap
from bench.metrics import CentreBias, GazeTarget, score_map, zero_map

SHAPE = (600, 800)
SCORED = 30
METRICS = ["mae_paper", "mae_density", "sim", "kl", "ig", "nss", "auc", "sauc"]


@pytest.fixture(scope="module")
def means(shared_data):
    """Scores of some images on the gaze of 7 viewers (odd index, 0-based); map: the other 8."""
    gaze = defaultdict(list)
    with shared_data("osie/fixations.csv").open() as file:
        for row in csv.DictReader(file):
            numbers = (row["x_px"], row["y_px"], row["duration_ms"], row["subject"])
            gaze[row["image"]].append([float(number) for number in numbers])
    gaze = {image: np.array(rows) for image, rows in sorted(gaze.items())}
    bias = CentreBias.fit({k: v[:, :2] for k, v in gaze.items()}, dict.fromkeys(gaze, SHAPE))
    target_half = {image: rows[rows[:, 3] % 2 == 0] for image, rows in gaze.items()}
    scores = defaultdict(list)
    for image in list(gaze)[: 60 : 60 // SCORED]:
        half, rows = target_half[image], gaze[image]
        rest = rows[rows[:, 3] % 2 == 1]
        others = np.concatenate([target_half[other] for other in gaze if other != image])
        centre = bias.density(SHAPE, exclude=image)
        heatmap = fixation_heatmap(*half[:, :3].T, SHAPE)
        target = GazeTarget(SHAPE, half[:, :2], half[:, 2], heatmap, others[:, :2], centre)
        human = fixation_heatmap(*rest[:, :3].T, SHAPE)
        for name, values in {"zero": zero_map(SHAPE), "centre": centre, "human": human}.items():
            scores[name].append(score_map(values, target, METRICS))
    return {
        name: {metric: np.array([one[metric] for one in all_images]) for metric in all_images[0]}
        for name, all_images in scores.items()
    }


def test_human_half_reaches_the_known_ceiling(means):
    # notes/metrics.md section 2, 40 images: NSS 3.81, AUC .917, KL .87, IG 1.91, SIM .673
    human = {metric: scores.mean() for metric, scores in means["human"].items()}
    assert human["nss"] == pytest.approx(3.81, abs=0.25)
    assert human["auc"] == pytest.approx(0.917, abs=0.015)
    assert human["kl"] == pytest.approx(0.87, abs=0.1)
    assert human["ig"] == pytest.approx(1.91, abs=0.25)
    assert human["sim"] == pytest.approx(0.673, abs=0.03)


def test_centre_bias_is_at_chance_for_sauc_but_not_for_auc(means):
    assert means["centre"]["sauc"].mean() == pytest.approx(0.49, abs=0.04)
    assert means["centre"]["auc"].mean() == pytest.approx(0.73, abs=0.03)
    assert means["centre"]["ig"] == pytest.approx(np.zeros(SCORED), abs=1e-12)


def test_zero_map_wins_the_paper_s_mae_on_every_image(means):
    assert (means["zero"]["mae_paper"] * 100 < means["human"]["mae_paper"]).all()
    assert (means["human"]["mae_density"] < means["zero"]["mae_density"]).all()
