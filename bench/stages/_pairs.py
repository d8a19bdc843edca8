"""Which method works on which network: every pair is run once, on small random images."""

from __future__ import annotations

from collections.abc import Sequence

from bench.attention import method_files, method_names
from bench.literals import literals
from bench.networks import load_network, network_names

# Beside the networks with a file of their own: one of torchvision's for each kind of architecture
# that differs, and some of timm's.
EXAMPLES = (
    *("convnext_tiny", "efficientnet_b0", "mobilenet_v3_large", "regnet_y_400mf"),
    *("shufflenet_v2_x1_0", "swin_t", "vit_b_32"),
    *("timm:convnext_atto", "timm:resnetv2_50", "timm:vit_tiny_patch16_224"),
)
SIDE = 64
WORKS = ""


def pairs(networks: Sequence[str] = (), methods: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """{network: {method: "" where it works, else the reason}}.

    Random weights of a fixed seed, two images of 64 x 64 px; networks without convolutional stages
    get the size they are made for. A method works if every map is finite.
    """
    import torch

    from bench.attention._attend import attend_by_method
    from bench.errors import NotApplicable

    methods = list(methods or method_names())
    found = {}
    for name in networks or (*network_names(), *EXAMPLES):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = load_network(name, weights=None)
            size = (SIDE, SIDE) if network.stages else network.input_size
            images = torch.randn(2, 3, *size)
        result = attend_by_method(methods, network, images)
        found[network.name] = {
            method: str(maps) if isinstance(maps, NotApplicable) else _finite(maps)
            for method, maps in result.items()
        }
    return found


PAGE = """\
# Which method works on which network

Made by `uv run bench list pairs --markdown`, which runs every pair once; do not edit it by hand.
Random weights of a fixed seed, 64 x 64 px (networks without convolutional stages: their own size).
The first networks have a file in `bench/networks/`; of the others, any classifier of torchvision by
its name and any of timm as `timm:NAME`, these are examples. In a run a pair that does not work is
left out, and the report gives the reason.

"""


def markdown(table: dict[str, dict[str, str]]) -> str:
    """docs/methods-and-networks.md: the table and its notes."""
    methods = list(next(iter(table.values())))
    labels = [str(literals(method_files()[name]).get("LABEL", name)) for name in methods]
    notes: list[str] = []
    lines = [
        f"| network | {' | '.join(labels)} |",
        f"| --- |{' :-: |' * len(methods)}",
    ]
    for network, row in table.items():
        cells = []
        for method in methods:
            reason = row[method].replace(network, "this network")
            if reason and reason not in notes:
                notes.append(reason)
            cells.append(f"no ({notes.index(reason) + 1})" if reason else "yes")
        lines.append(f"| `{network}` | {' | '.join(cells)} |")
    lines += ["", "Why not:", ""] if notes else []
    lines += [f"{number}. {reason}" for number, reason in enumerate(notes, 1)]
    return PAGE + "\n".join(lines) + "\n"


def _finite(maps: dict) -> str:
    wrong = [name for name, values in maps.items() if not bool(values.isfinite().all())]
    return f"not finite: {', '.join(wrong)}" if wrong else WORKS
