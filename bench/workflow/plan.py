"""What the Snakefile asks for: which files there will be, and which of them are out of date.

Methods that ride on the tape share one job per data set and network, for the start of a torch
process alone costs seconds. A plain rule with many outputs would make all of them again when one
method is added, so freshness is decided here, while Snakemake reads the rules: a map file is
fresh if the fingerprint inside it equals the one it would get now. All stale files are the outputs
of one job. Each fresh file keeps a rule of its own, so that it can be typed as a target or forced,
with the very parameter that Snakemake recorded when the file was made: nothing then asks for it to
be made again.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.attention import method_files
from bench.datasets import Dataset
from bench.errors import BenchError
from bench.maps import stored_fingerprint
from bench.networks import network_entry, weights_fingerprint
from bench.protocols import Protocol, get_protocol
from bench.workflow import fingerprint
from bench.workflow.configuration import Settings, read_settings

MOST_READING_JOBS = 8
BASELINES = ("zero", "uniform", "centre", "human")
MAPS = "results/{dataset}/{model}/maps/{method}.h5"

# The code that each rule's verb runs, below bench/, with what it imports by a computed name (the
# kinds of data sets, the families of metrics). Maps have fingerprints of their own.
CODE = {
    "demo": ("stages/demo.py", "datasets/demo/*.py"),
    "fixations": (
        *("stages/fixations.py", "datasets/*.py", "datasets/formats/*.py"),
        *("gaze/*.py", "schemas/*.yaml"),
    ),
    "heatmap": ("stages/heatmap.py",),
    "score": ("stages/score.py", "metrics/*.py"),
    "sensitivity": ("stages/sensitivity.py", "metrics/*.py"),
    "leaderboard": ("stages/leaderboard.py", "metrics/*.py"),
    "report": ("stages/report.py", "report/*", "metrics/*.py"),
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
            method_files()[method],
            network_entry(model).path,
            "attention/_batches.py",
            "stages/_dataset_maps.py",
            "networks/*.txt",
        ),
        options=options,
        model=model,
        weights=weights_fingerprint(model, weights or "default"),
        stimuli=stimuli,
    )


def stimuli_fingerprint(dataset: Dataset) -> str:
    """The photographs' contents, and for a data set that a rule makes the code that makes them.

    That rule may run after Snakemake has read the rules: the files then are absent or about to
    change, and their code tells.
    """
    contents = fingerprint.files(dataset.stimuli())
    if not dataset.made_by_rule:
        return contents
    return contents + fingerprint.code("datasets/demo/photographs.py")


@dataclass(frozen=True)
class MapState:
    """The fingerprint that a map file would get now, the one inside it, and its job's record."""

    wanted: str
    found: str
    record: str

    @property
    def fresh(self) -> bool:
        """Whether the file is what it would be if it were made now."""
        return self.wanted == self.found


@dataclass(frozen=True)
class AttendJob:
    """One job of maps: stale files together, or a single file."""

    dataset: str
    model: str
    methods: list[str]
    states: list[MapState]

    @property
    def fresh(self) -> bool:
        """Whether there is nothing to do."""
        return all(state.fresh for state in self.states)

    @property
    def record(self) -> str:
        """The parameter by which Snakemake knows whether to run the job.

        For a stale file the state found belongs to it: a damaged file must be made again although
        nothing that it was made from has changed.
        """
        if self.fresh:
            return self.states[0].record
        return " ".join(f"{state.wanted}<{state.found}" for state in self.states)

    @property
    def name(self) -> str:
        """The rule's name: `attend_{dataset}_{model}` for the shared job."""
        shared = f"attend_{self.dataset}_{self.model}"
        alone = self.fresh or len(self.methods) == 1
        return f"{shared}_{self.methods[0]}" if alone else shared


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
            self._states = {
                (dataset, model): self._map_states(dataset, model)
                for dataset in self.settings.datasets
                for model in self.settings.models
            }
        except BenchError as error:
            sys.exit(f"attention-bench: {error}")

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every (data set, network)."""
        return list(self._states)

    @property
    def protocol(self) -> Protocol:
        """The protocol as it reads now: an edit of its file makes the heatmaps again."""
        return get_protocol(self.settings.protocol)

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

    def reading_jobs(self, dataset: str) -> int:
        """How many recordings of a data set are worth reading at a time.

        A process costs a second to start; the small files that a rule makes are read in less.
        """
        if self.settings.datasets[dataset].made_by_rule:
            return 1
        return min(len(self._gaze[dataset]), MOST_READING_JOBS)

    def weights(self, model: str) -> list[str]:
        """The local weight files of a network, if the configuration names some."""
        return self.settings.weights.get(model, [])

    def attend_jobs(self, dataset: str, model: str) -> list[AttendJob]:
        """The jobs of this pair's maps: one for all that is stale, then one per other file."""
        states = self._states[dataset, model]
        asked = [name for name in states if name in self.settings.methods]
        together = [name for name in asked if not states[name].fresh]
        alone = [name for name in states if name not in together]
        return [
            AttendJob(dataset, model, methods, [states[name] for name in methods])
            for methods in ([together] if together else []) + [[name] for name in alone]
        ]

    def code(self, rule: str) -> str:
        """The fingerprint of the code that a rule runs."""
        return fingerprint.code(*CODE[rule])

    def dataset_arguments(self, dataset: str) -> str:
        """The command-line options that name a data set."""
        description = self.settings.dataset_files[dataset]
        root = self.settings.datasets[dataset].root
        return shlex.join(["--dataset", str(description), "--root", str(root)])

    def attend_arguments(self, job: AttendJob) -> Callable[..., str]:
        """A function that gives the command-line options of one job of maps.

        A function of the output is what Snakemake leaves out of its record of parameters: another
        batch size or device makes no map again (AttendJob.record is what does).
        """
        options = {name: self.settings.methods.get(name, {}) for name in job.methods}
        words = ["--model", job.model, "--methods", json.dumps(options), "--record", job.record]
        words += ["--device", self.settings.device]
        words += ["--batch-size", str(self.settings.batch_size)]
        if self.weights(job.model):
            words += ["--weights", *self.weights(job.model)]
        arguments = f"{self.dataset_arguments(job.dataset)} {shlex.join(words)}"

        def given(wildcards: Any, output: Any) -> str:
            return f"{arguments} --output-folder {shlex.quote(str(Path(output[0]).parent))}"

        return given

    def _map_states(self, dataset: str, model: str) -> dict[str, MapState]:
        photographs = stimuli_fingerprint(self.settings.datasets[dataset])
        states = {}
        for method in method_files():
            wanted = map_fingerprint(
                method=method,
                options=self.settings.methods.get(method, {}),
                model=model,
                weights=self.weights(model),
                stimuli=photographs,
            )
            path = Path(MAPS.format(dataset=dataset, model=model, method=method))
            found, record = stored_fingerprint(path)
            states[method] = MapState(wanted, found, record)
        return states
