"""Speed of the attention methods, in multiples of a plain forward without gradients.

    .venv/bin/python tests/benchmarks/attention_speed.py [--networks vgg16 efficientnet_lite0]
        [--batches 1 8] [--rounds 5] [--threads 1] [--captum]

All rows of a table are measured in interleaved rounds, so that a slow moment of the machine meets
all of them; the fastest round counts. Random weights: the time does not depend on them.

With glibc every tensor above 32 MB is given back to the system and faulted in again. Keeping the
memory makes the suite about a quarter faster at batch 8 (measured: VGG16 5.3 -> 3.9 forwards):
MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000 MALLOC_TOP_PAD_=500000000
"""

import argparse
import time
from collections.abc import Callable

import torch

from bench.attention import attend, method_names
from bench.networks import Network, load_network

# DESIGN.md section 6: everything but `cam`, which VGG16 has not.
SUITE = [
    *("gradient", "gradcam", "guided_backprop", "guided_gradcam", "dense"),
    *("excitation_backprop", "contrastive_excitation_backprop"),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=["vgg16", "efficientnet_lite0"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--captum", action="store_true", help="captum's for the same maps as well")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name in arguments.networks:
        network = load_network(name, weights=None)
        for batch in arguments.batches:
            images = torch.randn(batch, 3, *network.input_size)
            rows = _rows(network, images) | (_captum(network, images) if arguments.captum else {})
            _print(name, batch, _fastest(rows, arguments.rounds))


def _rows(network: Network, images: torch.Tensor) -> dict[str, Callable[[], object]]:
    def forward() -> torch.Tensor:
        with torch.no_grad():
            return network.module(images)

    kind = network.classifier.kind
    methods = [name for name in method_names() if name != "cam" or kind != "fully_connected"]
    rows = {"plain forward": forward}
    rows |= {name: lambda name=name: attend(name, network, images) for name in methods}
    rows["suite: " + ", ".join(SUITE)] = lambda: attend(SUITE, network, images)
    return rows


def _captum(network: Network, images: torch.Tensor) -> dict[str, Callable[[], object]]:
    from captum.attr import LayerGradCam, Saliency

    layer = network.module.get_submodule(list(network.stages.values())[-1])
    targets = torch.zeros(len(images), dtype=torch.long)
    cam, saliency = LayerGradCam(network.module, layer), Saliency(network.module)
    return {
        "captum Grad-CAM": lambda: cam.attribute(images, target=targets),
        "captum gradient": lambda: saliency.attribute(
            images.clone().requires_grad_(True), target=targets
        ),
    }


def _fastest(rows: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of the fastest of `rounds` interleaved rounds, after one that is not counted."""
    fastest = dict.fromkeys(rows, float("inf"))
    for number in range(rounds + 1):
        for name, run in rows.items():
            start = time.perf_counter()
            run()
            if number:
                fastest[name] = min(fastest[name], time.perf_counter() - start)
    return fastest


def _print(network: str, batch: int, seconds: dict[str, float]) -> None:
    plain = seconds["plain forward"]
    print(f"\n{network}, batch {batch}: {plain / batch:.4f} s per image for the plain forward")
    for name, value in seconds.items():
        print(f"  {value / plain:5.2f}  {name}")


if __name__ == "__main__":
    main()
