"""European EDF+ and BDF+: gaze channels by label, messages from annotations, fixations by I-VT.

The format has no tracker fixations. Annotations `FIX x y eye` (screen pixels, eye L or R, with a
duration) are used where a laboratory stored them; otherwise the samples go through I-VT, which
needs the screen's size and the viewing distance. Time 0 is the file's start.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import DataError, unknown_name
from bench.gaze.calibration import tracker_report
from bench.gaze.edfplus_channels import EyeChannels, channel_list, gaze_channels
from bench.gaze.events import Events, Fixation, decoded
from bench.gaze.screen import Screen

if TYPE_CHECKING:
    import numpy as np

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_FIXATION = re.compile(rf"FIX\s+{_NUMBER}\s+{_NUMBER}\s+([LR])\b")
DEGREES_Y = ("down", "up")


def read_edfplus(
    path: Path,
    *,
    bdf: bool = False,
    screen: Screen | None = None,
    missing_value: float | None = None,
    degrees_y: str = "down",
) -> tuple[Events, str]:
    """The events of an EDF+ or BDF+ recording and the name and version of the reader.

    Channels: `gaze_x|x|xpos`, `gaze_y|y|ypos`, optionally `pupil`, each optionally with `_left`
    or `_right`, in px, or in deg from the screen's middle, which needs the screen's geometry;
    `degrees_y` says whether such y count 'down' or 'up'.

    Samples at or beyond `missing_value` are missing: at or below it, at or above it where it is
    greater than 0. By default it is the channel's physical minimum, which is what a NaN becomes
    when it is written. The zeros that fill the last record are cut off. Without geometry and
    without stored fixations, `events.errors` says so and there are no fixations. Stored fixations
    need no channels at all; without any, their duration is the one stored.

    Raises DataError for a file that pyedflib refuses, a discontinuous one (EDF+D), and missing
    channels, another unit or unequal rates, with the list of channels; UsageError for another
    `degrees_y`.
    """
    import pyedflib

    if degrees_y not in DEGREES_Y:
        raise unknown_name("value of degrees_y", degrees_y, DEGREES_Y)
    annotation_channels = _checked_header(path)
    try:
        reader = pyedflib.EdfReader(str(path))
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).replace(str(path), path.name).split())
        raise DataError(
            f"{path.name}: not readable as EDF+/BDF+ ({reason}). Expected a complete, continuous "
            "file as its header describes it; export or copy it again."
        ) from None
    with reader:
        eyes = gaze_channels(path.name, reader)
        events = Events(source="ivt")
        stored = _read_annotations(reader, events)
        _warn_of_lost_annotations(reader, annotation_channels, events)
        if not eyes and not stored:
            raise DataError(
                f"{path.name}: no pair of gaze channels. Expected gaze_x and gaze_y (or x, xpos; "
                f"with _left or _right per eye); found: {channel_list(reader)}."
            )
        duration_ms = float(reader.getFileDuration()) * 1000.0
        rate_hz = float(reader.getSampleFrequency(eyes[0].x)) if eyes else None
        stored_eyes = "".join(sorted({fixation.eye for fixation in stored}))
        stated = tracker_report(events.messages).eyes or stored_eyes
        names = [_name_of(eye, stated, events) for eye in eyes]
        traces = {
            name: _trace(reader, eye, missing_value) for name, eye in zip(names, eyes, strict=True)
        }
    block = events.start_block(0.0, "".join(sorted({*traces, *stored_eyes})))
    block.rate_hz, block.coordinates = rate_hz, "GAZE"
    for name, (x, _, _) in traces.items():
        events.samples[name] = (x.size, int((x != x).sum()))
        duration_ms = min(duration_ms, x.size * 1000.0 / rate_hz)
    if stored:
        _take_stored(events, stored, rate_hz)
    elif screen is None or screen.pixels_per_degree is None:
        events.errors.append(
            "the file holds samples but no fixations, and I-VT needs the geometry: give "
            "screen: with width_mm and distance_mm, or pixels_per_degree"
        )
    else:
        for name, (x, y, pupil) in traces.items():
            if eyes[0].in_degrees:
                x, y = screen.from_degrees(x, y, y_up=degrees_y == "up")
            _detect(events, name, (x, y, pupil), rate_hz, screen.pixels_per_degree)
        events.fixations.sort(key=lambda fixation: (fixation.end_ms, fixation.eye))
    events.end_block(duration_ms)
    return events, f"pyedflib {pyedflib.__version__}" + (" (BDF)" if bdf else "")


def _checked_header(path: Path) -> int:
    """The number of annotation channels; DataError for a discontinuous file."""
    with path.open("rb") as file:
        header = file.read(256)
        kind = header[192:236]
        if kind[:5] in (b"EDF+D", b"BDF+D"):
            raise DataError(
                f"{path.name}: a discontinuous {kind[:5].decode()} file; its gaps are not kept by "
                "the readers. Expected a continuous one (EDF+C or BDF+C): export it so."
            )
        count = header[252:256].strip()
        labels = file.read(16 * int(count)) if count.isdigit() else b""
    return labels.count(b"DF Annotations ")


def _warn_of_lost_annotations(reader: Any, channels: int, events: Events) -> None:
    """Says so where every place for an annotation is taken: a writer drops what finds none.

    pyedflib, for one, stores one text per record and annotation channel and drops the rest.
    """
    places = reader.datarecords_in_file * channels
    if places and reader.annotations_in_file == places:
        events.warnings.append(
            f"each of the {places} places for annotations is taken, so the program that wrote the "
            "file may have dropped some: write it with more annotation channels"
        )


def _name_of(eye: EyeChannels, stated: str, events: Events) -> str:
    if eye.eye:
        return eye.eye
    if stated in ("L", "R"):
        return stated
    events.warnings.append("the file does not say which eye was recorded; it is listed as R")
    return "R"


def _read_annotations(reader: Any, events: Events) -> list[Fixation]:
    """Messages into `events`; fixations that the annotations store are returned."""
    fixations, unusable = [], 0
    for onset, duration, raw in sorted(reader.read_annotation(), key=lambda entry: entry[0]):
        text, utf8 = decoded(raw) if isinstance(raw, bytes) else (raw.strip(), True)
        time_ms = onset / 1e4  # pyedflib counts in 100 ns
        events.not_utf8 += not utf8
        if not text.startswith("FIX "):
            events.message(time_ms, text)
            continue
        match = _FIXATION.match(text)
        lasts_ms = float(duration or 0) * 1000.0
        if match is None or not lasts_ms > 0:
            unusable += 1
            continue
        x, y = float(match[1]), float(match[2])
        fixations.append(Fixation(match[3], 1, time_ms, time_ms + lasts_ms, x, y, float("nan")))
    if unusable:
        events.errors.append(
            f"{unusable} annotation(s) begin with FIX and are no fixation; expected 'FIX x y eye' "
            "(screen pixels, L or R) with a duration"
        )
    return fixations


def _take_stored(events: Events, stored: list[Fixation], rate_hz: float | None) -> None:
    """Stored durations count the last sample, as the tracker's text does; without a rate, both."""
    events.source = "annotation"
    for fixation in stored:
        fixation.stated_ms = fixation.end_ms - fixation.start_ms
        fixation.end_ms -= 1000.0 / rate_hz if rate_hz else 0.0
        events.end_fixation(fixation)


def _trace(
    reader: Any, eye: EyeChannels, missing_value: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """(x, y, pupil) of one eye, (T,) each, NaN where missing, without the padding at the end."""
    import numpy as np

    x, y = (np.array(reader.readSignal(number)) for number in (eye.x, eye.y))
    padding = np.ones(x.size, dtype=bool)
    for values, number in ((x, eye.x), (y, eye.y)):
        minimum, maximum = reader.getPhysicalMinimum(number), reader.getPhysicalMaximum(number)
        levels = reader.getDigitalMaximum(number) - reader.getDigitalMinimum(number)
        step = abs(maximum - minimum) / levels
        # Zeros of either kind: where 0 px is no digital 0, writers differ in which they fill in.
        digital = reader.readSignal(number, digital=True)
        padding &= (np.abs(values) <= step) | (digital == 0)
        sentinel = min(minimum, maximum) if missing_value is None else missing_value
        # Writers round, so one step inside the sentinel is still the sentinel.
        if missing_value is not None and missing_value > 0:
            missing = values >= sentinel - 1.5 * step
        else:
            missing = values <= sentinel + 1.5 * step
        values[missing | ~np.isfinite(values)] = np.nan
    # Only the last record can be padded.
    per_record = round(x.size / max(1, reader.datarecords_in_file))
    real = np.flatnonzero(~padding[-per_record:])
    kept = x.size - per_record + (real[-1] + 1 if real.size else 0)
    missing = np.isnan(x) | np.isnan(y)
    x[missing] = y[missing] = np.nan
    pupil = None
    if eye.pupil is not None:
        pupil = np.array(reader.readSignal(eye.pupil))
        pupil = pupil[:kept] if pupil.size == x.size else None
    return x[:kept], y[:kept], pupil


def _detect(
    events: Events,
    eye: str,
    trace: tuple[np.ndarray, np.ndarray, np.ndarray | None],
    rate_hz: float,
    pixels_per_degree: float,
) -> None:
    from bench.gaze.ivt import ivt_fixations

    x, y, pupil = trace
    found = ivt_fixations(x, y, rate_hz=rate_hz, pixels_per_degree=pixels_per_degree)
    sample_ms = 1000.0 / rate_hz
    for first, last, x_px, y_px in zip(
        found.first, found.last, found.x_px, found.y_px, strict=True
    ):
        size = float(pupil[first : last + 1].mean()) if pupil is not None else float("nan")
        events.end_fixation(
            Fixation(eye, 1, first * sample_ms, last * sample_ms, float(x_px), float(y_px), size)
        )
