"""Every metric against loops in float64, against pysaliency, and by its identities."""

import math
from itertools import pairwise

import numpy as np
import pytest

from bench.metrics import evaluate, metric_names

LAM = 1e-3


def brute_force(S, fixations, durations, other, G, c):
    """All metrics but EMD by their definitions, pixel by pixel."""
    S, G, c = (np.asarray(a, dtype=np.float64) for a in (S, G, c))
    s, g, n = S.ravel().tolist(), G.ravel().tolist(), S.size

    def lifted(values):
        return [v - min(min(values), 0) for v in values]

    def density(values, epsilon=0.0):
        values = [v + epsilon for v in lifted(values)]
        total = math.fsum(values)
        return [v / total for v in values] if total else [1 / n] * n

    def mixed(values):
        return [(1 - LAM) * v + LAM / n for v in values]

    def cells(positions):
        found = []
        for x, y in positions:
            column, row = math.floor(x + 0.5), math.floor(y + 0.5)
            inside = 0 <= row < S.shape[0] and 0 <= column < S.shape[1]
            found.append(row * S.shape[1] + column if inside else None)
        return found

    def area(positives, negatives):
        wins = [(a > b) + (a == b) / 2 for a in positives for b in negatives]
        return math.fsum(wins) / len(wins)

    def curve(positives, negatives, thresholds):
        points = [(0.0, 0.0)]
        for t in sorted(thresholds, reverse=True):
            share = [sum(v >= t for v in values) / len(values) for values in (negatives, positives)]
            points.append(tuple(share))
        points.append((1.0, 1.0))
        pairs = pairwise(points)
        return math.fsum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairs)

    def unit(values):
        low, high = min(values), max(values)
        if low == high:
            return [min(max(v, 0), 1) for v in values]
        return [(v - low) / (high - low) for v in values]

    def correlation(a, b):
        mean_a, mean_b = math.fsum(a) / n, math.fsum(b) / n
        a, b = [v - mean_a for v in a], [v - mean_b for v in b]
        norm = math.sqrt(math.fsum(v * v for v in a) * math.fsum(v * v for v in b))
        return math.fsum(x * y for x, y in zip(a, b, strict=True)) / norm if norm else 0.0

    def ranks(values):
        return [sum(w < v for w in values) + (values.count(v) - 1) / 2 for v in values]

    def matched(values, onto):
        onto, result = sorted(onto), []
        for v in values:
            first = sum(w < v for w in values)
            same = onto[first : first + values.count(v)]
            result.append(math.fsum(same) / len(same))
        return result

    def brightest(values):
        place = 0.9 * (n - 1)
        low = math.floor(place)
        ordered = sorted(values)
        cut = ordered[low] + (place - low) * (ordered[low + 1] - ordered[low])
        return {i for i, v in enumerate(values) if v > cut}

    def mean_error(a, b, power=1):
        return math.fsum(abs(x - y) ** power for x, y in zip(a, b, strict=True)) / n

    p, q, cd = density(s), density(g), density(c.ravel().tolist())
    to_one = [v / max(g) for v in g]
    mean_s = math.fsum(s) / n
    sd_s = math.sqrt(math.fsum((v - mean_s) ** 2 for v in s) / n)
    sd_s = sd_s if max(s) > min(s) else 0.0
    at_all, there = cells(fixations), [i for i in cells(other) if i is not None]
    at = [i for i in at_all if i is not None]
    ms = [d for d, i in zip(durations, at_all, strict=True) if i is not None]
    z = [(v - mean_s) / sd_s if sd_s else 0.0 for v in s]
    pixels = sorted(set(at))
    spread_s, spread_c = unit(s), unit(c.ravel().tolist())
    flat = max(s) == min(s)
    pm = density(spread_s) if not flat else [1 / n] * n
    cm = density(spread_c)
    eps = 2.2204e-16
    median = sorted(to_one)[n // 2]  # n is odd
    renorm = mean_error(unit(s), to_one)
    p20, c20 = density(s, 1e-20), density(c.ravel().tolist(), 1e-20)
    a, b = brightest(s), brightest(g)
    rest = [s[i] for i in range(n) if i not in pixels]
    return {
        "mae_paper": mean_error(unit(s), g),
        "mse_paper": mean_error(unit(s), g, 2),
        "mae_paper_renorm": renorm,
        "mae_density": mean_error(p, q) * n,
        "mae_hist": mean_error(matched(s, to_one), to_one),
        "mae_skill": 1 - renorm / mean_error([median] * n, to_one),
        "cc": correlation(s, g) if not flat else 0.0,
        "spearman": correlation(ranks(s), ranks(g)),
        "sim": math.fsum(map(min, p, q)),
        "ssim": windowed_ssim(unit(s), to_one, S.shape),
        "iou_top10": len(a & b) / len(a | b) if a | b else 0.0,
        "kl": math.fsum(y * math.log(y / x) for x, y in zip(mixed(p), q, strict=True) if y > 0),
        "kl_eps20": math.fsum(y * math.log(y / x) for x, y in zip(p20, q, strict=True) if y > 0),
        "kl_mit": math.fsum(
            y * math.log(eps + y / (x + eps)) for x, y in zip(p, q, strict=True)
        ),
        "ig": math.fsum(math.log2(mixed(p)[i] / mixed(cd)[i]) for i in at) / len(at),
        "ig_uniform": math.fsum(math.log2(mixed(p)[i] * n) for i in at) / len(at),
        "ig_eps20": math.fsum(math.log2(p20[i] / c20[i]) for i in at) / len(at),
        "ig_mit": math.fsum(math.log2(eps + pm[i]) - math.log2(eps + cm[i]) for i in pixels)
        / len(pixels),
        "nss": math.fsum(z[i] for i in at) / len(at),
        "nss_duration": math.fsum(d * z[i] for d, i in zip(ms, at, strict=True)) / math.fsum(ms),
        "auc": area([s[i] for i in at], s),
        "auc_judd": curve([s[i] for i in at], rest, {s[i] for i in at}) if not flat else 0.5,
        "auc_borji": 0.5 if flat else curve(
            [spread_s[i] for i in pixels], spread_s, [k / 10 for k in range(11)]
        ),
        "sauc": area([s[i] for i in at], [s[i] for i in there]),
    }  # fmt: skip


def windowed_ssim(a, b, shape):
    """Wang et al. 2004: local moments in an 11 x 11 Gaussian window, mean over whole windows."""
    height, width = shape
    weight = {
        (i, j): math.exp(-(i * i + j * j) / (2 * 1.5**2))
        for i in range(-5, 6)
        for j in range(-5, 6)
    }
    total = math.fsum(weight.values())
    found = []
    for row in range(5, height - 5):
        for column in range(5, width - 5):
            window = [
                (w / total, a[(row + i) * width + column + j], b[(row + i) * width + column + j])
                for (i, j), w in weight.items()
            ]
            mx, my = (math.fsum(w[0] * w[k] for w in window) for k in (1, 2))
            vx, vy = (
                math.fsum(w[0] * (w[k] - m) ** 2 for w in window) for k, m in ((1, mx), (2, my))
            )
            vxy = math.fsum(w * (x - mx) * (y - my) for w, x, y in window)
            c1, c2 = 0.01**2, 0.03**2
            top = (2 * mx * my + c1) * (2 * vxy + c2)
            found.append(top / ((mx * mx + my * my + c1) * (vx + vy + c2)))
    return math.fsum(found) / len(found)


def gaze(rng, shape, fixations=15, others=60):
    size = (shape[1], shape[0])
    rows, columns = np.indices(shape)
    return {
        "fixations": rng.uniform(-0.5, np.array(size) - 0.51, (fixations, 2)),
        "durations": rng.uniform(80, 500, fixations),
        "other_fixations": rng.uniform(-2, np.array(size) + 1, (others, 2)),
        "heatmap": np.exp(-((rows - 4) ** 2 + (columns - 9) ** 2) / 12) * (np.abs(columns - 9) < 6),
        "centre": np.exp(-(((rows - 6) / 5) ** 2) - ((columns - 8) / 6) ** 2),
    }


SHAPE = (13, 17)


def small_maps():
    rng = np.random.default_rng(3)
    noise = rng.normal(size=SHAPE)
    single = np.zeros(SHAPE)
    single[5, 6] = 3.0
    return {
        "noise": noise,
        "positive": noise - noise.min() + 0.2,
        "ties": np.round(noise),
        "relu": np.maximum(noise, 0),
        "float32": noise.astype(np.float32),
        "integers": np.round(noise * 3).astype(np.int16),
        "single_pixel": single,
        "zero": np.zeros(SHAPE),
        "constant": np.full(SHAPE, 0.3),
        "constant_negative": np.full(SHAPE, -2.0),
        "large": noise * 1e7 + 1e6,
    }


def heatmaps(rng):
    noise = rng.random(SHAPE)
    return {
        "smooth": gaze(rng, SHAPE)["heatmap"],
        "positive": noise + 0.3,
        "with_negative": noise - 0.2,
        "single_pixel": (noise == noise.max()) * 2.0,
        "large": 1e7 + noise,
    }


@pytest.mark.parametrize("heatmap", heatmaps(np.random.default_rng(0)))
@pytest.mark.parametrize("name", small_maps())
def test_every_metric_equals_brute_force(name, heatmap):
    S = small_maps()[name]
    human = gaze(np.random.default_rng(4), SHAPE)
    human["fixations"][3] = human["fixations"][5]  # a pixel looked at twice
    human["fixations"][7] = (16.49, 12.49)  # the border
    human["fixations"][8] = (16.5, 3.0)  # just outside
    human["heatmap"] = heatmaps(np.random.default_rng(5))[heatmap]
    given = [human[key] for key in ("fixations", "durations", "other_fixations")]
    expected = brute_force(S, *given, human["heatmap"], human["centre"])
    assert set(expected) == set(metric_names(of_one_map=True)) - {"emd"}
    found = evaluate(S, **human, metrics=list(expected))
    for metric, value in expected.items():
        assert found[metric] == pytest.approx(value, rel=1e-8, abs=1e-9), metric


def synthetic_case():
    row, column = np.indices((24, 32))
    k, m = np.arange(12), np.arange(40)
    S = np.sin(row / 3) + np.cos(column / 5) + ((3 * row + 5 * column) % 7) / 10
    return np.round(S, 1), {
        "fixations": np.column_stack([(7 * k + 3) % 32, (5 * k + 2) % 24]),
        "other_fixations": np.column_stack([(11 * m + 1) % 32, (13 * m + 4) % 24]),
        "heatmap": np.exp(-((row - 10) ** 2 + (column - 18) ** 2) / 40)
        + 0.5 * np.exp(-((row - 16) ** 2 + (column - 6) ** 2) / 20),
        "centre": np.exp(-((row - 11.5) ** 2 / 72 + (column - 15.5) ** 2 / 128)),
    }


def test_scores_equal_those_of_pysaliency():
    """Numbers from pysaliency 0.2.22 (numpy 2.3.5, setuptools 80) on this formula-made case.

    AUC and sAUC by `pysaliency.roc.general_roc`, NSS, CC, SIM by `pysaliency.metrics`, KL by its
    `probabilistic_image_based_kl_divergence` and IG from its densities, both after our mixture.
    """
    S, human = synthetic_case()
    expected = {
        "auc": 0.5088975694444444,
        "sauc": 0.49791666666666673,
        "nss": 0.034765062888100405,
        "cc": -0.607517506407714,
        "sim": 0.41615238644419317,
        "kl": 1.2049682444724776,
        "ig": 0.164778555783748,
    }
    found = evaluate(S, **human, metrics=list(expected))
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_monotone_transform_leaves_auc_and_sauc():
    rng = np.random.default_rng(0)
    S, human = rng.normal(size=SHAPE), gaze(rng, SHAPE)
    names = ["auc", "sauc"]
    before, after = (evaluate(m, **human, metrics=names) for m in (S, np.exp(2 * S) - 7))
    assert before == after


def test_an_affine_transform_leaves_cc_and_nss():
    rng = np.random.default_rng(1)
    S, human = rng.normal(size=SHAPE), gaze(rng, SHAPE)
    names = ["cc", "nss"]
    before, after = (evaluate(m, **human, metrics=names) for m in (S, 30 * S - 4))
    assert after == pytest.approx(before, rel=1e-12)


@pytest.mark.parametrize("factor", [1e-150, 1e-5, 37.0, 1e150])
def test_scaling_the_map_leaves_every_score(factor):
    rng = np.random.default_rng(2)
    S, human = rng.random(SHAPE), gaze(rng, SHAPE)
    assert evaluate(factor * S, **human) == pytest.approx(evaluate(S, **human), rel=1e-10)


def test_scaling_the_heatmap_leaves_all_but_the_literal_mae():
    rng = np.random.default_rng(2)
    S, human = rng.random(SHAPE), gaze(rng, SHAPE)
    names = [
        name for name in metric_names(of_one_map=True) if name not in ("mae_paper", "mse_paper")
    ]
    before = evaluate(S, **human, metrics=names)
    scaled = {**human, "heatmap": 5 * human["heatmap"], "centre": 3 * human["centre"]}
    assert evaluate(S, **scaled, metrics=names) == pytest.approx(before, rel=1e-12)


@pytest.mark.parametrize("how", ["left_right", "up_down", "transpose"])
def test_flipping_map_and_gaze_together_changes_nothing(how):
    rng = np.random.default_rng(5)
    S, human = rng.normal(size=SHAPE), gaze(rng, SHAPE, others=40)
    human["other_fixations"] = human["other_fixations"].clip(0, (16, 12))
    turn = {"left_right": np.fliplr, "up_down": np.flipud, "transpose": np.transpose}[how]
    move = {
        "left_right": lambda xy: np.column_stack([16 - xy[:, 0], xy[:, 1]]),
        "up_down": lambda xy: np.column_stack([xy[:, 0], 12 - xy[:, 1]]),
        "transpose": lambda xy: xy[:, ::-1],
    }[how]
    maps = {key: turn(human[key]) for key in ("heatmap", "centre")}
    positions = {key: move(human[key]) for key in ("fixations", "other_fixations")}
    after = evaluate(
        turn(S), **{**human, **maps, **positions}, metrics=metric_names(of_one_map=True)
    )
    assert after == pytest.approx(
        evaluate(S, **human, metrics=metric_names(of_one_map=True)), rel=1e-9
    )


def test_the_human_density_itself_is_the_best_map():
    human = gaze(np.random.default_rng(6), SHAPE)
    found = evaluate(human["heatmap"], **human)
    assert found["sim"] == pytest.approx(1, abs=1e-14)
    assert found["cc"] == pytest.approx(1, abs=1e-14)
    assert found["mae_density"] == pytest.approx(0, abs=1e-13)
    # the 0.001 of uniform density that the map gets costs at most -log(0.999)
    assert 0 <= found["kl"] <= -math.log(1 - LAM)


def test_mae_density_is_twice_one_minus_sim():
    rng = np.random.default_rng(7)
    found = evaluate(rng.normal(size=SHAPE), **gaze(rng, SHAPE))
    assert found["mae_density"] == pytest.approx(2 * (1 - found["sim"]), abs=1e-13)


@pytest.mark.parametrize("metric", ["auc", "nss", "ig", "ig_uniform", "sauc"])
def test_the_score_is_the_mean_over_fixations(metric):
    rng = np.random.default_rng(8)
    S, human = rng.normal(size=SHAPE), gaze(rng, SHAPE, fixations=6)

    def one(i):
        return human | {key: human[key][[i]] for key in ("fixations", "durations")}

    single = [evaluate(S, **one(i), metrics=metric)[metric] for i in range(6)]
    assert evaluate(S, **human, metrics=metric)[metric] == pytest.approx(np.mean(single))


def test_ig_of_a_uniform_map_over_a_uniform_centre_is_zero():
    human = {"fixations": [(2, 3)], "centre": np.ones(SHAPE)}
    assert evaluate(np.full(SHAPE, 7.0), **human, metrics="ig") == {"ig": 0}


def test_the_zero_map_wins_the_paper_s_mae():
    """Documents the flaw: taken literally, the paper's MAE prefers nothing to human attention."""
    from bench.heatmaps import fixation_heatmap

    rng = np.random.default_rng(9)
    shape = (200, 260)
    x, y = rng.normal(130, 40, 60).clip(0, 259), rng.normal(100, 30, 60).clip(0, 199)
    ms = rng.uniform(100, 500, 60)
    target = fixation_heatmap(x[::2], y[::2], ms[::2], shape)
    humans = fixation_heatmap(x[1::2], y[1::2], ms[1::2], shape)
    names = ["mae_paper", "mae_density"]
    zero = evaluate(np.zeros(shape), heatmap=target, metrics=names)
    human = evaluate(humans, heatmap=target, metrics=names)
    assert zero["mae_paper"] < human["mae_paper"] / 100
    assert human["mae_density"] < zero["mae_density"]
    assert zero["mae_paper"] == pytest.approx(target.mean())


RANKED = ["auc", "auc_judd", "sauc", "spearman", "mae_hist", "iou_top10"]


@pytest.mark.parametrize("metric", RANKED)
def test_a_monotone_transform_leaves_what_uses_ranks_only(metric):
    rng = np.random.default_rng(20)
    S = rng.normal(size=(15, 27))  # 405 pixels: the 90th percentile falls between two values
    human = gaze(rng, S.shape)
    before, after = (evaluate(m, **human, metrics=metric)[metric] for m in (S, np.exp(2 * S) - 7))
    if metric == "iou_top10":  # the percentile interpolates, the pixels above it stay the same
        assert before == after
    else:
        assert after == pytest.approx(before, abs=1e-14)


@pytest.mark.parametrize("metric", ["nss_duration", "auc_borji", "ssim", "mae_paper", "mae_skill"])
def test_an_affine_transform_leaves_what_scales_to_the_extremes(metric):
    rng = np.random.default_rng(21)
    S, human = rng.normal(size=SHAPE), gaze(rng, SHAPE)
    before, after = (evaluate(m, **human, metrics=metric)[metric] for m in (S, 32 * S - 4))
    assert after == pytest.approx(before, rel=1e-11)


@pytest.mark.parametrize("metric", ["sim", "mae_density", "emd", "cc", "spearman", "iou_top10"])
def test_map_and_heatmap_may_change_places(metric):
    rng = np.random.default_rng(22)
    a, b = rng.random((2, *SHAPE))
    there, back = (evaluate(x, heatmap=y, metrics=metric)[metric] for x, y in ((a, b), (b, a)))
    assert there == pytest.approx(back, rel=1e-9)


def test_the_heatmap_itself_is_without_error():
    human = gaze(np.random.default_rng(23), SHAPE)
    found = evaluate(human["heatmap"], **human, metrics=metric_names(of_one_map=True))
    for metric in ("mae_paper_renorm", "mae_hist", "emd"):
        assert found[metric] == pytest.approx(0, abs=1e-12), metric
    for metric in ("spearman", "ssim", "iou_top10", "mae_skill"):
        assert found[metric] == pytest.approx(1, abs=1e-12), metric


def test_equal_durations_are_no_weights():
    rng = np.random.default_rng(24)
    S, human = rng.normal(size=SHAPE), gaze(rng, SHAPE)
    found = evaluate(S, **{**human, "durations": np.full(15, 7.0)})
    assert found["nss_duration"] == pytest.approx(found["nss"], rel=1e-12)


def test_borji_by_random_draws_comes_to_the_closed_form():
    """The usual procedure, 400 splits: its mean is within three standard errors."""
    rng = np.random.default_rng(25)
    S = rng.random((40, 50)) ** 2
    positions = rng.integers(0, (50, 40), (30, 2))
    closed = evaluate(S, fixations=positions, metrics="auc_borji")["auc_borji"]
    unit = (S - S.min()) / (S.max() - S.min())
    positives = unit[tuple(np.unique(positions, axis=0).T[::-1])]

    def split(seed):
        negatives = np.random.default_rng(seed).choice(unit.ravel(), positives.size)
        points = [(0.0, 0.0)]
        points += [
            ((negatives >= k / 10).mean(), (positives >= k / 10).mean()) for k in range(10, -1, -1)
        ]
        x, y = np.array([*points, (1.0, 1.0)]).T
        return np.trapezoid(y, x)

    draws = np.array([split(seed) for seed in range(400)])
    assert draws[0] == split(0)
    assert abs(draws.mean() - closed) < 3 * draws.std(ddof=1) / 20


def test_ssim_equals_that_of_scikit_image():
    from skimage.metrics import structural_similarity

    rng = np.random.default_rng(26)
    G = gaze(rng, (60, 81))["heatmap"]
    for S in (rng.random(G.shape), np.round(rng.random(G.shape) * 9), np.maximum(G, 0.3)):
        scaled = (S - S.min()) / (S.max() - S.min())
        expected = structural_similarity(
            scaled, G / G.max(), data_range=1, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )  # fmt: skip
        found = evaluate(S, heatmap=G, metrics="ssim")["ssim"]
        assert found == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("shape", [(11, 11), (90, 41), (150, 200)])
def test_ssim_of_sparse_maps_equals_that_of_scikit_image(shape):
    """Where nothing is in either map no filter runs: single pixels, at the border and within."""
    from skimage.metrics import structural_similarity

    rng = np.random.default_rng(28)
    S, G = np.zeros(shape), np.zeros(shape)
    S[-1, -1], S[0, 4], G[shape[0] // 2, shape[1] // 2] = 1.0, 0.5, 1.0
    for map_ in (S, S + (rng.random(shape) > 0.995)):
        expected = structural_similarity(
            map_ / map_.max(), G, data_range=1, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )  # fmt: skip
        found = evaluate(map_, heatmap=G, metrics="ssim")["ssim"]
        assert found == pytest.approx(expected, abs=1e-12)


def test_spearman_equals_that_of_scipy():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(27)
    G = gaze(rng, (60, 81))["heatmap"]
    for S in (rng.normal(size=G.shape), np.round(rng.random(G.shape) * 9)):
        expected = spearmanr(S.ravel(), G.ravel()).statistic
        found = evaluate(S, heatmap=G, metrics="spearman")["spearman"]
        assert found == pytest.approx(expected, abs=1e-12)
