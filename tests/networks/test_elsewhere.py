"""Networks of torchvision and timm: known by name without importing them, filled like the rest."""

import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from bench.attention import attend
from bench.errors import DataError, NotApplicable, UsageError
from bench.networks import (
    _elsewhere,
    further_networks,
    load_network,
    network_entry,
    network_names,
    weights_fingerprint,
)


def test_the_names_are_those_that_torchvision_registers():
    from torchvision import models

    assert set(_elsewhere.torchvision_files()) == set(models.list_models(module=models))
    assert set(further_networks("torchvision")) == set(models.list_models(module=models)) - set(
        network_names()
    )


def test_the_default_weights_are_torchvisions():
    from torchvision import models

    for name in models.list_models(module=models):
        assert _elsewhere.torchvision_weights(name) == (
            f"torchvision:{models.get_model_weights(name).DEFAULT}"
        )


def test_the_names_are_those_that_timm_registers():
    import timm

    assert set(further_networks("timm")) == set(timm.list_models())
    assert all(_elsewhere.TIMM_NAME.fullmatch(name) for name in timm.list_pretrained())


def test_checking_a_name_imports_neither():
    code = (
        "import sys; from bench.networks import network_entry, weights_fingerprint\n"
        "for name in ('convnext_tiny', 'timm:resnet18.a1_in1k'):\n"
        "    network_entry(name); weights_fingerprint(name)\n"
        "print([m for m in ('torch', 'torchvision', 'timm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_id_of_timm_is_safe_in_file_names_and_is_understood_like_the_name():
    entry = network_entry("timm:resnet18.a1_in1k")
    assert entry.name == "timm_resnet18-a1_in1k"
    assert network_entry(entry.name) == entry
    assert entry.label == "resnet18.a1_in1k (timm)"
    assert weights_fingerprint(entry.name).endswith(":resnet18.a1_in1k")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mobilenet_v3", "unknown network 'mobilenet_v3': did you mean .*'mobilenet_v3_small'"),
        ("timm:resnt18", r"unknown timm model 'resnt18': did you mean 'resnet18'.*bench list timm"),
        ("timm:../../x", "unknown timm model"),
        ("timm:resnet18.no_such_tag", "tag .*no_such_tag"),
        ("timm:vit_small_patch14_dinov2", "gives features, no class scores"),
    ],
)
def test_a_name_that_does_not_exist_is_refused(name, message):
    with pytest.raises(UsageError, match=message):
        load_network(name, weights=None)


def test_without_timm_one_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(_elsewhere, "find_spec", lambda name: None)
    _elsewhere.timm_files.cache_clear()
    with pytest.raises(UsageError, match=r"timm is not installed.*--extra models"):
        network_entry("timm:resnet18")
    _elsewhere.timm_files.cache_clear()


def test_preprocessing_and_classes_are_those_of_the_published_weights():
    network = load_network("efficientnet_b1", weights=None)
    assert network.input_size == (240, 240)
    assert network.classes[285] == "Egyptian cat"
    inception = load_network("timm:inception_v4", weights=None)
    assert inception.input_size == (299, 299)
    assert inception.preprocess.mean == (0.5, 0.5, 0.5)


def test_inception_scales_nothing_inside_and_has_no_auxiliary_head(tmp_path):
    network = load_network("inception_v3", weights=None)
    assert network.module.transform_input is False
    assert network.module.AuxLogits is None
    assert network.preprocess.mean == (0.5, 0.5, 0.5)
    assert list(network.stages.values())[-1] == "Mixed_7c"
    state = network.module.state_dict() | {"AuxLogits.fc.bias": torch.zeros(3)}
    save_file({key: value.contiguous() for key, value in state.items()}, tmp_path / "a.safetensors")
    again = load_network("inception_v3", weights=tmp_path / "a.safetensors")
    assert torch.equal(again.module.fc.weight, network.module.fc.weight)


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "timm:swin_tiny_patch4_window7_224"])
def test_a_local_file_is_loaded_whole_and_draws_no_random_numbers(name, tmp_path):
    """Swin has buffers beside its state dict, which a module made without memory would lack."""
    torch.manual_seed(3)
    network = load_network(name, weights=None)
    path = tmp_path / "w.safetensors"
    save_file({k: v.contiguous() for k, v in network.module.state_dict().items()}, path)
    before = torch.random.get_rng_state()
    again = load_network(name, weights=path)
    assert torch.equal(torch.random.get_rng_state(), before)
    x = torch.randn(1, 3, *network.input_size, generator=torch.Generator().manual_seed(0))
    # Tensors that lie otherwise in memory are added up in another order.
    assert torch.allclose(again.module(x), network.module(x), rtol=1e-4)
    assert again.weights_id.startswith("sha256:")


def test_published_weights_that_cannot_be_had_are_one_message(monkeypatch, tmp_path):
    from urllib.error import URLError

    import timm

    def unreachable(*args, **kwargs):
        raise URLError("name resolution failed")

    def offline(name, pretrained):
        if pretrained:
            raise FileNotFoundError("cannot find the requested files\nin the local cache")
        return made(name)

    made = timm.create_model
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", unreachable)
    monkeypatch.setattr("timm.create_model", offline)
    with pytest.raises(DataError, match=r"mobilenet_v3_small: its published weights could not"):
        load_network("mobilenet_v3_small")
    with pytest.raises(DataError, match=r"timm_resnet18: its published.*weights=\{timm_resnet18:"):
        load_network("timm:resnet18")


def test_methods_that_need_a_layer_do_not_apply_to_a_transformer():
    network = load_network("timm:vit_tiny_patch16_224", weights=None)
    x = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with pytest.raises(NotApplicable, match=r"no convolutional stages.*layer=MODULE"):
        attend("gradcam", network, x)
    assert attend("gradient", network, x)["gradient"].shape == (1, 224, 224)
    assert attend("gradcam", network, x, layer="patch_embed.proj")["gradcam"].shape == (1, 14, 14)
