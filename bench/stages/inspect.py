"""Show a recording at a glance: format, eyes, rate, blocks, trials, quality."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bench.errors import ValidationError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The recording."""
    parser.add_argument("recording", type=Path, metavar="RECORDING")
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> None:
    """Prints what was read; ends with 4 where it fails a check, after printing."""
    from bench.gaze import read_recording

    recording = read_recording(arguments.recording)
    facts = {
        **recording.quality,
        "blocks": len(recording.blocks),
        "fixations": len(recording.fixations),
        "messages": len(recording.messages),
    }
    if arguments.json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        for name, value in facts.items():
            print(f"{name.replace('_', ' '):22} {value}")
    if recording.quality["errors"]:
        raise ValidationError(
            f"{arguments.recording.name}: {'; '.join(recording.quality['errors'])}"
        )
