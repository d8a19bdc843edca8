"""Stages and classifier found by walking: as the family files say, and by hand."""

import importlib
import itertools

import pytest
import torch
from torch import nn
from torchvision import models

from bench.attention.tape import Tape
from bench.attention.tape.nodes import OTHER_ACTIVATIONS, ceiling_of
from bench.networks import Classifier, load_network, network_entry, network_names
from bench.networks._graph import ACTIVATIONS, record
from bench.networks._walk import walk


@pytest.mark.parametrize("name", network_names())
def test_walking_finds_what_the_family_files_say(name):
    family = importlib.import_module(f"bench.networks.{network_entry(name).path.stem}")
    blueprint = family.blueprint(name)
    with torch.device("meta"):
        module = blueprint.make().eval()
    assert walk(module, (224, 224)) == (blueprint.stages, blueprint.classifier)


def test_every_activation_function_that_the_tape_does_not_name_is_a_rectifier():
    assert all(ceiling_of(name, (), {})[0] for name in ACTIVATIONS - OTHER_ACTIVATIONS)


def test_the_walk_leaves_the_module_as_it_was():
    network = load_network("resnet18", weights=None)
    before = {key: value.clone() for key, value in network.module.state_dict().items()}
    walk(network.module, (64, 64))
    after = network.module.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
    parts = list(network.module.modules())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in parts)
    assert not any(value.is_meta for value in after.values())


# By hand from the papers' tables: where the resolution halves, and which module ends before it.
BY_HAND = {
    "vgg11_bn": (["features.2", "features.6", "features.13", "features.20", "features.27"], 14),
    "shufflenet_v2_x0_5": (["conv1", "stage2", "stage3", "conv5"], 7),
    "regnet_y_400mf": (["stem", *(f"trunk_output.block{i}" for i in (1, 2, 3, 4))], 7),
    "convnext_tiny": (["features.1", "features.3", "features.5", "features.7"], 7),
    # The expansion of the block that halves is the last activation before it.
    "mobilenet_v2": (
        [*(f"features.{i}.conv.0" for i in (2, 4, 7, 14)), "features.18"],
        7,
    ),
}
KINDS = {"vgg11_bn": "fully_connected", "convnext_tiny": "fully_connected"}


@pytest.mark.parametrize("name", BY_HAND)
def test_stages_of_other_classifiers(name):
    with torch.device("meta" if "regnet" not in name else "cpu"):
        module = models.get_model(name, weights=None).eval()
    stages, classifier = walk(module, (224, 224))
    modules, side = BY_HAND[name]
    assert list(stages.values()) == modules
    assert classifier.kind == KINDS.get(name, "gap_linear")
    graph = record(module, (224, 224))
    assert graph.nodes[graph.calls[modules[-1]].output].shape[-1] == side


@pytest.mark.parametrize(
    "name", ["mobilenet_v3_small", "shufflenet_v2_x0_5", "timm:mobilenetv3_small_050"]
)
def test_the_tape_reads_the_stages_that_were_found(name):
    network = load_network(name, weights=None)
    x = torch.randn(1, 3, *network.input_size, generator=torch.Generator().manual_seed(0))
    with Tape(network, x) as tape:
        sides = [tape.activation(stage).shape[-1] for stage in network.stages]
        assert tape.logits.shape == (1, 1000)
    assert sides == sorted(sides, reverse=True)
    assert all(big / small >= 2**0.5 for big, small in itertools.pairwise(sides))


def test_gap_linear_is_said_only_where_cam_is_exact():
    """CAM's identity: mean of the weighted activation plus bias equals the logit."""
    network = load_network("timm:resnet18", weights=None, dtype=torch.float64)
    assert network.classifier == Classifier("fc", "gap_linear")
    x = torch.randn(2, 3, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    with Tape(network, x) as tape:
        weights = network.module.fc.weight[tape.targets]
        cam = (weights[:, :, None, None] * tape.activation()).sum(1)
        expected = tape.scores - network.module.fc.bias[tape.targets]
    assert torch.allclose(cam.mean((1, 2)), expected, rtol=1e-10)


@pytest.mark.parametrize("name", ["timm:vit_tiny_patch16_224", "timm:xcit_nano_12_p16_224"])
def test_a_transformer_has_no_stages(name):
    network = load_network(name, weights=None)
    assert network.stages == {}
    assert network.classifier.kind == "fully_connected"


def test_channels_last_tensors_are_no_stages():
    """Swin holds (N, h, w, C): its h must not be taken for channels."""
    stages, classifier = walk(models.swin_t(weights=None).eval(), (224, 224))
    assert stages == {}
    assert classifier == Classifier("head", "fully_connected")


class Branching(nn.Module):
    """A stem, then two branches that only meet in a sum, then pooling and a linear layer."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())
        self.inside = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(inplace=True))
        self.narrow = nn.Conv2d(4, 8, 3, stride=2, padding=1)
        self.head = head

    def forward(self, x):
        x = self.stem(x)
        x = x + self.inside(x)
        return self.head(self.narrow(x).relu_())


class TwoHeads(nn.Module):
    """The sum of two linear layers: neither alone is the classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 5), nn.Linear(8, 5)

    def forward(self, x):
        return self.a(x) + self.b(x)


def test_an_activation_inside_a_branch_is_no_stage():
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))
    stages, classifier = walk(Branching(head).eval(), (32, 32))
    assert stages == {"conv1": "stem", "conv2": "narrow"}
    assert classifier == Classifier("head.2", "gap_linear")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ([nn.Conv2d(8, 5, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()], "conv_gap"),
        ([nn.Conv2d(8, 5, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()], "conv_gap"),
        ([nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 5)], "fully_connected"),
        ([nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, 5)], "fully_connected"),
        (
            [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(8), nn.Linear(8, 5)],
            "fully_connected",
        ),
        ([nn.AdaptiveAvgPool2d(1), nn.Flatten(), TwoHeads()], None),
    ],
)
def test_kinds_of_classifiers(head, kind):
    stages, classifier = walk(Branching(nn.Sequential(*head)).eval(), (32, 32))
    assert list(stages.values()) == ["stem", "narrow"]
    assert (classifier and classifier.kind) == kind


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", sorted(set(models.list_models(module=models)) - {"regnet_y_128gf"})
)
def test_every_classifier_of_torchvision_is_walked(name):
    """Each ends in a known classifier; all but the transformers have stages that halve."""
    if "large" in name or "_h_" in name or "32gf" in name:
        pytest.skip("another size of the same architecture is walked")
    preset = models.get_model_weights(name).DEFAULT.transforms()
    options = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    with torch.device("cpu" if "regnet" in name or "swin" in name else "meta"):
        module = models.get_model(name, weights=None, **options).eval()
    size = 224 if name.startswith("vit") else preset.crop_size[0]
    stages, classifier = walk(module, (size, size))
    assert classifier is not None
    assert isinstance(module.get_submodule(classifier.layer), nn.Linear | nn.Conv2d)
    assert (len(stages) >= 3) != name.startswith(("vit", "swin"))
