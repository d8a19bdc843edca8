"""Data sets whose gaze is trackers' files: one recording per viewer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from bench.datasets import checksums
from bench.datasets.trial_rules import list_files, screen_of, trial_rules
from bench.errors import BenchError, DataError, ValidationError
from bench.messages import progress
from bench.parallel import processes

if TYPE_CHECKING:
    import pandas as pd

    from bench.datasets import Dataset

# After the table of trials that cannot be used.
LET_PASS = (
    "\nCorrect trials: (or the recording), or leave such trials out with --allow-incomplete "
    "(allow_incomplete: true in dataset.yaml)."
)

BROKE_OFF = (
    "\nIf it broke off, --salvage (salvage: true in dataset.yaml, of the data set or beside the "
    "file) lets its complete trials count."
)

# Fixations whose times agree to the millisecond: so many are no accident.
SURELY_ONE = 10

_Result: TypeAlias = "tuple[pd.DataFrame, dict[str, Any]]"


def inputs(dataset: Dataset) -> list[Path]:
    """The recordings, sorted by viewer, and the lists beside them: trials, places, checksums."""
    lists = [*list_files(dataset), *checksums.list_file(dataset)]
    return [*recordings(dataset).values(), *lists]


def recordings(dataset: Dataset) -> dict[str, Path]:
    """{viewer: recording}, from a list in dataset.yaml or from a pattern with {viewer} in it.

    Raises DataError where there is none, ValidationError where one viewer has two files: pooling
    them would count that viewer twice.
    """
    from bench.datasets import check_name

    given = dataset.spec["recordings"]
    if isinstance(given, str):
        pairs = _matching(dataset, given)
    else:
        pairs = [(str(item["viewer"]), dataset.file(item["file"])) for item in given]
    found: dict[str, Path] = {}
    for viewer, path in pairs:
        check_name(path)
        if viewer in found:
            raise ValidationError(
                f"data set {dataset.id!r}: two files for viewer {viewer!r}: "
                f"{found[viewer].name} and {path.name}. Keep one of them, or name them under "
                "recordings: in dataset.yaml."
            )
        found[viewer] = path
    return dict(sorted(found.items()))


def read_gaze(
    dataset: Dataset, sizes: dict[str, tuple[int, int]], *, jobs: int = 1, salvage: bool = False
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The fixation table of all viewers and one quality summary per recording.

    Up to `jobs` recordings are read at a time, each in a process of its own; the results are those
    of one after the other. With `salvage`, as with `salvage: true` in dataset.yaml, the complete
    trials of a truncated recording are used. With `allow_incomplete`, trials that cannot be used
    are left out, and the summary's `errors` says so; a recording in which no trial is found still
    fails. With `on_bad_recording: leave_out`, recordings that fail are listed in
    `table.attrs["left_out"]` as {recording_id, file, reason}.

    Raises UsageError, before any recording is read, where the grammar of trials cannot be used.
    Every recording is read, whatever happens to the others. Then raises DataError where one cannot
    be read, else ValidationError where the content of one fails a check (bench.gaze says which):
    a single message that names every file that failed, and why.
    """
    import pandas as pd

    _check_grammar(dataset)
    found = recordings(dataset)
    expected = checksums.expected_checksums(dataset, list(found.values()))
    salvaged = _salvaged(dataset, all_of_them=salvage)
    tasks = [
        _Task(
            dataset, viewer, path, sizes, viewer in salvaged, path in expected, expected.get(path)
        )
        for viewer, path in found.items()
    ]
    results, failures = {}, {}
    for task, outcome in zip(tasks, _outcomes(tasks, jobs), strict=True):
        (failures if isinstance(outcome, BenchError) else results)[task.viewer] = outcome
    leave_out = dataset.spec["on_bad_recording"] == "leave_out" and results
    if failures and not leave_out:
        raise _all_of(failures, len(found))
    summaries = [summary for _, summary in results.values()]
    _refuse_copies({viewer: found[viewer] for viewer in results}, summaries)
    _refuse_conversions(found, {viewer: table for viewer, (table, _) in results.items()})
    table = pd.concat([table for table, _ in results.values()], ignore_index=True)
    table.attrs = {
        "left_out": [
            {"recording_id": viewer, "file": found[viewer].name, "reason": str(error)}
            for viewer, error in failures.items()
        ]
    }
    return table, summaries


def _check_grammar(dataset: Dataset) -> None:
    """Says what is wrong with `trials:` once and at once, not again for every recording."""
    from bench.gaze import TrialGrammar

    try:
        TrialGrammar.from_mapping(dataset.spec["trials"])
    except BenchError as error:
        raise type(error)(f"data set {dataset.id!r}, dataset.yaml: {error}") from None


@dataclass(frozen=True)
class _Task:
    """All that a process needs to read one recording."""

    dataset: Dataset
    viewer: str
    path: Path
    sizes: dict[str, tuple[int, int]]
    salvage: bool
    has_checksums: bool
    sha256: str | None


def _salvaged(dataset: Dataset, *, all_of_them: bool) -> set[str]:
    """The viewers whose recordings may be read up to where they broke off."""
    if all_of_them or dataset.spec["salvage"]:
        return set(recordings(dataset))
    given = dataset.spec["recordings"]
    items = given if isinstance(given, list) else []
    return {str(item["viewer"]) for item in items if item.get("salvage")}


def _outcomes(tasks: list[_Task], jobs: int) -> Iterator[_Result | BenchError]:
    """What became of each task, in their order."""
    bar = {"what": "recordings", "unit": "file", "total": len(tasks)}
    jobs = min(jobs, len(tasks))
    if jobs <= 1:
        yield from progress(map(_outcome, tasks), **bar)
        return
    with processes(jobs) as pool:
        waiting = [pool.submit(_outcome, task) for task in tasks]
        for task, future in progress(zip(tasks, waiting, strict=True), **bar):
            try:
                yield future.result()
            except BrokenProcessPool:
                yield DataError(
                    f"{task.path.name}: not read, because a process died while recordings were "
                    "read in parallel (out of memory?). Try --jobs 1."
                )


def _outcome(task: _Task) -> _Result | BenchError:
    """The recording's table and summary, or why there are none."""
    try:
        checksums.check(task.path, task.sha256)
        table, summary = _read_one(task)
    except BenchError as error:
        return error
    if task.has_checksums and task.sha256 is None:
        summary["warnings"].append("checksums: lists no SHA-256 for this file")
    return table, summary


def _all_of(failures: dict[str, BenchError], total: int) -> BenchError:
    """One error for all, of the gravest kind."""
    errors = list(failures.values())
    if len(errors) == 1:
        return errors[0]
    gravest = min(errors, key=lambda error: error.exit_code)
    lines = "\n".join(f"- {error}" for error in errors)
    kind = type(gravest)
    return kind(f"{len(errors)} of {total} recordings cannot be used:\n{lines}")


def _matching(dataset: Dataset, pattern: str) -> list[tuple[str, Path]]:
    if dataset.made_by_rule:
        from bench.datasets.demo.files import DEMO_FILES

        names = list(DEMO_FILES)
    else:
        found = dataset.matching(pattern.replace("{viewer}", "*"))
        names = [path.relative_to(dataset.root).as_posix() for path in found if path.is_file()]
    before, after = (
        re.escape(part).replace(r"\*", "[^/]*") for part in pattern.split("{viewer}", maxsplit=1)
    )
    matched = [(re.fullmatch(f"{before}([^/]+?){after}", name), name) for name in sorted(names)]
    pairs = [(match[1], dataset.file(name)) for match, name in matched if match]
    if not pairs:
        raise DataError(
            f"data set {dataset.id!r}: no recording matches {pattern} in {dataset.root}. Put the "
            "recordings there or change recordings: in dataset.yaml."
        )
    return pairs


def _read_one(task: _Task) -> _Result:
    from bench.gaze import (
        find_trials,
        fixation_table,
        placed_trials,
        read_recording,
        recording_summary,
    )
    from bench.gaze.header import read_header
    from bench.gaze.salvage import salvaged_trials

    spec, path = task.dataset.spec, task.path
    screen = screen_of(spec)
    pass_trials = spec["allow_incomplete"]
    noted: list[str] = []
    try:
        recording = read_recording(
            path, screen=screen, salvage=task.salvage, **spec.get("samples", {})
        )
        noted = recording.quality["warnings"]
        hint = BROKE_OFF if recording.quality["incomplete"] and not task.salvage else ""
        _refuse(path, recording.quality["errors"], hint=hint)
        grammar, layout = trial_rules(task.dataset, task.viewer, task.sizes)
        trials = find_trials(recording.messages, recording.blocks, grammar)
        trials = placed_trials(trials, recording, layout, task.sizes, screen)
        if task.salvage and recording.quality["incomplete"]:
            trials = salvaged_trials(trials, grammar.expect.trials)
        _refuse(path, [] if pass_trials else trials.attrs["errors"], hint=LET_PASS)
        table = fixation_table(
            recording,
            trials,
            screen=screen,
            image_sizes=task.sizes,
            recording_id=task.viewer,
            subject_id=task.viewer,
            eye=spec["eye"],
            min_duration_ms=spec.get("min_duration_ms"),
            drop_blink_overlaps=spec["drop_blink_overlaps"],
        )
    except BenchError as error:
        text = str(error) if path.name in str(error) else f"{path.name}: {error}"
        # What the reader found odd often explains why the trials do not fit.
        text += f"\nNoted while reading: {'; '.join(noted)}." if noted else ""
        raise type(error)(text) from None
    summary = recording_summary(recording, trials, table, eye=spec["eye"], screen=screen)
    _refuse(path, [] if pass_trials else summary["errors"], hint=LET_PASS)
    if "salvaged" in trials.attrs:
        summary["salvaged"] = trials.attrs["salvaged"]
    if spec["keep_header"]:
        header = read_header(path, recording.quality["format"])
        summary["header"] = {name: header.get(name) for name in spec["keep_header"]}
    return table, summary


def _refuse(path: Path, errors: list[str], hint: str = "") -> None:
    if errors:
        raise ValidationError(f"{path.name}: {' '.join(map(_sentence, errors))}{hint}")


def _sentence(text: str) -> str:
    return text if text.endswith((".", ":", "!")) else f"{text}."


def _refuse_copies(found: dict[str, Path], summaries: list[dict[str, Any]]) -> None:
    """The same bytes under two names are one viewer counted twice."""
    seen: dict[str, Path] = {}
    for path, summary in zip(found.values(), summaries, strict=True):
        digest = summary["sha256"]
        if digest in seen:
            raise ValidationError(
                f"{path.name} holds the same bytes as {seen[digest].name}: one viewer would "
                "count twice. Take one of them out."
            )
        seen[digest] = path


def _refuse_conversions(found: dict[str, Path], tables: dict[str, pd.DataFrame]) -> None:
    """One recording in two forms, as .edf and .asc, is one viewer counted twice as well.

    The tracker's clock runs on: two recordings never share the times of all their fixations.
    """
    seen: dict[tuple[tuple[str, float, float], ...], Path] = {}
    for viewer, table in tables.items():
        own = table[table["source"] == "tracker"]
        own = own[own["status"] != "unfinished"]
        times = tuple(zip(own["eye"], own["start_ms"], own["end_ms"], strict=True))
        if len(times) >= SURELY_ONE and times in seen:
            raise ValidationError(
                f"{found[viewer].name} has all {len(times)} fixations at the same times of the "
                f"tracker's clock as {seen[times].name}: it is the same recording in another form, "
                "and one viewer would count twice. Take one of them out."
            )
        seen[times] = found[viewer]
