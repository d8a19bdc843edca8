"""CAM by ridge regression: against explicit refits, the normal equations and exact heads."""

import dataclasses
import importlib

import numpy as np
import pytest
import torch
from torch import nn

from bench.attention import RidgeFit, attend, fit_cam
from bench.attention._ridge import GRID, load_fit, ridge, save_fit
from bench.errors import DataError, NotApplicable, UsageError
from bench.networks import Network, network_entry, network_names
from bench.workflow.cam_fit import needs_fit


@pytest.fixture
def data():
    rng = np.random.default_rng(5)
    F = rng.normal(2, 1, (40, 12)) @ rng.normal(0, 1, (12, 12))
    S = F @ rng.normal(0, 1, (12, 5)) + rng.normal(0, 3, (40, 5)) + 7
    return F, S


def solved(F, S, alpha, intercept):
    """Weights (C, K) and bias (C,) by the normal equations, the bias as a column of its own."""
    X = np.hstack([F, np.ones((len(F), 1))]) if intercept else F
    penalty = alpha * np.eye(X.shape[1])
    if intercept:
        penalty[-1, -1] = 0
    B = np.linalg.solve(X.T @ X + penalty, X.T @ S).T
    return (B[:, :-1], B[:, -1]) if intercept else (B, np.zeros(len(B)))


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("alpha", [0, 1e-3, 10.0, 1e4])
def test_weights_solve_the_normal_equations(alpha, intercept, data):
    weights, bias, strength, r2, _ = ridge(*data, alpha=alpha, intercept=intercept)
    expected, expected_bias = solved(*data, alpha, intercept)
    assert strength == alpha
    assert np.allclose(weights, expected, rtol=1e-9, atol=1e-12)
    assert np.allclose(bias, expected_bias, rtol=1e-9, atol=1e-9)
    F, S = data
    centre = S.mean(0) if intercept else 0
    rest = ((S - F @ expected.T - expected_bias) ** 2).sum(0)
    assert np.allclose(r2, 1 - rest / ((S - centre) ** 2).sum(0))


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("alpha", [0, 1e-2, 30.0])
def test_leave_one_out_equals_refits(alpha, intercept, data):
    F, S = data
    errors = np.empty_like(S)
    for i in range(len(F)):
        rest = np.arange(len(F)) != i
        weights, bias = solved(F[rest], S[rest], alpha, intercept)
        errors[i] = S[i] - weights @ F[i] - bias
    centre = S.mean(0) if intercept else 0
    expected = 1 - (errors**2).sum(0) / ((S - centre) ** 2).sum(0)
    assert np.allclose(ridge(F, S, alpha=alpha, intercept=intercept)[4], expected, rtol=1e-9)


def test_the_grid_takes_the_strength_that_predicts_left_out_images_best(data):
    F, S = data
    _, _, strength, _, best = ridge(F, S)
    scale = (np.linalg.svd(F - F.mean(0), compute_uv=False) ** 2).mean()
    means = [ridge(F, S, alpha=value * scale)[4].mean() for value in GRID]
    assert strength == pytest.approx(GRID[int(np.argmax(means))] * scale)
    assert best.mean() == pytest.approx(max(means))
    assert 0 < np.argmax(means) < len(GRID) - 1  # inside, so that there was a choice


def test_fewer_images_than_features_are_fitted_with_a_ridge_only():
    rng = np.random.default_rng(6)
    F, S = rng.normal(0, 1, (10, 30)), rng.normal(0, 1, (10, 2))
    assert (ridge(F, S, alpha=0)[4] == -np.inf).all()  # nothing is known of left-out images
    strength, loo_r2 = ridge(F, S)[2], ridge(F, S)[4]
    assert strength > 0
    assert np.isfinite(loo_r2).all()


def test_a_score_that_never_varies_has_no_r2(data):
    F, S = data
    S = np.hstack([S, np.full((len(S), 1), 2.0)])
    weights, bias, _, r2, _ = ridge(F, S)
    assert np.isnan(r2[-1])
    assert np.isfinite(r2[:-1]).all()
    assert np.allclose(weights[-1], 0)
    assert bias[-1] == pytest.approx(2)


@pytest.fixture
def pooled():
    """Convolution, ReLU, average, linear layer: 6 features, 4 classes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        module = nn.Sequential(
            nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)
        )
    module = module.double().eval().requires_grad_(False)
    return Network(name="gap", module=module, preprocess=lambda x: x, stages={"conv1": "1"})


@pytest.mark.parametrize("pool", ["mean", "sum"])
def test_without_a_ridge_the_fit_is_the_classifier_itself(pool, pooled, make_images):
    x = make_images(20, 10)
    fit = fit_cam(pooled, x, pool=pool, alpha=0)
    cells = 64 if pool == "sum" else 1
    assert np.allclose(fit.weights * cells, pooled.module[4].weight.numpy(), rtol=1e-8, atol=1e-9)
    assert np.allclose(fit.bias, pooled.module[4].bias.numpy(), rtol=1e-8, atol=1e-9)
    assert np.allclose(fit.r2, 1)
    assert (fit.n, fit.layer, fit.alpha) == (20, "conv1", 0)
    # So CAM by the fit is CAM by the classifier's weights.
    maps = attend("cam", pooled, x, fit=fit)["cam"]
    f = pooled.module[:2](x)
    targets = pooled.module(x).argmax(1)
    expected = (pooled.module[4].weight[targets][:, :, None, None] * f).sum(1) / cells
    assert torch.allclose(maps, expected, rtol=1e-7, atol=1e-10)


def test_batches_make_no_difference(pooled, make_images):
    x = make_images(12, 10)
    one, three = fit_cam(pooled, x), fit_cam(pooled, iter(x.split(5)))
    assert np.allclose(one.weights, three.weights, rtol=1e-9)
    assert one.alpha == pytest.approx(three.alpha)


def test_the_map_adds_up_to_what_the_fit_predicts(make_images):
    """On a network with fully connected layers: mean of CAM + bias = the fitted score."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        module = nn.Sequential(
            *(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(5 * 36, 8), nn.ReLU()),
            nn.Linear(8, 3),
        )
    network = Network(
        name="fc",
        module=module.double().eval().requires_grad_(False),
        preprocess=lambda x: x,
        stages={"conv1": "1"},
    )
    x = make_images(16, 8)
    fit = fit_cam(network, x, layer="0")
    maps = attend("cam", network, x, torch.zeros(16, dtype=torch.long), fit=fit)["cam"]
    F = network.module[0](x).mean((2, 3)).numpy()
    predicted = F @ fit.weights[0] + fit.bias[0]
    assert np.allclose(maps.mean((1, 2)).numpy() + fit.bias[0], predicted)
    scores = network.module(x)[:, 0].numpy()
    assert fit.r2[0] == pytest.approx(1 - np.var(scores - predicted) / np.var(scores))


def test_few_images_are_warned_about(pooled, make_images):
    with pytest.warns(UserWarning, match="6 images for 6 features.*at least 7 images"):
        fit_cam(pooled, make_images(6, 10))
    fit_cam(pooled, make_images(7, 10))  # no warning, which would be an error
    with pytest.raises(UsageError, match="found 1 images; expected at least 2"):
        fit_cam(pooled, make_images(1, 10))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pool": "max"}, "unknown pool 'max'"),
        ({"alpha": "auto"}, "alpha is 'auto'; expected 'grid' or a number from 0"),
        ({"alpha": -1}, "alpha is -1"),
        ({"intercept": "no"}, "intercept is 'no'"),
        ({"layer": "conv9"}, "unknown layer 'conv9'"),
    ],
)
def test_options_of_the_fit_are_checked(options, message, pooled, make_images):
    with pytest.raises(UsageError, match=message):
        fit_cam(pooled, make_images(8, 10), **options)


def test_a_fit_travels_through_its_file_byte_for_byte(tmp_path, pooled, make_images):
    fit = fit_cam(pooled, make_images(8, 10))
    save_fit(fit, tmp_path / "a.npz")
    save_fit(fit, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    read = load_fit(tmp_path / "a.npz")
    for field in dataclasses.fields(RidgeFit):
        assert np.array_equal(getattr(read, field.name), getattr(fit, field.name)), field.name
    x = make_images(2, 10)
    by_path = attend("cam", pooled, x, fit=tmp_path / "a.npz")["cam"]
    assert torch.equal(by_path, attend("cam", pooled, x, fit=fit)["cam"])


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_an_unreadable_fit_is_named(content, tmp_path, pooled, make_images):
    path = tmp_path / "fit.npz"
    if content is None:
        np.savez(path, other=np.zeros(3))
    else:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"fit\.npz: not readable as a fit of cam"):
        attend("cam", pooled, make_images(1, 10), fit=path)


def test_a_fit_of_another_network_is_refused(pooled, make_images):
    fit = fit_cam(pooled, make_images(8, 10))
    for change in ({"network": "vgg16"}, {"weights_id": "sha256:1"}):
        with pytest.raises(UsageError, match="cam: the fit is of"):
            attend("cam", pooled, make_images(1, 10), fit=dataclasses.replace(fit, **change))
    with pytest.raises(UsageError, match="expected a RidgeFit"):
        attend("cam", pooled, make_images(1, 10), fit=3)


def test_an_exact_head_needs_no_fit_and_ignores_one(get_network, pooled, make_images):
    network, x = get_network("resnet18"), make_images(1)
    fit = fit_cam(pooled, make_images(8, 10))
    assert torch.equal(attend("cam", network, x, fit=fit)["cam"], attend("cam", network, x)["cam"])


def test_without_a_fit_the_reason_says_how_to_get_one(pooled, make_images):
    with pytest.raises(NotApplicable, match="bench fit-cam, then the option fit=FILE"):
        attend("cam", pooled, make_images(1, 10))


def test_the_planner_agrees_with_the_family_files():
    for name in network_names():
        family = importlib.import_module(f"bench.networks.{network_entry(name).path.stem}")
        kind = family.blueprint(name).classifier.kind
        assert needs_fit(name) == (kind == "fully_connected"), name
