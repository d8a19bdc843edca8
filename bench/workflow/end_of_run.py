"""Around the jobs: folders looked at before, time and memory after, and what to do on failure."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.maps import stored_failure
from bench.workflow.recovery import recovery

if TYPE_CHECKING:
    from bench.workflow.plan import Plan

FAILED = """\
attention-bench: the run ended with an error; the messages of the failed jobs stand above, and in
their logs. With --keep-going all that does not depend on what failed is finished."""


def unwritable(datasets: Iterable[str]) -> list[str]:
    """A message for each folder of results that is there and takes no files.

    To be asked before the first job: Snakemake, which puts away the old logs, would meet it first.
    """
    folders = [Path("results"), *(Path("results", name) for name in datasets)]
    return [
        f"attention-bench: {folder.absolute()}: nothing may be written there. Allow it, or write "
        "to another folder (snakemake --directory FOLDER)."
        for folder in folders
        if folder.is_dir() and not os.access(folder, os.W_OK)
    ]


def write_performance(datasets: Iterable[str], words: Sequence[str]) -> None:
    """Writes performance.html of every data set that has results (`bench performance`).

    words: the command line of the workflow, its program first. The page is no rule's output: it
    differs between two equal runs and must not make anything run again. The verb says itself what
    it cannot read, and no run fails by that.
    """
    folders = [f"results/{name}" for name in datasets]
    folders = [folder for folder in folders if Path(folder).is_dir()]
    if not folders:
        return
    command = shlex.join([Path(words[0]).name, *words[1:]])
    subprocess.run(
        [sys.executable, "-m", "bench", "performance", *folders, "--command", command, "--quiet"],
        check=False,
    )


def after_failure(plan: Plan, words: Sequence[str]) -> str:
    """What to do after a run that failed: go on (`words` followed `snakemake`), or report on it."""
    parts = [FAILED, recovery(words)]
    commands = [partial_report(plan, name) for name in plan.settings.datasets if _begun(plan, name)]
    if commands:
        where = Path.cwd()
        moved = "" if os.environ.get("PWD") == str(where) else f" (in the folder {where})"
        parts.append(
            "A report of what is there, which marks what failed, was not run and does not apply"
            f"{moved}:"
        )
        parts += [f"  {command}" for command in commands]
    return "\n".join(parts)


def partial_report(plan: Plan, dataset: str) -> str:
    """The command that builds the report of a data set from what is there."""
    settings, folder = plan.settings, f"results/{dataset}"
    words = [
        *shlex.split(plan.dataset_arguments(dataset)),
        *("--results", folder, "--models", *settings.models, "--methods", *settings.methods),
        *shlex.split(plan.report_arguments(dataset)),
        *("--seed", str(settings.seed), "--configuration", plan.stated(dataset)),
        *("--partial", "--output", f"{folder}/partial/report.html"),
    ]
    return f"{shlex.quote(sys.executable)} -m bench report {shlex.join(words)}"


def failed_targets(targets: list[str]) -> list[str]:
    """A message for each map file among the targets typed that says that its method failed.

    The job that makes many methods' maps ends well when one of them fails, for the sake of the
    others' files: whoever asked for that very file has to hear of it all the same.
    """
    paths = [Path(target) for target in targets if target.endswith(".h5")]
    return [
        f"attention-bench: {path} holds no maps: {reason}"
        for path in paths
        if (reason := stored_failure(path))
    ]


def _begun(plan: Plan, dataset: str) -> bool:
    """Whether there is enough for a partial report: gaze, and scores of some row."""
    folder = Path("results") / dataset
    needed = [folder / "recordings.json", folder / "heatmaps.h5"]
    scores = (
        folder / model / "scores" / f"{method}.parquet" for model, method in plan.rows(dataset)
    )
    return all(path.is_file() for path in needed) and any(path.is_file() for path in scores)
