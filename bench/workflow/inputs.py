"""What the workflow is given: photographs, gaze, weights, maps made elsewhere, and their shards."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from snakemake.io import local

from bench.external import external_files
from bench.shards import cut
from bench.workflow import fingerprint
from bench.workflow.configuration import Settings, made_by_a_rule, read_settings

MOST_READING_JOBS = 8
SMALL = 64  # images, up to which starting further processes takes longer than it saves
MOST_SCORING_JOBS = 4
SHARDS = "results/{dataset}/shards.csv"


def given(paths: Sequence[str | Path]) -> list[str]:
    """What the workflow is given and does not make: with object storage it stays where it is."""
    return [local(str(path)) for path in paths]


class Inputs:
    """The files behind the configuration, as the rules read them."""

    def __init__(self, config: dict[str, Any], project: Path) -> None:
        self.settings: Settings = read_settings(config, project)
        datasets = self.settings.datasets
        self._stimuli = {name: dataset.stimuli() for name, dataset in datasets.items()}
        self._shards = {name: self._cut(paths) for name, paths in self._stimuli.items()}
        self._gaze = {name: dataset.inputs() for name, dataset in datasets.items()}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every (data set, network)."""
        return [(name, model) for name in self.settings.datasets for model in self.settings.models]

    def shards(self, dataset: str) -> list[str]:
        """The shards of a data set in the order of its images; none where it is not cut."""
        return list(self._shards[dataset])

    def cut(self, *, is_cut: bool = True) -> str:
        """A pattern of the data sets that are cut into shards, or of those that are not."""
        names = [name for name, shards in self._shards.items() if bool(shards) == is_cut]
        return "|".join(names) or "-"

    def shard_list(self, dataset: str) -> list[str]:
        """The file that says which image is in which shard, if the data set is cut."""
        return [SHARDS.format(dataset=dataset)] if self._shards[dataset] else []

    def shard_print(self, dataset: str, shard: str = "") -> str:
        """What changes where other images are in the shards, or in one of them."""
        shards = self._shards[dataset]
        return fingerprint.combined(images=shards[shard] if shard else shards)

    def scoring_jobs(self, dataset: str, shard: str = "") -> int:
        """How many processes are worth their start for work image by image."""
        count = len(self._stimuli_of(dataset, shard))
        return 1 if count <= SMALL else min(MOST_SCORING_JOBS, count // SMALL + 1)

    def stimuli(self, dataset: str, shard: str = "") -> list[str]:
        """The photographs of a data set, or of one of its shards."""
        return self._files_of(dataset, self._stimuli_of(dataset, shard))

    def gaze(self, dataset: str) -> list[str]:
        """The recordings, or the fixation table, of a data set."""
        return self._files_of(dataset, self._gaze[dataset])

    def description(self, dataset: str) -> list[str]:
        """The data set's dataset.yaml."""
        return given([self.settings.dataset_files[dataset]])

    def reading_jobs(self, dataset: str) -> int:
        """How many recordings of a data set are worth reading at a time.

        A process costs a second to start; the small files that a rule makes are read in less.
        """
        if self.settings.datasets[dataset].made_by_rule:
            return 1
        return min(len(self._gaze[dataset]), MOST_READING_JOBS)

    def weights(self, model: str) -> list[str]:
        """The local weight files of a network, if the configuration names some."""
        return given(self.settings.weights.get(model, []))

    def external(self, dataset: str, name: str) -> str:
        """Where the maps of an external row lie."""
        return self.settings.external[dataset][name]

    def external_inputs(self, dataset: str, name: str) -> list[str]:
        """The files to import; below results/ the path itself, which a rule of the user's makes."""
        source = Path(self.external(dataset, name))
        if made_by_a_rule(source):
            return [str(source)]
        if not source.is_dir():
            return given([source])
        images = [path.name for path in self._stimuli[dataset]]
        found = external_files(source, images).values()
        return given([path for paths in found for path in paths] or [source])

    def dataset_arguments(self, dataset: str, photographs: Sequence[str] = ()) -> str:
        """The command-line options that name a data set.

        `photographs` are a job's input: what a rule makes lies where Snakemake puts it, with object
        storage in a local copy.
        """
        description = self.settings.dataset_files[dataset]
        root = self.settings.datasets[dataset].root
        if photographs and self.settings.datasets[dataset].made_by_rule:
            depth = len(self._stimuli[dataset][0].relative_to(root).parts)
            root = Path(photographs[0]).parents[depth - 1]
        return shlex.join(["--dataset", str(description), "--root", str(root)])

    def _files_of(self, dataset: str, paths: Sequence[Path]) -> list[str]:
        made = self.settings.datasets[dataset].made_by_rule
        return [str(path) for path in paths] if made else given(paths)

    def _cut(self, photographs: list[Path]) -> dict[str, list[str]]:
        size = self.settings.shard_size
        return cut([path.name for path in photographs], size) if len(photographs) > size else {}

    def _stimuli_of(self, dataset: str, shard: str) -> list[Path]:
        if not shard:
            return self._stimuli[dataset]
        here = set(self._shards[dataset][shard])
        return [path for path in self._stimuli[dataset] if path.name in here]
