"""Scores on single viewers: those of each viewer's gaze scored alone, and together the whole."""

import numpy as np
import pytest

from bench.metrics import (
    MEAN_OVER_FIXATIONS,
    GazeTarget,
    SaliencyMap,
    metric_names,
    score_map,
    scores_by_viewer,
)

SHAPE = (40, 60)
KNOWN = [name for name in metric_names() if name in MEAN_OVER_FIXATIONS]


def example(seed=0):
    """Twenty-four fixations of four viewers, some outside the image, and what metrics need."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform((-4, -4), (63, 43), (24, 2))
    given = {
        "durations": rng.uniform(80, 500, 24),
        "other_fixations": rng.uniform((0, 0), (59, 39), (70, 2)),
        "centre": rng.random(SHAPE),
    }
    return xy, given, np.arange(24) % 4, rng.random(SHAPE)


def inside(xy):
    return (xy > -0.5).all(axis=1) & (xy < (59.5, 39.5)).all(axis=1)


@pytest.mark.parametrize("metric", KNOWN)
@pytest.mark.parametrize("values", ["random", "tied", "constant"])
def test_each_viewer_s_score_is_that_of_the_viewer_s_gaze_alone(metric, values):
    xy, given, viewer, saliency = example()
    maps = {"random": saliency, "tied": np.round(saliency, 1), "constant": np.ones(SHAPE)}
    target = GazeTarget(SHAPE, xy, **given)
    found, _ = scores_by_viewer(SaliencyMap(maps[values]), target, viewer[inside(xy)], [metric])[
        metric
    ]
    for number in range(4):
        own = viewer == number
        alone = given | {"durations": given["durations"][own]}
        expected = score_map(maps[values], GazeTarget(SHAPE, xy[own], **alone), metric)[metric]
        assert found[number] == pytest.approx(expected, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("metric", KNOWN)
def test_weighted_they_are_the_score_on_all_fixations(metric):
    xy, given, viewer, saliency = example(1)
    target = GazeTarget(SHAPE, xy, **given)
    scores, weights = scores_by_viewer(SaliencyMap(saliency), target, viewer[inside(xy)], [metric])[
        metric
    ]
    whole = score_map(saliency, target, metric)[metric]
    assert np.average(scores, weights=weights) == pytest.approx(whole, rel=1e-12)


def test_metrics_that_are_no_means_over_fixations_have_none():
    xy, given, viewer, saliency = example()
    target = GazeTarget(SHAPE, xy, heatmap=np.ones(SHAPE), **given)
    assert scores_by_viewer(SaliencyMap(saliency), target, viewer[inside(xy)], ["cc", "sim"]) == {}


def test_a_map_with_nan_has_no_score_on_any_viewer():
    xy, given, viewer, saliency = example()
    saliency[3, 3] = np.nan
    target = GazeTarget(SHAPE, xy, **given)
    found = scores_by_viewer(SaliencyMap(saliency), target, viewer[inside(xy)], ["nss"])
    assert np.isnan(found["nss"]).all()
