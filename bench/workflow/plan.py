"""What the Snakefile asks for: which files there will be, and what makes them."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

from bench.baselines import BASELINES
from bench.errors import BenchError
from bench.protocols import Protocol, get_protocol
from bench.report.figure_names import figure_names
from bench.workflow import fingerprint
from bench.workflow.configuration import stated
from bench.workflow.map_jobs import States
from bench.workflow.map_plan import PART, MapPlan

# The code that each rule's verb runs, below bench/, with what it imports by a computed name (the
# kinds of data sets, the families of metrics). Maps have fingerprints of their own.
CODE = {
    "demo": ("stages/demo.py", "datasets/demo/*.py"),
    "fixations": (
        *("stages/fixations.py", "datasets/*.py", "datasets/formats/*.py"),
        *("gaze/*.py", "schemas/*.yaml"),
    ),
    "heatmap": ("stages/heatmap.py",),
    "external": ("stages/external.py",),
    "score": ("stages/score.py", "metrics/*.py"),
    "sensitivity": ("stages/sensitivity.py", "metrics/*.py"),
    "leaderboard": ("stages/leaderboard.py", "metrics/*.py"),
    "controls": ("stages/controls.py",),
    "shards": ("stages/shards.py",),
    "join_maps": ("stages/join_maps.py",),
    "join_scores": ("stages/join_scores.py", "metrics/*.py"),
    "report": ("stages/report.py", "report/*.py", "report/template/*", "metrics/*.py"),
}


class Plan(MapPlan):
    """The configuration, resolved to files, for the rules to read.

    Ends the process with one message for anything that a user can mend in the configuration: an
    exception would reach the user as a traceback through the Snakefile.
    """

    def __init__(self, config: dict[str, Any], project: Path, stale: States | None = None) -> None:
        try:
            super().__init__(config, project, stale)
        except BenchError as error:
            sys.exit(f"attention-bench: {error}")

    def parts(self, dataset: str, model: str, method: str, folder: str) -> list[str]:
        """The tables of all shards that a row's table is joined from."""
        name = f"{PART}{folder}/{method}.parquet"
        return [
            name.format(dataset=dataset, model=model, shard=shard) for shard in self.shards(dataset)
        ]

    @property
    def protocol(self) -> Protocol:
        """The protocol as it reads now: an edit of its file makes the heatmaps again."""
        return get_protocol(self.settings.protocol)

    def rows(self, dataset: str) -> list[tuple[str, str]]:
        """Every (network, method) of a data set's score table, the baselines first."""
        return [
            *(("baseline", name) for name in BASELINES),
            *((model, name) for model in self.settings.models for name in self.files(dataset)),
            *(("external", name) for name in self.settings.external[dataset]),
        ]

    def map_files(self, dataset: str) -> list[str]:
        """All map files of a data set's score table."""
        return [path for row in self.rows(dataset) for path in self.maps(dataset, *row)]

    def photographs(self, dataset: str, model: str, method: str, shard: str = "") -> list[str]:
        """The photographs behind a table of scores: of a low-level baseline, and else none."""
        if model != "baseline" or method not in BASELINES or not BASELINES[method].photograph:
            return []
        return self.stimuli(dataset, shard)

    def code(self, rule: str) -> str:
        """The fingerprint of the code that a rule runs."""
        return fingerprint.code(*CODE[rule])

    def figures(self) -> list[str]:
        """The figures of every report; maps made elsewhere are drawn for the data sets that have
        them, and promised where all have."""
        external = [set(names) for names in self.settings.external.values()]
        shared = sorted(set.intersection(*external)) if external else []
        return figure_names(self.settings.models, self.settings.methods, shared)

    def report_arguments(self, dataset: str) -> str:
        """The command-line options that name the rows beside the methods' own."""
        words = []
        if self.settings.external[dataset]:
            words += ["--external", *self.settings.external[dataset]]
        if self.controlled(dataset):
            words += ["--controls", *self.controlled(dataset)]
        return shlex.join(words)

    def stated(self, dataset: str) -> str:
        """The configuration as a data set's report states it, in JSON."""
        return json.dumps(stated(self.settings, dataset))
