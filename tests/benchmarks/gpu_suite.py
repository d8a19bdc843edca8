"""The whole suite of methods over photographs, as the workflow runs it: images per second.

    .venv/bin/python tests/benchmarks/gpu_suite.py --device cuda [--images 512] [--batch-size auto]
        [--precision float32 bfloat16] [--workers auto] [--networks vgg16 efficientnet_lite0]

Makes photographs (noise, 800 x 600 JPEG), runs every method that applies, writes the map files and
prints a table: images per second (decoding and writing included), the share of the time that the
GPU computes (from the first to the last kernel of each batch), its peak memory, the batch size that
was reached. A first pass over 32 photographs is not counted. Random weights: time does not depend
on them. Runs on the CPU too, with fewer images.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from bench.attention import method_names
from bench.networks import Network, load_network
from bench.stages._dataset_maps import write_dataset_maps

WARM_UP = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--images", type=int, help="512 on a GPU, 16 on the CPU")
    parser.add_argument("--batch-size", type=_number, default="auto")
    parser.add_argument("--workers", type=_number, default="auto")
    parser.add_argument("--precision", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--networks", nargs="+", default=["vgg16", "efficientnet_lite0"])
    parser.add_argument("--methods", nargs="+", default=list(method_names()))
    arguments = parser.parse_args()
    gpu = arguments.device.startswith("cuda")
    n = arguments.images or (512 if gpu else 16)
    print(_machine(arguments.device), f"{n} photographs;", ", ".join(arguments.methods), "\n")
    print("| network | precision | images/s | GPU computes | peak memory | batch |")
    print("| --- | --- | --: | --: | --: | --: |")
    with tempfile.TemporaryDirectory() as folder:
        photographs = _photographs(Path(folder), max(n, WARM_UP))
        for name in arguments.networks:
            network = load_network(name, weights=None, device=arguments.device)
            for precision in arguments.precision:
                if gpu:
                    _run(arguments, network, precision, Path(folder), photographs[:WARM_UP])
                speed = _run(arguments, network, precision, Path(folder), photographs[:n])
                share = "-" if speed.gpu_share is None else f"{speed.gpu_share:.0%}"
                peak = "-" if speed.peak_bytes is None else f"{speed.peak_bytes / 1e9:.1f} GB"
                print(
                    f"| {name} | {precision} | {speed.images_per_second:.3g} | {share} | {peak} "
                    f"| {speed.batch_size} |",
                    flush=True,
                )


def _run(
    arguments: argparse.Namespace,
    network: Network,
    precision: str,
    folder: Path,
    photographs: list[Path],
):
    methods = {name: {} for name in arguments.methods}
    return write_dataset_maps(
        folder / "maps",
        methods,
        network,
        photographs,
        batch_size=arguments.batch_size,
        precision=precision,
        workers=arguments.workers,
        fingerprints=dict.fromkeys(methods, ""),
        record="",
    )


def _photographs(folder: Path, n: int) -> list[Path]:
    """Smooth noise, which costs about as much to decode as a photograph."""
    rng = np.random.default_rng(0)
    for number in range(n):
        coarse = rng.integers(0, 255, (75, 100, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize((800, 600), Image.Resampling.BICUBIC)
        image.save(folder / f"{number:05}.jpg", quality=90)
    return sorted(folder.glob("*.jpg"))


def _machine(device: str) -> str:
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else "CPU"
    return f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__};"


def _number(text: str) -> int | str:
    return text if text == "auto" else int(text)


if __name__ == "__main__":
    main()
