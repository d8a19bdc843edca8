"""One recording, whatever the format: fixations, messages, blocks and quality."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import DataError
from bench.files import sha256
from bench.gaze.calibration import TrackerReport, display_sizes, tracker_report
from bench.gaze.checks import check_events
from bench.gaze.events import Events
from bench.gaze.header import header_warnings, read_header
from bench.gaze.screen import Screen
from bench.gaze.sniff import name_warnings, recording_format

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Recording:
    """What `read_recording` returns; times are ms of the tracker's clock, positions screen px.

    fixations: one row per finished fixation of either eye, in file order: eye ('L' or 'R'), block
        (from 1), fixation_index (from 0, per eye), start_ms, end_ms (first and last sample),
        duration_ms (end - start + one sample), span_ms (end - start), x_screen_px, y_screen_px
        (NaN where the tracker gave none), pupil (arbitrary unit), source ('tracker', 'ivt',
        'annotation').
    blinks: eye, block, start_ms, end_ms; none in EDF+, which has no blink events.
    unfinished: fixations that started and never ended (recording stopped): eye, block, start_ms.
    messages: time_ms, text; all of them, also outside of blocks, in file order.
    blocks: block (from 1), start_ms, end_ms (without an END the last time seen), eyes ('L', 'R',
        'LR'), rate_hz.
    quality: JSON-able report; `errors` and `warnings` are lists of sentences. Anything in
        `errors` deserves exit code 4.
    """

    fixations: pd.DataFrame
    blinks: pd.DataFrame
    unfinished: pd.DataFrame
    messages: pd.DataFrame
    blocks: pd.DataFrame
    quality: dict[str, Any]


def read_recording(
    path: str | Path,
    *,
    salvage: bool = False,
    screen: Screen | None = None,
    missing_value: float | None = None,
    degrees_y: str = "down",
) -> Recording:
    """The recording at `path`: EyeLink .edf or .asc (also gzip), EDF+ or BDF+, told by its header.

    `screen` is checked against the display coordinates in the file and gives EDF+ the geometry
    for I-VT; `missing_value` and `degrees_y` concern EDF+ samples only (see `read_edfplus`). With
    `salvage`, a truncated recording is read up to the cut and `quality["incomplete"]` says whether
    it was cut.

    Raises DataError for a file that is missing or cannot be read as any of the formats. Whatever
    was read but fails a check stands in `quality["errors"]`. Writes and prints nothing.
    """
    path = Path(path)
    kind = recording_format(path)
    try:
        if kind in ("edfplus", "bdfplus"):
            from bench.gaze.edfplus import read_edfplus

            samples = {"missing_value": missing_value, "degrees_y": degrees_y}
            events, reader = read_edfplus(path, bdf=kind == "bdfplus", screen=screen, **samples)
        else:
            events, reader = _read_eyelink(path, kind, salvage)
        checksum = sha256(path)
    except MemoryError:
        raise DataError(f"{path.name}: too large for this machine's memory.") from None
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror or error}).") from None
    report = tracker_report(events.messages)
    _complete_rates(events, report)
    errors, warnings = check_events(events, report, screen, salvage=salvage)
    warnings += name_warnings(path, kind)
    if kind in ("eyelink_edf", "asc", "asc_gz"):
        warnings += header_warnings(read_header(path, kind), path.stat().st_mtime)
    return Recording(
        fixations=_fixation_frame(events),
        blinks=_blink_frame(events),
        unfinished=_unfinished_frame(events),
        messages=_message_frame(events),
        blocks=_block_frame(events),
        quality={
            "format": kind,
            "reader": reader,
            "sha256": checksum,
            **_facts(events, report),
            "errors": errors,
            "warnings": warnings,
        },
    )


def _read_eyelink(path: Path, kind: str, salvage: bool) -> tuple[Events, str]:
    if kind == "eyelink_edf":
        from bench.gaze.eyelink_edf import read_eyelink_edf

        return read_eyelink_edf(path, salvage=salvage)
    from bench.gaze.eyelink_asc import read_eyelink_asc

    return read_eyelink_asc(path, compressed=kind == "asc_gz", salvage=salvage)


def _complete_rates(events: Events, report: TrackerReport) -> None:
    """Takes a rate that the block does not state from the tracker's configuration message."""
    for block in events.blocks:
        if block.rate_hz is None and len(set(report.rates_hz)) == 1:
            block.rate_hz = report.rates_hz[0]
    if events.fixations and any(block.rate_hz is None for block in events.blocks):
        states = any(fixation.stated_ms is not None for fixation in events.fixations)
        used = "the duration that the file states" if states else "end - start"
        events.warnings.append(f"no sampling rate in the file; duration_ms is {used}")


def _facts(events: Events, report: TrackerReport) -> dict[str, Any]:
    eyes = sorted({eye for block in events.blocks for eye in block.eyes})
    rates = [block.rate_hz for block in events.blocks if block.rate_hz]
    display = list(display_sizes(report.displays[-1])[0]) if report.displays else None
    recorded_ms = sum(
        max(0.0, (b.last_ms if b.end_ms is None else b.end_ms) - b.start_ms) for b in events.blocks
    )
    return {
        "eyes": "".join(eyes),
        "rate_hz": rates[0] if rates else None,
        "tracking_mode": report.tracking_mode,
        "pupil_fit": report.pupil_fit,
        "display_px": display,
        "blocks": len(events.blocks),
        "recorded_s": recorded_ms / 1000.0,
        "incomplete": bool(events.cuts) or any(block.end_ms is None for block in events.blocks),
        "duration_convention": "end - start + one sample",
        "fixations": len(events.fixations),
        "unfinished_fixations": len(events.unfinished),
        "saccades": sum(events.saccades.values()),
        "blinks": sum(events.blinks.values()),
        "blinks_by_eye": dict(sorted(events.blinks.items())),
        "messages": len(events.messages),
        "samples": {
            eye: {"count": count, "missing": missing}
            for eye, (count, missing) in sorted(events.samples.items())
        }
        or None,
        "calibrations": report.calibrations,
        "validations": report.validations,
        "validations_aborted": report.validations_aborted,
        "drift_checks": report.drift_checks,
        "drift_repeated": report.drift_repeated,
        "drift_aborted": report.drift_aborted,
    }


def _fixation_frame(events: Events) -> pd.DataFrame:
    import pandas as pd

    from bench.gaze.columns import FIXATION_COLUMNS, RECORDED_EYE

    rows = []
    counts: dict[str, int] = {}
    for f in events.fixations:
        index = counts[f.eye] = counts.get(f.eye, -1) + 1
        span_ms = f.end_ms - f.start_ms
        block = events.blocks[f.block - 1] if 1 <= f.block <= len(events.blocks) else None
        if block is not None and block.rate_hz:
            duration_ms = span_ms + 1000.0 / block.rate_hz
        else:
            duration_ms = span_ms if f.stated_ms is None else f.stated_ms
        times = (f.start_ms, f.end_ms, duration_ms, span_ms)
        rows.append((f.eye, f.block, index, *times, f.x_px, f.y_px, f.pupil, events.source))
    names = ["eye", "block", "fixation_index", "start_ms", "end_ms", "duration_ms", "span_ms"]
    names += ["x_screen_px", "y_screen_px", "pupil", "source"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype({**{name: FIXATION_COLUMNS[name] for name in names}, "eye": RECORDED_EYE})


def _blink_frame(events: Events) -> pd.DataFrame:
    import pandas as pd

    from bench.gaze.columns import FIXATION_COLUMNS, RECORDED_EYE

    names = ["eye", "block", "start_ms", "end_ms"]
    frame = pd.DataFrame(events.blink_spans, columns=names)
    return frame.astype({**{name: FIXATION_COLUMNS[name] for name in names}, "eye": RECORDED_EYE})


def _unfinished_frame(events: Events) -> pd.DataFrame:
    import pandas as pd

    from bench.gaze.columns import FIXATION_COLUMNS, RECORDED_EYE

    names = ["eye", "block", "start_ms"]
    frame = pd.DataFrame(events.unfinished, columns=names)
    return frame.astype({**{name: FIXATION_COLUMNS[name] for name in names}, "eye": RECORDED_EYE})


def _message_frame(events: Events) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(events.messages, columns=["time_ms", "text"])
    return frame.astype({"time_ms": "float64", "text": pd.StringDtype()})


def _block_frame(events: Events) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (
            number,
            block.start_ms,
            block.last_ms if block.end_ms is None else block.end_ms,
            block.eyes,
            math.nan if block.rate_hz is None else block.rate_hz,
        )
        for number, block in enumerate(events.blocks, 1)
    ]
    frame = pd.DataFrame(rows, columns=["block", "start_ms", "end_ms", "eyes", "rate_hz"])
    return frame.astype(
        {
            "block": "int16",
            "start_ms": "float64",
            "end_ms": "float64",
            "eyes": pd.StringDtype(),
            "rate_hz": "float64",
        }
    )
