"""One job of attention maps, and whether its files are up to date.

Methods that ride on the tape share one job per data set and network, for the start of a torch
process alone costs seconds. A plain rule with many outputs would make all of them again when one
method is added, so freshness is decided here, while Snakemake reads the rules: a map file is
fresh if the fingerprint inside it equals the one it would get now. All stale files are the outputs
of one job. Each fresh file keeps a rule of its own, so that it can be typed as a target or forced,
with the very parameter that Snakemake recorded when the file was made: nothing then asks for it to
be made again.

The controls on random weights are the outputs of a second job of that kind. A method from outside,
a plug-in or one of an installed package, has a job of its own: Snakemake removes all outputs of a
job that fails, and such a method's failure must cost its own maps only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.attention import method_files
from bench.controls import is_control
from bench.datasets import Dataset
from bench.networks import network_entry, weights_fingerprint
from bench.workflow import fingerprint

# What every method's maps go through, beside the method's own file and the network's.
SHARED_CODE = ("attention/_batches.py", "stages/_dataset_maps.py", "networks/*.txt")


def map_fingerprint(*, stimuli: str, **said: Any) -> str:
    """What one method's map file depends on: code, options, network, weights, photographs.

    `stimuli` is their `stimuli_fingerprint`, `said` what `map_origin` takes.
    """
    return fingerprint.combined(**map_origin(**said), stimuli=stimuli)


def map_origin(
    *,
    method: str,
    options: dict[str, Any],
    model: str,
    weights: list[str],
    plugins: Sequence[str | Path] = (),
    random_seed: int | None = None,
    precision: str = "float32",
    fit: str = "",
) -> dict[str, Any]:
    """What one method's map files depend on beside the photographs, alike for all shards.

    With `random_seed` it is the control's file, the same method on the network before training.
    `fit` is the fingerprint of the fit that `cam` reads, whose place does not matter.
    """
    if fit:
        options = {name: value for name, value in options.items() if name != "fit"} | {"fit": fit}
    parts = {
        "code": fingerprint.code(
            method_files(plugins)[method].absolute(),
            network_entry(model).path,
            *SHARED_CODE,
        ),
        "options": options,
        "model": model,
        "weights": weights_fingerprint(model, weights or "default"),
        "precision": precision,
    }
    if random_seed is not None:
        parts["control"] = fingerprint.code("stages/_random_maps.py")
        parts["seed"] = random_seed
    return parts


def stimuli_fingerprint(dataset: Dataset, photographs: Sequence[Path]) -> str:
    """The photographs' contents, and for a data set that a rule makes the code that makes them.

    That rule may run after Snakemake has read the rules: the files then are absent or about to
    change, and their code tells.
    """
    contents = fingerprint.files(list(photographs))
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


FRESH = MapState("", "", "")
# Of (data set, network, shard): the states of its files, by their names.
States = dict[tuple[str, ...], dict[str, MapState]]


@dataclass(frozen=True)
class AttendJob:
    """One job of maps: stale files together, or a single file; `methods` are the files' names.

    `shard` is empty where the data set is not cut.
    """

    dataset: str
    model: str
    methods: list[str]
    states: list[MapState]
    shard: str = ""

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
    def control(self) -> bool:
        """Whether these are maps of the network before training."""
        return is_control(self.methods[0])

    @property
    def name(self) -> str:
        """The rule's name: `attend_{dataset}_{model}` for the shared job.

        That of the controls adds `__random`, which is no method's id.
        """
        shared = f"attend_{self.dataset}_{self.model}"
        if self.fresh or len(self.methods) == 1:
            return f"{shared}_{self.methods[0]}"
        return f"{shared}__random" if self.control else shared


@dataclass(frozen=True)
class AttendRule:
    """The jobs of one rule: the same files of one data set and network, a job per shard."""

    name: str
    jobs: dict[str, AttendJob]

    @property
    def methods(self) -> list[str]:
        """The names of the files that every job makes."""
        return next(iter(self.jobs.values())).methods

    @property
    def shards(self) -> str:
        """A pattern of the shards, for the wildcard."""
        return "|".join(self.jobs)

    def job(self, wildcards: Any) -> AttendJob:
        """The job of a shard, or the only one."""
        return self.jobs[getattr(wildcards, "shard", "")]


def attend_rules(jobs: Sequence[AttendJob]) -> list[AttendRule]:
    """Jobs that make the same files of several shards together; names are those of the jobs.

    A second rule of a name, where shards lack different files, gets `__2` behind it, and so on.
    """
    alike: dict[tuple[str, ...], dict[str, AttendJob]] = {}
    for job in jobs:
        alike.setdefault(tuple(job.methods), {})[job.shard] = job
    rules: dict[str, AttendRule] = {}
    for own in alike.values():
        name = first = min(job.name for job in own.values())
        number = 1
        while name in rules:
            number += 1
            name = f"{first}__{number}"
        rules[name] = AttendRule(name, own)
    return list(rules.values())
