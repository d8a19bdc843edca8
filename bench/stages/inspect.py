"""Show a recording at a glance: format, eyes, rate, blocks, trials by preset, quality."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from bench.errors import ValidationError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The recording, and the geometry that EDF+ samples need."""
    parser.add_argument("recording", type=Path, metavar="RECORDING")
    parser.add_argument("--screen-px", nargs=2, type=int, default=(1920, 1080), metavar="PX")
    parser.add_argument(
        "--pixels-per-degree",
        type=float,
        metavar="NUMBER",
        help="of the screen; EDF+ needs it to find fixations",
    )
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> None:
    """Prints what was read; ends with 4 where it fails a check, after printing."""
    from bench.gaze import Screen, read_recording
    from bench.gaze.trials import matching_presets

    screen = None
    if arguments.pixels_per_degree:
        screen = Screen(*arguments.screen_px, stated_pixels_per_degree=arguments.pixels_per_degree)
    recording = read_recording(arguments.recording, screen=screen)
    messages = recording.messages[["time_ms", "text"]].itertuples(index=False, name=None)
    facts = {**recording.quality, "trials_by_preset": matching_presets(list(messages))}
    if arguments.json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        for name, value in facts.items():
            print(f"{name.replace('_', ' '):22} {_shown(value)}")
    if recording.quality["errors"]:
        raise ValidationError(
            f"{arguments.recording.name}: {' '.join(recording.quality['errors'])}"
        )


def _shown(value: Any) -> str:
    """A value on one line; a list of records line by line below its name."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items()) or "none"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "".join(f"\n{'':4}{_shown(record)}" for record in value)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "not known" if value is None else str(value)
