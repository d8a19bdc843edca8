"""The untrained network: the same for every job, unlike the trained one, and alive."""

import numpy as np
import pytest
import torch
from skimage import data

from bench.attention.tape import Tape
from bench.networks import load_network
from bench.networks._untrained import untrained


@pytest.fixture(scope="module")
def lite():
    return load_network("efficientnet_lite0")


def test_the_same_seed_gives_the_same_weights_whatever_was_drawn_before(lite):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = untrained(lite, 0).module.state_dict()
    assert torch.equal(torch.rand(3), expected)  # the global generator is as it was
    second = untrained(lite, 0).module.state_dict()
    other = untrained(lite, 1).module.state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["_conv_stem.weight"], other["_conv_stem.weight"])


def test_no_weight_and_no_running_statistic_is_a_trained_one(lite):
    before = {key: value.clone() for key, value in lite.module.state_dict().items()}
    made = untrained(lite, 0)
    for key, value in made.module.state_dict().items():
        trained = before[key]
        if value.ndim >= 2:
            pair = np.corrcoef(value.flatten(), trained.flatten())[0, 1]
            assert abs(pair) < 6 / np.sqrt(value.numel()), key
        elif key.endswith("running_mean"):
            assert (value == 0).all()
        elif key.endswith("running_var"):
            assert (value == 1).all()
    assert all(torch.equal(value, before[key]) for key, value in lite.module.state_dict().items())
    assert made.preprocess is lite.preprocess
    assert not made.module.training
    assert "untrained, seed 0" in made.weights_id


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["efficientnet_lite0", "alexnet", "vgg16", "googlenet", "resnet101", "densenet121"],
)
def test_activations_neither_die_nor_forget_the_image(name):
    network = untrained(load_network(name, weights=None), 0)
    photographs = [data.chelsea(), data.rocket()]
    with Tape(network, torch.stack([network.preprocess(rgb) for rgb in photographs])) as tape:
        for stage in network.stages:
            f = tape.activation(stage)
            assert torch.isfinite(f).all()
            assert 0.2 < float((f > 0).float().mean()) < 0.8
            positions = f.mean(1).flatten(1)
            assert float((positions.std(1) / positions.mean(1)).min()) > 0.05
            assert float((f[0] - f[1]).norm() / f[0].norm()) > 0.1
        assert float(tape.gradient(next(iter(network.stages))).abs().max()) > 0
