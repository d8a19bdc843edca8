"""Does the recording hang together? Sentences for errors (exit code 4) and warnings."""

from __future__ import annotations

from itertools import pairwise

from bench.gaze.calibration import TrackerReport, display_sizes
from bench.gaze.events import Block, Events, Fixation
from bench.gaze.screen import Screen

# Messages are stamped by another computer's request and may come a little out of order.
MESSAGE_BACK_MS = 1000.0
SHOWN = 5


def check_events(
    events: Events, report: TrackerReport, screen: Screen | None, *, salvage: bool = False
) -> tuple[list[str], list[str]]:
    """(errors, warnings) of a recording.

    An error means that the fixations read are not to be trusted as they stand: a block without
    END, times that go backwards, no fixation at all, coordinates other than screen pixels, two
    sampling rates, another display than `screen`. With `salvage`, what a cut alone explains is a
    warning.
    """
    errors, warnings = list(events.errors), list(events.warnings)
    (warnings if salvage else errors).extend(events.cuts)
    errors += _block_errors(events, warnings if salvage else errors)
    errors += _time_errors(events)
    errors += _content_errors(events)
    errors += _display_errors(report, screen)
    warnings += _soft(events)
    return errors, warnings


def _block_errors(events: Events, cut_goes_to: list[str]) -> list[str]:
    blocks = events.blocks
    if not blocks:
        return ["no recording block (no START): nothing was recorded or the file is damaged"]
    errors = []
    for number, block in enumerate(blocks, 1):
        if block.end_ms is None:
            if number == len(blocks):
                cut_goes_to.append(
                    "the last block has no END: the recording broke off or the file is damaged"
                )
            else:
                errors.append(f"block {number} has no END: the file is damaged")
        elif block.end_ms < block.start_ms:
            errors.append(f"block {number} ends before it starts: the file is damaged")
    starts = [block.start_ms for block in blocks]
    for number, (block, start) in enumerate(zip(blocks, starts[1:], strict=False), 2):
        if start < (block.start_ms if block.end_ms is None else block.end_ms):
            errors.append(f"block {number} starts before block {number - 1} ends: damaged times")
    rates = sorted({block.rate_hz for block in blocks if block.rate_hz})
    if len(rates) > 1:
        shown = ", ".join(f"{rate:g}" for rate in rates)
        errors.append(f"the sampling rate changes ({shown} Hz); expected one rate")
    wrong = sorted({block.coordinates for block in blocks} - {"GAZE", ""})
    if wrong:
        errors.append(
            f"the events are in {' and '.join(wrong)} coordinates, expected GAZE (screen pixels): "
            "convert again with gaze output, or record with file_event_data GAZE"
        )
    return errors


def _time_errors(events: Events) -> list[str]:
    backwards, outside = 0, 0
    last: dict[str, float] = {}
    unknown_eye = 0
    for fixation in events.fixations:
        before = last.get(fixation.eye, fixation.start_ms)
        if fixation.end_ms < fixation.start_ms or fixation.start_ms < before:
            backwards += 1
        last[fixation.eye] = fixation.end_ms
        unknown_eye += fixation.eye not in ("L", "R")
        if not 1 <= fixation.block <= len(events.blocks) or not _inside(
            fixation.start_ms, fixation.end_ms, events.blocks[fixation.block - 1]
        ):
            outside += 1
    errors = []
    if events.lost_ends:
        errors.append(
            f"{events.lost_ends} fixation(s) have no end although a saccade follows: their ends "
            "are lost, the file is damaged"
        )
    if events.bad_times:
        errors.append(
            f"{events.bad_times} saccade(s) or blink(s) end before they start or before their "
            "block: the file is damaged"
        )
    if backwards:
        errors.append(f"times go backwards in {backwards} fixation(s): the file is damaged")
    if outside:
        errors.append(
            f"{outside} fixation(s) lie outside of their recording block: a damaged or edited file"
        )
    if unknown_eye:
        errors.append(f"{unknown_eye} fixation(s) name no eye: the file is damaged")
    times = [time_ms for time_ms, _ in events.messages]
    jumps = sum(b < a - MESSAGE_BACK_MS for a, b in pairwise(times))
    if jumps:
        errors.append(f"message times go backwards {jumps} time(s): the file is damaged")
    return errors


def _inside(start_ms: float, end_ms: float, block: Block) -> bool:
    sample_ms = 1000.0 / block.rate_hz if block.rate_hz else 0.0
    last_ms = block.last_ms if block.end_ms is None else block.end_ms
    return block.start_ms - sample_ms <= start_ms and end_ms <= last_ms + sample_ms


def _content_errors(events: Events) -> list[str]:
    if events.fixations or not events.blocks or events.source != "tracker":
        return []
    if events.cuts or events.blocks[-1].end_ms is None:
        return ["no fixation before the recording broke off"]
    return [
        "no fixation events: they were filtered out on the tracker (file_event_filter must name "
        "FIXATION) or the .asc was made without events (edf2asc -s)"
    ]


def _display_errors(report: TrackerReport, screen: Screen | None) -> list[str]:
    if screen is None:
        return []
    expected = (screen.width_px, screen.height_px)
    errors = []
    for corners in report.displays:
        # One pixel more or less is the question of the last pixel's number or the width.
        if not any(
            abs(width - expected[0]) <= 1 and abs(height - expected[1]) <= 1
            for width, height in display_sizes(corners)[:1]
        ):
            shown = " ".join(f"{value:g}" for value in corners)
            errors.append(
                f"the display's coordinates are {shown}, but the configuration's screen is "
                f"{expected[0]} x {expected[1]} px: correct screen:, or use the right recording"
            )
    return errors


def _rounded_times(events: Events) -> str | None:
    """At more than 1000 Hz a sample has half a millisecond, which whole numbers cannot say."""
    fast = [f for f in events.fixations if (_rate_of(f, events) or 0) > 1000]
    if not fast or any(f.start_ms % 1 or f.end_ms % 1 for f in fast):
        return None
    return (
        f"the event times are whole milliseconds at {_rate_of(fast[0], events):g} Hz: they were "
        "rounded when the file was written or converted, so durations are right to half a "
        "millisecond"
    )


def _rate_of(fixation: Fixation, events: Events) -> float | None:
    known = 1 <= fixation.block <= len(events.blocks)
    return events.blocks[fixation.block - 1].rate_hz if known else None


def _soft(events: Events) -> list[str]:
    warnings = []
    if events.not_utf8:
        which = ", ".join(map(str, events.not_utf8_messages[:SHOWN]))
        more = ", ..." if events.not_utf8 > SHOWN else ""
        where = f" (number {which}{more})" if which else ""
        warnings.append(f"{events.not_utf8} message(s){where} are not UTF-8; read as cp1252")
    if events.gaps and events.saccades:
        warnings.append(
            f"{events.gaps} time(s) an eye's fixations and saccades leave a gap, which the "
            "tracker does not: events may be lost"
        )
    if note := _rounded_times(events):
        warnings.append(note)
    eyes = {block.eyes for block in events.blocks}
    if len(eyes) > 1:
        warnings.append(f"the recorded eye changes between blocks ({', '.join(sorted(eyes))})")
    odd = 0
    for fixation in events.fixations:
        rate_hz = _rate_of(fixation, events)
        if fixation.stated_ms is None:
            continue
        sample_ms = 1000.0 / rate_hz if rate_hz else 0.0
        extra = fixation.stated_ms - (fixation.end_ms - fixation.start_ms)
        # Integer times at 2000 Hz may lose half a millisecond either way.
        odd += min(abs(extra), abs(extra - sample_ms)) > 0.5
    if odd:
        warnings.append(
            f"{odd} fixation(s) state a duration that is neither end - start nor one sample more: "
            "an edited or synthetic file"
        )
    return warnings
