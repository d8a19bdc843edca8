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

from bench.workflow.map_jobs import MapState, States

VARIABLE = "ATTENTION_BENCH_STALE_MAPS"
MOST_BYTES = 120_000  # Linux takes 128 KiB in one variable


def hand_down(states: States, workflow: Any) -> bool:
    """Whether a Snakemake that this one starts finds `states` in the environment.

    Which executor there will be is not known while the rules are read, so local runs do it too.
    """
    if workflow.is_main_process:
        os.environ.pop(VARIABLE, None)
        text = _packed(states)
        if len(text) <= MOST_BYTES:
            os.environ[VARIABLE] = text
    return VARIABLE in os.environ


def handed_down(workflow: Any) -> States | None:
    """The states of the maps that were out of date when the run began; None in the run itself.

    Ends a cluster's job with one message where they were too many for the environment.
    """
    if workflow.is_main_process:
        return None
    if VARIABLE not in os.environ:
        if not workflow.remote_exec:
            return None
        sys.exit(
            "attention-bench: too many map files are out of date to tell a cluster's jobs in one "
            "run; choose fewer with --config 'datasets=[...]' or 'models=[...]' and run again for "
            "the rest."
        )
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
