"""CNN Fixations against a slow and plain version: one unit at a time, in loops, in float64."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from bench.attention import attend, fixation_points
from bench.attention.cnn_fixations import traced
from bench.attention.tape import Tape
from bench.errors import NotApplicable, UsageError
from bench.networks import Network

OPTIONS = [
    {"position": position, "fc_spatial": fc_spatial}
    for position in ("same", "strongest")
    for fc_spatial in ("argmax", "positive")
]


# --- The plain version. Units of one image are sets of (sign, *coordinates). -------------------


def own_sign(value):
    return -1 if value < 0 else 1


def fully_connected(units, a, weight):
    """All j with s w_ij a_j > 0."""
    return {
        (own_sign(a[j]), j) for s, i in units for j in range(len(a)) if s * weight[i, j] * a[j] > 0
    }


def on_a_grid(units, a, weight, fc_spatial):
    """The same, or the strongest j of each unit; a is (C, H, W)."""
    flat = a.reshape(-1)
    if fc_spatial == "positive":
        found = {j for _, j in fully_connected(units, flat, weight)}
    else:
        found = set()
        for s, i in units:
            best = 0
            for j in range(len(flat)):
                if s * weight[i, j] * flat[j] > s * weight[i, best] * flat[best]:
                    best = j
            found.add(best)
    return {(own_sign(flat[j]), *map(int, np.unravel_index(j, a.shape))) for j in found}


def convolution(units, a, conv, position):
    weight, found = conv.weight.numpy(), set()
    (kh, kw), (sy, sx), (dy, dx) = conv.kernel_size, conv.stride, conv.dilation
    py, px = conv.padding
    per_group = weight.shape[1]
    for s, c_out, y, x in units:
        first = c_out // (weight.shape[0] // conv.groups) * per_group
        best, best_sum = None, -np.inf
        for c in range(per_group):
            total = 0.0
            for i, j in itertools.product(range(kh), range(kw)):
                r, q = y * sy - py + i * dy, x * sx - px + j * dx
                if 0 <= r < a.shape[1] and 0 <= q < a.shape[2]:
                    total += s * weight[c_out, c, i, j] * a[first + c, r, q]
            if total > best_sum:
                best, best_sum = c, total
        if position == "same":
            r = min(max(y * sy - py + (kh - 1) // 2 * dy, 0), a.shape[1] - 1)
            q = min(max(x * sx - px + (kw - 1) // 2 * dx, 0), a.shape[2] - 1)
        else:
            value = -np.inf
            for i, j in itertools.product(range(kh), range(kw)):
                r_, q_ = y * sy - py + i * dy, x * sx - px + j * dx
                if 0 <= r_ < a.shape[1] and 0 <= q_ < a.shape[2]:
                    here = s * weight[c_out, best, i, j] * a[first + best, r_, q_]
                    if here > value:
                        r, q, value = r_, q_, here
        found.add((own_sign(a[first + best, r, q]), first + best, r, q))
    return found


def pooling(units, a, kernel, stride, padding=0, *, average=False):
    found = set()
    for s, c, y, x in units:
        best, place = -np.inf, None
        for i, j in itertools.product(range(kernel), range(kernel)):
            r, q = y * stride - padding + i, x * stride - padding + j
            if 0 <= r < a.shape[1] and 0 <= q < a.shape[2]:
                value = a[c, r, q] * (s if average else 1)
                if value > best:
                    best, place = value, (r, q)
        found.add((s, c, *place))
    return found


def whole(units, a):
    """Global average pooling: units (s, c) -> the strongest position."""
    return {(s, c, *map(int, np.unravel_index(np.argmax(s * a[c]), a[c].shape))) for s, c in units}


def norm(units, bn):
    return {(s * (-1 if bn.weight[c] < 0 else 1), c, y, x) for s, c, y, x in units}


def to_pixels(units):
    return {(x, y) for _, _, y, x in units}


# --- Networks, each with its own way back. --------------------------------------------------


class Chain(nn.Module):
    """Strides, padding, groups, dilation, even kernels, both poolings, fully connected layers."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.b = nn.Conv2d(6, 8, 3, padding=2, dilation=2, groups=2)
        self.c = nn.Conv2d(8, 5, (3, 2), padding=(1, 0))
        self.d, self.e, self.f = nn.Linear(5 * 3 * 2, 20), nn.Linear(20, 16), nn.Linear(16, 4)

    def run(self, x):
        a = F.relu(self.a(x))
        pa = F.max_pool2d(a, 3, 2, 1)
        b = F.relu(self.b(pa))
        pb = F.avg_pool2d(b, 2)
        c = F.leaky_relu(self.c(pb))  # negative values go on
        d = F.relu(self.d(c.flatten(1)))
        e = F.relu(self.e(d))
        return a, pa, b, pb, c, d, e, self.f(e)

    def forward(self, x):
        return self.run(x)[-1]

    def back(self, x, target, position, fc_spatial):
        a, pa, b, pb, c, d, e, _ = (value[0].numpy() for value in self.run(x))
        units = fully_connected({(1, target)}, e, self.f.weight.numpy())
        units = fully_connected(units, d, self.e.weight.numpy())
        units = on_a_grid(units, c, self.d.weight.numpy(), fc_spatial)
        units = convolution(units, pb, self.c, position)
        units = pooling(units, b, 2, 2, average=True)
        units = convolution(units, pa, self.b, position)
        units = pooling(units, a, 3, 2, 1)
        return to_pixels(convolution(units, x[0].numpy(), self.a, position))


class Blocks(nn.Module):
    """An inception, a residual and a dense block, batch norms with negative scales, average."""

    def __init__(self):
        super().__init__()
        self.a, self.an = nn.Conv2d(3, 6, 3, padding=1, stride=2), nn.BatchNorm2d(6)
        self.i1, self.i3, self.ip = nn.Conv2d(6, 4, 1), nn.Conv2d(6, 5, 3, padding=1), None
        self.ip = nn.Conv2d(6, 3, 1)
        self.r1, self.r1n = nn.Conv2d(12, 8, 3, padding=1, stride=2), nn.BatchNorm2d(8)
        self.r2, self.r2n = nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.down, self.downn = nn.Conv2d(12, 8, 1, stride=2), nn.BatchNorm2d(8)
        self.s1 = nn.Conv2d(8, 8, 3, padding=1)
        self.dn, self.d = nn.BatchNorm2d(8), nn.Conv2d(8, 4, 3, padding=1)
        self.fn, self.f = nn.BatchNorm2d(12), nn.Linear(12, 5)

    def run(self, x):
        a = F.relu(self.an(self.a(x)))
        p = F.max_pool2d(a, 3, 1, 1)
        mixed = F.relu(torch.cat([self.i1(a), self.i3(a), self.ip(p)], 1))
        r = F.relu(self.r1n(self.r1(mixed)))
        delta, skip = self.r2n(self.r2(r)), self.downn(self.down(mixed))
        s = F.relu(delta + skip)
        inner = self.s1(s)
        inner += s
        t = F.relu(inner)
        g = F.relu(self.dn(t))
        dense = torch.cat((t, self.d(g)), 1)
        f = F.relu(self.fn(dense))
        return a, p, mixed, r, delta, skip, s, self.s1(s), t, g, dense, f, self.f(f.mean((2, 3)))

    def forward(self, x):
        return self.run(x)[-1]

    def back(self, x, target, position, fc_spatial):
        a, p, mixed, r, delta, skip, s, inner, _, g, _, f, _ = (v[0].numpy() for v in self.run(x))
        units = fully_connected({(1, target)}, f.mean((1, 2)), self.f.weight.numpy())
        units = norm(whole(units, f), self.fn)
        old = {unit for unit in units if unit[1] < 8}
        new = {(s_, c - 8, y, x_) for s_, c, y, x_ in units if c >= 8}
        units = old | norm(convolution(new, g, self.d, position), self.dn)  # units of t
        skipped = {u for u in units if u[0] * s[u[1:]] >= u[0] * inner[u[1:]]}
        units = skipped | convolution(units - skipped, s, self.s1, position)  # units of s
        skipped = {u for u in units if u[0] * skip[u[1:]] >= u[0] * delta[u[1:]]}
        found = convolution(norm(units - skipped, self.r2n), r, self.r2, position)
        found = convolution(norm(found, self.r1n), mixed, self.r1, position)
        units = found | convolution(norm(skipped, self.downn), mixed, self.down, position)
        one = {u for u in units if u[1] < 4}
        three = {(s_, c - 4, y, x_) for s_, c, y, x_ in units if 4 <= c < 9}
        pool = {(s_, c - 9, y, x_) for s_, c, y, x_ in units if c >= 9}
        pool = pooling(convolution(pool, p, self.ip, position), a, 3, 1, 1)
        units = (
            convolution(one, a, self.i1, position) | convolution(three, a, self.i3, position) | pool
        )
        return to_pixels(convolution(norm(units, self.an), x[0].numpy(), self.a, position))


class Words(nn.Module):
    """A captioner: the image's embedding, then words, through an LSTM; scores of the next word."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.a, self.embed = nn.Conv2d(3, 4, 3, stride=2), nn.Linear(4 * 5 * 5, 6)
        self.lstm = nn.LSTM(6, 7, batch_first=kind == "batch first")
        self.cell = nn.LSTMCell(6, 7)
        self.cell.load_state_dict(
            {k.removesuffix("_l0"): v for k, v in self.lstm.state_dict().items()}
        )
        self.register_buffer("words", torch.randn(3, 6))
        self.out = nn.Linear(7, 5)

    def run(self, x):
        a = F.relu(self.a(x))
        v = self.embed(a.flatten(1))
        words = self.words[None].expand(len(x), -1, -1)
        inputs = torch.cat([v[:, None], words], 1)
        if self.kind == "cells":
            state, m = None, []
            for t in range(4):
                state = self.cell(inputs[:, t], state)
                m.append(state[0])
            m = torch.stack(m, 1)
        elif self.kind == "batch first":
            m = self.lstm(inputs)[0]
        else:
            m = self.lstm(inputs.transpose(0, 1))[0].transpose(0, 1)
        return a, v, inputs, m, self.out(m[:, -1])

    def forward(self, x):
        return self.run(x)[-1]

    def back(self, x, target, position, fc_spatial, start=None):
        a, _, inputs, m, _ = (value[0].numpy() for value in self.run(x))
        if start == "score":
            units = {i for _, i in fully_connected({(1, target)}, m[-1], self.out.weight.numpy())}
        else:
            units = {int(np.argmax(m[-1]))}
        w_x, w_m = self.lstm.weight_ih_l0.numpy(), self.lstm.weight_hh_l0.numpy()
        words = 0
        for t in (3, 2, 1, 0):
            into, before = set(), set()
            for i, gate in itertools.product(units, range(4)):
                into |= {j for j in range(6) if w_x[gate * 7 + i, j] * inputs[t, j] > 0}
                if t:
                    before |= {j for j in range(7) if w_m[gate * 7 + i, j] * m[t - 1, j] > 0}
            units = before
            words += len(into) if t else 0
        units = {(own_sign(inputs[0, j]), j) for j in into}
        units = on_a_grid(units, a, self.embed.weight.numpy(), fc_spatial)
        return to_pixels(convolution(units, x[0].numpy(), self.a, position)), words


def seeded(make):
    """The module of `make` in float64 with lively weights, as a network."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        module = make().double().eval().requires_grad_(False)
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.weight.uniform_(-1.5, 1.5)
                part.bias.normal_(0, 0.3)
                part.running_mean.normal_(0, 0.3)
            if isinstance(part, nn.Conv2d):
                part.weight.normal_(0, (2 / part.weight[0].numel()) ** 0.5)
    return Network(name="small", module=module, preprocess=lambda x: x, stages={})


def as_set(points):
    return {(int(x), int(y)) for x, y in points}


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(o.values()))
@pytest.mark.parametrize(("make", "size"), [(Chain, (24, 28)), (Blocks, (17, 20))])
def test_points_equal_the_plain_version(make, size, options, make_images):
    network = seeded(make)
    x = make_images(3, 28)[:, :, : size[0], : size[1]].contiguous()
    targets = network.module(x).argmax(1)
    found = fixation_points(network, x, remove_outliers=False, **options)
    sizes = []
    for row in range(3):
        expected = network.module.back(x[row : row + 1], int(targets[row]), **options)
        assert as_set(found[row]) == expected
        assert len(found[row]) == len(expected)
        sizes.append(len(expected))
    assert min(sizes) >= 3  # the comparison is about something


@pytest.mark.parametrize("start", [None, "score"])
@pytest.mark.parametrize("kind", ["batch first", "time first", "cells"])
def test_points_of_a_captioner_equal_the_plain_version(kind, start, make_images):
    network = seeded(lambda: Words(kind))
    x, targets = make_images(2, 11), torch.tensor([1, 4])
    found = fixation_points(
        network, x, targets, remove_outliers=False, start=start, position="same"
    )
    words = 0
    for row in range(2):
        expected, in_words = network.module.back(
            x[row : row + 1], int(targets[row]), "same", "argmax", start
        )
        assert as_set(found[row]) == expected
        assert expected
        words += in_words
    with Tape(network, x, targets) as tape:
        assert traced(tape, start).elsewhere == words


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("read", ["output", "last state"])
def test_layers_and_directions_of_an_lstm_are_undone_like_cells(batch_first, read, make_images):
    """Two layers in both directions, against the same network written with cells."""

    class Fused(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=batch_first)
            self.out = nn.Linear(8, 5)

        def forward(self, x):
            columns = x.mean(2)  # (N, 3, W): one step per column
            steps = columns.permute(0, 2, 1) if batch_first else columns.permute(2, 0, 1)
            output, (state, _) = self.lstm(steps)
            if read == "last state":
                return self.out(torch.cat([state[-2], state[-1]], 1))
            return self.out(output[:, -1] if batch_first else output[-1])

    class Written(Fused):
        def forward(self, x):
            steps = list(x.mean(2).unbind(2))
            for layer in range(2):
                both = []
                for suffix in ("", "_reverse"):
                    cell = nn.LSTMCell(steps[0].shape[1], 4).double().requires_grad_(False)
                    for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                        setattr(cell, key, getattr(self.lstm, f"{key}_l{layer}{suffix}"))
                    state, m = None, []
                    for step in reversed(steps) if suffix else steps:
                        state = cell(step, state)
                        m.append(state[0])
                    both.append(m[::-1] if suffix else m)
                steps = [torch.cat(pair, 1) for pair in zip(*both, strict=True)]
            first, last = steps[0], steps[-1]
            if read == "last state":
                return self.out(torch.cat([last[:, :4], first[:, 4:]], 1))
            return self.out(last)

    fused, written = seeded(Fused), seeded(Written)
    x = make_images(2, 8)
    assert torch.allclose(fused.module(x), written.module(x))
    for start in ("score", "hidden"):
        expected = fixation_points(written, x, remove_outliers=False, start=start)
        found = fixation_points(fused, x, remove_outliers=False, start=start)
        assert [as_set(points) for points in found] == [as_set(points) for points in expected]
        assert all(len(points) for points in found)


# --- Other operations, by identities. --------------------------------------------------------


class Spelled(nn.Module):
    """conv, something, conv, average, scores."""

    def __init__(self, between):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.out, self.between = nn.Linear(4, 3), between

    def forward(self, x):
        return self.out(F.relu(self.b(self.between(F.relu(self.a(x))))).mean((2, 3)))


def in_parts(x):
    y = torch.zeros_like(x)
    y[:, 2:] = x[:, 2:]
    y[:, :2] = x[:, :2]
    return y


SAME_FUNCTION = {
    "dropout": lambda x: F.dropout(x, 0.5, training=False),
    "sum with nothing": lambda x: sum([x]),
    "twice turned": lambda x: torch.neg(-x),
    "halves": lambda x: torch.cat(x.chunk(2, dim=1), dim=1),
    "there and back": lambda x: x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),
    "flipped twice": lambda x: x.flip(3).flip((3,)),
    "two slices": lambda x: torch.cat([x[:, :1], x[:, 1:]], 1),
    "by parts": in_parts,
    "stacked": lambda x: torch.stack([x, x])[1],
    "numbers": lambda x: 2.0 * x / 2,
    "transposed": lambda x: x.mT.mT,
    "reshaped": lambda x: x.flatten(1).view(x.shape),
    "added nothing": lambda x: x + torch.zeros(4, 1, 1, dtype=x.dtype),
    "padded and cut": lambda x: F.pad(x, (1, 2, 0, 1))[:, :, :-1, 1:-2],
    "widened": lambda x: x[:, :, None].expand(-1, -1, 3, -1, -1)[:, :, 2],
    "norm": lambda x: F.batch_norm(x, torch.zeros(4).double(), torch.ones(4).double(), eps=0),
}


@pytest.mark.parametrize("spelling", SAME_FUNCTION)
def test_the_same_function_in_other_operations_has_the_same_points(spelling, make_images):
    x = make_images(2, 9)
    plain = seeded(lambda: Spelled(lambda x: x))
    other = seeded(lambda: Spelled(SAME_FUNCTION[spelling]))
    assert torch.allclose(plain.module(x), other.module(x))
    for options in OPTIONS:
        expected = fixation_points(plain, x, remove_outliers=False, **options)
        found = fixation_points(other, x, remove_outliers=False, **options)
        assert all(np.array_equal(*pair) for pair in zip(found, expected, strict=True))
        assert all(len(points) for points in expected)


def test_a_norm_with_negative_scales_is_the_convolution_with_turned_weights(make_images):
    scale = torch.tensor([-2.0, 1.0, -0.5, -1.0], dtype=torch.float64)
    shift = torch.tensor([0.3, -0.2, 0.9, 0.5], dtype=torch.float64)

    class Normed(Spelled):
        def forward(self, x):
            y = F.batch_norm(
                self.a(x), torch.zeros_like(scale), torch.ones_like(scale), scale, shift, eps=0
            )
            return self.out(F.relu(self.b(F.relu(y))).mean((2, 3)))

    class Folded(Spelled):
        def forward(self, x):
            weight = self.a.weight * scale[:, None, None, None]
            y = F.conv2d(x, weight, self.a.bias * scale + shift, padding=1)
            return self.out(F.relu(self.b(F.relu(y))).mean((2, 3)))

    x = make_images(3, 16)
    networks = [seeded(lambda kind=kind: kind(None)) for kind in (Normed, Folded)]
    assert torch.allclose(*(network.module(x) for network in networks))
    for options in OPTIONS:
        normed, folded = (fixation_points(each, x, **options) for each in networks)
        assert all(np.array_equal(*pair) for pair in zip(normed, folded, strict=True))


@pytest.mark.parametrize(
    ("between", "name"),
    [
        (lambda x: x * torch.sigmoid(x.mean((2, 3), keepdim=True)), "mul of two values"),
        (lambda x: F.interpolate(x, scale_factor=2), "interpolate"),
        (lambda x: x.cumsum(2), r"cumsum, which made \(2, 4, 9, 9\) of \(2, 4, 9, 9\)"),
        (lambda x: torch.ones_like(x) / (x + 1), "dividing by"),
        (lambda x: x + Unseen.apply(x), "custom function Unseen"),
        (lambda x: Unseen.apply(x), "custom function Unseen"),
    ],
)
def test_an_operation_that_cannot_be_unravelled_is_named(between, name, make_images):
    network = seeded(lambda: Spelled(between))
    with pytest.raises(NotApplicable, match=name):
        attend("cnn_fixations", network, make_images(2, 9))


class Attending(nn.Module):
    """Self-attention beside a skip that is larger everywhere, so that no unit goes through it."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.a = nn.Conv2d(3, 4, 3, padding=1)
        self.attention = nn.MultiheadAttention(4, 1, batch_first=True)
        self.out = nn.Linear(4, 5)

    def forward(self, x):
        y = self.a(x).flatten(2).transpose(1, 2)
        if self.kind == "module":
            beside = self.attention(y, y, y, need_weights=False)[0]
        elif self.kind == "function":
            beside = F.scaled_dot_product_attention(y, y, y)
        else:
            beside = (y @ y.transpose(1, 2)).softmax(-1) @ y
        return self.out((y + beside * 1e-9).mean(1))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("module", "multi_head_attention_forward"),
        ("function", "scaled_dot_product_attention"),
        ("matmul", "matmul of two values that both depend on the image"),
    ],
)
def test_attention_is_refused_whether_or_not_a_unit_meets_it(kind, name, make_images):
    with pytest.raises(NotApplicable, match=name):
        attend("cnn_fixations", seeded(lambda: Attending(kind)), make_images(1, 9))


class Unseen(torch.autograd.Function):
    """Works outside of torch; one whose inside is torch's own operations can be followed."""

    @staticmethod
    def forward(ctx, x):
        return torch.from_numpy(x.numpy() * 2)

    @staticmethod
    def backward(ctx, g):
        return g * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"position": "centre"}, "unknown position 'centre'"),
        ({"fc_spatial": "all"}, "unknown fc_spatial 'all'"),
        ({"start": "class"}, "unknown start 'class'"),
        ({"radius": -1}, "radius is -1; expected a number from 0 to 1"),
        ({"share": "5%"}, "share is '5%'"),
        ({"remove_outliers": "no"}, "remove_outliers is 'no'"),
        ({"outliers": True}, "unknown option of fixation_points 'outliers'"),
    ],
)
def test_options_are_checked(options, message, make_images):
    with pytest.raises(UsageError, match=message):
        fixation_points(seeded(Chain), make_images(1, 24), **options)
