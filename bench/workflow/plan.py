"""What the Snakefile asks for: which files there will be, and what makes them."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from snakemake.io import local

from bench.attention import method_files
from bench.attention._registry import is_built_in
from bench.baselines import BASELINES
from bench.controls import control_of, controlled, is_control
from bench.errors import BenchError
from bench.external import external_files
from bench.maps import stored_fingerprint
from bench.protocols import Protocol, get_protocol
from bench.report.figure_names import figure_names
from bench.shards import cut
from bench.workflow import fingerprint
from bench.workflow.cam_fit import (
    CAM_FIT,
    fit_fingerprint,
    images_in,
    needs_fit,
    split_options,
    stored_fit_fingerprint,
)
from bench.workflow.configuration import Settings, made_by_a_rule, read_settings, stated
from bench.workflow.map_jobs import (
    FRESH,
    AttendJob,
    AttendRule,
    MapState,
    States,
    attend_rules,
    map_origin,
    stimuli_fingerprint,
)

MOST_READING_JOBS = 8
SMALL = 64  # images, up to which starting further processes takes longer than it saves
MOST_SCORING_JOBS = 4
MAPS = "results/{dataset}/{model}/maps/{method}.h5"
SHARDS = "results/{dataset}/shards.csv"
WHOLE = ""  # in place of a shard, where the data set is not cut
PART = "results/{dataset}/{model}/shards/{shard}/"

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


def given(paths: Sequence[str | Path]) -> list[str]:
    """What the workflow is given and does not make: with object storage it stays where it is."""
    return [local(str(path)) for path in paths]


class Plan:
    """The configuration, resolved to files, for the rules to read.

    Ends the process with one message for anything that a user can mend in the configuration: an
    exception would reach the user as a traceback through the Snakefile.

    `stale` are the states of the map files that are out of date, where that is settled already
    (bench/workflow/handover.py); all others then count as fresh.
    """

    def __init__(
        self,
        config: dict[str, Any],
        project: Path,
        stale: States | None = None,
    ) -> None:
        try:
            self.settings: Settings = read_settings(config, project)
            self._stimuli = {
                name: dataset.stimuli() for name, dataset in self.settings.datasets.items()
            }
            self._shards = {name: self._cut(paths) for name, paths in self._stimuli.items()}
            self._gaze = {
                name: dataset.inputs() for name, dataset in self.settings.datasets.items()
            }
            self._states = {
                (dataset, model, shard): states
                for dataset, model in self.pairs
                for shard, states in self._map_states(dataset, model, stale).items()
            }
        except BenchError as error:
            sys.exit(f"attention-bench: {error}")

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

    def parts(self, dataset: str, model: str, method: str, folder: str) -> list[str]:
        """The tables of all shards that a row's table is joined from."""
        name = f"{PART}{folder}/{method}.parquet"
        return [
            name.format(dataset=dataset, model=model, shard=shard) for shard in self.shards(dataset)
        ]

    def scoring_jobs(self, dataset: str, shard: str = "") -> int:
        """How many processes are worth their start for work image by image."""
        count = len(self._stimuli_of(dataset, shard))
        return 1 if count <= SMALL else min(MOST_SCORING_JOBS, count // SMALL + 1)

    @property
    def states(self) -> States:
        """The state of every map file: (data set, network, shard) -> its files' names -> state."""
        return self._states

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

    def files(self, dataset: str) -> list[str]:
        """The names of a network's map files: the methods, then their controls."""
        methods = list(self.settings.methods)
        return methods + [control_of(name) for name in self.controlled(dataset)]

    def controlled(self, dataset: str) -> list[str]:
        """The methods that run on random weights too."""
        return list(self.settings.methods) if dataset in self.settings.controls else []

    def map_files(self, dataset: str) -> list[str]:
        """All map files of a data set's score table."""
        return [path for row in self.rows(dataset) for path in self.maps(dataset, *row)]

    def maps(self, dataset: str, model: str, method: str, shard: str = "") -> list[str]:
        """The map file behind a table of scores; baselines have none.

        Of a shard it is the shard's own file; maps made elsewhere are one file for all.
        """
        if model == "baseline":
            return []
        path = PART + "maps/{method}.h5" if shard and model != "external" else MAPS
        return [path.format(dataset=dataset, model=model, method=method, shard=shard)]

    def map_parts(self, dataset: str, model: str, method: str) -> list[str]:
        """The shards' files that a joined map file links to; none where a file holds its maps.

        Who reads a joined file names them too, for with object storage a job gets a copy of what it
        names and of nothing else.
        """
        if model not in self.settings.models:
            return []
        return [
            path
            for shard in self.shards(dataset)
            for path in self.maps(dataset, model, method, shard)
        ]

    def photographs(self, dataset: str, model: str, method: str, shard: str = "") -> list[str]:
        """The photographs behind a table of scores: of a low-level baseline, and else none."""
        if model != "baseline" or method not in BASELINES or not BASELINES[method].photograph:
            return []
        return self.stimuli(dataset, shard)

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

    def stimuli(self, dataset: str, shard: str = "") -> list[str]:
        """The photographs of a data set, or of one of its shards."""
        return self._files_of(dataset, self._stimuli_of(dataset, shard))

    def gaze(self, dataset: str) -> list[str]:
        """The recordings, or the fixation table, of a data set."""
        return self._files_of(dataset, self._gaze[dataset])

    def description(self, dataset: str) -> list[str]:
        """The data set's dataset.yaml."""
        return given([self.settings.dataset_files[dataset]])

    def _files_of(self, dataset: str, paths: Sequence[Path]) -> list[str]:
        made = self.settings.datasets[dataset].made_by_rule
        return [str(path) for path in paths] if made else given(paths)

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

    def cam_fit(self, dataset: str, model: str, methods: list[str]) -> list[str]:
        """The fit that a job with these methods reads, if it reads one."""
        path = self._method_options(dataset, model, "cam").get("fit") if "cam" in methods else None
        if not path or not needs_fit(model):
            return []
        return [str(path)] if self.fitted(model) else given([path])

    def fitted(self, model: str) -> bool:
        """Whether rule `fit_cam` makes the fit of a network: no other file is named."""
        return needs_fit(model) and "fit" not in self.settings.methods.get("cam", {})

    def fit_photographs(self, dataset: str) -> list[str]:
        """The photographs that the fit is made on."""
        folder = self._fit_options().get("fit_images")
        return given(images_in(folder)) if folder else self.stimuli(dataset)

    def fit_settings(self, model: str, photographs: Sequence[str] = ()) -> str:
        """What the fit depends on beside the photographs, which are its rule's inputs."""
        return fit_fingerprint(
            options=self._fit_options(),
            model=model,
            weights=self.weights(model),
            photographs=[Path(path) for path in photographs],
        )

    def fit_arguments(self, dataset: str, model: str) -> Callable[..., str]:
        """A function that gives the command-line options of a fit; see `attend_arguments`."""
        settings = self._fit_options()
        folder = settings.pop("fit_images", None)
        words = ["--model", model, "--options", json.dumps(settings)]
        words += ["--device", self.settings.device]
        words += ["--batch-size", str(self.settings.batch_size)]
        words += ["--images", str(folder)] if folder else []
        if self.weights(model):
            words += ["--weights", *self.weights(model)]

        def arguments(wildcards: Any, input: Any, output: Any) -> str:
            where = self.dataset_arguments(dataset, [] if folder else input.photographs)
            return f"{where} {shlex.join(words)} --output {shlex.quote(str(output[0]))}"

        return arguments

    def map_folder(self, dataset: str, model: str) -> str:
        """Where jobs of maps write; the shard stays a wildcard."""
        path = PART if self.shards(dataset) else "results/{dataset}/{model}/"
        return path.format(dataset=dataset, model=model, shard="{shard}")

    def attend_rules(self, dataset: str, model: str) -> list[AttendRule]:
        """The rules of this pair's maps, with a job per shard where the data set is cut."""
        shards = self.shards(dataset) or [WHOLE]
        return attend_rules(
            [job for shard in shards for job in self.attend_jobs(dataset, model, shard)]
        )

    def attend_inputs(self, job: AttendJob) -> list[str]:
        """What a job of maps reads: photographs, weights, a fit."""
        return [
            *self.stimuli(job.dataset, job.shard),
            *self.weights(job.model),
            *self.cam_fit(job.dataset, job.model, job.methods),
        ]

    def attend_jobs(self, dataset: str, model: str, shard: str = "") -> list[AttendJob]:
        """The jobs of this pair's maps, of one shard where the data set is cut.

        One for all stale files of built-in methods, one for those of their controls, and one for
        every other file: fresh, not asked for, or of a method from outside.
        """
        states = self._states[dataset, model, shard]
        asked = [name for name in self.files(dataset) if is_built_in(controlled(name))]
        stale = [name for name in asked if not states[name].fresh]
        groups = [[name for name in stale if is_control(name) == control] for control in (0, 1)]
        alone = [[name] for name in states if name not in stale]
        return [
            AttendJob(dataset, model, methods, [states[name] for name in methods], shard)
            for methods in [group for group in groups if group] + alone
        ]

    def code(self, rule: str) -> str:
        """The fingerprint of the code that a rule runs."""
        return fingerprint.code(*CODE[rule])

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

    def attend_arguments(self, job: AttendJob) -> Callable[..., str]:
        """A function that gives the command-line options of one job of maps.

        A function of the output is what Snakemake leaves out of its record of parameters: another
        batch size or device makes no map again (AttendJob.record is what does).
        """
        options = {
            controlled(name): self._method_options(job.dataset, job.model, name)
            for name in job.methods
        }
        words = ["--model", job.model, "--record", job.record]
        words += ["--device", self.settings.device]
        words += ["--batch-size", str(self.settings.batch_size)]
        words += ["--precision", self.settings.precision, "--workers", str(self.settings.workers)]
        if self.weights(job.model):
            words += ["--weights", *self.weights(job.model)]
        if any(not is_built_in(name) for name in options) and self.settings.plugins:
            words += ["--plugins", *self.settings.plugins]
        if job.control:
            words += ["--random-weights", str(self.settings.seed)]
        fits = self.cam_fit(job.dataset, job.model, job.methods)
        last = len(self.attend_inputs(job)) - 1

        def arguments(wildcards: Any, input: Any, output: Any) -> str:
            where = self.dataset_arguments(job.dataset, input)
            if fits:  # the last of `attend_inputs`; behind it stands the list of shards
                options["cam"] = options["cam"] | {"fit": str(input[last])}
            own = ["--methods", json.dumps(options), "--output-folder", str(Path(output[0]).parent)]
            if job.shard:
                own += ["--shard", str(input.shards), job.shard]
            return f"{where} {shlex.join([*words, *own])}"

        return arguments

    def _map_names(self) -> list[str]:
        methods = method_files(self.settings.plugins)
        return [*methods, *map(control_of, methods)]

    def _cut(self, photographs: list[Path]) -> dict[str, list[str]]:
        size = self.settings.shard_size
        return cut([path.name for path in photographs], size) if len(photographs) > size else {}

    def _stimuli_of(self, dataset: str, shard: str) -> list[Path]:
        if not shard:
            return self._stimuli[dataset]
        here = set(self._shards[dataset][shard])
        return [path for path in self._stimuli[dataset] if path.name in here]

    def _map_states(
        self, dataset: str, model: str, stale: States | None
    ) -> dict[str, dict[str, MapState]]:
        """{shard: {file: its state}}, found out, or as `stale` has it."""
        plugins = self.settings.plugins
        names = self._map_names()
        if stale is not None:
            return {
                shard: {
                    name: stale.get((dataset, model, shard), {}).get(name, FRESH) for name in names
                }
                for shard in self.shards(dataset) or [WHOLE]
            }
        origins = {
            name: map_origin(
                method=controlled(name),
                options=self._method_options(dataset, model, name),
                model=model,
                weights=self.weights(model),
                plugins=plugins,
                random_seed=self.settings.seed if is_control(name) else None,
                precision=self.settings.precision,
                fit=self._wanted_fit(dataset, model) if name == "cam" else "",
            )
            for name in names
        }
        found: dict[str, dict[str, MapState]] = {}
        for shard in self.shards(dataset) or [WHOLE]:
            stimuli = self._stimuli_of(dataset, shard)
            photographs = stimuli_fingerprint(self.settings.datasets[dataset], stimuli)
            found[shard] = {}
            for name, origin in origins.items():
                wanted = fingerprint.combined(**origin, stimuli=photographs)
                (path,) = self.maps(dataset, model, name, shard)
                found[shard][name] = MapState(wanted, *stored_fingerprint(Path(path)))
        return found

    def _method_options(self, dataset: str, model: str, name: str) -> dict[str, Any]:
        """The options of a method or control.

        `cam` gets the place of its fit on a network that needs one; its control does not, for the
        fit is one of the trained network.
        """
        given = self.settings.methods.get(controlled(name), {})
        if controlled(name) != "cam":
            return given
        own, _ = split_options(given)
        if is_control(name):
            own.pop("fit", None)
        elif self.fitted(model):
            own["fit"] = CAM_FIT.format(dataset=dataset, model=model)
        return own

    def _fit_options(self) -> dict[str, Any]:
        return split_options(self.settings.methods.get("cam", {}))[1]

    def _wanted_fit(self, dataset: str, model: str) -> str:
        """The fingerprint of the fit behind `cam`'s maps: what it would be made from now."""
        if self.fitted(model):
            return self.fit_settings(model, self.fit_photographs(dataset))
        named = self._method_options(dataset, model, "cam").get("fit")
        return stored_fit_fingerprint(named) if named else ""
