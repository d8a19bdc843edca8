"""Our maps against captum's and torchcam's, where those are right, and against plain autograd."""

import warnings
from collections import OrderedDict

import pytest
import torch
import torch.nn.functional as F
from captum.attr import GuidedBackprop, LayerGradCam, Saliency
from torch import nn
from torchcam.methods import CAM

from bench.attention import attend

# The last stage, except where something functional follows it: no hook sees what comes after.
MODULES = {
    "efficientnet_lite0": "_blocks.15",
    "densenet121": "features.transition3.relu",
}


@pytest.fixture
def x(make_images):
    return make_images()


def others(network, x):
    """A different class for each image, among its top ones, so that no Grad-CAM is all zero."""
    with torch.no_grad():
        top = network.module(x).topk(len(x), 1).indices
    return top.diagonal()


def test_gradient_equals_captum(network, x, difference):
    targets = others(network, x)
    expected = Saliency(network.module).attribute(
        x.clone().requires_grad_(True), target=targets, abs=False
    )
    ours = attend("gradient", network, x, targets, reduce=None)["gradient"]
    assert difference(ours, expected) < 1e-5


def test_the_gradient_is_reduced_over_its_channels(get_network, x):
    network = get_network("resnet18")
    g = attend("gradient", network, x, reduce=None)["gradient"]
    for reduce, expected in (("max", g.abs().amax(1)), ("sum", g.abs().sum(1))):
        assert torch.equal(attend("gradient", network, x, reduce=reduce)["gradient"], expected)


def test_gradcam_equals_captum(network, x, difference, out_of_place):
    targets = others(network, x)
    layer = MODULES.get(network.name, list(network.stages.values())[-1])
    module = out_of_place(network.module)
    captum = LayerGradCam(module, module.get_submodule(layer))
    for signed in (True, False):
        expected = captum.attribute(x, target=targets, relu_attributions=not signed).detach()[:, 0]
        ours = attend("gradcam", network, x, targets, layer=layer, signed=signed)["gradcam"]
        assert difference(ours, expected) < 1e-5


LARGE = [pytest.param(name, marks=pytest.mark.slow) for name in ("vgg19", "resnet50", "resnet101")]


@pytest.mark.parametrize(
    "name", ["alexnet", "vgg16", "vgg16_voc", "resnet18", "squeezenet1_1", *LARGE]
)
def test_guided_backprop_equals_captum_where_every_relu_is_a_module(
    name, get_network, x, difference, out_of_place
):
    network = get_network(name)
    targets = others(network, x)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting backward hooks on ReLU activations")
        expected = GuidedBackprop(out_of_place(network.module)).attribute(
            x.clone().requires_grad_(True), target=targets
        )
    ours = attend("guided_backprop", network, x, targets, reduce=None)["guided_backprop"]
    assert difference(ours, expected) < 1e-5


def test_guided_backprop_equals_an_independent_autograd_reference(
    network, x, difference, monkeypatch
):
    """ReLU and ReLU6 replaced in torch itself, which reaches functional and reused ones."""

    class Reference(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, top):
            ctx.save_for_backward(x)
            ctx.top = top
            return x.clamp(0, top)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return torch.where((x > 0) & (x < ctx.top) & (g > 0), g, torch.zeros_like(g)), None

    targets = others(network, x)
    ours = attend("guided_backprop", network, x, targets, reduce=None)["guided_backprop"]
    plain = attend("gradient", network, x, targets, reduce=None)["gradient"]
    monkeypatch.setattr(F, "relu", lambda x, inplace=False: Reference.apply(x, float("inf")))
    # nn.ReLU6 is a hardtanh from 0 to 6.
    monkeypatch.setattr(F, "hardtanh", lambda x, low, high, inplace=False: Reference.apply(x, high))
    leaf = x.clone().requires_grad_(True)
    network.module(leaf).gather(1, targets[:, None]).sum().backward()
    assert difference(ours, leaf.grad) < 1e-5
    assert difference(ours, plain) > 0.1  # the comparison would notice a missing rectifier


def test_guided_gradcam_equals_captum_with_bilinear_upsampling(
    get_network, x, difference, out_of_place
):
    network = get_network("resnet18")
    targets = others(network, x)
    module = out_of_place(network.module)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting backward hooks on ReLU activations")
        guided = GuidedBackprop(module).attribute(x.clone().requires_grad_(True), target=targets)
        coarse = LayerGradCam(module, module.layer4).attribute(
            x, target=targets, relu_attributions=True
        )
    fine = F.interpolate(coarse, size=x.shape[-2:], mode="bilinear", align_corners=False)
    ours = attend("guided_gradcam", network, x, targets, reduce=None)["guided_gradcam"]
    assert difference(ours, (guided * fine).detach()) < 1e-5


# DenseNet's last ReLU works in place on what torchcam's hook holds, so torchcam gets it right too;
# EfficientNet-Lite0's does not, and torchcam reads the activation before it.
@pytest.mark.parametrize("name", ["vgg16_voc", "resnet18", "googlenet", "densenet121", *LARGE[1:]])
def test_cam_equals_torchcam_where_torchcam_sees_the_rectified_activation(
    name, get_network, x, difference
):
    network = get_network(name)
    targets = others(network, x)
    layer = network.stages["conv5"]
    with CAM(network.module, layer, network.classifier.layer, (3, 64, 64)) as extractor:
        scores = network.module(x)
        (expected,) = extractor(targets.tolist(), scores, normalized=False)
    assert difference(attend("cam", network, x, targets)["cam"], expected) < 1e-5


def test_cam_of_squeezenet_is_torchcams_after_bias_and_relu(get_network, x, difference):
    network = get_network("squeezenet1_1")
    targets = others(network, x)
    with CAM(network.module, "features.12", "classifier.1", (3, 64, 64)) as extractor:
        scores = network.module(x)
        (expected,) = extractor(targets.tolist(), scores, normalized=False)
    bias = network.module.classifier[1].bias[targets][:, None, None]
    assert difference(attend("cam", network, x, targets)["cam"], (expected + bias).relu()) < 1e-5


@pytest.mark.parametrize("name", ["densenet121", "efficientnet_lite0"])
def test_stage_behind_a_functional_rectifier_is_the_rectified_activation(
    name, get_network, x, difference
):
    """Forward passes written out by hand, since no hook sees these activations."""
    network = get_network(name)
    targets = others(network, x)
    module = network.module
    if name == "densenet121":
        f = F.relu(module.features(x)).detach().requires_grad_(True)
        logits = module.classifier(f.mean((2, 3)))
    else:
        f = module.extract_features(x).detach().requires_grad_(True)
        logits = module._fc(f.mean((2, 3)))
    (g,) = torch.autograd.grad(logits.gather(1, targets[:, None]).sum(), f)
    expected = (g.mean((2, 3), keepdim=True) * f).sum(1).detach()
    for layer in (None, "conv5"):
        ours = attend("gradcam", network, x, targets, layer=layer, signed=True)["gradcam"]
        assert difference(ours, expected) < 1e-10


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("vgg16_voc", "features.23"),
        ("vgg16_voc", "features.4"),
        ("alexnet", "features.5"),
        ("vgg16", "features.23"),
        ("vgg19", "features.27"),
    ],
)
def test_excitation_backprop_equals_zennits_without_bias(
    name, layer, get_network, x, difference, out_of_place
):
    composites = pytest.importorskip("zennit.composites")
    if not hasattr(composites, "ExcitationBackprop"):
        pytest.skip("this zennit has no composite ExcitationBackprop")
    network = get_network(name)
    targets = others(network, x)
    module = out_of_place(network.module)
    if name == "vgg16_voc":  # zennit changes modules only; the mean over positions is a function
        parts = {"pool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten()}
        parts = {"features": module.features, **parts, "classifier": module.classifier}
        module = nn.Sequential(OrderedDict(parts))
    kept = {}
    handle = module.get_submodule(layer).register_forward_hook(
        lambda part, inputs, output: kept.update(f=output)
    )
    composite = composites.ExcitationBackprop(zero_params=["bias"], stabilizer=1e-12)
    with composite.context(module) as changed:
        scores = changed(x.clone().requires_grad_(True))
        start = F.one_hot(targets, scores.shape[1]).to(scores)
        (expected,) = torch.autograd.grad(scores, kept["f"], start)
    handle.remove()
    ours = attend("excitation_backprop", network, x, targets, layer=layer, reduce=None)
    assert difference(ours["excitation_backprop"], expected) < 1e-5
