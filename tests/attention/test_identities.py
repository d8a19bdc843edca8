"""Identities that hold exactly, checked in float64 (notes/attribution.md, section 3)."""

import copy
import dataclasses

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from bench.attention import attend, method_names
from bench.attention.tape import Tape
from bench.networks import Network


@pytest.fixture
def pooled(network):
    """The networks with global average pooling and one linear layer, in turn."""
    if network.classifier.kind != "gap_linear":
        pytest.skip("no linear layer behind global average pooling")
    return network


def test_mean_of_cam_plus_bias_is_the_logit(pooled, make_images):
    x, targets = make_images(), torch.tensor([2, 17])
    logits = pooled.module(x)[range(2), targets]
    bias = pooled.module.get_submodule(pooled.classifier.layer).bias[targets]
    cam = attend("cam", pooled, x, targets)["cam"]
    assert torch.allclose(cam.mean((1, 2)) + bias, logits, rtol=1e-10, atol=1e-10)


def test_mean_of_squeezenets_cam_is_the_logit(get_network, make_images):
    network, x = get_network("squeezenet1_1"), make_images()
    cam = attend("cam", network, x)["cam"]
    assert torch.allclose(cam.mean((1, 2)), network.module(x).amax(1), rtol=1e-10)


def test_cam_is_n_times_signed_gradcam(pooled, make_images, difference):
    x = make_images()
    maps = attend(["cam", "gradcam"], pooled, x, signed=True)
    assert difference(maps["gradcam"] * maps["cam"][0].numel(), maps["cam"]) < 1e-10
    summands = attend(["cam", "gradcam"], pooled, x, reduce=None)
    assert difference(summands["gradcam"] * maps["cam"][0].numel(), summands["cam"]) < 1e-10


def test_guided_gradcam_is_guided_times_upsampled_gradcam(network, make_images):
    x = make_images()
    maps = attend(
        {"guided_gradcam": {"reduce": None}, "guided_backprop": {"reduce": None}, "gradcam": {}},
        network,
        x,
    )
    fine = F.interpolate(
        maps["gradcam"][:, None], size=x.shape[-2:], mode="bilinear", align_corners=False
    )
    assert torch.equal(maps["guided_gradcam"], maps["guided_backprop"] * fine)


def test_dense_last_stage_is_a_fixed_multiple_of_the_mean_square(network, make_images, difference):
    x = make_images()
    stages = list(network.stages)
    maps = attend({"dense": {}, "gradcam": {"reduce": None}}, network, x)
    with Tape(network, x) as tape:
        f = tape.activation(stages[-1])
    expected = (1 / f.shape[1] + 1 / f[0, 0].numel()) * f.square().mean(1)
    assert difference(maps[f"dense_conv{len(stages)}"], expected) < 1e-10


def test_dense_sums_add_one_layer_at_a_time_on_one_grid(network, make_images, difference):
    x = make_images()
    maps = attend("dense", network, x, grid="image")
    n, label = len(network.stages), str(len(network.stages))
    before = F.interpolate(
        maps[f"dense_conv{n}"][:, None], size=x.shape[-2:], mode="bilinear", align_corners=False
    )[:, 0]
    for number in range(n - 1, 0, -1):
        label += str(number)
        single = maps[f"dense_conv{number}"][:, None]
        single = F.interpolate(single, size=x.shape[-2:], mode="bilinear", align_corners=False)
        assert difference(maps[f"dense_conv{label}"], before + single[:, 0]) < 1e-10
        before = maps[f"dense_conv{label}"]


def test_dense_gives_the_nine_maps_of_the_paper(get_network, make_images):
    maps = attend("dense", get_network("vgg16_voc"), make_images(1))
    singles = [f"dense_conv{i}" for i in (1, 2, 3, 4, 5)]
    sums = [f"dense_conv{label}" for label in ("54", "543", "5432", "54321")]
    assert list(maps) == singles + sums
    sides = [maps[name].shape[-1] for name in maps]
    assert sides == [64, 32, 16, 8, 4, 8, 16, 32, 64]


def test_dense_options_are_what_the_equations_say(network, make_images, difference):
    """Both softmaxes written out, for every stage, with logits large enough to be unequal."""
    x, stages = make_images(1), list(network.stages)
    options = {"reduce": None, "scale": 300.0}
    once = attend("dense", network, x, apply_f="once", **options)
    twice = attend("dense", network, x, **options)
    even = attend("dense", network, x, apply_f="once", balance="mean_one", **options)
    with Tape(network, x) as tape:
        pairs = [(tape.activation(each), tape.gradient(each, of=stages[-1])) for each in stages]
    for number, (f, G) in enumerate(pairs, start=1):
        name, C, N = f"dense_conv{number}", f.shape[1], f[0, 0].numel()
        # The largest is taken away first: with 300 the exponential overflows on deep networks.
        c = 300 * G.sum((2, 3))
        c = (c - c.amax(1, keepdim=True)).exp()
        c = (c / c.sum(1, keepdim=True))[:, :, None, None]
        s = 300 * G.sum(1, keepdim=True)
        s = (s - s.amax((2, 3), keepdim=True)).exp()
        s = s / s.sum((2, 3), keepdim=True)
        assert difference(once[name], (c + s) * f) < 1e-9
        assert difference(twice[name], (c + s) * f * f) < 1e-9
        assert difference(even[name], (C * c + N * s) * f) < 1e-9


def test_dense_zscore_takes_unit_and_offset_of_the_logits_away(network, make_images, difference):
    x, stages = make_images(1), list(network.stages)
    found = attend("dense", network, x, scale="zscore", reduce=None, apply_f="once")
    with Tape(network, x) as tape:
        f, G = tape.activation(stages[-2]), tape.gradient(stages[-2], of=stages[-1])
    c, s = G.sum((2, 3))[0], G.sum(1)[0]
    c = torch.softmax(c / c.std(correction=0), 0)[:, None, None]
    s = torch.softmax((s / s.std(correction=0)).flatten(), 0).view_as(s)
    assert difference(found[f"dense_conv{len(stages) - 1}"][0], (c + s) * f[0]) < 1e-10
    # the last stage's logits are all equal: both softmaxes stay uniform
    last = found[f"dense_conv{len(stages)}"]
    with Tape(network, x) as tape:
        f = tape.activation()
    assert difference(last, (1 / f.shape[1] + 1 / f[0, 0].numel()) * f) < 1e-10


@pytest.mark.parametrize("layer_norm", ["max", "sum"])
def test_dense_layer_norm_gives_every_layer_the_same_say(
    layer_norm, network, make_images, difference
):
    x, n = make_images(), len(network.stages)
    plain = attend("dense", network, x)
    found = attend("dense", network, x, layer_norm=layer_norm)
    for i in range(1, n + 1):
        size = plain[f"dense_conv{i}"].flatten(1)
        size = size.amax(1) if layer_norm == "max" else size.sum(1)
        expected = plain[f"dense_conv{i}"] / size[:, None, None]
        assert difference(found[f"dense_conv{i}"], expected) < 1e-12
    deep, last = found[f"dense_conv{n - 1}"], found[f"dense_conv{n}"][:, None]
    up = F.interpolate(last, size=deep.shape[1:], mode="bilinear", align_corners=False)[:, 0]
    assert difference(found[f"dense_conv{n}{n - 1}"], deep + up) < 1e-12


def test_input_times_gradient_sums_to_the_logit_without_biases(network, make_images):
    """Positive homogeneity; ReLU6 too, as long as nothing saturates, so the image is faint."""
    shifts = {
        key: value
        for key, value in network.module.state_dict().items()
        if key.endswith((".bias", ".running_mean"))
    }
    kept = {key: value.clone() for key, value in shifts.items()}
    x = 1e-3 * make_images(1)
    try:
        for value in shifts.values():
            value.zero_()
        g = attend("gradient", network, x, reduce=None)["gradient"]
        logit = network.module(x).amax(1)
        total = (x * g).sum((1, 2, 3))
        assert logit.abs() > 0
        assert torch.allclose(total, logit, rtol=1e-9, atol=0)
    finally:
        for key, value in shifts.items():
            value.copy_(kept[key])


def test_a_batch_is_its_single_images_in_any_order(network, make_images):
    # All methods from one forward pass: that each alone gives the same is a test of its own.
    fitted = network.classifier.kind == "fully_connected"
    methods = [name for name in method_names() if not (name == "cam" and fitted)]
    x = make_images(3)
    targets = torch.tensor([1, 5, 9])
    together = attend(methods, network, x, targets)
    order = [2, 0]
    shuffled = attend(methods, network, x[order], targets[order])
    alone = attend(methods, network, x[2:], targets[2:])
    for key, values in together.items():
        if values.abs().max() == 0:  # SqueezeNet's class maps may be zero for a class
            continue
        assert (shuffled[key] - values[order]).abs().max() <= 1e-10 * values.abs().max(), key
        assert (alone[key] - values[2:]).abs().max() <= 1e-10 * values.abs().max(), key


def test_guided_backprop_is_the_gradient_without_rectifiers(make_images):
    network = small(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3))
    maps = attend(["guided_backprop", "gradient"], network, make_images(), reduce=None)
    assert torch.equal(maps["guided_backprop"], maps["gradient"])


def test_guided_backprop_is_the_gradient_where_all_gradients_are_positive(make_images):
    network = small(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.ReLU(inplace=True))
    for parameter in network.module.parameters():
        parameter.abs_()
    maps = attend(["guided_backprop", "gradient"], network, make_images(), reduce=None)
    assert torch.equal(maps["guided_backprop"], maps["gradient"])
    assert (network.module(make_images()) > 0).any()


def test_input_times_gradient_sums_to_the_logit_of_a_bias_free_rectifier_network(make_images):
    convolutions = [nn.Conv2d(3, 8, 3, bias=False), nn.Conv2d(8, 8, 3, stride=2, bias=False)]
    network = small(convolutions[0], nn.ReLU(), nn.MaxPool2d(2), convolutions[1], nn.ReLU())
    network.module[-1].bias.zero_()
    x = make_images()
    g = attend("gradient", network, x, reduce=None)["gradient"]
    assert torch.allclose((x * g).sum((1, 2, 3)), network.module(x).amax(1), rtol=1e-10)


# At these sizes every strided window fits without a remainder, so a flip maps windows on windows.
@pytest.mark.parametrize(
    ("name", "size"), [("vgg16_voc", 64), ("resnet18", 65), ("squeezenet1_1", 79)]
)
# `dense` reads gradients at cells that are zero, where max pooling breaks ties by position; so does
# `cnn_fixations` where it walks through such cells.
def test_flipped_kernels_and_image_give_flipped_maps(
    name, size, get_network, make_images, mirrored
):
    methods = sorted({*method_names()} - {"dense", "cnn_fixations"})
    network, x = get_network(name), make_images(1, size)
    targets = network.module(x).argmax(1)
    expected = attend(methods, network, x, targets)
    found = attend(methods, mirrored(network), x.flip(3), targets)
    assert len(expected) == len(methods)
    for key, values in expected.items():
        assert (found[key].flip(2) - values).abs().max() <= 1e-9 * values.abs().max(), key


def test_dense_is_flipped_with_kernels_and_image_where_nothing_is_pooled(make_images, mirrored):
    network = small(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3, stride=2), nn.ReLU())
    network = dataclasses.replace(network, stages={"conv1": "1", "conv2": "3"})
    x = make_images(1, 65)
    for scale in ("literal", "zscore"):
        expected = attend("dense", network, x, scale=scale)
        found = attend("dense", mirrored(network), x.flip(3), scale=scale)
        for key, values in expected.items():
            assert torch.allclose(found[key].flip(2), values, rtol=1e-9)


@pytest.fixture(scope="module")
def mirrored():
    """A function: the network with all kernels flipped left to right; cached."""
    done = {}

    def make(network: Network) -> Network:
        if network.name not in done:
            module = copy.deepcopy(network.module)
            for part in module.modules():
                if isinstance(part, nn.Conv2d):
                    part.weight.copy_(part.weight.flip(3))
            done[network.name] = dataclasses.replace(network, module=module)
        return done[network.name]

    return make


def small(*layers: nn.Module) -> Network:
    """A sequence of layers, then global average pooling and a linear layer; float64, seeded."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        channels = [layer.out_channels for layer in layers if isinstance(layer, nn.Conv2d)][-1]
        head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 4)]
        module = nn.Sequential(*layers, *head).double().eval().requires_grad_(False)
        for layer in layers:
            if isinstance(layer, nn.Conv2d):
                layer.reset_parameters()
    last = str(len(layers) - 1)
    return Network(name="small", module=module, preprocess=lambda x: x, stages={"conv1": last})
