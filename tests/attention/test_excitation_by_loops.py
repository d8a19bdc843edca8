"""Excitation backpropagation against the same rule written as loops over single cells.

One network with everything: grouped, strided and padded convolution, batch norm with negative
scales, ReLU6, a residual sum, a concatenation, max and average pooling that overlap, a linear
layer. The loops read the forward pass's values and weights and nothing else from the library.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from bench.attention import attend
from bench.networks import Network


class Everything(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.grouped = nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=2)
        self.norm = nn.BatchNorm2d(4)
        self.side = nn.Conv2d(4, 3, 1)
        self.head = nn.Linear(7, 5)

    def forward(self, x):
        a = F.max_pool2d(F.relu6(self.stem(x)), 3, 1, 1)
        b = self.norm(self.grouped(a))
        c = a + b
        d = torch.cat([c, self.side(F.relu(c))], 1)
        e = F.avg_pool2d(d, 3, 2, 1)
        return self.head(F.relu(e).mean((2, 3)))


def ratio(p, z, negative):
    """p / z, 0 where z is 0, and where it is below: only the raw rule divides there."""
    return 0.0 if z == 0 or (z < 0 and negative != "raw") else p / z


def excited(x, w, negative):
    """How much one input excites through one weight."""
    if negative == "raw":
        return x * max(w, 0.0)
    both_below = negative == "signed" and x < 0 and w < 0
    return x * w if both_below or (x > 0 and w > 0) else 0.0


def through_convolution(x, weight, p, negative, stride=1, padding=0, dilation=1, groups=1):
    out = np.zeros_like(x)
    n_out, n_in, kernel, _ = weight.shape
    for o, i, j in np.argwhere(p != 0):
        first = (o // (n_out // groups)) * n_in
        cells = []
        for k in range(n_in):
            for u in range(kernel):
                for v in range(kernel):
                    y, z = i * stride - padding + u * dilation, j * stride - padding + v * dilation
                    if 0 <= y < x.shape[1] and 0 <= z < x.shape[2]:
                        part = excited(x[first + k, y, z], weight[o, k, u, v], negative)
                        cells.append((first + k, y, z, part))
        share = ratio(p[o, i, j], sum(part for *_, part in cells), negative)
        for k, y, z, part in cells:
            out[k, y, z] += part * share
    return out


def windows(x, i, j, kernel, stride, padding):
    for u in range(kernel):
        for v in range(kernel):
            y, z = i * stride - padding + u, j * stride - padding + v
            if 0 <= y < x.shape[0] and 0 <= z < x.shape[1]:
                yield y, z


def through_average(x, p, negative, kernel, stride, padding):
    out = np.zeros_like(x)
    x = x if negative == "raw" else np.maximum(x, 0)
    for k, i, j in np.argwhere(p != 0):
        cells = list(windows(x[k], i, j, kernel, stride, padding))
        total = sum(x[k, y, z] for y, z in cells)
        for y, z in cells:
            out[k, y, z] += x[k, y, z] * p[k, i, j] / total if total > 0 else 0.0
    return out


def through_max(x, p, kernel, stride, padding):
    out = np.zeros_like(x)
    for k, i, j in np.argwhere(p != 0):
        cells = list(windows(x[k], i, j, kernel, stride, padding))
        out[(k, *max(cells, key=lambda cell: x[(k, *cell)]))] += p[k, i, j]  # the first of equals
    return out


def through_sum(a, b, p, negative):
    shares = np.zeros_like(a), np.zeros_like(b)
    for cell in np.ndindex(p.shape):
        first, second = a[cell], b[cell]
        if negative == "signed" and first + second < 0:
            first, second = -first, -second
        if negative != "raw":
            first, second = max(first, 0.0), max(second, 0.0)
        if first + second != 0:
            shares[0][cell] = p[cell] * first / (first + second)
            shares[1][cell] = p[cell] * second / (first + second)
    return shares


def by_loops(module, x, target, negative, *, contrastive=False, fold=False):
    """p at the image of one photograph (3, H, W), everything in NumPy."""
    with torch.no_grad():
        stem = F.relu6(module.stem(x[None]))
        a = F.max_pool2d(stem, 3, 1, 1)
        b = module.norm(module.grouped(a))
        c = a + b
        d = torch.cat([c, module.side(F.relu(c))], 1)
        e = F.avg_pool2d(d, 3, 2, 1)
        h = F.relu(e)
    x, stem, a, b, c, d, h = (value.squeeze(0).numpy() for value in (x, stem, a, b, c, d, h))
    row = module.head.weight[target].numpy()
    mean = h.mean((1, 2))
    p = np.zeros_like(mean)
    for sign in (1, -1) if contrastive else (1,):
        parts = np.array([excited(m, sign * w, negative) for m, w in zip(mean, row, strict=True)])
        p += sign * parts * ratio(1.0, parts.sum(), negative)
    q = np.zeros_like(h)
    for k in range(len(h)):
        q[k] = h[k] / h[k].sum() * p[k] if h[k].sum() > 0 else 0.0
    at_d = through_average(d, q, negative, 3, 2, 1)
    at_c = at_d[:4] + through_convolution(
        np.maximum(c, 0), module.side.weight.numpy(), at_d[4:], negative
    )
    to_a, to_b = through_sum(a, b, at_c, negative)
    grouped = module.grouped.weight.numpy().copy()
    if fold:
        grouped *= np.where(module.norm.weight.numpy() < 0, -1, 1)[:, None, None, None]
    to_a = to_a + through_convolution(a, grouped, to_b, negative, 1, 2, 2, 2)
    at_stem = through_max(stem, to_a, 3, 1, 1)
    return through_convolution(x, module.stem.weight.numpy(), at_stem, negative, 2, 1)


@pytest.fixture(scope="module")
def everything():
    generator = torch.Generator().manual_seed(11)
    module = Everything().double().eval().requires_grad_(False)
    for parameter in module.parameters():
        parameter.normal_(generator=generator)
    module.norm.running_mean.normal_(generator=generator)
    module.stem.weight.mul_(3)  # some cells saturate
    assert (module.norm.weight < 0).any()
    assert (module.norm.weight > 0).any()
    x = torch.randn(2, 3, 11, 9, generator=generator, dtype=torch.float64)
    saturated = F.relu6(module.stem(x))
    assert (saturated == 6).any()
    assert (saturated == 0).any()
    return module, x


@pytest.mark.parametrize("contrastive", [False, True])
@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize("negative", ["clamp", "signed", "raw"])
def test_every_cell_equals_the_loops(everything, negative, fold, contrastive):
    module, x = everything
    image = nn.Sequential()  # a module that stands for the image, so that it has a name
    whole = nn.Sequential(image, module).eval()
    network = Network("everything", whole, lambda x: x, {"conv1": "1.stem"})
    method = "contrastive_excitation_backprop" if contrastive else "excitation_backprop"
    targets = torch.tensor([2, 4])
    found = attend(
        method,
        network,
        x,
        targets,
        layer="module:0",
        negative=negative,
        fold_batch_norm=fold,
        reduce=None,
    )[method]
    for picture, target, values in zip(x, targets, found, strict=True):
        expected = by_loops(
            module, picture, int(target), negative, contrastive=contrastive, fold=fold
        )
        assert np.abs(expected).max() > 0
        assert np.abs(values.numpy() - expected).max() <= 1e-9 * np.abs(expected).max()
