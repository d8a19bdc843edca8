"""Speed of CNN Fixations, in multiples of a plain forward without gradients.

    .venv/bin/python tests/benchmarks/fixation_points_speed.py [--network vgg16] [--batch 8]
        [--rounds 5] [--threads 1] [--device cpu] [--weights FILE]

Random weights unless a file is given, and the worst case: half of all fully connected units are
active, where training leaves a few hundred. All rows are measured in interleaved rounds and the
fastest of each counts; on a CPU in CPU seconds. Budget (DESIGN.md section 6): 1.5 forwards on VGG16
at batch 8.
"""

import argparse
import time

import torch

from bench.attention import attend, fixation_points
from bench.attention.tape import Tape
from bench.networks import load_network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="vgg16")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--weights", nargs="+", metavar="FILE")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    network = load_network(arguments.network, weights=arguments.weights, device=arguments.device)
    images = torch.randn(arguments.batch, 3, *network.input_size, device=arguments.device)

    def forward() -> None:
        with torch.no_grad():
            network.module(images)

    def tape() -> None:
        Tape(network, images).close()

    rows = {
        "plain forward": forward,
        "forward with the operations recorded": tape,
        "points": lambda: fixation_points(network, images),
        "map": lambda: attend("cnn_fixations", network, images),
        "map, position=same": lambda: attend("cnn_fixations", network, images, position="same"),
        "map, fc_spatial=positive": lambda: attend(
            "cnn_fixations", network, images, fc_spatial="positive"
        ),
    }
    # CPU seconds of this process: other work on the machine does not count.
    clock = time.perf_counter if images.is_cuda else time.process_time
    fastest = dict.fromkeys(rows, float("inf"))
    for number in range(arguments.rounds + 1):
        for name, run in rows.items():
            start = clock()
            run()
            if images.is_cuda:
                torch.cuda.synchronize()
            if number:
                fastest[name] = min(fastest[name], clock() - start)
    plain = fastest["plain forward"]
    counts = [len(found) for found in fixation_points(network, images)]
    print(f"{network.name}, batch {arguments.batch}, {arguments.device}: {plain:.3f} s")
    print(f"points: {counts}")
    for name, seconds in fastest.items():
        print(f"  {seconds / plain:5.2f}  {name}")


if __name__ == "__main__":
    main()
