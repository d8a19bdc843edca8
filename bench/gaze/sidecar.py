"""A recording's facts under the names of BIDS, the standard for sharing such data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.gaze.screen import Screen

RECORDED_EYE = {"L": "left", "R": "right", "LR": "cyclopean"}
# The tracker's words: pupil and corneal reflection, or the pupil alone.
METHODS = {"CR": "P-CR", "P": "pupil"}
PUPIL_FITS = {"CENTROID": "centre-of-mass", "ELLIPSE": "ellipse"}


def bids_sidecar(
    quality: dict[str, Any], screen: Screen | None, eye: str, validation: dict[str, Any]
) -> dict[str, Any]:
    """The recording's part of a BIDS `_physio.json`; None where the recording does not say.

    `quality` is the Recording's, `validation` what `validation_report` gives for `eye`. Lengths in
    metres, errors in degrees of visual angle. `DurationConvention`, `ReaderVersion` and
    `SourceSHA256` are not BIDS' own.

    Source: Brain Imaging Data Structure 1.11, physiological recordings, eye tracking.
    """
    own = [entry for entry in quality["calibrations"] if entry["eye"] in eye]
    types = list(dict.fromkeys(entry["type"] for entry in own))
    eyelink = quality["format"] in ("eyelink_edf", "asc", "asc_gz")
    return {
        "PhysioType": "eyetrack",
        "SamplingFrequency": quality["rate_hz"],
        "RecordedEye": RECORDED_EYE.get(eye),
        "SampleCoordinateSystem": "gaze-on-screen",
        "CalibrationType": ", ".join(types) or None,
        "CalibrationCount": len(own) // max(1, len(eye)),
        "AverageCalibrationError": validation["mean_deg"],
        "MaximalCalibrationError": validation["max_deg"],
        "EyeTrackingMethod": METHODS.get(quality["tracking_mode"]),
        "PupilFitMethod": PUPIL_FITS.get(quality["pupil_fit"]),
        "Manufacturer": "SR Research" if eyelink else None,
        "ManufacturersModelName": None,
        "StimulusPresentation": _presentation(screen),
        "DurationConvention": quality["duration_convention"],
        "ReaderVersion": quality["reader"],
        "SourceSHA256": quality["sha256"],
    }


def _presentation(screen: Screen | None) -> dict[str, Any] | None:
    if screen is None:
        return None
    sizes_mm = (screen.width_mm, screen.height_mm)
    distance_mm = screen.distance_mm
    return {
        "ScreenResolution": [screen.width_px, screen.height_px],
        "ScreenSize": None if None in sizes_mm else [size / 1000 for size in sizes_mm],
        "ScreenDistance": None if distance_mm is None else distance_mm / 1000,
        "ScreenOrigin": ["top", "left"],
    }
