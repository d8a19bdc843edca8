"""Batch size, precision, decoding processes and throughput: how maps are made, not which."""

import dataclasses
import logging
from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from bench.attention import _batch_size, method_names
from bench.attention._ahead import ahead
from bench.attention._batches import attend_images
from bench.errors import DataError, UsageError
from bench.networks import Network, load_network
from bench.networks._preprocessing import TORCHVISION

SMALL = dataclasses.replace(TORCHVISION, size=(64, 64))
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")


class Hungry(nn.Module):
    """A small network whose memory holds so many images at once; notes what it was given."""

    def __init__(self, fits: int, error: type[Exception] = torch.OutOfMemoryError) -> None:
        super().__init__()
        self.fits, self.error, self.seen = fits, error, []
        self.conv = nn.Conv2d(3, 4, 3, stride=2)
        self.head = nn.Linear(4, 5)

    def forward(self, x):
        self.seen.append(len(x))
        if len(x) > self.fits:
            raise self.error("DefaultCPUAllocator: can't allocate memory")
        return self.head(self.conv(x).relu().mean((2, 3)))


def hungry(fits: int, error: type[Exception] = torch.OutOfMemoryError) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = Hungry(fits, error).eval().requires_grad_(False)
    return Network("hungry", module, preprocess=SMALL, stages={"conv1": "conv"})


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Twenty-one files of noise."""
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for number in range(21):
        pixels = rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return sorted(folder.iterdir())


def arrays(attended) -> dict[tuple[str, str], np.ndarray]:
    return {
        (item.image_id, name): values
        for item in attended
        for maps in item.maps.values()
        for name, values in maps.items()
    }


def same(found: dict, expected: dict) -> bool:
    assert found.keys() == expected.keys()
    return all(np.array_equal(found[key], expected[key]) for key in expected)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError])
def test_a_batch_that_does_not_fit_goes_in_halves_and_changes_no_map(photographs, caplog, error):
    expected = arrays(attend_images(["gradcam", "gradient"], hungry(99), photographs, batch_size=3))
    network, counts = hungry(3, error), []
    with caplog.at_level(logging.WARNING, "bench"):
        attended = attend_images(
            ["gradcam", "gradient"], network, photographs, batch_size=12, progress=counts.append
        )
        found = arrays(attended)
    assert network.module.seen[:4] == [12, 6, 3, 3]
    assert set(network.module.seen[2:]) == {3}
    assert caplog.messages == [
        "out of memory with 12 photographs at once; going on with 6",
        "out of memory with 6 photographs at once; going on with 3",
    ]
    assert sum(counts) == attended.throughput.images == len(photographs)
    assert same(found, expected)
    assert [key[0] for key in found][::2] == [path.name for path in photographs]


def test_another_error_of_torch_is_not_taken_for_a_lack_of_memory(photographs):
    network = hungry(99)
    network.module.head = nn.Linear(7, 5)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        list(attend_images("gradcam", network, photographs))


def test_a_single_photograph_that_does_not_fit_is_one_message(photographs):
    with pytest.raises(UsageError, match=r"out of memory with a single photograph.*bfloat16"):
        list(attend_images("gradcam", hungry(0), photographs, batch_size=2))


def test_auto_doubles_until_memory_runs_out_and_stays_below(photographs, monkeypatch):
    monkeypatch.setattr(_batch_size, "FIRST", 1)
    monkeypatch.setitem(_batch_size.LARGEST, "cpu", 64)
    network = hungry(5)
    list(attend_images("gradcam", network, photographs, batch_size="auto"))
    assert network.module.seen == [1, 2, 4, 8, 4, 4, 4, 2]
    again = hungry(5)
    list(attend_images("gradcam", again, photographs, batch_size="auto"))
    assert again.module.seen == network.module.seen


def test_auto_is_eight_on_the_cpu(photographs):
    network = hungry(99)
    list(attend_images("gradcam", network, photographs, batch_size="auto"))
    assert network.module.seen == [8, 8, 5]


@pytest.mark.parametrize("size", [0, -1, "all", 2.5, True])
def test_a_batch_size_that_is_none_is_refused(size, photographs):
    with pytest.raises(UsageError, match=r"batch_size is .* expected auto or at least 1"):
        attend_images("gradcam", hungry(9), photographs, batch_size=size)


def test_decoding_in_other_processes_changes_no_bit_and_no_message(photographs, tmp_path):
    network = hungry(99)
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    paths = [*photographs, bad]
    options = {"batch_size": 7}
    expected = arrays(attend_images("gradient", network, photographs, workers=0, **options))
    items = iter(attend_images("gradient", network, paths, workers=2, **options))
    assert same(arrays(islice(items, len(photographs))), expected)
    with pytest.raises(DataError, match=r"^\S*bad\.png: cannot be read as a photograph"):
        next(items)


def test_a_preprocess_that_cannot_travel_is_refused(photographs):
    network = dataclasses.replace(hungry(9), preprocess=lambda rgb: SMALL(rgb))
    with pytest.raises(UsageError, match=r"workers is 1.*workers=0"):
        list(attend_images("gradient", network, photographs, workers=1))


def test_half_precision_gives_nearly_the_same_maps_in_single_precision(photographs):
    network = dataclasses.replace(load_network("efficientnet_lite0"), preprocess=SMALL)
    options = {"batch_size": 3, "targets": {path.name: 7 for path in photographs}}
    methods = ["cam", "gradcam"]
    full = arrays(attend_images(methods, network, photographs[:3], **options))
    half = arrays(attend_images(methods, network, photographs[:3], precision="bfloat16", **options))
    for key, values in full.items():
        assert half[key].dtype == np.float32
        assert not np.array_equal(half[key], values)
        assert np.corrcoef(half[key].ravel(), values.ravel())[0, 1] > 0.95
    with pytest.raises(UsageError, match="unknown precision 'float16'"):
        attend_images(methods, network, photographs, precision="float16")


def test_throughput_counts_what_was_done(photographs):
    attended = attend_images("gradcam", hungry(99), photographs, batch_size=4)
    list(attended)
    speed = attended.throughput
    assert (speed.images, speed.batch_size) == (21, 4)
    assert speed.images_per_second == pytest.approx(21 / speed.seconds)
    assert speed.gpu_share is speed.peak_bytes is None
    assert str(speed).endswith("images per second on cpu, up to 4 at once")


def test_leaving_early_stops_the_thread_and_closes_the_iterator():
    closed = []

    def numbers():
        try:
            yield from range(100)
        finally:
            closed.append(True)

    for number in (items := ahead(numbers())):
        if number == 3:
            break
    items.close()
    assert closed == [True]


def test_an_error_of_the_thread_is_raised_where_the_items_are_read():
    def numbers():
        yield 1
        raise ZeroDivisionError

    items = ahead(numbers())
    assert next(items) == 1
    with pytest.raises(ZeroDivisionError):
        next(items)


@pytest.mark.gpu
@GPU
def test_every_method_gives_the_same_maps_on_a_gpu(photographs):
    options = {"batch_size": 4, "targets": {path.name: 7 for path in photographs}}
    found = {}
    for device in ("cpu", "cuda"):
        network = load_network("efficientnet_lite0", device=device, dtype=torch.float64)
        network = dataclasses.replace(network, preprocess=SMALL)
        found[device] = arrays(
            attend_images(list(method_names()), network, photographs[:6], workers=0, **options)
        )
    for key, values in found["cpu"].items():
        scale = np.abs(values).max()
        assert np.abs(found["cuda"][key] - values).max() <= 1e-5 * scale, key


@pytest.mark.gpu
@GPU
def test_a_gpu_tells_its_share_of_the_time_and_its_memory(photographs):
    network = load_network("efficientnet_lite0", device="cuda")
    assert network.module._conv_stem.weight.is_contiguous(memory_format=torch.channels_last)
    attended = attend_images(["gradcam", "gradient"], network, photographs, batch_size="auto")
    list(attended)
    assert 0 < attended.throughput.gpu_share <= 1
    assert attended.throughput.peak_bytes > 0


@pytest.mark.gpu
@GPU
def test_a_gpu_that_is_full_gets_smaller_batches(photographs):
    network = load_network("vgg16_voc", weights=None, device="cuda")
    paths = {f"{number}": photographs[number % 21] for number in range(130)}
    torch.cuda.set_per_process_memory_fraction(3e9 / torch.cuda.mem_get_info()[1])
    try:
        attended = attend_images("gradient", network, paths, batch_size=128)
        assert len(list(attended)) == 130
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert attended.throughput.batch_size < 128
    assert attended.throughput.peak_bytes < 3e9
