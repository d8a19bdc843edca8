"""Which channels of an EDF+ or BDF+ file are gaze: by label, unit and rate, or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bench.errors import DataError

_LABEL = re.compile(
    r"(?:gaze[ _]?)?(?P<what>xpos|ypos|pos[ _]?x|pos[ _]?y|x|y|pupil)"
    r"(?:[ _](?P<eye>left|right|l|r))?",
    re.IGNORECASE,
)
PIXELS = ("px", "pixel", "pixels", "pix")
DEGREES = ("deg", "degree", "degrees", "°")


@dataclass(frozen=True)
class EyeChannels:
    """Channel numbers of one eye; `eye` is '' where the labels do not say which."""

    eye: str
    x: int
    y: int
    pupil: int | None
    in_degrees: bool


def gaze_channels(name: str, reader: Any) -> list[EyeChannels]:
    """The channels of each eye in an open pyedflib reader; none where no label speaks of gaze.

    Labels: `gaze_x|x|xpos`, `gaze_y|y|ypos`, optionally `pupil`, each optionally with `_left` or
    `_right`. Where some labels name an eye, those without are left out: they would count a viewer
    twice.

    Raises DataError, with the list of channels and the file's `name`, for an eye with one of its
    two channels missing, a unit other than px or deg, mixed units, and unequal rates.
    """
    found: dict[tuple[str, str], int] = {}
    channels = []
    for number, label in enumerate(reader.getSignalLabels()):
        unit, rate = _unit(reader, number), float(reader.getSampleFrequency(number))
        channels.append(f"{label.strip()} [{unit or 'no unit'}, {rate:g} Hz]")
        match = _LABEL.fullmatch(label.strip())
        if match:
            what = match["what"].lower()
            what = what if what == "pupil" else what.strip("pos _")
            found.setdefault((what, (match["eye"] or "")[:1].upper()), number)
    listed = ", ".join(channels) or "none"
    named = sorted({eye for what, eye in found if what != "pupil"}, key="LR".find)
    named = [eye for eye in named if eye] or named
    for eye in named:
        if lacking := [what for what in "xy" if (what, eye) not in found]:
            of_eye = {"L": " of the left eye", "R": " of the right eye"}.get(eye, "")
            raise DataError(
                f"{name}: no channel for gaze {lacking[0]}{of_eye}. Expected gaze_x and gaze_y (or "
                f"x, xpos; with _left or _right per eye); found: {listed}."
            )
    numbers = [found[what, eye] for eye in named for what in "xy"]
    units = {_unit(reader, number).lower() for number in numbers}
    in_degrees = bool(units) and units <= set(DEGREES)
    if not in_degrees and not units <= set(PIXELS):
        raise DataError(
            f"{name}: the gaze channels must be in px (screen pixels), or all in deg (degrees from "
            f"the screen's middle); found: {listed}."
        )
    rates = {float(reader.getSampleFrequency(number)) for number in numbers}
    if len(rates) > 1 or 0.0 in rates:
        raise DataError(f"{name}: the gaze channels must have one sampling rate; found: {listed}.")
    return [
        EyeChannels(eye, found["x", eye], found["y", eye], found.get(("pupil", eye)), in_degrees)
        for eye in named
    ]


def channel_list(reader: Any) -> str:
    """The labels of all channels, for a message."""
    return ", ".join(label.strip() for label in reader.getSignalLabels()) or "none"


def _unit(reader: Any, number: int) -> str:
    return reader.getPhysicalDimension(number).strip()
