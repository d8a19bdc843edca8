"""Data sets whose gaze is trackers' files: one recording per viewer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.datasets.trial_rules import list_files, trial_rules
from bench.errors import BenchError, DataError, ValidationError

if TYPE_CHECKING:
    import pandas as pd

    from bench.datasets import Dataset
    from bench.gaze import Screen

# After the table of trials that cannot be used.
LET_PASS = (
    "\nCorrect trials: (or the recording), or leave such trials out with --allow-incomplete "
    "(allow_incomplete: true in dataset.yaml)."
)


def inputs(dataset: Dataset) -> list[Path]:
    """The recordings, sorted by viewer, and the lists of trials and places beside them."""
    return [*recordings(dataset).values(), *list_files(dataset)]


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
    dataset: Dataset, sizes: dict[str, tuple[int, int]]
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The fixation table of all viewers and one quality summary per recording.

    Raises DataError for a recording that cannot be read and ValidationError for one whose content
    fails a check (bench.gaze says which); every message names the file. With `allow_incomplete` in
    dataset.yaml, trials that cannot be used are left out instead, and the summary's `errors` says
    so; a recording in which no trial is found still ends the run.
    """
    import pandas as pd
    from tqdm import tqdm

    found = recordings(dataset)
    tables, summaries = [], []
    for viewer, path in tqdm(found.items(), desc="recordings", unit="file", disable=None):
        table, summary = _read_one(dataset, viewer, path, sizes)
        tables.append(table)
        summaries.append(summary)
    _refuse_copies(found, summaries)
    return pd.concat(tables, ignore_index=True), summaries


def _matching(dataset: Dataset, pattern: str) -> list[tuple[str, Path]]:
    if dataset.made_by_rule:
        from bench.datasets.demo.files import DEMO_FILES

        names = list(DEMO_FILES)
    else:
        found = dataset.root.glob(pattern.replace("{viewer}", "*"))
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


def _read_one(
    dataset: Dataset, viewer: str, path: Path, sizes: dict[str, tuple[int, int]]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    from bench.gaze import (
        find_trials,
        fixation_table,
        placed_trials,
        read_recording,
        recording_summary,
    )

    spec = dataset.spec
    screen = _screen(spec)
    pass_trials = spec["allow_incomplete"]
    noted: list[str] = []
    try:
        recording = read_recording(path, screen=screen, **spec.get("samples", {}))
        noted = recording.quality["warnings"]
        _refuse(path, recording.quality["errors"])
        grammar, layout = trial_rules(dataset, viewer, sizes)
        trials = find_trials(recording.messages, recording.blocks, grammar)
        trials = placed_trials(trials, recording, layout, sizes, screen)
        _refuse(path, [] if pass_trials else trials.attrs["errors"], hint=LET_PASS)
        table = fixation_table(
            recording,
            trials,
            screen=screen,
            image_sizes=sizes,
            recording_id=viewer,
            subject_id=viewer,
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
    return table, summary


def _screen(spec: dict[str, Any]) -> Screen:
    """The screen; without its distance, degrees come from the image's pixels per degree."""
    from bench.gaze import Screen

    per_degree = None
    if "distance_mm" not in spec["screen"] and "pixels_per_degree" in spec:
        per_degree = spec["pixels_per_degree"] * spec.get("image_on_screen", {}).get("scale", 1)
    return Screen.from_mapping(spec["screen"], pixels_per_degree=per_degree)


def _refuse(path: Path, errors: list[str], hint: str = "") -> None:
    if errors:
        raise ValidationError(f"{path.name}: {' '.join(errors)}{hint}")


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
