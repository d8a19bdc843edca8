"""Tracker files to the fixation table: recordings, screen geometry, trials, quality.

    recording = read_recording("viewer01.asc", screen=screen)
    trials = find_trials(recording.messages, recording.blocks, grammar)
    trials = placed_trials(trials, recording, layout, image_sizes, screen)
    table = fixation_table(recording, trials, screen=screen, image_sizes=image_sizes, ...)
    summary = recording_summary(recording, trials, table)

Nothing here knows torch, writes a file or prints. The names load on first use, so that importing
the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.gaze.columns import (
        FIXATION_COLUMNS,
        STATUSES,
        as_fixation_table,
        empty_fixation_table,
    )
    from bench.gaze.eyes import choose_eye
    from bench.gaze.ivt import ivt_fixations
    from bench.gaze.placements import Layout, placed_trials
    from bench.gaze.quality import recording_summary
    from bench.gaze.recording import Recording, read_recording
    from bench.gaze.screen import Placement, Screen
    from bench.gaze.sniff import recording_format
    from bench.gaze.table import fixation_table
    from bench.gaze.trial_grammar import PRESETS, TrialGrammar
    from bench.gaze.trials import find_trials

# No exported name is also a submodule's: importing that one would put the module in its place.
_HOME = {
    "FIXATION_COLUMNS": "columns",
    "PRESETS": "trial_grammar",
    "Layout": "placements",
    "Placement": "screen",
    "Recording": "recording",
    "STATUSES": "columns",
    "Screen": "screen",
    "TrialGrammar": "trial_grammar",
    "as_fixation_table": "columns",
    "choose_eye": "eyes",
    "empty_fixation_table": "columns",
    "find_trials": "trials",
    "fixation_table": "table",
    "ivt_fixations": "ivt",
    "placed_trials": "placements",
    "read_recording": "recording",
    "recording_summary": "quality",
    "recording_format": "sniff",
}

__all__ = [
    "FIXATION_COLUMNS",
    "PRESETS",
    "STATUSES",
    "Layout",
    "Placement",
    "Recording",
    "Screen",
    "TrialGrammar",
    "as_fixation_table",
    "choose_eye",
    "empty_fixation_table",
    "find_trials",
    "fixation_table",
    "ivt_fixations",
    "placed_trials",
    "read_recording",
    "recording_format",
    "recording_summary",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
