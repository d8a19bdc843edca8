"""What every registered metric keeps to, and what degenerate input gives."""

import gc
import math
import subprocess
import sys
import weakref

import numpy as np
import pytest

from bench.errors import UsageError, ValidationError
from bench.metrics import (
    GazeTarget,
    SaliencyMap,
    evaluate,
    flags,
    get_metric,
    metric,
    metric_names,
    score_flags,
    score_map,
)

SHAPE = (20, 30)
ROWS, COLUMNS = np.indices(SHAPE)
HUMAN = {
    "fixations": [(5, 6), (5.2, 6.1), (20, 15), (29.4, 19.4), (40, 3)],
    "durations": [100, 200, 150, 300, 50],
    "heatmap": np.exp(-((ROWS - 8) ** 2 + (COLUMNS - 12) ** 2) / 30),
    "other_fixations": [(1, 1), (15, 10), (16, 11), (28, 2), (-3, 4)],
    "centre": np.exp(-((ROWS - 10) ** 2 + (COLUMNS - 15) ** 2) / 90),
}
ISSUE = {
    *("mae_paper", "mse_paper", "mae_paper_renorm", "mae_density", "mae_hist", "mae_skill"),
    *("cc", "spearman", "sim", "kl", "ssim", "iou_top10", "nss", "nss_duration"),
    *("auc", "auc_judd", "auc_borji", "sauc", "ig", "ig_uniform", "emd"),
}
LEGACY = {"kl_eps20", "kl_mit", "ig_eps20", "ig_mit"}


def noise(seed=0):
    return np.random.default_rng(seed).normal(size=SHAPE)


def test_every_metric_is_registered_and_legacy_forms_and_slow_ones_are_asked_for_by_name():
    assert set(metric_names()) == ISSUE | LEGACY | {"ig_fitted"}
    assert set(metric_names(default_only=True)) == ISSUE - {"emd"} | {"ig_fitted"}
    assert set(metric_names(of_one_map=True)) == ISSUE | LEGACY


@pytest.mark.parametrize("name", metric_names(of_one_map=True))
class TestEveryMetric:
    def test_describes_itself(self, name):
        found = get_metric(name)
        assert found.name == name
        assert found.label
        assert found.reference
        assert found.formula
        assert found.direction in ("higher", "lower")
        assert [len(line) <= 100 for line in found.description.splitlines()] == [True, True]
        assert bool(found.heatmap) == ("heatmap" in found.needs)

    def test_stays_within_its_range(self, name):
        low, high = get_metric(name).range
        for S in (noise(), np.abs(noise()) ** 9, HUMAN["heatmap"], -HUMAN["heatmap"]):
            assert low <= evaluate(S, **HUMAN, metrics=name)[name] <= high

    @pytest.mark.parametrize("constant", [0, 0.5, -3.0, 1e-200, 1e200])
    def test_of_a_constant_map_is_what_it_says(self, name, constant):
        S = np.full(SHAPE, constant)
        found = evaluate(S, **HUMAN, metrics=name)[name]
        expected = get_metric(name).constant_value
        assert math.isfinite(found)
        assert expected is None or found == expected
        assert "constant" in flags(S)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_of_a_map_with_nan_or_infinity_is_nan(self, name, bad):
        S = noise()
        S[3, 4] = bad
        assert math.isnan(evaluate(S, **HUMAN, metrics=name)[name])

    def test_without_a_fixation_is_nan(self, name):
        nothing = {**HUMAN, "fixations": [(-9, 2)], "durations": [9], "heatmap": np.zeros(SHAPE)}
        assert math.isnan(evaluate(noise(), **nothing, metrics=name)[name])
        target = GazeTarget(SHAPE, **nothing)
        assert score_flags(noise(), target, name) == ["no_fixation"]

    def test_of_one_fixation_on_the_border_is_a_number(self, name):
        one = {**HUMAN, "fixations": [(29.49, 19.49)], "durations": [9]}
        assert math.isfinite(evaluate(noise(), **one, metrics=name)[name])

    def test_of_a_single_pixel_is_a_number(self, name):
        S = np.zeros(SHAPE)
        S[2, 3] = 1
        assert math.isfinite(evaluate(S, **HUMAN, metrics=name)[name])

    def test_of_an_image_of_one_pixel_is_flagged(self, name):
        one = {"fixations": [(0, 0)], "durations": [1], "heatmap": [[2]], "centre": [[1]]}
        target = GazeTarget((1, 1), **one, other_fixations=[(0, 0)])
        found, words = score_map([[1.0]], target, name)[name], score_flags([[1.0]], target, name)
        assert "constant" in words
        needless = {"constant", "constant_heatmap"}
        assert math.isfinite(found) or name == "mae_skill" or set(words) - needless

    def test_of_a_constant_heatmap_is_flagged(self, name):
        target = GazeTarget(SHAPE, **{**HUMAN, "heatmap": np.full(SHAPE, 3.0)})
        found, words = score_map(noise(), target, name)[name], score_flags(noise(), target, name)
        assert words == ["constant_heatmap"] * ("heatmap" in get_metric(name).needs)
        assert math.isnan(found) == (name == "mae_skill")

    def test_says_which_of_its_needs_is_missing(self, name):
        with pytest.raises(ValidationError, match=f"metric '{name}' needs .* not given: "):
            evaluate(noise(), metrics=name)

    def test_leaves_its_inputs_alone(self, name):
        S, human = noise(), {key: np.array(value) for key, value in HUMAN.items()}
        before = [S.copy(), *(value.copy() for value in human.values())]
        evaluate(S, **human, metrics=name)
        for old, new in zip(before, [S, *human.values()], strict=True):
            np.testing.assert_array_equal(old, new)

    def test_is_the_same_for_a_shared_target_and_other_memory_layouts(self, name):
        S, target = noise(), GazeTarget(SHAPE, **HUMAN)
        expected = evaluate(S, **HUMAN, metrics=name)
        assert score_map(SaliencyMap(S), target, [name]) == expected
        assert score_map(np.asfortranarray(S), target, name) == expected
        assert score_map(S, target, name) == expected


def test_default_is_every_metric_that_the_data_allow():
    assert list(evaluate(noise(), **HUMAN)) == metric_names(default_only=True, of_one_map=True)
    assert set(evaluate(noise(), fixations=[(1, 1)])) >= {"auc", "nss"}
    assert "sauc" not in evaluate(noise(), fixations=[(1, 1)])
    assert evaluate(noise()) == {}


def test_fixations_outside_are_not_used():
    inside = {key: HUMAN[key][:4] for key in ("fixations", "durations")}
    assert evaluate(noise(), **{**HUMAN, **inside}) == evaluate(noise(), **HUMAN)


@pytest.mark.parametrize(
    ("S", "fixations", "words"),
    [
        (np.eye(3), None, []),
        (np.eye(3), [(1, 1)], []),
        (np.zeros((2, 3)), None, ["constant", "empty"]),
        (np.full((2, 3), 4), [(9, 9)], ["constant", "no_fixation"]),
        (np.eye(3), [], ["no_fixation"]),
        ([[np.nan, 1], [0, 1]], None, ["nan"]),
        ([[np.nan, -np.inf], [0, 1]], None, ["nan", "infinite"]),
        (np.float32([[0.1, 0.1], [0.1, 0.1]]) * np.float32([[1, 1 + 1e-7]]), None, ["constant"]),
    ],
)
def test_flags_say_what_is_degenerate(S, fixations, words):
    assert flags(S, fixations) == words


def test_no_other_fixation_inside_is_flagged_for_sauc_only():
    target = GazeTarget(SHAPE, [(1, 1)], other_fixations=[(-5, -5)])
    assert score_flags(noise(), target, "sauc") == ["no_other_fixation"]
    assert score_flags(noise(), target, "auc") == []
    assert math.isnan(score_map(noise(), target, "sauc")["sauc"])


@pytest.mark.parametrize(
    ("metric", "change", "S", "word"),
    [
        ("nss_duration", {"durations": [0, 0, 0, 0, 50]}, noise(), "no_duration"),
        ("ssim", {"heatmap": np.eye(10, 30), "durations": None}, noise()[:10], "too_small"),
        ("auc_judd", {"fixations": [(0, 0), (1, 0)], "durations": None}, [[1, 2]], "all_fixated"),
    ],
)
def test_a_metric_that_is_not_defined_says_why(metric, change, S, word):
    human = {
        key: value for key, value in (HUMAN | change).items() if key in get_metric(metric).needs
    }
    target = GazeTarget(np.shape(S), **human)
    assert math.isnan(score_map(S, target, metric)[metric])
    assert score_flags(S, target, metric) == [word]


def test_counts_of_other_fixations_are_the_same_as_their_positions():
    counts = np.zeros(SHAPE, dtype=int)
    for x, y in HUMAN["other_fixations"][:4]:
        counts[y, x] += 1
    given = {key: value for key, value in HUMAN.items() if key != "other_fixations"}
    found = score_map(noise(), GazeTarget(SHAPE, **given, other_counts=counts), "sauc")
    assert found == evaluate(noise(), **HUMAN, metrics="sauc")
    with pytest.raises(ValidationError, match="not both"):
        GazeTarget(SHAPE, **HUMAN, other_counts=counts)
    with pytest.raises(ValidationError, match="a count is 0 or more"):
        GazeTarget(SHAPE, **given, other_counts=counts - 1)
    nobody = GazeTarget(SHAPE, **given, other_counts=0 * counts)
    assert score_flags(noise(), nobody, "sauc") == ["no_other_fixation"]


def test_a_map_that_meets_several_targets_is_scored_against_each():
    S, others = SaliencyMap(noise()), {**HUMAN, "fixations": [(1, 1)], "durations": [5]}
    targets = [GazeTarget(SHAPE, **HUMAN), GazeTarget(SHAPE, **others)]
    expected = [evaluate(noise(), **HUMAN), evaluate(noise(), **others)]
    assert [score_map(S, target) for target in (*targets, *targets)] == expected * 2


@pytest.mark.parametrize(
    ("S", "change", "words"),
    [
        (noise(), {"heatmap": np.ones((20, 31))}, r"\(20, 31\).*\(20, 30\)"),
        (noise(), {"centre": np.ones((21, 30))}, r"\(21, 30\).*\(20, 30\)"),
        (noise(), {"heatmap": np.full(SHAPE, np.nan)}, "heatmap holds nan"),
        (noise(), {"fixations": [(1, 2, 3)], "durations": None}, r"found \(1, 3\)"),
        (noise(), {"fixations": [(1, np.nan)], "durations": None}, "fixations y holds nan"),
        (noise(), {"durations": [1]}, "1 values for 5 fixations"),
        (noise(), {"durations": [1, 2, 3, 4, -5]}, "holds -5 at position 4"),
        (noise()[None], {}, r"shape \(H, W\), found \(1, 20, 30\)"),
        (np.empty((0, 4)), {}, r"found \(0, 4\)"),
        (noise() * 1j, {}, "complex"),
        ([["a", "b"]], {}, "real numbers"),
    ],
)
def test_bad_input_is_refused_with_what_was_found(S, change, words):
    with pytest.raises(ValidationError, match=words):
        evaluate(S, **{**HUMAN, **change})


def test_a_map_of_another_size_than_the_image_names_both():
    target = GazeTarget((60, 80), [(1, 1)])
    with pytest.raises(ValidationError, match=r"\(20, 30\), the image \(60, 80\)"):
        score_map(noise(), target)


def test_an_unknown_metric_names_the_nearest():
    with pytest.raises(UsageError, match="unknown metric 'sAUC': did you mean 'sauc'"):
        evaluate(noise(), **HUMAN, metrics=["auc", "sAUC"])


def test_a_metric_with_a_wrong_description_is_refused():
    with pytest.raises(UsageError, match="direction"):
        metric(label="x", direction="up", needs=("heatmap",), reference="r", description="a\nb")(
            test_a_metric_with_a_wrong_description_is_refused
        )


def test_a_second_metric_of_one_name_is_refused():
    def auc(saliency, target):
        return 0.0

    assert metric_names()
    with pytest.raises(UsageError, match="two metrics are called 'auc'"):
        metric(label="x", direction="higher", needs=("heatmap",), reference="r",
               description="a\nb")(auc)  # fmt: skip


def test_listing_the_metrics_needs_numpy_only():
    code = (
        "import sys; from bench.metrics import metric_names; metric_names(); "
        "print({'scipy', 'torch', 'pandas'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_a_new_file_in_the_folder_is_a_new_metric(tmp_path, monkeypatch):
    import bench.metrics
    from bench.metrics import _registry

    (tmp_path / "brightness.py").write_text(
        "from bench.metrics import metric\n"
        "@metric(label='B', direction='lower', needs=('fixations',), reference='none',\n"
        "        description='Mean of the map.\\nA number.')\n"
        "def brightness(saliency, target):\n"
        "    return saliency.mean\n"
    )
    monkeypatch.setattr(_registry, "_METRICS", {**_registry._METRICS})
    monkeypatch.setattr(bench.metrics, "__path__", [*bench.metrics.__path__, str(tmp_path)])
    assert "brightness" in metric_names()
    assert evaluate([[1, 3]], fixations=[(0, 0)])["brightness"] == 2
    monkeypatch.delitem(sys.modules, "bench.metrics.brightness")


def test_a_map_and_its_target_are_freed_when_nobody_holds_them():
    """Without waiting for Python to look for cycles: hundreds of MB would pile up."""
    gc.disable()
    try:
        target, saliency = GazeTarget(SHAPE, **HUMAN), SaliencyMap(noise())
        score_map(saliency, target, metric_names(of_one_map=True))
        held = [weakref.ref(target), weakref.ref(saliency)]
        del target, saliency
        assert [ref() for ref in held] == [None, None]
    finally:
        gc.enable()
