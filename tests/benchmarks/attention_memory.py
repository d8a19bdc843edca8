"""Peak memory of the suite, and whether memory grows with the number of batches.

    OMP_NUM_THREADS=1 python tests/benchmarks/attention_memory.py [--batches 200]

Budgets: the suite on VGG16, batch 8, 224 px, in less than 4 GB; no growth over 200 batches (here of
EfficientNet-Lite0 and VGG16 with a linear head at 64 px). Each measurement is a process of its own.
"""

import argparse
import gc
import resource
import subprocess
import sys
from pathlib import Path

SUITE = [
    *("gradient", "gradcam", "guided_backprop", "guided_gradcam", "dense"),
    *("excitation_backprop", "contrastive_excitation_backprop"),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--one", nargs=3, metavar=("NETWORK", "SIDE", "N"), help="(used inside)")
    arguments = parser.parse_args()
    if arguments.one:
        network, side, n = arguments.one
        _one(network, int(side), int(n))
        return
    for network, side, n in (
        ("vgg16", 224, 3),
        ("efficientnet_lite0", 64, arguments.batches),
        ("vgg16_voc", 64, arguments.batches),
    ):
        subprocess.run([sys.executable, __file__, "--one", network, str(side), str(n)], check=True)


def _one(name: str, side: int, n: int) -> None:
    """Batches of eight through the suite; the memory of the process along the way."""
    import torch

    from bench.attention import attend
    from bench.attention._memory import keep_freed_memory
    from bench.networks import load_network

    keep_freed_memory()
    network = load_network(name, weights=None)
    empty = _resident_mb()
    seen = []
    for number in range(n):
        attend(SUITE, network, torch.randn(8, 3, side, side))
        gc.collect()
        if number in (n // 10, n - 1):
            seen.append(_resident_mb())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name}, {n} batches of 8 at {side} px: peak {peak:.0f} MB, loaded network {empty:.0f} MB,"
        f" after {n // 10 + 1} batches {seen[0]:.0f} MB, after {n} {seen[-1]:.0f} MB"
    )


def _resident_mb() -> float:
    """Memory of this process in RAM; Linux only, like the allocator's setting."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
