"""Every metric that pysaliency has, against pysaliency itself, in its own environment."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from bench.heatmaps import fixation_heatmap
from bench.metrics import evaluate

SHAPE = (120, 160)
METRICS = [
    *("auc", "sauc", "auc_judd", "nss", "cc", "sim", "kl", "kl_eps20", "kl_mit"),
    *("ig", "ig_uniform", "ig_eps20"),
]
# a constant map has no order, no deviation: there pysaliency differs by definition, or warns
MAPS = (
    *("noise", "signed", "smooth", "peaked", "sparse", "ties", "few_values", "single_pixel"),
    *("offset", "resized"),
)


def oracle():
    path = Path(__file__).with_name("pysaliency_oracle.py")
    spec = importlib.util.spec_from_file_location("pysaliency_oracle", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def saliency_maps(rng):
    noise = rng.random(SHAPE)
    rows, columns = np.indices(SHAPE)
    smooth = np.exp(-((columns - 60) ** 2) / 1800 - (rows - 50) ** 2 / 900)
    single = np.zeros(SHAPE)
    single[40, 50] = 2.5
    return {
        "noise": noise,
        "signed": rng.laplace(size=SHAPE) ** 3,
        "smooth": smooth,
        "peaked": smooth**8,
        "sparse": np.where(noise > 0.95, noise, 0),
        "ties": np.round(noise * 255),
        "few_values": np.kron(rng.random((6, 8)), np.ones((20, 20))),
        "single_pixel": single,
        "offset": noise + 1000,
        "resized": np.kron(rng.random((12, 16)), np.ones((10, 10))).astype(np.float32),
    }


@pytest.fixture(scope="module")
def cases():
    rng = np.random.default_rng(0)
    highest = (SHAPE[1] - 1, SHAPE[0] - 1)
    fixations = rng.normal((70, 55), (30, 20), (80, 2)).clip(0, highest).astype(int)
    fixations[:5] = fixations[5:10]  # pixels looked at twice
    fixations[10] = highest
    centre = np.exp(-(((np.indices(SHAPE) - [[[60]], [[80]]]) / 35) ** 2).sum(axis=0))
    gaze = {
        "fixations": fixations,
        "others": rng.normal((80, 60), (40, 30), (600, 2)).clip(0, highest).astype(int),
        "heatmap": fixation_heatmap(*fixations.T, rng.uniform(90, 500, 80), SHAPE, sigma=6),
        "centre": centre,
    }
    return {name: {"map": values, **gaze} for name, values in saliency_maps(rng).items()}


@pytest.fixture(scope="module")
def expected(cases):
    module = oracle()
    try:
        return module.asked(cases)
    except module.Unavailable as reason:
        pytest.skip(f"no environment for pysaliency: {reason}")


@pytest.mark.pysaliency
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", MAPS)
def test_scores_equal_those_of_pysaliency(name, metric, cases, expected):
    case = cases[name]
    found = evaluate(
        case["map"],
        fixations=case["fixations"],
        other_fixations=case["others"],
        heatmap=case["heatmap"],
        centre=case["centre"],
        metrics=metric,
    )
    # pysaliency computes in the map's own type
    accuracy = 1e-5 if case["map"].dtype == np.float32 else 1e-10
    assert found[metric] == pytest.approx(expected[name][metric], rel=accuracy, abs=1e-10)


@pytest.mark.pysaliency
def test_every_map_was_compared(cases, expected):
    assert set(cases) == set(MAPS) == set(expected)
    assert all(set(scores) == set(METRICS) for scores in expected.values())
