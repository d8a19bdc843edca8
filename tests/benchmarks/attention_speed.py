"""Speed of the attention methods, in multiples of a plain forward without gradients.

    OMP_NUM_THREADS=1 python tests/benchmarks/attention_speed.py [--networks vgg16 ...]
        [--batches 1 8] [--rounds 5] [--threads 1] [--others] [--give-memory-back]

All rows of a table are measured in interleaved rounds, so that a slow moment of the machine meets
all of them; the fastest round counts. Random weights: the time does not depend on them. With one
thread the process's own CPU seconds are counted, so that other work on the machine disturbs less.

`--others` adds captum and torchcam for the same maps, each as its own tool gives it: a forward and
a backward pass per method. `--give-memory-back` leaves the C library's allocator as it is; without
it freed memory is kept, as the command `bench attend` does (`bench/attention/_memory.py`).
"""

import argparse
import copy
import time
import warnings
from collections.abc import Callable

import torch

from bench.attention import attend, method_names
from bench.attention._memory import keep_freed_memory
from bench.networks import Network, load_network

# DESIGN.md section 6: everything but `cam`, which VGG16 has not.
SUITE = [
    *("gradient", "gradcam", "guided_backprop", "guided_gradcam", "dense"),
    *("excitation_backprop", "contrastive_excitation_backprop"),
]
BUDGETS = {("vgg16", "suite"): 5.5, ("efficientnet_lite0", "suite"): 8.0, ("vgg16", "gradcam"): 1.3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=["vgg16", "efficientnet_lite0"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--others", action="store_true", help="captum and torchcam as well")
    parser.add_argument("--give-memory-back", action="store_true", help="the allocator's default")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if not arguments.give_memory_back:
        print("freed memory is kept:", keep_freed_memory())
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    for name in arguments.networks:
        network = load_network(name, weights=None)
        for batch in arguments.batches:
            images = torch.randn(batch, 3, *network.input_size)
            rows = _rows(network, images) | (_others(network, images) if arguments.others else {})
            _print(name, batch, _fastest(rows, arguments.rounds, clock))


def _rows(network: Network, images: torch.Tensor) -> dict[str, Callable[[], object]]:
    def forward() -> torch.Tensor:
        with torch.no_grad():
            return network.module(images)

    kind = network.classifier.kind
    methods = [name for name in method_names() if name != "cam" or kind != "fully_connected"]
    rows = {"plain forward": forward}
    rows |= {name: lambda name=name: attend(name, network, images) for name in methods}
    rows["suite"] = lambda: attend(SUITE, network, images)
    return rows


def _others(network: Network, images: torch.Tensor) -> dict[str, Callable[[], object]]:
    """captum and torchcam; hooks on ReLU modules want them out of place."""
    from captum.attr import GuidedBackprop, GuidedGradCam, LayerGradCam, Saliency
    from torchcam.methods import CAM, GradCAM

    module = copy.deepcopy(network.module)
    for part in module.modules():
        if getattr(part, "inplace", False):
            part.inplace = False
    name = list(network.stages.values())[-1]
    layer = module.get_submodule(name)
    targets = torch.zeros(len(images), dtype=torch.long)
    warnings.filterwarnings("ignore", "Setting .* hooks on ReLU activations")

    def leaf() -> torch.Tensor:
        return images.clone().requires_grad_(True)

    def torchcam(method, **options) -> None:
        # Its hooks need a graph; its default is a graph over the parameters as well.
        with method(module, name, **options) as extractor:
            extractor(targets.tolist(), module(leaf()), normalized=False)

    tools = {
        "gradient": Saliency(module),
        "gradcam": LayerGradCam(module, layer),
        "guided_backprop": GuidedBackprop(module),
        "guided_gradcam": GuidedGradCam(module, layer),
    }
    rows = {
        f"captum {each}": lambda tool=tool: tool.attribute(leaf(), target=targets)
        for each, tool in tools.items()
    }
    rows["torchcam gradcam"] = lambda: torchcam(GradCAM)
    if network.classifier.kind == "gap_linear":
        head = network.classifier.layer
        rows["torchcam cam"] = lambda: torchcam(CAM, fc_layer=head, input_shape=images.shape[1:])
    return rows


def _fastest(
    rows: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Seconds of the fastest of `rounds` interleaved rounds, after one that is not counted."""
    fastest = dict.fromkeys(rows, float("inf"))
    for number in range(rounds + 1):
        for name, run in rows.items():
            start = clock()
            run()
            if number:
                fastest[name] = min(fastest[name], clock() - start)
    return fastest


def _print(network: str, batch: int, seconds: dict[str, float]) -> None:
    plain = seconds["plain forward"]
    print(f"\n{network}, batch {batch}: {plain / batch:.4f} s per image for the plain forward")
    for name, value in seconds.items():
        budget = BUDGETS.get((network, name))
        note = f" (budget {budget})" if budget else ""
        print(f"  {value / plain:5.2f}  {name}{note}", flush=True)


if __name__ == "__main__":
    main()
