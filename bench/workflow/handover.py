"""What a job on a cluster must be told: which maps were out of date when the run began.

Such a job starts Snakemake again, which reads the rules again. By then maps may be finished that
were out of date before: judged anew, the jobs that made them would have other names and outputs (a
cancelled job that goes again would find no rule of its name), and would write another record into
the files than the run itself remembers (the next run would make them all again). So the run hands
its judgement down in an environment variable, the one thing that every executor passes on.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import zlib
from typing import Any

from bench.workflow.map_jobs import MapState

VARIABLE = "ATTENTION_BENCH_STALE_MAPS"
MOST_BYTES = 120_000  # Linux takes 128 KiB in one variable

States = dict[tuple[str, ...], dict[str, MapState]]


def hand_down(states: States, workflow: Any) -> bool:
    """Whether this Snakemake's jobs start another, which then finds `states` in the environment.

    Ends the process with one message where they are too many for that.
    """
    if not workflow.is_main_process:
        return VARIABLE in os.environ
    os.environ.pop(VARIABLE, None)  # another run's, where this one is a job of that
    if workflow.local_exec:
        return False
    text = _packed(states)
    if len(text) > MOST_BYTES:
        sys.exit(
            f"attention-bench: found {sum(map(len, states.values()))} map files, too many to hand "
            "to a cluster's jobs in one run; choose fewer with --config 'datasets=[...]' or "
            "'models=[...]' and run again for the rest."
        )
    os.environ[VARIABLE] = text
    return True


def handed_down(workflow: Any) -> dict[tuple[str, ...], dict[str, MapState]] | None:
    """The states of the maps that were out of date when the run began; None in the run itself."""
    if workflow.is_main_process or VARIABLE not in os.environ:
        return None
    content = json.loads(zlib.decompress(base64.b64decode(os.environ[VARIABLE])))
    return {
        tuple(key): {name: MapState(*state, record="") for name, state in stale.items()}
        for key, stale in content
    }


def _packed(states: States) -> str:
    content = [
        (
            key,
            {name: (state.wanted, state.found) for name, state in files.items() if not state.fresh},
        )
        for key, files in states.items()
    ]
    return base64.b64encode(zlib.compress(json.dumps(content).encode(), 9)).decode()
