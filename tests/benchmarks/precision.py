"""What half precision (bfloat16 autocast) does to the maps: correlation with float32, per method.

    .venv/bin/python tests/benchmarks/precision.py [--device cpu] [--weights FILE...]
        [--networks efficientnet_lite0 ...] [--images FOLDER]

Both runs explain the same class, float32's top class, on the photographs that scikit-image ships
(or on those of a folder). Prints, per network and map, the mean and the lowest Pearson correlation
over the photographs, and how often the top class itself changes. A map that is constant in either
run has no correlation; it is counted.
"""

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from bench.attention import method_names
from bench.attention._batches import attend_images
from bench.networks import load_network

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "retina")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--networks", nargs="+", default=["efficientnet_lite0"])
    parser.add_argument("--weights", nargs="+", help="local files, for a single network")
    parser.add_argument("--methods", nargs="+", default=list(method_names()))
    parser.add_argument("--images", type=Path, help="a folder of photographs")
    arguments = parser.parse_args()
    print("| network | map | mean r | lowest r | constant |")
    print("| --- | --- | --: | --: | --: |")
    with tempfile.TemporaryDirectory() as folder:
        paths = _photographs(Path(folder)) if arguments.images is None else arguments.images
        paths = sorted(path for path in Path(paths).iterdir() if path.is_file())
        for name in arguments.networks:
            _compare(arguments, name, paths)


def _compare(arguments: argparse.Namespace, name: str, paths: list[Path]) -> None:
    network = load_network(name, weights=arguments.weights or "default", device=arguments.device)
    full = list(attend_images(arguments.methods, network, paths))
    targets = {item.image_id: item.target for item in full}
    half = attend_images(arguments.methods, network, paths, precision="bfloat16", targets=targets)
    top = attend_images("gradcam", network, paths, precision="bfloat16")
    changed = sum(item.target != targets[item.image_id] for item in top)
    found, constant = defaultdict(list), defaultdict(int)
    for one, other in zip(full, half, strict=True):
        for maps, halves in zip(one.maps.values(), other.maps.values(), strict=True):
            for key, values in maps.items():
                if np.ptp(values) == 0 or np.ptp(halves[key]) == 0:
                    constant[key] += 1
                else:
                    found[key].append(np.corrcoef(values.ravel(), halves[key].ravel())[0, 1])
    for key, r in found.items():
        print(f"| {name} | {key} | {np.mean(r):.4f} | {np.min(r):.4f} | {constant[key]} |")
    print(f"\n{name}: the top class changes on {changed} of {len(paths)} photographs\n", flush=True)


def _photographs(folder: Path) -> Path:
    """Those in colour that come with the package scikit-image."""
    for name in PHOTOGRAPHS:
        Image.fromarray(getattr(data, name)()).save(folder / f"{name}.png")
    return folder


if __name__ == "__main__":
    main()
