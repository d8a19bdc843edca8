"""The tables of an unfinished study, from the rows that have scores: `bench report --partial`."""

from __future__ import annotations

import argparse
import logging
from types import ModuleType
from typing import TYPE_CHECKING

from bench.controls import is_control
from bench.errors import UsageError, ValidationError
from bench.report.outcomes import SCORED
from bench.stages import controls, leaderboard, sensitivity

if TYPE_CHECKING:
    from bench.report.results import Results

log = logging.getLogger("bench")


def make_tables(results: Results, *, seed: int) -> None:
    """Writes the report's tables into the folder `results.tables`, by the verbs that make them.

    Raises UsageError where that is the folder of the results, whose tables are the workflow's, and
    ValidationError where no row has scores.
    """
    folder, beside = results.folder, results.tables
    if beside.resolve() == folder.resolve():
        raise UsageError(
            f"--partial makes tables beside its page, and those in {folder} are the workflow's: "
            f"give --output another folder, as in {folder / 'partial' / 'report.html'}."
        )
    scored = [row for row, found in results.outcomes.items() if found.state == SCORED]
    missing = len(results.outcomes) - len(scored)
    if not scored:
        raise ValidationError(
            f"{folder}: found no scores of the {missing} rows asked for; expected some "
            "{model}/scores/{method}.parquet. Run the workflow with --keep-going first."
        )

    def files(kind: str, rows: list[tuple[str, str]]) -> list[str]:
        paths = [folder / model / kind / f"{method}.parquet" for model, method in rows]
        return [str(path) for path in paths if path.is_file()]

    seeded = ["--seed", str(seed)]
    words = [*files("scores", scored), "--viewers", *files("viewers", scored)]
    words += ["--dataset", folder.name, *seeded]
    for name in ("scores", "leaderboard", "comparisons"):
        words += [f"--{name}", str(beside / f"{name}.csv")]
    _run(leaderboard, words)
    pieces = files("sensitivity", [row for row in scored if not is_control(row[1])])
    for name in ("sensitivity", "agreement", "controls"):
        (beside / f"{name}.csv").unlink(missing_ok=True)  # of a former partial report
    if pieces:
        words = [*pieces, "--scores", str(beside / "scores.csv"), *seeded]
        words += ["--output", str(beside / "sensitivity.csv")]
        _run(sensitivity, [*words, "--agreement", str(beside / "agreement.csv")])
    if results.controls:
        words = ["--results", str(folder), "--models", *results.models, *seeded, "--partial"]
        words += ["--methods", *results.controls, "--output", str(beside / "controls.csv")]
        _run(controls, words)
    log.info("%d rows with scores, %d without", len(scored), missing)


def _run(stage: ModuleType, words: list[str]) -> None:
    """Runs a verb with the words of its command line."""
    parser = argparse.ArgumentParser()
    stage.add_arguments(parser)
    stage.run(parser.parse_args(words))
