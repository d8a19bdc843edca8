"""Known facts of real gaze (OSIE): what humans, the centre bias and a zero map score."""

import csv
from collections import defaultdict

import h5py
import numpy as np
import pandas as pd
import pytest

from bench.baselines import BASELINES, baseline_scores
from bench.heatmaps import fixation_heatmap
from bench.leaderboard import leaderboard
from bench.metrics import CentreBias, GazeTarget, score_map, zero_map
from bench.score_tables import score_tables
from bench.scores import Gaze

SHAPE = (600, 800)
SCORED = 60
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
    assert human["nss"] == pytest.approx(3.81, abs=0.15)
    assert human["auc"] == pytest.approx(0.917, abs=0.01)
    assert human["kl"] == pytest.approx(0.87, abs=0.05)
    assert human["ig"] == pytest.approx(1.91, abs=0.15)
    assert human["sim"] == pytest.approx(0.673, abs=0.02)


def test_centre_bias_is_at_chance_for_sauc_but_not_for_auc(means):
    assert means["centre"]["sauc"].mean() == pytest.approx(0.49, abs=0.02)
    assert means["centre"]["auc"].mean() == pytest.approx(0.73, abs=0.02)
    assert means["centre"]["ig"] == pytest.approx(np.zeros(SCORED), abs=1e-12)


def test_zero_map_wins_the_paper_s_mae_on_every_image(means):
    assert (means["zero"]["mae_paper"] * 100 < means["human"]["mae_paper"]).all()
    assert (means["human"]["mae_density"] < means["zero"]["mae_density"]).all()


@pytest.fixture(scope="module")
def board(shared_data, tmp_path_factory):
    """The leaderboard of the baselines on all 60 images, against the 7 viewers of odd index."""
    table = pd.read_csv(shared_data("osie/fixations.csv")).rename(
        columns={"image": "image_id", "subject": "subject_id", "x_px": "x_image_px"}
    )
    table = table.rename(columns={"y_px": "y_image_px"}).assign(status="kept")
    table = table[table.subject_id % 2 == 0]
    heatmaps = tmp_path_factory.mktemp("osie") / "heatmaps.h5"
    with h5py.File(heatmaps, "w") as file:
        choices = {"sigma_px": 20.0, "size_px": 80, "kernel": "paper", "normalise": "before"}
        file.attrs.update(weight="duration_ms", first_fixation="keep", **choices)
        for image, rows in table.groupby("image_id"):
            columns = (rows.x_image_px, rows.y_image_px, rows.duration_ms)
            file[image] = fixation_heatmap(*columns, SHAPE).astype(np.float32)
    gaze = Gaze(table, heatmaps)
    folder = shared_data("osie/stimuli")
    photographs = {image: folder / image for image in gaze.images}
    scores, viewers = [], []
    for name in BASELINES:
        found = baseline_scores(gaze, name, ["nss", "sauc", "cc", "mae_paper"], photographs)
        for tables, part in zip((scores, viewers), score_tables(found), strict=True):
            tables.append(part.assign(dataset="osie", model="baseline", method=name))
    found = leaderboard(pd.concat(scores), pd.concat(viewers), draws=1000)
    return found.set_index(["metric", "map"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "nss", "sauc"),
    [  # notes/metrics.md section 3, 40 images, sAUC against all 699 others
        ("centre", 0.83, 0.493),
        ("spectral_residual", 0.95, 0.687),
        ("sobel", 0.54, 0.640),
        ("other_image", 0.53, 0.483),
        ("noise", 0.02, 0.504),
        ("zero", 0.0, 0.5),
        ("uniform", 0.0, 0.5),
    ],
)
def test_baselines_score_what_is_known_of_them(board, row, nss, sauc):
    assert board.loc[("nss", row), "mean"] == pytest.approx(nss, abs=0.12)
    assert board.loc[("sauc", row), "mean"] == pytest.approx(sauc, abs=0.04)


@pytest.mark.slow
def test_the_ceiling_is_above_every_other_row_but_in_the_paper_s_mae(board):
    for metric in ("nss", "sauc"):
        rows = board.loc[metric]
        assert rows["rank"]["human"] == rows["rank_high"]["human"] == 1
        assert rows["ceiling_share"].drop("human").max() < 0.6
        assert (rows["crossed_high"] - rows["crossed_low"])["centre"] > 0
    assert board.loc["cc"]["ceiling"].iloc[0] > board.loc[("cc", "human"), "mean"]
    assert board.loc[("mae_paper", "zero"), "rank"] == 1
    assert board.loc["mae_paper"]["ceiling_share"].isna().all()
    assert "zero map" in board.loc["mae_paper"]["ceiling_note"].iloc[0]
