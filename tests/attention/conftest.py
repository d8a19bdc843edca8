"""Every registered network with random but realistic weights, in float64, small inputs."""

import copy
from functools import cache

import pytest
import torch
from torch import nn

from bench.networks import Network, load_network, network_names

torch.set_num_threads(1)

# Much like one of the others, but with many more weights.
LARGE = ("vgg19", "resnet50", "resnet101")
NETWORKS = [
    pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name
    for name in network_names()
]
SIZE = 64


@cache
def random_network(name: str) -> Network:
    """A network as `load_network(name, weights=None)` gives it, made as lively as a trained one.

    Convolutions keep the size of the signal (He), batch norms have statistics of real activations
    and spread scales, so that rectifiers are on and off in all layers and ReLU6 saturates.
    """
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        network = load_network(name, weights=None, dtype=torch.float64)
    norms = [module for module in network.module.modules() if isinstance(module, nn.BatchNorm2d)]
    for module in network.module.modules():
        if isinstance(module, nn.Conv2d):
            fan_in = module.weight[0].numel()
            module.weight.normal_(0, (2 / fan_in) ** 0.5, generator=generator)
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            module.bias.normal_(0, 0.1, generator=generator)
    for norm in norms:
        norm.weight.uniform_(0.5, 3.0, generator=generator)
        norm.bias.normal_(0, 0.3, generator=generator)
    if network.classifier.kind == "conv_gap":
        # Class maps are rectified: a class that is zero everywhere would have no gradient.
        network.module.get_submodule(network.classifier.layer).bias.fill_(2.0)
    if norms:
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.train()
            norm.momentum = 1.0
        with torch.no_grad():
            network.module(images(8, generator=generator))
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.eval()
            norm.momentum = momentum
    return network


def images(n: int = 2, size: int = SIZE, *, generator: torch.Generator | None = None):
    """Smooth random images of about unit variance, (n, 3, size, size), float64."""
    generator = generator or torch.Generator().manual_seed(3)
    coarse = torch.randn(n, 3, 8, 8, generator=generator, dtype=torch.float64)
    fine = torch.randn(n, 3, size, size, generator=generator, dtype=torch.float64)
    smooth = nn.functional.interpolate(coarse, size=(size, size), mode="bilinear")
    return smooth + 0.3 * fine


@pytest.fixture(params=NETWORKS)
def network(request) -> Network:
    """Each of the networks in turn."""
    return random_network(request.param)


@pytest.fixture(scope="session")
def get_network():
    """A function: name -> one of the networks."""
    return random_network


@pytest.fixture(scope="session")
def make_images():
    """A function: (n, size) -> random images."""
    return images


@pytest.fixture(scope="session")
def difference():
    """A function: largest difference of two tensors, relative to the largest value of the second.

    Raises where the second is all zero, since then nothing was compared.
    """

    def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
        assert found.shape == expected.shape
        assert expected.abs().max() > 0
        return float((found - expected).abs().max() / expected.abs().max())

    return relative


@pytest.fixture(scope="session")
def out_of_place():
    """A function: a copy of a module whose ReLUs are not in place; captum's hooks need that."""

    def changed(module: nn.Module) -> nn.Module:
        module = copy.deepcopy(module)
        for part in module.modules():
            if isinstance(part, nn.ReLU):
                part.inplace = False
        return module

    return changed
