"""Show a recording at a glance: format, eyes, rate, blocks, trials by preset, quality."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import ValidationError

if TYPE_CHECKING:
    from bench.gaze import Recording, Screen

FORMATS = {
    "eyelink_edf": "EyeLink EDF",
    "asc": "EyeLink text (.asc)",
    "asc_gz": "EyeLink text (.asc), gzip",
    "edfplus": "European EDF+",
    "bdfplus": "BDF+",
}
EYES = {"L": "left", "R": "right", "LR": "left and right", "": "none"}
# The screen of EDF+ samples where --screen-px does not say it.
SCREEN_PX = (1920, 1080)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The recording, the geometry that EDF+ samples need, and what to show."""
    parser.add_argument("recording", type=Path, metavar="RECORDING")
    parser.add_argument(
        "--screen-px",
        nargs=2,
        type=int,
        metavar="PX",
        help="width and height; a display of another size in the file is an error",
    )
    parser.add_argument(
        "--pixels-per-degree",
        type=float,
        metavar="NUMBER",
        help="of the screen; EDF+ needs it to find fixations",
    )
    parser.add_argument(
        "--salvage", action="store_true", help="read a truncated recording up to where it broke off"
    )
    parser.add_argument(
        "--redact",
        action="store_true",
        help="show only what the file would reveal of people, places and devices, without values",
    )
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> None:
    """Prints what was read; ends with 4 where it fails a check, after printing."""
    from bench.gaze import read_recording, recording_format

    path = arguments.recording
    screen = _screen(arguments, recording_format(path))
    recording = read_recording(path, screen=screen, salvage=arguments.salvage)
    facts = _revealed(path, recording) if arguments.redact else _facts(path, recording)
    if arguments.json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    elif arguments.redact:
        print("\n".join(_revealed_lines(facts)))
    else:
        print("\n".join(f"{name:14} {text}" for name, text in _glance(facts)))
    if recording.quality["errors"]:
        raise ValidationError(f"{path.name}: {'; '.join(recording.quality['errors'])}")


def _screen(arguments: argparse.Namespace, kind: str) -> Screen | None:
    """The screen as far as it is given: a guess would be checked against the file's display."""
    from bench.gaze import Screen

    european = kind in ("edfplus", "bdfplus") and arguments.pixels_per_degree
    if arguments.screen_px is None and not european:
        return None
    size = arguments.screen_px or SCREEN_PX
    return Screen(*size, stated_pixels_per_degree=arguments.pixels_per_degree)


def _facts(path: Path, recording: Recording) -> dict[str, Any]:
    from bench.gaze import PRESETS
    from bench.gaze.trials import matching_presets

    messages = recording.messages[["time_ms", "text"]].itertuples(index=False, name=None)
    found = matching_presets(list(messages))
    presets = {name: found.get(name, 0) for name, patterns in PRESETS.items() if patterns}
    return {"file": path.name, **recording.quality, "trials_by_preset": presets}


def _revealed(path: Path, recording: Recording) -> dict[str, Any]:
    from bench.gaze.header import read_header
    from bench.gaze.privacy import revealed

    header = read_header(path, recording.quality["format"])
    return {"file": path.name, "reveals": revealed(header, recording.messages["text"])}


def _revealed_lines(facts: dict[str, Any]) -> Iterator[str]:
    found = facts["reveals"]
    yield f"{facts['file']} would reveal {len(found)} kinds of things:"
    for item in found:
        yield f"{item['where']:9} {item['count']:6d} x {item['what']} ({item['kind']})"


def _glance(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(what, text) line by line."""
    yield "file", facts["file"]
    yield "format", f"{FORMATS[facts['format']]}, read by {facts['reader']}"
    yield "eye", EYES[facts["eyes"]]
    yield "rate", "not known" if facts["rate_hz"] is None else f"{facts['rate_hz']:g} Hz"
    display = facts["display_px"]
    yield "display", "not known" if display is None else f"{display[0]} x {display[1]} px"
    yield "blocks", f"{facts['blocks']}, {facts['recorded_s']:.1f} s recorded"
    if facts["incomplete"]:
        yield "incomplete", "yes: the recording broke off or is damaged"
    yield (
        "events",
        f"{facts['fixations']} fixations, {facts['unfinished_fixations']} unfinished, "
        f"{facts['saccades']} saccades, {facts['blinks']} blinks",
    )
    for eye, counts in (facts["samples"] or {}).items():
        share = counts["missing"] / max(counts["count"], 1)
        yield "samples", f"{EYES[eye]}: {counts['count']}, {share:.1%} missing"
    yield "messages", str(facts["messages"])
    presets = facts["trials_by_preset"].items()
    yield "trials", ", ".join(f"{name} {count}" for name, count in presets) + " (by preset)"
    yield from _quality(facts)
    for warning in facts["warnings"] or ["none"]:
        yield "warning", warning
    for error in facts["errors"] or ["none"]:
        yield "error", error


def _quality(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for entry in facts["calibrations"]:
        yield "calibration", f"{EYES[entry['eye']]} {entry['type']} {entry['quality']}"
    for entry in facts["validations"]:
        yield (
            "validation",
            f"{EYES[entry['eye']]} {entry['type']} {entry['quality']}, error "
            f"{entry['mean_deg']:.2f} deg mean, {entry['max_deg']:.2f} deg max",
        )
    aborted = facts["validations_aborted"]
    if aborted or not facts["validations"]:
        yield "validation", f"{aborted} aborted" if aborted else "none"
    offsets = [d["offset_deg"] for d in facts["drift_checks"] if d["offset_deg"] is not None]
    largest = f", largest offset {max(offsets):.2f} deg" if offsets else ""
    yield (
        "drift checks",
        f"{len(facts['drift_checks'])}{largest}; {facts['drift_repeated']} repeated, "
        f"{facts['drift_aborted']} aborted",
    )
