"""Trained weights, real photographs, float32: finite maps, and a flag where one is zero."""

import numpy as np
import pytest
import torch

from bench.attention import attend, excitation_mass, method_names
from bench.attention._attend import attend_by_method
from bench.errors import NotApplicable
from bench.metrics import flags
from bench.networks import load_network

WEIGHTS = {
    "efficientnet_lite0": [],
    "squeezenet1_1": ["squeezenet1_1"],
    "vgg16_voc": ["vgg16_features", "vgg16_gap_voc20_head"],
}


NETWORKS = [
    "efficientnet_lite0",
    "squeezenet1_1",
    pytest.param("vgg16_voc", marks=pytest.mark.slow),
]


@pytest.fixture(scope="module", params=NETWORKS)
def trained(request, shared_data):
    """A network as it was trained, and photographs as it wants them, (3, 3, 224, 224)."""
    from skimage import data

    files = [shared_data(f"weights/{name}.safetensors") for name in WEIGHTS[request.param]]
    options = {"preprocessing": "caffe"} if files else {}
    network = load_network(request.param, weights=files or "default", **options)
    photographs = [data.chelsea(), data.coffee(), np.zeros((50, 60, 3), np.uint8)]
    return network, torch.stack([network.preprocess(each) for each in photographs])


GRADIENT_TYPE = [
    name
    for name in method_names()
    if name.startswith(("cam", "grad", "guided", "dense", "excit", "contrast"))
]


def test_maps_of_photographs_are_finite_and_zero_maps_are_flagged(trained):
    network, x = trained
    for method, maps in attend_by_method(GRADIENT_TYPE, network, x).items():
        assert not isinstance(maps, NotApplicable), method
        for name, values in maps.items():
            assert values.dtype == torch.float32
            assert torch.isfinite(values).all(), name
            assert values[:2].abs().amax((1, 2)).min() > 0, name
            for each in values.double().numpy():
                constant = "constant" in flags(each, np.array([[1.0, 1.0]]))
                assert constant == (each.max() == each.min())


@pytest.mark.parametrize("negative", ["clamp", "signed", "raw"])
def test_probabilities_of_photographs(trained, negative):
    """A black photograph has layers of zeros; a trained network has dead and saturated units."""
    network, x = trained
    mass = torch.stack(list(excitation_mass(network, x, negative=negative).values()))
    assert torch.isfinite(mass).all()
    if negative != "raw":
        assert (mass <= 1 + 1e-4).all()
        assert (mass >= 0).all()
    if network.name != "efficientnet_lite0":
        assert torch.allclose(mass[:, :2], torch.ones(len(mass), 2), atol=1e-4)


def test_float32_is_close_to_float64(trained):
    """Relative to the largest value; the contrast of two probabilities loses some digits."""
    network, x = trained
    if network.name != "efficientnet_lite0":
        pytest.skip("one network is enough for the time it takes")
    double = load_network(network.name, dtype=torch.float64)
    limits = {"excitation_backprop": 1e-4, "contrastive_excitation_backprop": 2e-2}
    found, expected = (attend(list(limits), net, x[:1]) for net in (network, double))
    for name, limit in limits.items():
        difference = (found[name] - expected[name]).abs().max() / expected[name].abs().max()
        assert difference < limit, name
