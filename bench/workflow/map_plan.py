"""Which map files there will be, which of them are out of date, and the jobs that make them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.attention import method_files
from bench.attention._registry import is_built_in
from bench.controls import control_of, controlled, is_control
from bench.maps import stored_fingerprint
from bench.workflow import fingerprint
from bench.workflow.cam_fit import (
    CAM_FIT,
    fit_fingerprint,
    images_in,
    needs_fit,
    split_options,
    stored_fit_fingerprint,
)
from bench.workflow.inputs import Inputs, given
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

MAPS = "results/{dataset}/{model}/maps/{method}.h5"
WHOLE = ""  # in place of a shard, where the data set is not cut
PART = "results/{dataset}/{model}/shards/{shard}/"


class MapPlan(Inputs):
    """The maps of every data set and network.

    `stale` are the states of the map files that are out of date, where that is settled already
    (bench/workflow/handover.py); all others then count as fresh.
    """

    def __init__(self, config: dict[str, Any], project: Path, stale: States | None = None) -> None:
        super().__init__(config, project)
        self._states = {
            (dataset, model, shard): states
            for dataset, model in self.pairs
            for shard, states in self._map_states(dataset, model, stale).items()
        }

    @property
    def states(self) -> States:
        """The state of every map file: (data set, network, shard) -> its files' names -> state."""
        return self._states

    def files(self, dataset: str) -> list[str]:
        """The names of a network's map files: the methods, then their controls."""
        methods = list(self.settings.methods)
        return methods + [control_of(name) for name in self.controlled(dataset)]

    def controlled(self, dataset: str) -> list[str]:
        """The methods that run on random weights too."""
        return list(self.settings.methods) if dataset in self.settings.controls else []

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

    def map_folder(self, dataset: str, model: str) -> str:
        """Where jobs of maps write; the shard stays a wildcard."""
        path = PART if self.shards(dataset) else "results/{dataset}/{model}/"
        return path.format(dataset=dataset, model=model, shard="{shard}")

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

    def _map_names(self) -> list[str]:
        methods = method_files(self.settings.plugins)
        return [*methods, *map(control_of, methods)]
