"""European EDF+ and BDF+: gaze channels by label, messages from annotations, fixations by I-VT.

The format has no tracker fixations. Annotations `FIX x y eye` (screen pixels, eye L or R, with a
duration) are used where a laboratory stored them; otherwise the samples go through I-VT, which
needs the screen's size and the viewing distance. Time 0 is the file's start.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import DataError
from bench.gaze.calibration import tracker_report
from bench.gaze.events import Events, Fixation, decoded
from bench.gaze.screen import Screen

if TYPE_CHECKING:
    import numpy as np

_LABEL = re.compile(
    r"(?:gaze[ _]?)?(?P<what>xpos|ypos|pos[ _]?x|pos[ _]?y|x|y|pupil)"
    r"(?:[ _](?P<eye>left|right|l|r))?",
    re.IGNORECASE,
)
_FIXATION = re.compile(r"FIX\s+(-?[\d.]+)\s+(-?[\d.]+)\s+([LR])\b")
# What pyedflib cuts a text to when it writes; such an image name is matched by its beginning.
CUT_TEXT = 40


@dataclass(frozen=True)
class _Eye:
    """Channel numbers of one eye; `eye` is '' where the labels do not say which."""

    eye: str
    x: int
    y: int
    pupil: int | None


def read_edfplus(
    path: Path,
    *,
    bdf: bool = False,
    screen: Screen | None = None,
    missing_value: float | None = None,
) -> tuple[Events, str]:
    """The events of an EDF+ or BDF+ recording and the name and version of the reader.

    Channels: `gaze_x|x|xpos`, `gaze_y|y|ypos`, optionally `pupil`, each optionally with `_left`
    or `_right`; the unit must be px. Samples at or below `missing_value` (default: the channel's
    physical minimum, which is what a NaN becomes when it is written) are missing. The zeros that
    fill the last record are cut off. Without geometry and without stored fixations,
    `events.errors` says so and there are no fixations.

    Raises DataError for a file that pyedflib refuses, a discontinuous one (EDF+D), and missing
    channels, another unit or unequal rates, with the list of channels.
    """
    import pyedflib

    _refuse_discontinuous(path)
    try:
        reader = pyedflib.EdfReader(str(path))
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).replace(str(path), path.name).split())
        raise DataError(
            f"{path.name}: not readable as EDF+/BDF+ ({reason}). Expected a complete, continuous "
            "file as its header describes it; export or copy it again."
        ) from None
    with reader:
        eyes = _gaze_channels(path, reader)
        events = Events(source="ivt")
        duration_ms = float(reader.getFileDuration()) * 1000.0
        stored = _read_annotations(reader, events)
        stated_eye = tracker_report(events.messages).eyes
        rate_hz = float(reader.getSampleFrequency(eyes[0].x))
        names = [_name_of(eye, stated_eye, events) for eye in eyes]
        traces = {
            name: _trace(reader, eye, missing_value) for name, eye in zip(names, eyes, strict=True)
        }
    block = events.start_block(0.0, "".join(sorted(traces)))
    block.rate_hz, block.coordinates = rate_hz, "GAZE"
    for name, (x, _, _) in traces.items():
        events.samples[name] = (x.size, int((x != x).sum()))
        duration_ms = min(duration_ms, x.size * 1000.0 / rate_hz)
    if stored:
        events.source = "annotation"
        for fixation in stored:
            fixation.end_ms -= 1000.0 / rate_hz
            events.end_fixation(fixation)
    elif screen is None or screen.pixels_per_degree is None:
        events.errors.append(
            "the file holds samples but no fixations, and I-VT needs the geometry: give "
            "screen: with width_mm and distance_mm, or pixels_per_degree"
        )
    else:
        for name in traces:
            _detect(events, name, traces[name], rate_hz, screen.pixels_per_degree)
        events.fixations.sort(key=lambda fixation: (fixation.end_ms, fixation.eye))
    events.end_block(duration_ms)
    return events, f"pyedflib {pyedflib.__version__}" + (" (BDF)" if bdf else "")


def _refuse_discontinuous(path: Path) -> None:
    with path.open("rb") as file:
        header = file.read(256)
    kind = header[192:236]
    if kind[:5] in (b"EDF+D", b"BDF+D"):
        raise DataError(
            f"{path.name}: a discontinuous {kind[:5].decode()} file; its gaps are not kept by the "
            "readers. Expected a continuous one (EDF+C or BDF+C): export it so."
        )


def _gaze_channels(path: Path, reader: Any) -> list[_Eye]:
    """The channels of each eye; DataError with all channels where they are not as expected."""
    found: dict[tuple[str, str], int] = {}
    channels = []
    for number, label in enumerate(reader.getSignalLabels()):
        unit = reader.getPhysicalDimension(number).strip()
        rate = float(reader.getSampleFrequency(number))
        channels.append(f"{label.strip()} [{unit or 'no unit'}, {rate:g} Hz]")
        match = _LABEL.fullmatch(label.strip())
        if match:
            what = (
                "pupil"
                if "pupil" in match["what"].lower()
                else match["what"].lower().strip("pos _")
            )
            found.setdefault((what, (match["eye"] or "")[:1].upper()), number)
    listed = ", ".join(channels) or "none"
    eyes = [
        _Eye(eye, found["x", eye], found["y", eye], found.get(("pupil", eye)))
        for eye in ("", "L", "R")
        if ("x", eye) in found and ("y", eye) in found
    ]
    if not eyes:
        raise DataError(
            f"{path.name}: no pair of gaze channels. Expected gaze_x and gaze_y (or x, xpos; with "
            f"_left or _right per eye); found: {listed}."
        )
    for number in (number for eye in eyes for number in (eye.x, eye.y)):
        unit = reader.getPhysicalDimension(number).strip().lower()
        if unit not in ("px", "pixel", "pixels", "pix"):
            raise DataError(
                f"{path.name}: the gaze channels must be in px (screen pixels); found: {listed}."
            )
    rates = {float(reader.getSampleFrequency(n)) for eye in eyes for n in (eye.x, eye.y)}
    if len(rates) > 1 or 0.0 in rates:
        raise DataError(
            f"{path.name}: the gaze channels must have one sampling rate; found: {listed}."
        )
    # Labels without an eye and labels with one would count a viewer twice.
    return [eye for eye in eyes if eye.eye] or eyes


def _name_of(eye: _Eye, stated: str, events: Events) -> str:
    if eye.eye:
        return eye.eye
    if stated in ("L", "R"):
        return stated
    events.warnings.append("the file does not say which eye was recorded; it is listed as R")
    return "R"


def _read_annotations(reader: Any, events: Events) -> list[Fixation]:
    """Messages into `events`; fixations that the annotations store are returned."""
    fixations = []
    for onset, duration, raw in sorted(reader.read_annotation(), key=lambda entry: entry[0]):
        text, utf8 = decoded(raw) if isinstance(raw, bytes) else (raw.strip(), True)
        time_ms = onset / 1e4  # pyedflib counts in 100 ns
        events.not_utf8 += not utf8
        match = _FIXATION.match(text)
        if match is None:
            events.message(time_ms, text)
            continue
        lasts_ms = float(duration or 0) * 1000.0
        x, y = float(match[1]), float(match[2])
        fixations.append(Fixation(match[3], 1, time_ms, time_ms + lasts_ms, x, y, float("nan")))
    return fixations


def _trace(
    reader: Any, eye: _Eye, missing_value: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """(x, y, pupil) of one eye, (T,) each, NaN where missing, without the padding at the end."""
    import numpy as np

    x, y = (np.array(reader.readSignal(number)) for number in (eye.x, eye.y))
    padding = np.ones(x.size, dtype=bool)
    for values, number in ((x, eye.x), (y, eye.y)):
        minimum, maximum = reader.getPhysicalMinimum(number), reader.getPhysicalMaximum(number)
        levels = reader.getDigitalMaximum(number) - reader.getDigitalMinimum(number)
        step = abs(maximum - minimum) / levels
        padding &= np.abs(values) <= step
        sentinel = min(minimum, maximum) if missing_value is None else missing_value
        # Writers round, so one step above the sentinel is still the sentinel.
        values[(values <= sentinel + 1.5 * step) | ~np.isfinite(values)] = np.nan
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
