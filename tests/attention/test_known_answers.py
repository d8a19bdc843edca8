"""One convolution, small whole numbers: every map worked out by hand."""

import pytest
import torch
from torch import nn

from bench.attention import attend
from bench.errors import UsageError
from bench.networks import Classifier, Network

# One 1 x 1 convolution from three channels to two, no bias: f_0 = x_0 - x_1, f_1 = x_2.
KERNEL = torch.tensor([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
# Class 0 is mean(f_0) * 4 - mean(f_1) * 8 + 0.5, class 1 is mean(f_1) * 4.
HEAD = torch.tensor([[4.0, -8.0], [0.0, 4.0]])
BIAS = torch.tensor([0.5, 0.0])
# A 2 x 2 image; so f_0 = [[3, -1], [1, 0]] -> rectified [[3, 0], [1, 0]], f_1 = [[1, 0], [0, 2]].
X = torch.tensor([[[5.0, 1.0], [2.0, 2.0]], [[2.0, 2.0], [1.0, 2.0]], [[1.0, 0.0], [0.0, 2.0]]])


@pytest.fixture(params=["module", "in place", "relu6"])
def network(request):
    rectifier = {
        "module": nn.ReLU(),
        "in place": nn.ReLU(inplace=True),
        "relu6": nn.ReLU6(inplace=True),
    }[request.param]
    module = nn.Sequential(
        nn.Conv2d(3, 2, 1, bias=False),
        rectifier,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2, 2),
    )
    module[0].weight.data = KERNEL[:, :, None, None].clone()
    module[4].weight.data, module[4].bias.data = HEAD.clone(), BIAS.clone()
    return Network(
        name="by hand",
        module=module.eval().requires_grad_(False),
        preprocess=lambda x: x,
        stages={"conv1": "1"},
        classes=("a", "b"),
        classifier=Classifier("4", "gap_linear"),
    )


def of(method, network, target=0, **options):
    return attend(method, network, X[None], torch.tensor([target]), **options)[method][0]


def test_cam(network):
    # 4 f_0 - 8 f_1
    assert of("cam", network).tolist() == [[4.0, 0.0], [4.0, -16.0]]
    assert of("cam", network).mean() + 0.5 == network.module(X[None])[0, 0]


def test_gradcam(network):
    # d logit_0 / d f = (4, -8) / 4 positions; 1 f_0 - 2 f_1 = [[1, 0], [1, -4]]
    assert of("gradcam", network, signed=True).tolist() == [[1.0, 0.0], [1.0, -4.0]]
    assert of("gradcam", network).tolist() == [[1.0, 0.0], [1.0, 0.0]]
    # before the rectifier only positions that pass count, two of four in each channel:
    # a = (0.5, -1), f_0 = [[3, -1], [1, 0]]
    before = of("gradcam", network, layer="0", signed=True)
    assert before.tolist() == [[0.5, -0.5], [0.5, -2.0]]


def test_gradient(network):
    # 1 where f_0 > 0 goes to x_0 (and minus to x_1); -2 where f_1 > 0 goes to x_2
    signed = of("gradient", network, reduce=None)
    assert signed[0].tolist() == [[1.0, 0.0], [1.0, 0.0]]
    assert signed[1].tolist() == [[-1.0, 0.0], [-1.0, 0.0]]
    assert signed[2].tolist() == [[-2.0, 0.0], [0.0, -2.0]]
    assert of("gradient", network).tolist() == [[2.0, 0.0], [1.0, 2.0]]
    assert of("gradient", network, reduce="sum").tolist() == [[4.0, 0.0], [2.0, 2.0]]
    assert of("gradient", network, signed=True).tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_guided_backprop(network):
    # the negative gradient of f_1 stops at the rectifier
    signed = of("guided_backprop", network, reduce=None)
    assert signed[0].tolist() == [[1.0, 0.0], [1.0, 0.0]]
    assert signed[2].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    # f_0 is exactly 0 at the last position: nothing passes there, not even a positive gradient
    assert of("guided_backprop", network).tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_guided_gradcam(network):
    # the grids are equal, so the product is taken cell by cell
    assert of("guided_gradcam", network).tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_dense(network):
    # one stage: (1/2 + 1/4) * mean of squares over the two channels; [[9+1, 0], [1, 4]] / 2 * 0.75
    dense = attend("dense", network, X[None])
    assert list(dense) == ["dense_conv1"]
    assert dense["dense_conv1"][0].tolist() == [[3.75, 0.0], [0.375, 1.5]]
    # f once, not twice: [[3+1, 0], [1, 2]] / 2 * 0.75
    once = attend("dense", network, X[None], apply_f="once")["dense_conv1"][0]
    assert once.tolist() == [[1.5, 0.0], [0.375, 0.75]]
    # both weights with mean one instead of 1/2 and 1/4
    even = attend("dense", network, X[None], balance="mean_one")["dense_conv1"][0]
    assert even.tolist() == [[10.0, 0.0], [1.0, 4.0]]
    # the last stage's logits are all equal, so scaling them changes nothing
    for scale in ("zscore", 100.0):
        scaled = attend("dense", network, X[None], scale=scale)["dense_conv1"][0]
        assert torch.allclose(scaled, dense["dense_conv1"][0])
    largest = attend("dense", network, X[None], layer_norm="max")["dense_conv1"][0]
    assert torch.allclose(largest, dense["dense_conv1"][0] / 3.75)
    whole = attend("dense", network, X[None], layer_norm="sum")["dense_conv1"][0]
    assert torch.allclose(whole.sum(), torch.tensor(1.0))


def test_dense_of_a_black_activation_stays_zero_when_normalised(network):
    for layer_norm in ("max", "sum"):
        maps = attend("dense", network, torch.zeros(1, 3, 2, 2), layer_norm=layer_norm)
        assert maps["dense_conv1"].tolist() == [[[0.0, 0.0], [0.0, 0.0]]]


def test_target_is_the_top_class_unless_given(network):
    # logits: 4 * 1 - 8 * 0.75 + 0.5 = -1.5 and 4 * 0.75 = 3
    assert network.module(X[None]).tolist() == [[-1.5, 3.0]]
    assert attend("cam", network, X[None])["cam"].tolist() == [of("cam", network, 1).tolist()]


@pytest.mark.parametrize(
    "targets", [torch.tensor([2]), torch.tensor([-1]), torch.tensor([0, 1]), torch.tensor([0.0])]
)
def test_a_target_that_is_no_class_is_an_error(network, targets):
    with pytest.raises(UsageError, match="targets: expected"):
        attend("cam", network, X[None], targets)


def test_relu6_stops_the_gradient_where_it_saturates():
    module = nn.Sequential(
        nn.Conv2d(3, 1, 1, bias=False), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    module[0].weight.data.fill_(1.0)
    network = Network(
        name="six",
        module=module.eval().requires_grad_(False),
        preprocess=lambda x: x,
        stages={"conv1": "1"},
    )
    # sums over channels: 3, 6 (exactly), 9, -3: only the first lies strictly between 0 and 6
    x = torch.tensor([[1.0, 2.0], [3.0, -1.0]]).expand(1, 3, 2, 2)
    for method in ("gradient", "guided_backprop"):
        assert attend(method, network, x)[method].tolist() == [[[0.25, 0.0], [0.0, 0.0]]]
