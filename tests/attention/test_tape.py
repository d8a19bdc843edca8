"""The recording of networks that are written in every way torch allows."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from bench.attention import attend
from bench.attention.tape import Guided, Tape
from bench.errors import NotApplicable, UsageError
from bench.networks import Network


class Written(nn.Module):
    """conv, an activation written in some way, conv, the same again, pooled scores."""

    def __init__(self, activation):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6, 4)
        self.activation = activation

    def forward(self, x):
        a = self.activation(self.first(x))
        b = self.activation(self.second(a))
        return self.head((a + b).mean((2, 3)))


def network_of(activation, *, scale=1.0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        module = Written(activation).double().eval().requires_grad_(False)
    module.first.weight.mul_(scale)
    return Network(
        name="written",
        module=module,
        preprocess=lambda x: x,
        stages={"conv1": "first", "conv2": "second"},
    )


def in_place(x):
    x.relu_()
    return x


def in_place_unreturned(x):
    torch.relu_(x)
    return x


def sliced(x):
    x[:, :3] = x[:, :3].relu()
    x[:, 3:] = x[:, 3:].clamp(min=0)
    return x


RELU = {
    "F.relu": F.relu,
    "F.relu in place": lambda x: F.relu(x, inplace=True),
    "torch.relu": torch.relu,
    "x.relu": lambda x: x.relu(),
    "x.relu_": in_place,
    "torch.relu_": in_place_unreturned,
    "F.relu_": lambda x: F.relu_(x),
    "nn.ReLU": nn.ReLU(),
    "nn.ReLU in place": nn.ReLU(inplace=True),
    "x.clamp": lambda x: x.clamp(min=0),
    "x.clamp_": lambda x: x.clamp_(0),
    "torch.clamp_min": lambda x: torch.clamp_min(x, 0),
    "F.threshold": lambda x: F.threshold(x, 0, 0),
    "F.hardtanh": lambda x: F.hardtanh(x, 0.0, float("inf")),
    "by keyword": lambda x: torch.relu(input=x),
    "by parts": sliced,
}
RELU6 = {
    "F.relu6": F.relu6,
    "nn.ReLU6": nn.ReLU6(),
    "nn.ReLU6 in place": nn.ReLU6(inplace=True),
    "F.hardtanh": lambda x: F.hardtanh(x, 0.0, 6.0),
    "F.hardtanh_": lambda x: F.hardtanh_(x, 0.0, 6.0),
    "x.clamp": lambda x: x.clamp(0, 6),
    "torch.clip": lambda x: torch.clip(x, min=0.0, max=6.0),
}
METHODS = ["gradient", "guided_backprop", "gradcam"]


@pytest.mark.parametrize("spelling", RELU)
def test_relu_in_every_spelling(spelling, make_images):
    x = make_images(2, 12)
    expected = attend(METHODS, network_of(nn.ReLU()), x)
    found = attend(METHODS, network_of(RELU[spelling]), x)
    assert not torch.equal(expected["gradient"], expected["guided_backprop"])
    for name in METHODS if spelling != "by parts" else METHODS[:2]:
        assert torch.allclose(found[name], expected[name], rtol=1e-12, atol=1e-15), name


@pytest.mark.parametrize("spelling", RELU6)
def test_relu6_in_every_spelling(spelling, make_images):
    x = make_images(2, 12)
    expected = attend(METHODS, network_of(nn.ReLU6(), scale=20.0), x)
    unlimited = attend(METHODS, network_of(nn.ReLU(), scale=20.0), x)
    found = attend(METHODS, network_of(RELU6[spelling], scale=20.0), x)
    for name in METHODS:
        assert not torch.allclose(unlimited[name], expected[name])
        assert torch.allclose(found[name], expected[name], rtol=1e-12, atol=1e-15), name


def test_a_layer_keeps_its_output_although_a_relu_in_place_follows(make_images):
    x = make_images(1, 12)
    for activation in (nn.ReLU(), nn.ReLU(inplace=True), in_place):
        network = network_of(activation)
        with Tape(network, x) as tape:
            assert torch.equal(tape.activation("first"), network.module.first(x))
            assert torch.equal(tape.activation("conv1"), network.module.first(x).relu())
            assert torch.equal(tape.logits, network.module(x))


def test_images_stay_as_they_are_under_a_network_that_changes_its_input(make_images):
    class Centring(Written):
        def forward(self, x):
            x -= x.mean((2, 3), keepdim=True)
            x[:, 0].mul_(2)
            return super().forward(x)

    x = make_images(1, 12)
    kept = x.clone()
    module = Centring(nn.ReLU()).double().eval().requires_grad_(False)
    network = Network(name="c", module=module, preprocess=lambda x: x, stages={"conv1": "first"})
    with pytest.raises(UsageError, match=r"in place \(mul_\) and then reads another view"):
        attend("gradient", network, x)
    assert torch.equal(x, kept)
    module.forward = lambda x: Written.forward(module, x.sub_(x.mean((2, 3), keepdim=True)))
    attend("gradient", network, x)
    assert torch.equal(x, kept)


@pytest.mark.parametrize(
    "activation", [F.silu, F.gelu, F.leaky_relu, nn.Hardswish(), nn.ELU(inplace=True)]
)
def test_guided_refuses_other_activations_by_name(activation, make_images):
    network, x = network_of(activation), make_images(1, 12)
    name = getattr(activation, "__name__", type(activation).__name__.lower())
    with pytest.raises(NotApplicable, match=f"uses {name}.*clamp_gradient=True"):
        attend("guided_backprop", network, x)
    maps = attend(["gradient", "guided_backprop"], network, x, reduce=None, clamp_gradient=True)
    assert not torch.equal(maps["gradient"], maps["guided_backprop"])
    leaf = x.clone().requires_grad_(True)
    network.module(leaf).amax(1).sum().backward()
    assert torch.allclose(maps["gradient"], leaf.grad, rtol=1e-12)


def test_clamped_gradient_of_silu_by_hand(make_images):
    """g act'(x), clamped at zero, through both layers and the sum of the two activations."""
    network, x = network_of(F.silu), make_images(1, 12)
    module = network.module

    def back(g, pre):
        s = torch.sigmoid(pre)
        return (g * s * (1 + pre * (1 - s))).clamp(min=0)

    p = module.first(x)
    q = module.second(F.silu(p))
    target = int(module(x).argmax())
    g = (module.head.weight[target] / q[0, 0].numel())[None, :, None, None].expand_as(q)
    through = F.conv_transpose2d(back(g, q), module.second.weight, padding=1)
    expected = F.conv_transpose2d(back(g + through, p), module.first.weight, padding=1)
    found = attend("guided_backprop", network, x, reduce=None, clamp_gradient=True)
    assert torch.allclose(found["guided_backprop"], expected, rtol=1e-10)


def test_guided_refuses_what_it_cannot_see(make_images):
    class Custom(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.relu()

        @staticmethod
        def backward(ctx, g):
            return g * (ctx.saved_tensors[0] > 0)

    x = make_images(1, 12)
    with pytest.raises(NotApplicable, match="custom function Custom"):
        attend("guided_backprop", network_of(Custom.apply), x)
    assert attend("gradient", network_of(Custom.apply), x)["gradient"].any()


def test_one_backward_pass_serves_several_layers_and_methods(make_images, monkeypatch):
    passes = []
    grad = torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: passes.append(1) or grad(*a, **k))
    attend(
        {
            "gradcam": {"layer": "second"},
            "gradient": {},
            "guided_gradcam": {},
            "guided_backprop": {},
        },
        network_of(nn.ReLU()),
        make_images(1, 12),
    )
    assert len(passes) == 2  # one by each rule


def test_gradcam_does_not_go_below_its_layer(make_images):
    network = network_of(nn.ReLU())
    reached = []
    network.module.first.weight.requires_grad_(True)
    network.module.first.weight.register_hook(reached.append)
    attend("gradcam", network, make_images(1, 12))
    assert not reached
    network.module.first.weight.requires_grad_(False)


def test_a_module_that_is_called_twice_means_its_last_call(make_images):
    network, x = network_of(nn.ReLU()), make_images(1, 12)
    with Tape(network, x) as tape:
        a = F.relu(network.module.first(x))
        assert torch.equal(tape.activation("activation"), F.relu(network.module.second(a)))


def test_a_stage_hides_a_module_of_the_same_name_unless_asked_for(get_network, make_images):
    network, x = get_network("resnet18"), make_images(1)
    with Tape(network, x) as tape:
        assert torch.equal(tape.activation("module:conv1"), network.module.conv1(x))
        assert (tape.activation("conv1") >= 0).all()


def test_gradient_of_a_layers_mean(make_images):
    network, x = network_of(nn.ReLU()), make_images(2, 12)
    with Tape(network, x) as tape:
        last = tape.gradient("conv2", of="conv2")
        assert torch.allclose(last, torch.full_like(last, 1 / last[0].numel()), rtol=1e-12)
        f = tape.activation("conv1").requires_grad_(True)
        mean = F.relu(network.module.second(f)).mean((1, 2, 3)).sum()
        (expected,) = torch.autograd.grad(mean, f)
        assert torch.allclose(tape.gradient("conv1", of="conv2"), expected, rtol=1e-12)
        with pytest.raises(UsageError, match="does not lead to 'conv1'"):
            tape.gradient("conv2", of="conv1")


def test_training_mode_is_refused(make_images):
    network = network_of(nn.ReLU())
    network.module.train()
    with pytest.raises(UsageError, match="training mode"):
        Tape(network, make_images(1, 12))


def test_closed_tape_holds_no_graph(make_images):
    import gc
    import weakref

    network = network_of(nn.ReLU())
    with Tape(network, make_images(1, 12)) as tape:
        tape.image_gradient(rule=Guided())
        held = weakref.ref(tape._record.outputs["second"])
    gc.collect()
    assert held() is None
    with pytest.raises(RuntimeError, match="closed"):
        tape.activation()
