"""Excitation backpropagation: the identities that hold exactly, on every network, in float64."""

import gc
import weakref
from contextlib import contextmanager

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from bench.attention import attend, excitation_mass
from bench.attention._excitation import default_layer
from bench.attention.tape import Excitation, Tape
from bench.attention.tape.positive_weights import positive
from bench.errors import NotApplicable, UsageError
from bench.networks import Network

MWP, CMWP = "excitation_backprop", "contrastive_excitation_backprop"
# Below their last stage every active unit is excited by something (rectified inputs, max pooling).
CONSERVING = ("alexnet", "vgg", "resnet", "googlenet", "squeezenet")


def conserves(network):
    return network.name.startswith(CONSERVING)


@contextmanager
def edited(*tensors):
    """The tensors may be written to; afterwards they are as before."""
    kept = [tensor.clone() for tensor in tensors]
    try:
        yield
    finally:
        for tensor, value in zip(tensors, kept, strict=True):
            tensor.copy_(value)


def head(network):
    return network.module.get_submodule(network.classifier.layer)


@pytest.mark.parametrize("negative", ["clamp", "signed", "raw"])
def test_mass_is_conserved_at_every_stage(network, negative, make_images):
    if negative == "raw" and not conserves(network):
        pytest.skip("negative inputs: the raw rule gives no probabilities")
    mass = excitation_mass(network, make_images(), negative=negative)
    assert list(mass) == list(network.stages)
    found = torch.stack(list(mass.values()))
    if conserves(network):
        assert torch.allclose(found, torch.ones_like(found), rtol=1e-6)
    else:
        assert (found <= 1 + 1e-9).all()
        assert (found > 0.01).all()
        # never more than further up
        assert (found[:-1] <= found[1:] + 1e-9).all()


@pytest.mark.parametrize("name", ["densenet121", "efficientnet_lite0"])
def test_mass_is_conserved_where_every_unit_is_excited(name, get_network, make_images):
    """Weights, scales and inputs above zero, no shifts: then nothing is lost."""
    network, x = get_network(name), make_images().abs()
    state = list(network.module.state_dict().values())
    with edited(*[tensor for tensor in state if tensor.is_floating_point()]):
        for module in network.module.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.weight.abs_()
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.zero_()
                module.bias.zero_()
        layers = [*network.stages, default_layer(network)]
        for value in excitation_mass(network, x, layers=layers).values():
            assert torch.allclose(value, torch.ones_like(value), rtol=1e-9)


def test_probabilities_are_not_negative_and_the_map_is_their_sum(network, make_images):
    x = make_images()
    for negative in ("clamp", "signed"):
        p = attend(MWP, network, x, negative=negative, reduce=None)[MWP]
        assert (p >= 0).all()
        assert torch.equal(p.sum(1), attend(MWP, network, x, negative=negative)[MWP])


def test_contrast_is_the_difference_of_two_passes_and_sums_to_zero(network, make_images):
    """P- is the probability of a network whose class weights have the other sign."""
    if network.classifier.kind == "conv_gap":
        pytest.skip("the class map itself, not only its weights, weighs the positions")
    x, targets = make_images(), torch.tensor([1, 8])
    options = {"signed": True, "reduce": None}
    found = attend([MWP, CMWP], network, x, targets, **options)
    with edited(head(network).weight):
        head(network).weight.neg_()
        opposite = attend([MWP, CMWP], network, x, targets, **options)
    size = found[MWP].abs().max()
    assert found[CMWP].abs().max() > 1e-9
    assert (found[CMWP] - (found[MWP] - opposite[MWP])).abs().max() <= 1e-13 * size
    assert (found[CMWP] + opposite[CMWP]).abs().max() <= 1e-13 * size
    assert torch.equal(attend(CMWP, network, x, targets)[CMWP], found[CMWP].sum(1).relu())
    if conserves(network):
        assert found[CMWP].sum((1, 2, 3)).abs().max() <= 1e-12


def test_contrast_of_squeezenet_sums_to_zero(get_network, make_images):
    found = attend(CMWP, get_network("squeezenet1_1"), make_images(), signed=True)[CMWP]
    assert found.abs().max() > 1e-6
    assert found.sum((1, 2)).abs().max() <= 1e-12


def test_contrast_may_be_taken_further_down(get_network, make_images):
    """From fc7's or pool5's input, from two passes each: MWP is linear in what it starts from."""
    network, x, targets = get_network("alexnet"), make_images(), torch.tensor([1, 8])
    found = attend(CMWP, network, x, targets, signed=True, reduce=None)[CMWP]
    with Tape(network, x, targets) as tape:
        lower = tape.excitation("features.11", rule=Excitation(contrastive=True))
        upper = tape.excitation("features.4", rule=Excitation(contrastive=True))
        plain = tape.excitation("features.11"), tape.excitation("features.4")
    assert torch.equal(upper, found)
    with edited(head(network).weight), Tape(network, x, targets) as tape:
        head(network).weight.neg_()
    with edited(head(network).weight):
        head(network).weight.neg_()
        with Tape(network, x, targets) as tape:
            opposite = tape.excitation("features.11"), tape.excitation("features.4")
    for difference, p, q in zip((lower, upper), plain, opposite, strict=True):
        assert (difference - (p - q)).abs().max() <= 1e-13 * p.max()


def test_closed_form_of_the_contrast_below_global_average_pooling(network, make_images):
    if network.classifier.kind != "gap_linear":
        pytest.skip("no linear layer behind global average pooling")
    x, targets = make_images(), torch.tensor([1, 8])
    last = list(network.stages)[-1]
    found = attend(CMWP, network, x, targets, layer=last)[CMWP]
    with Tape(network, x, targets) as tape:
        f = tape.activation()
    w = head(network).weight[targets][:, :, None, None]
    parts = []
    for plus in (w.clamp(min=0), (-w).clamp(min=0)):
        z = (plus * f.mean((2, 3), keepdim=True)).sum(1, keepdim=True)
        parts.append((plus / z * f).sum(1) / f[0, 0].numel())
    expected = (parts[0] - parts[1]).relu()
    assert (found - expected).abs().max() <= 1e-10 * expected.max()


def test_contrast_is_cam_where_both_signs_are_equally_strong(get_network, make_images):
    network, x, targets = get_network("resnet18"), make_images(1), torch.tensor([3])
    with edited(head(network).weight):
        w = head(network).weight
        with Tape(network, x, targets) as tape:
            mean = tape.activation().mean((2, 3))[0]
        row = w[3]
        row[row < 0] *= (row.clamp(min=0) @ mean) / (row.neg().clamp(min=0) @ mean)
        found = attend([CMWP, "cam"], network, x, targets, layer="conv5")
    cam = found["cam"].relu()
    assert torch.allclose(found[CMWP] / found[CMWP].max(), cam / cam.max(), atol=1e-12)


@pytest.mark.parametrize(
    ("name", "above", "pool"),
    [
        ("vgg16", "features.29", "features.30"),
        ("alexnet", "features.11", "features.12"),  # windows overlap
        ("squeezenet1_1", "features.7", "features.8"),
        ("resnet18", "module:relu", "maxpool"),
        ("googlenet", "conv1", "maxpool1"),
    ],
)
def test_max_pool_gives_everything_to_its_winners(name, above, pool, get_network, make_images):
    network, x = get_network(name), make_images(1, 96)
    above = "conv1" if name == "resnet18" else above  # the stem's ReLU module is used again later
    with Tape(network, x) as tape:
        f, p = tape.activation(above), tape.excitation(above)
        q = tape.excitation(pool)
    part = network.module.get_submodule(pool)
    _, winners = F.max_pool2d(
        f, part.kernel_size, part.stride, part.padding, 1, part.ceil_mode, return_indices=True
    )
    expected = torch.zeros_like(f).flatten(2).scatter_add_(2, winners.flatten(2), q.flatten(2))
    assert torch.allclose(p, expected.view_as(p), rtol=1e-12, atol=0)
    assert (p > 0).any()


def test_bias_and_positive_scale_of_a_row_do_not_matter_at_fixed_activations(
    get_network, make_images
):
    """Batch norm takes a convolution's bias and scale back, so all activations stay."""
    network, x = get_network("googlenet"), make_images()
    block = network.module.inception4a.branch2[1]
    tensors = [block.conv.weight, block.bn.running_mean, block.bn.running_var]
    expected = attend([MWP, CMWP, "gradcam"], network, x, layer="conv1")
    with edited(*tensors):
        scale = torch.linspace(0.1, 3, len(block.conv.weight), dtype=x.dtype)
        block.conv.weight.mul_(scale[:, None, None, None])
        block.bn.running_mean.mul_(scale)
        block.bn.running_var.add_(block.bn.eps).mul_(scale.square()).sub_(block.bn.eps)
        found = attend([MWP, CMWP, "gradcam"], network, x, layer="conv1")
    for name, values in expected.items():
        assert (found[name] - values).abs().max() <= 1e-9 * values.abs().max()


def test_folding_matters_where_a_batch_norm_has_a_negative_scale(make_images):
    """Turning the weights around with mean, and the scale with them, changes no activation."""
    layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5), nn.ReLU()
    network = tiny(*layers)
    convolution, norm = network.module[2], network.module[3]
    x = make_images(2, 12)
    options = {"layer": "1", "reduce": None}
    plain = attend(MWP, network, x, **options)[MWP]
    assert torch.equal(attend(MWP, network, x, fold_batch_norm=True, **options)[MWP], plain)
    logits = network.module(x)
    convolution.weight[::2] *= -1
    convolution.bias[::2] *= -1
    norm.running_mean[::2] *= -1
    norm.weight[::2] *= -1
    assert torch.allclose(network.module(x), logits)
    folded = attend(MWP, network, x, fold_batch_norm=True, **options)[MWP]
    assert torch.allclose(folded, plain, rtol=1e-12)
    assert not torch.allclose(attend(MWP, network, x, **options)[MWP], plain, rtol=1e-2)


def test_saturated_rectifiers_pass_everything(make_images):
    """Six times the input: most units stand at the ceiling, where the derivative is zero."""
    network = tiny(nn.Conv2d(3, 4, 3), nn.ReLU6(), nn.Conv2d(4, 4, 3), nn.ReLU6())
    network.module[2].weight.abs_()
    x = 60 * make_images(2, 12)
    with Tape(network, x) as tape:
        assert (tape.activation("3") == 6).double().mean() > 0.5
    mass = excitation_mass(network, x, layers=["1", "3"])
    assert torch.allclose(torch.stack(list(mass.values())), torch.ones(2, 2, dtype=x.dtype))


def test_zero_normalisers_give_zero_not_nan(make_images):
    """A residual sum, an average and a convolution of nothing but zeros, in float32 too."""

    class Dead(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.head = nn.Conv2d(3, 4, 1), nn.Linear(4, 3)

        def forward(self, x):
            a = self.first(x).relu()
            b = F.conv2d(a, torch.ones(4, 4, 1, 1, dtype=a.dtype), torch.ones(4, dtype=a.dtype))
            return self.head((F.avg_pool2d(a + a, 2) + b[:, :, ::2, ::2]).mean((2, 3)))

    for dtype in (torch.float32, torch.float64):
        module = Dead().to(dtype).eval().requires_grad_(False)
        module.first.weight.zero_()
        module.first.bias.zero_()
        network = Network("dead", module, lambda x: x, {"conv1": "first"})
        for negative in ("clamp", "raw", "signed"):
            found = attend([MWP, CMWP], network, make_images(1, 8).to(dtype), negative=negative)
            assert all(torch.equal(m, torch.zeros_like(m)) for m in found.values())


def test_layers_come_from_one_way_down(network, make_images, monkeypatch):
    """Deep first or last, alone or together, each layer's probabilities are the same."""
    x, names = make_images(1), list(network.stages)
    with Tape(network, x) as tape:
        down = {name: tape.excitation(name) for name in reversed(names)}
    with Tape(network, x) as tape:
        up = {name: tape.excitation(name) for name in names}
    for name in names:
        assert torch.equal(down[name], up[name])


def test_normalisers_are_shared_and_the_way_is_gone_once(get_network, make_images, monkeypatch):
    from bench.attention.tape import excitation_steps

    made = []
    weighted = excitation_steps.weighted

    def counted(op, *rest):
        made.append(id(op.outputs[0]))
        return weighted(op, *rest)

    monkeypatch.setattr(excitation_steps, "weighted", counted)
    network = get_network("resnet18")
    attend({MWP: {"layer": "conv3"}, CMWP: {"layer": "conv3"}}, network, make_images(1))
    # the classifier twice (W and -W), every other layer above once
    assert len(made) == len(set(made)) + 1 == 2 + len(
        [m for part in ("layer3", "layer4") for m in network.module.get_submodule(part).modules()
         if isinstance(m, nn.Conv2d)]
    )  # fmt: skip


def test_a_forward_pass_of_half_precision_keeps_the_mass(make_images):
    network = tiny(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(4, 8, 3), nn.ReLU())
    network.module.float()
    x = make_images(2, 12).float()
    with torch.autocast("cpu", torch.bfloat16), Tape(network, x) as tape:
        assert tape.activation("4").dtype == torch.bfloat16
        p = tape.excitation("1")
    assert p.dtype == torch.float32
    assert torch.allclose(p.sum((1, 2, 3)), torch.ones(2), rtol=1e-4)


class Gated(nn.Module):
    def __init__(self, gate):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # with some weights nothing excites the class
            self.first, self.second = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3)
            self.head, self.gate = nn.Linear(6, 4), gate

    def forward(self, x):
        return self.head(self.second(self.gate(self.first(x).relu())).relu().mean((2, 3)))


def unseen(x):
    """What compiled parts do: torch's override mechanism is not asked."""
    with torch._C.DisableTorchFunction():
        return x * 2


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2.0 * x

    @staticmethod
    def backward(ctx, g):
        return 2.0 * g


@pytest.mark.parametrize(
    ("gate", "name"),
    [
        (lambda x: x * x.mean((2, 3), keepdim=True).sigmoid(), "mul"),
        (lambda x: x.softmax(1), "softmax"),
        (lambda x: 1 - x, "rsub"),
        (lambda x: x - x.mean(), "sub"),
        (lambda x: -2.0 * x, "mul"),
        (lambda x: torch.add(x, x, alpha=2), "add"),
        (lambda x: x.detach() + x * 0, "mul"),
        (lambda x: torch.einsum("nchw,nkhw->nkhw", x, x), "einsum"),
        (lambda x: F.interpolate(x, scale_factor=2), "interpolate"),
        (unseen, "MulBackward"),
    ],
)
def test_operations_without_a_rule_are_refused_by_name(gate, name, make_images):
    module = Gated(gate).double().eval().requires_grad_(False)
    network = Network("gated", module, lambda x: x, {"conv1": "first", "conv2": "second"})
    x = make_images(1, 12)
    versions = [tensor._version for tensor in module.state_dict().values()]
    with pytest.raises(NotApplicable, match=f"no rule for the operation '{name}.*layer=NAME"):
        attend(MWP, network, x, layer="conv1")
    assert versions == [tensor._version for tensor in module.state_dict().values()]
    assert torch.nn.modules.module._global_forward_hooks == {}
    above = attend(MWP, network, x, layer="conv2")[MWP]
    assert torch.allclose(above.sum(), torch.tensor(1.0, dtype=above.dtype))


@pytest.mark.parametrize(
    "same",
    [
        lambda x: 2.0 * x,
        lambda x: x / 3 + 0.5,
        lambda x: x - torch.tensor(0.1, dtype=x.dtype),
        lambda x: x.permute(0, 2, 3, 1).permute(0, 3, 1, 2),
        lambda x: torch.cat(x.chunk(3, 1), dim=1),
        lambda x: x.flip(3).flip(3),
        lambda x: F.local_response_norm(x, 2),
        lambda x: F.dropout(x, 0.5, training=False),
        lambda x: F.pad(x, (0, 0, 0, 0)),
        lambda x: x[:, :, :, :].contiguous(),
        lambda x: F.silu(x),
        Doubled.apply,
    ],
)
def test_moving_shifting_and_scaling_change_no_share(same, make_images):
    """The layers above see other activations, so they are made to count channels alike."""
    found = []
    for gate in (lambda x: x, same):
        module = Gated(gate).double().eval().requires_grad_(False)
        torch.manual_seed(0)
        for parameter in module.parameters():
            parameter.normal_().abs_()
        network = Network("gated", module, lambda x: x, {"conv1": "first", "conv2": "second"})
        with Tape(network, make_images(1, 12).abs()) as tape:
            after = tape.activation("conv1")
            found.append((tape.excitation("conv1"), after, module))
    (_, a, module), (p, b, _) = found
    assert torch.equal(a, b)
    assert torch.allclose(p.sum(), torch.tensor(1.0, dtype=p.dtype))
    # the share at its output, worked out by hand from what the next convolution reads
    leaf = same(a).requires_grad_(True)
    top = module.second(leaf).relu()
    w = module.head.weight[int(module.head(top.mean((2, 3))).argmax())]
    q = top * w[None, :, None, None]
    q = (q / q.sum()).detach()
    z = F.conv2d(leaf, module.second.weight)
    (g,) = torch.autograd.grad(z, leaf, q / z)
    assert torch.allclose(p, (leaf * g).detach(), rtol=1e-9)


def test_contrast_beside_a_layer_with_weights_is_refused(make_images):
    class Beside(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 4)

        def forward(self, x):
            f = self.first(x).relu().mean((2, 3))
            return self.head(f) + f

    module = Beside().double().eval().requires_grad_(False)
    network = Network("beside", module, lambda x: x, {"conv1": "first"})
    attend(MWP, network, make_images(1, 12))
    with pytest.raises(NotApplicable, match="needs one classifier"):
        attend(CMWP, network, make_images(1, 12))


def test_unknown_options_are_refused(get_network, make_images):
    network, x = get_network("resnet18"), make_images(1)
    with pytest.raises(UsageError, match="unknown negative 'clip'"):
        attend(MWP, network, x, negative="clip")
    with pytest.raises(UsageError, match="unknown reduce 'max'"):
        attend(CMWP, network, x, reduce="max")
    with pytest.raises(UsageError, match="unknown layer 'layer9'"):
        excitation_mass(network, x, layers=["layer9"])
    with Tape(network, x) as tape, pytest.raises(UsageError, match="a map needs a grid"):
        tape.excitation("fc")


@pytest.mark.parametrize(
    ("name", "layer", "side"),
    [
        ("vgg16", "features.23", 4),
        ("vgg16_voc", "features.23", 4),
        ("resnet18", "layer3", 4),
        ("googlenet", "maxpool3", 4),
        ("alexnet", "features.4", 7),
        ("efficientnet_lite0", "conv4", 4),
    ],
)
def test_default_layers(name, layer, side, get_network, make_images):
    network, x = get_network(name), make_images(1)
    found, named = attend(MWP, network, x)[MWP], attend(MWP, network, x, layer=layer)[MWP]
    assert torch.equal(found, named)
    assert found.shape == (1, side, side)


def test_positive_weights_notice_every_change_and_go_with_their_weight():
    weight = torch.randn(512, 512, generator=torch.Generator().manual_seed(0))
    kept = positive(weight)
    assert torch.equal(kept, weight.clamp(min=0))
    assert positive(weight) is kept
    assert torch.equal(positive(weight, -1), (-weight).clamp(min=0))
    weight.neg_()
    assert torch.equal(positive(weight), weight.clamp(min=0))
    parameter = nn.Parameter(weight)
    positive(parameter)
    parameter.data.normal_()  # leaves the version as it was
    assert torch.equal(positive(parameter), parameter.detach().clamp(min=0))
    parameter.data = torch.randn(512, 512)
    assert torch.equal(positive(parameter), parameter.detach().clamp(min=0))
    held = weakref.ref(positive(parameter))
    del parameter
    gc.collect()
    assert held() is None


def tiny(*layers):
    """The layers, then global average pooling and a linear layer; float64, seeded."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        channels = [layer.out_channels for layer in layers if isinstance(layer, nn.Conv2d)][-1]
        parts = [*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 4)]
        module = nn.Sequential(*parts).double().eval().requires_grad_(False)
        for part in module:
            if isinstance(part, nn.Conv2d | nn.Linear):
                part.reset_parameters()
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.normal_()
                part.weight.uniform_(0.5, 2)
    return Network("tiny", module, lambda x: x, {"conv1": str(len(layers) - 1)})
