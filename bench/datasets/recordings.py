"""Data sets whose gaze is trackers' files: one recording per viewer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import BenchError, DataError, ValidationError

if TYPE_CHECKING:
    import pandas as pd

    from bench.datasets import Dataset
    from bench.gaze import Screen


def inputs(dataset: Dataset) -> list[Path]:
    """The recordings, sorted by viewer."""
    return list(recordings(dataset).values())


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
    fails a check (bench.gaze says which); every message names the file.
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
        Placement,
        TrialGrammar,
        find_trials,
        fixation_table,
        read_recording,
        recording_summary,
    )

    spec = dataset.spec
    screen = _screen(spec)
    recording = read_recording(path, screen=screen)
    _refuse(path, recording.quality["errors"])
    try:
        grammar = TrialGrammar.from_mapping(spec["trials"])
        trials = find_trials(recording.messages, recording.blocks, grammar)
        _refuse(path, trials.attrs["errors"])
        table = fixation_table(
            recording,
            trials,
            placement=Placement(**spec.get("image_on_screen", {})),
            screen=screen,
            image_sizes=sizes,
            recording_id=viewer,
            subject_id=viewer,
            eye=spec["eye"],
        )
    except BenchError as error:
        text = str(error)
        raise type(error)(text if path.name in text else f"{path.name}: {text}") from None
    summary = recording_summary(recording, trials, table, eye=spec["eye"])
    _refuse(path, summary["errors"])
    return table, summary


def _screen(spec: dict[str, Any]) -> Screen:
    """The screen; without its distance, degrees come from the image's pixels per degree."""
    from bench.gaze import Screen

    per_degree = None
    if "distance_mm" not in spec["screen"] and "pixels_per_degree" in spec:
        per_degree = spec["pixels_per_degree"] * spec.get("image_on_screen", {}).get("scale", 1)
    return Screen.from_mapping(spec["screen"], pixels_per_degree=per_degree)


def _refuse(path: Path, errors: list[str]) -> None:
    if errors:
        raise ValidationError(f"{path.name}: {' '.join(errors)}")


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
