"""What the Snakefile asks for: which files there will be, and which of them are out of date.

Methods that ride on the tape share one job per data set and network, for the start of a torch
process alone costs seconds. A plain rule with many outputs would make all of them again when one
method is added, so freshness is decided here, while Snakemake reads the rules: a map file is
fresh if the fingerprint inside it equals the one it would get now. Fresh files are plain inputs,
stale ones are the outputs of one job.
"""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

from bench.attention import method_files
from bench.datasets import Dataset
from bench.errors import BenchError
from bench.maps import stored_fingerprint
from bench.networks import network_entry, weights_fingerprint
from bench.workflow import fingerprint
from bench.workflow.configuration import Settings, read_settings

BASELINES = ("zero", "uniform", "centre", "human")
MAPS = "results/{dataset}/{model}/maps/{method}.h5"

# The code that each rule's verb runs, below bench/. Maps have fingerprints of their own.
CODE = {
    "demo": ("datasets/demo/__init__.py", "stages/demo.py"),
    "fixations": (
        "stages/fixations.py",
        "datasets/recordings.py",
        "datasets/fixation_table.py",
        "gaze/eyelink_child.py",
    ),
    "heatmap": ("stages/heatmap.py",),
    "score": ("stages/score.py",),
    "leaderboard": ("stages/leaderboard.py",),
    "report": ("stages/report.py", "report/report.html.j2"),
}


def map_fingerprint(
    *,
    method: str,
    options: dict[str, Any],
    model: str,
    weights: list[str],
    stimuli: str,
) -> str:
    """What one method's map file depends on: code, options, network, weights, photographs."""
    return fingerprint.combined(
        code=fingerprint.code(
            method_files()[method], "attention/_batches.py", network_entry(model).path
        ),
        options=options,
        model=model,
        weights=weights_fingerprint(model, weights or "default"),
        stimuli=stimuli,
    )


def stimuli_fingerprint(dataset: Dataset) -> str:
    """The photographs' contents; for a data set that a rule makes, the code that makes them.

    The latter are not there yet when Snakemake first reads the rules.
    """
    if dataset.made_by_rule:
        return fingerprint.code("datasets/demo/photographs.py")
    return fingerprint.files(dataset.stimuli())


class Plan:
    """The configuration, resolved to files, for the rules to read.

    Ends the process with one message for anything that a user can mend in the configuration: an
    exception would reach the user as a traceback through the Snakefile.
    """

    def __init__(self, config: dict[str, Any], project: Path) -> None:
        try:
            self.settings: Settings = read_settings(config, project)
            self._stimuli = {
                name: dataset.stimuli() for name, dataset in self.settings.datasets.items()
            }
            self._gaze = {
                name: dataset.inputs() for name, dataset in self.settings.datasets.items()
            }
            self._stale = {
                (dataset, model): self._stale_methods(dataset, model)
                for dataset in self.settings.datasets
                for model in self.settings.models
            }
        except BenchError as error:
            sys.exit(f"attention-bench: {error}")

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every (data set, network)."""
        return list(self._stale)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Every (network, method) of the score table, the baselines first."""
        return [("baseline", name) for name in BASELINES] + [
            (model, method) for model in self.settings.models for method in self.settings.methods
        ]

    def maps(self, dataset: str, model: str, method: str) -> list[str]:
        """The map file behind a table of scores; baselines have none."""
        if model == "baseline":
            return []
        return [MAPS.format(dataset=dataset, model=model, method=method)]

    def stimuli(self, dataset: str) -> list[str]:
        """The photographs of a data set."""
        return [str(path) for path in self._stimuli[dataset]]

    def gaze(self, dataset: str) -> list[str]:
        """The recordings, or the fixation table, of a data set."""
        return [str(path) for path in self._gaze[dataset]]

    def weights(self, model: str) -> list[str]:
        """The local weight files of a network, if the configuration names some."""
        return self.settings.weights.get(model, [])

    def stale_jobs(self, dataset: str, model: str) -> list[dict[str, str]]:
        """The jobs that make this pair's stale maps, each {method: fingerprint}.

        One job holds all that the configuration asks for. A method that it leaves out stays a
        target that can be typed, with a job of its own.
        """
        stale = self._stale[dataset, model]
        asked = {name: value for name, value in stale.items() if name in self.settings.methods}
        others = [{name: value} for name, value in stale.items() if name not in asked]
        return [job for job in [asked, *others] if job]

    def code(self, rule: str) -> str:
        """The fingerprint of the code that a rule runs."""
        return fingerprint.code(*CODE[rule])

    def dataset_arguments(self, dataset: str) -> str:
        """The command-line options that name a data set."""
        description = self.settings.dataset_files[dataset]
        root = self.settings.datasets[dataset].root
        return shlex.join(["--dataset", str(description), "--root", str(root)])

    def attend_arguments(self, dataset: str, model: str, methods: list[str]) -> str:
        """The command-line options of one job of maps."""
        options = {name: self.settings.methods.get(name, {}) for name in methods}
        words = ["--model", model, "--methods", json.dumps(options)]
        words += ["--device", self.settings.device]
        words += ["--batch-size", str(self.settings.batch_size)]
        if self.weights(model):
            words += ["--weights", *self.weights(model)]
        return f"{self.dataset_arguments(dataset)} {shlex.join(words)}"

    def _stale_methods(self, dataset: str, model: str) -> dict[str, str]:
        """{method: what it would be made from now} for every map file that is not fresh."""
        stale = {}
        photographs = stimuli_fingerprint(self.settings.datasets[dataset])
        for method in method_files():
            wanted = map_fingerprint(
                method=method,
                options=self.settings.methods.get(method, {}),
                model=model,
                weights=self.weights(model),
                stimuli=photographs,
            )
            path = Path(MAPS.format(dataset=dataset, model=model, method=method))
            found = stored_fingerprint(path)
            if found != wanted:
                # The state found belongs to the job's parameters: a damaged file must be made
                # again although nothing that it was made from has changed.
                stale[method] = f"{wanted} ({found})"
        return stale
