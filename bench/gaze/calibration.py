"""What the tracker's own messages say: calibration, validation, drift checks, display size."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass, field
from typing import Any

EYE = {"LEFT": "L", "RIGHT": "R"}
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_CALIBRATION = re.compile(r"!CAL CALIBRATION (\S+) +\S+ +(LEFT|RIGHT) +(\w+)")
_VALIDATION = re.compile(
    rf"!CAL VALIDATION (\S+) +\S+ +(LEFT|RIGHT) +(\w+) +ERROR +{_NUMBER} avg\. +{_NUMBER} max"
    rf"(?: +OFFSET +{_NUMBER} deg\. +{_NUMBER},{_NUMBER} pix)?"
)
_DRIFT = re.compile(
    rf"DRIFTCORRECT +\S+ +(LEFT|RIGHT) +at +{_NUMBER},{_NUMBER}"
    rf"(?: +OFFSET +{_NUMBER} deg\. +{_NUMBER},{_NUMBER} pix)?"
)
_DISPLAY = re.compile(rf"(?:DISPLAY|GAZE)_COORDS *=? *{_NUMBER}" + rf"[ ,]+{_NUMBER}" * 3)
_CONFIGURED = re.compile(rf"RECCFG +(\S+) +{_NUMBER}\b")
_PUPIL_FIT = re.compile(r"ELCL_?PROC +(\w+)")
_STATED_EYE = re.compile(
    r"(?:RECCFG +\S+ +\S+ +\S+ +\S+|DRIFTCORRECT|!CAL (?:CALIBRATION|VALIDATION) \S+) +(LR|L|R)\b"
)


@dataclass
class TrackerReport:
    """All that the tracker's messages tell; entries in file order, JSON-able."""

    calibrations: list[dict[str, Any]] = field(default_factory=list)
    validations: list[dict[str, Any]] = field(default_factory=list)
    validations_aborted: int = 0
    drift_checks: list[dict[str, Any]] = field(default_factory=list)
    drift_repeated: int = 0
    drift_aborted: int = 0
    displays: list[tuple[float, float, float, float]] = field(default_factory=list)
    rates_hz: list[float] = field(default_factory=list)
    eyes: str = ""
    tracking_mode: str = ""  # CR (pupil and corneal reflection) or P
    pupil_fit: str = ""  # CENTROID or ELLIPSE


def tracker_report(messages: list[tuple[float, str]]) -> TrackerReport:
    """What the tracker wrote into the messages (time in ms, text); unknown texts are passed by."""
    report = TrackerReport()
    for time_ms, text in messages:
        if text.startswith("!CAL"):
            _calibration(report, time_ms, text)
        elif text.startswith("DRIFTCORRECT"):
            _drift(report, time_ms, text)
        elif match := _DISPLAY.match(text):
            corners = tuple(map(float, match.groups()))
            if corners not in report.displays:
                report.displays.append(corners)
        elif match := _CONFIGURED.match(text):
            report.tracking_mode = match[1]
            report.rates_hz.append(float(match[2]))
        elif match := _PUPIL_FIT.match(text):
            report.pupil_fit = match[1].upper()
        if not report.eyes and (match := _STATED_EYE.match(text)):
            report.eyes = match[1]
    return report


def display_sizes(corners: tuple[float, float, float, float]) -> list[tuple[int, int]]:
    """The sizes (width, height) in px that `DISPLAY_COORDS left top right bottom` can mean.

    Some write the last pixel (1919), some the width (1920); the likelier reading, an even number
    of pixels, comes first.
    """
    left, top, right, bottom = corners
    width, height = round(right - left), round(bottom - top)
    sizes = [(width + 1, height + 1), (width, height)]
    return sizes if width % 2 else sizes[::-1]


def validation_error_deg(
    validations: list[dict[str, Any]], eye: str, block_starts_ms: list[float]
) -> float | None:
    """Mean error in degrees of the validations of `eye` that held when a block began.

    Each block counts once with the last validation before it; where none came before a block, the
    last validation of the recording counts. None without any validation of that eye.
    """
    own = [entry for entry in validations if entry["eye"] == eye]
    if not own:
        return None
    held = []
    for start_ms in block_starts_ms:
        before = [entry for entry in own if entry["time_ms"] <= start_ms]
        if before:
            held.append(before[-1]["mean_deg"])
    return statistics.fmean(held) if held else own[-1]["mean_deg"]


def _calibration(report: TrackerReport, time_ms: float, text: str) -> None:
    if match := _CALIBRATION.match(text):
        entry = {"time_ms": time_ms, "eye": EYE[match[2]], "type": match[1], "quality": match[3]}
        report.calibrations.append(entry)
    elif match := _VALIDATION.match(text):
        report.validations.append(
            {
                "time_ms": time_ms,
                "eye": EYE[match[2]],
                "type": match[1],
                "quality": match[3],
                "mean_deg": float(match[4]),
                "max_deg": float(match[5]),
                "offset_deg": _maybe(match[6]),
                "offset_px": [_maybe(match[7]), _maybe(match[8])],
            }
        )
    elif text.startswith("!CAL VALIDATION") and "ABORTED" in text:
        report.validations_aborted += 1


def _drift(report: TrackerReport, time_ms: float, text: str) -> None:
    if match := _DRIFT.match(text):
        report.drift_checks.append(
            {
                "time_ms": time_ms,
                "eye": EYE[match[1]],
                "offset_deg": _maybe(match[4]),
                "offset_px": [_maybe(match[5]), _maybe(match[6])],
            }
        )
    elif "REPEATING" in text:
        report.drift_repeated += 1
    elif "ABORTED" in text:
        report.drift_aborted += 1


def _maybe(text: str | None) -> float | None:
    return None if text is None else float(text)
