"""Identities of CNN Fixations, over the networks: fields, counts, scale, outliers, the blur."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from bench.attention import attend, fixation_points
from bench.attention.cnn_fixations import heat_maps, without_outliers
from bench.attention.unravelling import RULES
from bench.networks import Network

# The networks with a grid before fully connected layers are the largest ones.
POOLED = ["efficientnet_lite0", "vgg16_voc", "resnet18", "googlenet", "densenet121"]
POOLED += ["squeezenet1_1"]
LARGE = ["vgg19", "alexnet", "resnet50"]


def options_for(network):
    """Every combination of options that can make a difference."""
    grid = ("argmax", "positive") if network.classifier.kind == "fully_connected" else ("argmax",)
    return [
        {"position": position, "fc_spatial": fc_spatial}
        for position in ("same", "strongest")
        for fc_spatial in grid
    ]


@pytest.mark.parametrize("name", POOLED)
def test_every_unit_lies_in_the_field_of_a_parent_and_none_is_added(
    name, get_network, make_images, monkeypatch
):
    _check_fields(get_network(name), make_images(2), monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_fields_in_the_larger_networks(name, get_network, make_images, monkeypatch):
    _check_fields(get_network(name), make_images(1, 96), monkeypatch)


def _check_fields(network, x, monkeypatch):
    """Convolutions and poolings send at most one unit for each, to its own window and group."""
    met = []

    def checked(rule):
        def run(step):
            sent = rule(step)
            ((source, units),) = sent
            assert len(units.codes.unique()) <= len(step.only)
            parents = torch.stack(step.only.at(step.y.shape), 1)
            children = torch.stack(units.at(source.shape), 1)
            assert torch.equal(parents[:, 0], children[:, 0])  # the same image
            assert _in_window(step, source.shape, parents, children).all()
            met.append(step.call.name)
            return sent

        return run

    for name in ("conv2d", "max_pool2d", "avg_pool2d"):
        monkeypatch.setitem(RULES, name, checked(RULES[name]))
    for options in options_for(network):
        points = fixation_points(network, x, remove_outliers=False, **options)
        assert all(len(found) for found in points)
    assert met.count("conv2d") >= 2 * 5


def _in_window(step, shape, parents, children):
    call = step.call
    pool = call.name != "conv2d"
    places = (1, 2, 3) if pool else (None, 3, 4)
    kernel = call.argument(places[0], "kernel_size") if pool else call.args[1].shape[2:]
    stride = call.argument(places[1], "stride", 1) or kernel
    padding = call.argument(places[2], "padding", 0)
    dilation = 1 if call.name == "avg_pool2d" else call.argument(4 if pool else 5, "dilation", 1)
    inside = torch.ones(len(parents), dtype=torch.bool)
    for axis in (0, 1):
        k, s, p, d = (
            value if isinstance(value, int) else value[axis]
            for value in (kernel, stride, padding, dilation)
        )
        first = parents[:, 2 + axis] * s - p
        child = children[:, 2 + axis]
        inside &= (child >= first) & (child <= first + d * (k - 1)) & (child < shape[2 + axis])
    if pool:
        return inside & (parents[:, 1] == children[:, 1])
    groups = call.argument(6, "groups", 1)
    parent_group = parents[:, 1] // (step.y.shape[1] // groups)
    return inside & (parent_group == children[:, 1] // (shape[1] // groups))


def test_same_and_strongest_are_one_for_kernels_of_one_pixel(make_images):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        module = nn.Sequential(
            *(nn.Conv2d(3, 16, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 8, 1, stride=2)),
            *(nn.ReLU(), nn.Conv2d(8, 12, 1), nn.ReLU(), nn.Flatten(), nn.Linear(12 * 25, 30)),
            *(nn.ReLU(), nn.Linear(30, 5)),
        )
    network = _network(module)
    x = make_images(2, 20)
    for fc_spatial in ("argmax", "positive"):
        same, strongest = (
            fixation_points(
                network, x, remove_outliers=False, fc_spatial=fc_spatial, position=position
            )
            for position in ("same", "strongest")
        )
        assert all(np.array_equal(*pair) for pair in zip(same, strongest, strict=True))
        assert all(len(points) > 3 for points in same)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("vgg16", marks=pytest.mark.slow),
        *("vgg16_voc", "squeezenet1_1", "resnet18", "densenet121"),
    ],
)
def test_points_do_not_change_when_layers_are_rescaled_against_each_other(
    name, get_network, make_images
):
    """Powers of two, so that every activation is an exact multiple of what it was."""
    network, x = get_network(name), make_images(1, 72)
    module = copy.deepcopy(network.module)
    factor = 1.0
    if name.startswith("vgg"):
        layers = [part for part in module.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
        for number, layer in enumerate(layers):
            own = 2.0 ** (number % 5 - 2)
            factor *= own
            layer.weight *= own
            layer.bias *= factor
    elif name == "squeezenet1_1":
        for part in module.modules():
            if hasattr(part, "squeeze"):
                part.squeeze.weight *= 8
                part.squeeze.bias *= 8
                for expand in (part.expand1x1, part.expand3x3):
                    expand.weight /= 8
    elif name == "resnet18":
        for part in module.modules():
            if hasattr(part, "bn2"):
                part.bn1.weight *= 4
                part.bn1.bias *= 4
                part.conv2.weight /= 4
    else:
        for part in module.modules():
            if hasattr(part, "norm2"):
                part.norm2.weight *= 4
                part.norm2.bias *= 4
                part.conv2.weight /= 4
    assert torch.allclose(module(x), factor * network.module(x), rtol=1e-9)
    rescaled = dataclasses.replace(network, module=module)
    for options in options_for(network):
        expected = fixation_points(network, x, **options)
        found = fixation_points(rescaled, x, **options)
        assert all(np.array_equal(*pair) for pair in zip(found, expected, strict=True))
        assert all(len(points) for points in expected)


def test_points_are_mirrored_with_kernels_and_image_where_there_are_no_ties(make_images):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        module = nn.Sequential(
            *(nn.Conv2d(3, 8, 3), nn.Softplus(), nn.AvgPool2d(2), nn.Conv2d(8, 9, 5, stride=2)),
            *(nn.Softplus(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(9, 4)),
        )
    network, mirrored = _network(module), _network(copy.deepcopy(module))
    for part in mirrored.module:
        if isinstance(part, nn.Conv2d):
            part.weight.copy_(part.weight.flip(3))
    x = make_images(2, 60)[..., :36, :]
    for position in ("same", "strongest"):
        expected = fixation_points(network, x, remove_outliers=False, position=position)
        found = fixation_points(mirrored, x.flip(3), remove_outliers=False, position=position)
        for there, here in zip(found, expected, strict=True):
            assert {(59 - p, q) for p, q in there} == {(p, q) for p, q in here}
            assert len(here)


@pytest.mark.slow
def test_positive_grid_points_contain_the_strongest(get_network, make_images):
    network, x = get_network("vgg16"), make_images(2, 96)
    few, many = (
        fixation_points(network, x, remove_outliers=False, fc_spatial=fc_spatial)
        for fc_spatial in ("argmax", "positive")
    )
    for strongest, positive in zip(few, many, strict=True):
        assert {*map(tuple, strongest)} < {*map(tuple, positive)}


def test_outliers_against_all_pairs():
    rng = np.random.default_rng(0)
    for share in (0.05, 0.2, 0.5):
        points = np.floor(rng.normal(40, (8, 20), (150, 2)))
        points = np.unique(points, axis=0)
        for radius in (0.0, 1.0, 5.0, 10.0, 13.0, 22.4):
            squared = ((points[:, None] - points[None]) ** 2).sum(2)
            near = (squared < radius**2).sum(1)
            expected = points[near > share * len(points)]
            assert np.array_equal(without_outliers(points, radius, share), expected)


def test_exactly_the_share_and_exactly_the_radius_do_not_count():
    # 20 points: the first is alone, 1 of 20 = 5 %; the rest stand together
    far = np.array([[200.0, 0.0]])
    together = np.stack([np.arange(19.0), np.zeros(19)], 1)
    assert np.array_equal(without_outliers(np.vstack([far, together]), 30, 0.05), together)
    # 5 apart, radius 5: not nearer than 5, so each counts itself only
    pair = np.array([[0.0, 0.0], [3.0, 4.0]])
    assert len(without_outliers(pair, 5.0, 0.5)) == 0
    assert len(without_outliers(pair, 5.0 + 1e-6, 0.5)) == 2
    assert len(without_outliers(np.zeros((0, 2)), 5.0, 0.5)) == 0


def test_outlier_removal_is_a_subset_free_of_order_and_keeps_a_cluster():
    rng = np.random.default_rng(1)
    cluster = rng.integers(100, 115, (30, 2)).astype(float)  # within 22.4 of one another
    points = np.unique(np.vstack([cluster, rng.integers(0, 224, (70, 2))]), axis=0)
    kept = {*map(tuple, without_outliers(points, 22.4, 0.05))}
    assert kept < {*map(tuple, points)}
    shuffled = rng.permutation(points)
    assert {*map(tuple, without_outliers(shuffled, 22.4, 0.05))} == kept
    assert {*map(tuple, cluster)} <= kept


def test_outliers_are_removed_by_default_with_the_radius_of_the_diagonal(get_network, make_images):
    network, x = get_network("resnet18"), make_images(2, 128)[..., :96]
    everything = fixation_points(network, x, remove_outliers=False)
    for radius, share in ((0.1, 0.05), (0.15, 0.12)):
        for row, found in enumerate(fixation_points(network, x, radius=radius, share=share)):
            radius_px = radius * np.hypot(128, 96)
            assert np.array_equal(found, without_outliers(everything[row], radius_px, share))
            assert 0 < len(found) < len(everything[row])


def test_where_all_points_are_far_apart_all_stay(get_network, make_images):
    network, x = get_network("efficientnet_lite0"), make_images(1, 224)
    everything = fixation_points(network, x, position="same", remove_outliers=False)
    for row, found in enumerate(fixation_points(network, x, position="same")):
        assert len(without_outliers(found, 0.1 * np.hypot(224, 224), 0.05)) == 0  # a lattice
        assert np.array_equal(found, everything[row])
        assert len(found) > 20


@pytest.mark.parametrize("size", [(224, 224), (32, 21), (17, 40)])
def test_the_heat_map_is_scipys_gaussian_divided_by_its_maximum(size):
    rng = np.random.default_rng(2)
    height, width = size
    points = [rng.integers(0, (width, height), (n, 2)).astype(float) for n in (40, 1, 0)]
    points[0][1] = points[0][0]  # duplicates add up
    sigma = 20 * min(size) / 224
    found = heat_maps(points, size, sigma).numpy()
    for image, chosen in enumerate(points):
        counts = np.zeros(size)
        for x, y in chosen.astype(int):
            counts[y, x] += 1
        expected = gaussian_filter(
            counts, sigma, mode="mirror", radius=[(side | 1) // 2 for side in size]
        )
        if len(chosen):
            expected /= expected.max()
        assert np.abs(found[image] - expected).max() < 1e-13
    assert found[0].max() == 1
    assert not found[2].any()


def test_the_map_is_the_heat_map_of_the_points(get_network, make_images):
    network, x = get_network("resnet18"), make_images(2, 96)
    for sigma in (None, 4):
        found = attend("cnn_fixations", network, x, sigma_px=sigma)["cnn_fixations"]
        points = fixation_points(network, x)
        expected = heat_maps(points, (96, 96), sigma or 20 * 96 / 224)
        assert torch.equal(found, expected)


def test_half_precision_gives_points(get_network, make_images):
    network = get_network("resnet18")
    half = dataclasses.replace(network, module=copy.deepcopy(network.module).bfloat16())
    maps = attend("cnn_fixations", half, make_images(1))["cnn_fixations"]
    assert maps.dtype == torch.bfloat16
    assert torch.isfinite(maps).all()
    assert maps.max() == 1


def _network(module):
    module = module.double().eval().requires_grad_(False)
    return Network(name="small", module=module, preprocess=lambda x: x, stages={})
