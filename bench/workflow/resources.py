"""What a job asks of a cluster: memory and time, more with every attempt.

Nothing here holds a run back on one machine, unless it is given a limit (`--resources mem_mb=...`).
The GPU is asked for in the rules that use one, where `device` names it (docs/cluster.md).
"""

from collections.abc import Callable
from typing import Any

# MB and minutes of a first attempt. Memory: some twice the measured peak, given in brackets in MB:
# from the benchmark files of the demo and of OSIE (60 photographs, 15 viewers, 26 rows), or of the
# largest process at 720, 1000 or 2000 photographs (docs/speed.md). What a shard takes does not grow
# with the data set, but for the gaze that its scores read. Time: enough for thousands of
# photographs on a slow node, and short enough for a scheduler to fit in.
FIRST_ATTEMPT = {
    "demo": (1000, 30),  # (90)
    "fixations": (2000, 60),  # (253 at 2000; up to 8 processes read recordings)
    "heatmap": (2000, 60),  # (237 at 2000, and up to 4 more processes)
    "fit_cam": (6000, 120),  # the network of `attend`, without its gradients
    "attend": (8000, 120),  # (3861: VGG16, all methods, batches of 8 on the CPU; Lite0 2466)
    "external": (2000, 60),
    "shards": (1000, 30),
    "join_maps": (1000, 30),
    "score": (2000, 120),  # (288 at 2000, and up to 4 more processes; 227 s for OSIE's `human`)
    "join_scores": (3000, 120),  # (305 at 1000, and up to 4 more processes)
    "leaderboard": (2000, 60),  # (421 at 720)
    "sensitivity": (2000, 60),  # (518 at 720)
    "controls": (1000, 60),  # (130)
    "report": (2000, 60),  # (576)
}


def mem_mb(rule: str) -> Callable[[Any, int], int]:
    """A function of wildcards and attempt that gives a rule's memory in MB."""
    first = FIRST_ATTEMPT[rule][0]
    return lambda wildcards, attempt: first * attempt


def runtime(rule: str) -> Callable[[Any, int], int]:
    """A function of wildcards and attempt that gives a rule's time limit in minutes."""
    first = FIRST_ATTEMPT[rule][1]
    return lambda wildcards, attempt: first * attempt
