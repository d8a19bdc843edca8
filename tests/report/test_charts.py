"""The chart of scores: every map on its line, with its interval, its control and the baselines."""

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from bench.report.charts import HOLLOW, MARKERS, chart_lines, score_chart, shown_metrics

COLUMNS = ["model", "method", "map", "label", "metric", "mean", "ci_low", "ci_high"]
NETWORKS = ["alexnet", "vgg16", "vgg19", "resnet18", "resnet50", "googlenet"]


def rows(model, method, name, label, mean, metrics=("mae_density", "nss")):
    return [
        (model, method, name, label, metric, mean, mean - 0.1, mean + 0.2) for metric in metrics
    ]


def board(*found):
    return pd.DataFrame([row for group in found for row in group], columns=COLUMNS)


@pytest.fixture
def leaderboard():
    return board(
        rows("baseline", "human", "human", "Other viewers", 3.0),
        rows("baseline", "centre", "centre", "Centre bias", 0.8),
        rows("baseline", "zero", "zero", "All-zero map", 0.0),
        rows("vgg16", "gradcam", "gradcam", "Grad-CAM", 0.6),
        rows("vgg16", "dense", "dense_conv54", "Dense (DCAM), conv54", 0.7),
        rows("vgg16", "dense", "dense_conv5", "Dense (DCAM), conv5", 0.9),
        rows("vgg16", "gradcam_random", "gradcam_random", "Grad-CAM (random weights)", 0.25),
        rows("external", "theirs", "theirs", "theirs", 0.3),
    )


def drawn(axis):
    """{label or "interval": [(xs, ys), ...]} of an axis."""
    found = {}
    for line in axis.get_lines():
        label = line.get_label()
        key = "interval" if label.startswith("_") else label
        points = zip(line.get_xdata(), line.get_ydata(), strict=True)
        points = [point for point in points if point[0] == point[0]]  # a line without a mark
        if points:
            found.setdefault(key, []).append(tuple(map(list, zip(*points, strict=True))))
    return found


def test_layers_stand_first_then_combinations_then_methods():
    maps = [("gradcam", "gradcam"), ("dense", "dense_conv54"), ("dense", "dense_conv5")]
    labels = dict(zip(maps, ["Grad-CAM", "Dense, conv54", "Dense, conv5"], strict=True))
    lines = chart_lines(maps, labels)
    assert [(line.label, line.map) for line in lines] == [
        ("Dense: one layer", ""),
        ("conv5", "dense_conv5"),
        ("Dense: layers combined", ""),
        ("conv54", "dense_conv54"),
        ("Methods", ""),
        ("Grad-CAM", "gradcam"),
    ]
    assert [line.label for line in chart_lines(maps[:1], labels)] == ["Grad-CAM"]


def test_marks_intervals_and_lines_are_the_table_s(leaderboard):
    figure = score_chart(leaderboard, ["mae_density", "nss"], ["vgg16", "external"])
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    nss = drawn(figure.axes[1])
    ((means, places),) = nss["VGG16"]
    shown = {labels[round(place)]: mean for mean, place in zip(means, places, strict=True)}
    assert shown == {"conv5": 0.9, "conv54": 0.7, "Grad-CAM": 0.6}
    assert (
        nss["external"][0][0],
        [labels[round(place)] for place in nss["external"][0][1]],
    ) == ([0.3], ["theirs"])
    ((hollow, hollow_places),) = nss[HOLLOW]
    assert hollow == [0.25]
    assert labels[round(hollow_places[0])] == "Grad-CAM"
    spans = sorted(tuple(xs) for xs, _ in nss["interval"])
    assert spans == [pytest.approx((mean - 0.1, mean + 0.2)) for mean in (0.3, 0.6, 0.7, 0.9)]
    assert nss["other viewers"][0][0] == [3.0, 3.0]
    assert nss["centre bias"][0][0] == [0.8, 0.8]
    assert "other viewers" not in drawn(figure.axes[0])  # one viewer's map is a harder target


@pytest.mark.parametrize("count", [1, 6])
def test_networks_differ_by_shape_and_by_colour(count):
    models = NETWORKS[:count]
    table = board(*(rows(model, "cam", "cam", "CAM", 1.0, ("nss",)) for model in models))
    figure = score_chart(table, ["nss"], models)
    marks = [line for line in figure.axes[0].get_lines() if line.get_marker() != "None"]
    assert len({(line.get_marker()) for line in marks}) == count
    assert len({to_hex(line.get_color()) for line in marks}) == count
    heights = [line.get_ydata()[0] for line in marks]
    assert heights == sorted(set(heights))
    assert count <= len(MARKERS)


def test_a_network_without_maps_and_a_table_without_rows_are_drawn():
    table = board(rows("vgg16", "cam", "cam", "CAM", 1.0, ("nss",)))
    assert "AlexNet" not in drawn(score_chart(table, ["nss"], ["alexnet", "vgg16"]).axes[0])
    assert score_chart(table.iloc[:0], ["nss"], ["vgg16"]).axes


def test_the_chart_shows_what_was_scored():
    assert shown_metrics(["nss", "mae_paper", "cc"]) == ["mae_paper", "nss"]
    assert shown_metrics(["kl", "cc"]) == ["cc", "kl"]
