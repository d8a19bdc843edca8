"""What every method of the folder must do; a new file is tested by existing."""

import pytest
import torch

from bench.attention import attend, load_method, method_file, method_files, method_names
from bench.attention._attend import attend_by_method
from bench.errors import NotApplicable, UsageError

NETS = ["efficientnet_lite0", "vgg16_voc", "resnet18", "squeezenet1_1"]


def state(network):
    """Everything about a network that an attention method might have changed."""
    module = network.module
    return {
        "tensors": {key: value.clone() for key, value in module.state_dict().items()},
        "versions": {key: value._version for key, value in module.state_dict().items()},
        "flags": {key: value.requires_grad for key, value in module.named_parameters()},
        "grads": {key: value.grad for key, value in module.named_parameters()},
        "modes": {key: part.training for key, part in module.named_modules()},
        "hooks": {
            key: [len(vars(part)[kind]) for kind in sorted(vars(part)) if kind.endswith("_hooks")]
            for key, part in module.named_modules()
        },
        "types": {key: type(part) for key, part in module.named_modules()},
        "global hooks": len(torch.nn.modules.module._global_forward_hooks),
    }


def same(before, after):
    assert before["tensors"].keys() == after["tensors"].keys()
    assert all(torch.equal(before["tensors"][k], after["tensors"][k]) for k in before["tensors"])
    return all(before[key] == after[key] for key in before if key != "tensors")


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("method", method_names())
def test_every_method(method, name, get_network, make_images):
    network, x = get_network(name), make_images(2)
    before, copy = state(network), x.clone()
    maps = attend(method, network, x)
    again = attend(method, network, x)
    channels = attend(method, network, x, reduce=None)
    signed = attend(method, network, x, signed=True)
    assert maps.keys() == again.keys() == channels.keys() == signed.keys()
    for key, values in maps.items():
        assert key.startswith(method)
        assert values.ndim == 3
        assert len(values) == 2
        assert values.dtype == torch.float64
        assert torch.isfinite(values).all()
        assert not values.requires_grad
        assert values.grad_fn is None
        assert torch.equal(values, again[key])
        assert channels[key].ndim == 4
        assert channels[key].shape[0] == 2
        assert channels[key].shape[2:] == values.shape[1:]
        assert signed[key].shape == values.shape
    assert same(before, state(network))
    assert torch.equal(x, copy)
    assert not x.requires_grad
    assert x.grad is None


@pytest.mark.parametrize("method", method_names())
def test_every_method_says_what_it_is(method):
    loaded = load_method(method)
    assert loaded.label
    assert loaded.label != method
    assert loaded.reference
    assert method_file(method).name == f"{method}.py"
    text = method_file(method).read_text(encoding="utf-8")
    others = [name for name in method_names() if name != method]
    assert not [name for name in others if f"attention.{name} " in text or f"from .{name} " in text]


def test_several_methods_together_give_what_each_gives_alone(network, make_images):
    x = make_images(2)
    methods = [
        name
        for name in method_names()
        if name != "cam" or network.classifier.kind != "fully_connected"
    ]
    together = attend(methods, network, x)
    for method in methods:
        for key, values in attend(method, network, x).items():
            largest = values.abs().max()
            assert (together[key] - values).abs().max() <= 1e-12 * largest
    assert next(iter(together)).startswith(methods[0])  # in the order asked for


def test_network_is_as_before_after_an_exception(get_network, make_images):
    network, x = get_network("resnet18"), make_images(1)
    before = state(network)
    with pytest.raises(UsageError):
        attend("gradcam", network, x, layer="layer5")
    with pytest.raises(RuntimeError):  # too small for the network: raises in the middle of it
        attend("gradcam", network, torch.zeros(1, 3, 0, 0, dtype=torch.float64))
    handle = network.module.layer3.register_forward_hook(_fail)
    with pytest.raises(ZeroDivisionError):
        attend("gradcam", network, x)
    handle.remove()
    assert same(before, state(network))
    assert torch.equal(network.module(x), get_network("resnet18").module(x))


def _fail(module, inputs, output):
    raise ZeroDivisionError


def test_unknown_names_are_refused_with_the_nearest(get_network, make_images):
    network, x = get_network("resnet18"), make_images(1)
    with pytest.raises(UsageError, match="did you mean 'gradcam'"):
        attend("grad_cam", network, x)
    with pytest.raises(
        UsageError, match=r"'layer4\.1\.conv3' of resnet18: did you mean 'layer4\.1\.conv"
    ):
        attend("gradcam", network, x, layer="layer4.1.conv3")
    with pytest.raises(UsageError, match="did you mean 'layer'"):
        attend("gradcam", network, x, layr="layer4")
    with pytest.raises(UsageError, match="option of gradcam 'sign': did you mean 'signed'"):
        attend({"gradcam": {"sign": True}}, network, x)
    with pytest.raises(UsageError, match="unknown reduce 'mean'"):
        attend("gradient", network, x, reduce="mean")
    with pytest.raises(UsageError, match="unknown option 'layer'"):
        attend("gradient", network, x, layer="layer4")  # no method here has a layer


def test_layers_without_a_grid_or_a_way_to_the_score_are_refused(get_network, make_images):
    network, x = get_network("resnet18"), make_images(1)
    with pytest.raises(UsageError, match=r"gives \(1, 1000\); a map needs a grid"):
        attend("gradcam", network, x, layer="fc")


@pytest.mark.parametrize("bad", [torch.zeros(3, 64, 64), torch.zeros(1, 1, 64, 64), [[0.0]]])
def test_images_of_another_shape_are_refused(bad, get_network):
    with pytest.raises(UsageError, match=r"expected a tensor \(N, 3, H, W\)"):
        attend("gradient", get_network("resnet18"), bad)


def test_cam_says_why_it_does_not_apply(get_network, make_images):
    network, x = get_network("vgg16"), make_images(1)
    with pytest.raises(NotApplicable, match="fully connected"):
        attend("cam", network, x)
    found = attend_by_method(["cam", "gradcam"], network, x)
    assert isinstance(found["cam"], NotApplicable)
    assert list(found["gradcam"]) == ["gradcam"]


def test_images_are_brought_to_the_networks_number_type(get_network, make_images):
    network, x = get_network("resnet18"), make_images(1)
    assert attend("gradient", network, x.float())["gradient"].dtype == torch.float64


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_works_where_the_caller_switched_gradients_off(context, get_network, make_images):
    network = get_network("resnet18")
    expected = attend("guided_backprop", network, make_images(1))["guided_backprop"]
    with context():
        found = attend("guided_backprop", network, make_images(1))["guided_backprop"]
    assert torch.equal(found.clone(), expected)


def test_a_method_in_a_file_elsewhere(tmp_path, get_network, make_images):
    path = tmp_path / "activation_mean.py"
    path.write_text(PLUGIN, encoding="utf-8")
    network, x = get_network("resnet18"), make_images(1)
    maps = attend(["activation_mean", "gradcam"], network, x, plugins=[path], layer="layer2")
    assert maps["activation_mean"].shape == maps["gradcam"].shape
    assert load_method("activation_mean", [path]).label == "Mean activation"
    with pytest.raises(UsageError, match="exists already"):
        method_files([tmp_path / "cam.py"])


PLUGIN = '''
"""The mean over channels of a layer's activation."""

LABEL = "Mean activation"
REFERENCE = "none"


def maps(tape, *, layer=None, signed=False, reduce="mean"):
    f = tape.activation(layer)
    return {"activation_mean": f if reduce is None else f.mean(1)}
'''
