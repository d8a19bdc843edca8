"""How well the tracker knew the eye: validation and drift checks, trial by trial, in degrees."""

from __future__ import annotations

import statistics
from typing import Any

# (mean, max) error in degrees below which a validation is called so: the tracker's own limits.
LIMITS = {"GOOD": (1.0, 1.5), "FAIR": (1.5, 2.0)}


def quality_word(mean_deg: float, max_deg: float) -> str:
    """GOOD (mean < 1.0 and max < 1.5 deg), FAIR (< 1.5 and < 2.0) or POOR.

    >>> quality_word(0.4, 0.9), quality_word(0.4, 1.6), quality_word(1.5, 1.6)
    ('GOOD', 'FAIR', 'POOR')
    """
    for word, (mean_limit, max_limit) in LIMITS.items():
        if mean_deg < mean_limit and max_deg < max_limit:
            return word
    return "POOR"


def validation_before(
    validations: list[dict[str, Any]], eye: str, time_ms: float
) -> dict[str, Any] | None:
    """The last validation of `eye` before `time_ms`: mean_deg, max_deg, offset_deg, quality.

    Of eye 'LR' it is the mean of both eyes' means and offsets and the larger maximum; None where
    one of them was not validated.
    """
    last = {
        entry["eye"]: entry
        for entry in validations
        if entry["eye"] in eye and entry["time_ms"] <= time_ms
    }
    if not eye or set(last) != set(eye):
        return None
    mean_deg = statistics.fmean(entry["mean_deg"] for entry in last.values())
    max_deg = max(entry["max_deg"] for entry in last.values())
    offsets = [entry["offset_deg"] for entry in last.values() if entry["offset_deg"] is not None]
    return {
        "mean_deg": mean_deg,
        "max_deg": max_deg,
        "offset_deg": statistics.fmean(offsets) if offsets else None,
        "quality": quality_word(mean_deg, max_deg),
    }


def validation_report(
    quality: dict[str, Any], eye: str, trials: list[tuple[str, float]]
) -> dict[str, Any]:
    """The validations of `eye` and the one in force at each of `trials` (label, onset in ms).

    See `bench.gaze.quality.recording_summary` for the keys.
    """
    own = [entry for entry in quality["validations"] if entry["eye"] in eye]
    per_trial = []
    for label, onset_ms in trials:
        found = validation_before(own, eye, onset_ms)
        empty = dict.fromkeys(("mean_deg", "max_deg", "offset_deg", "quality"))
        per_trial.append({"trial": label, **(found or empty)})
    known = [entry for entry in per_trial if entry["quality"] is not None]
    return {
        "count": len(own),
        "aborted": quality["validations_aborted"],
        "each": [
            {
                "eye": entry["eye"],
                "type": entry["type"],
                "stated": entry["quality"],
                "quality": quality_word(entry["mean_deg"], entry["max_deg"]),
                **{key: entry[key] for key in ("mean_deg", "max_deg", "offset_deg")},
            }
            for entry in own
        ],
        "trials_by_quality": {
            word: count
            for word in ("GOOD", "FAIR", "POOR")
            if (count := sum(entry["quality"] == word for entry in known))
        },
        "trials_without": len(per_trial) - len(known),
        "mean_deg": statistics.fmean(e["mean_deg"] for e in known) if known else None,
        "max_deg": max(e["max_deg"] for e in known) if known else None,
        "per_trial": per_trial,
    }


def drift_report(
    quality: dict[str, Any], eye: str, trials: list[tuple[str, float]]
) -> dict[str, Any]:
    """The drift checks of `eye`: how many, how far off, and how long before each onset.

    An offset in px is the length of the (x, y) that the tracker states. See
    `bench.gaze.quality.recording_summary` for the keys.
    """
    own = [entry for entry in quality["drift_checks"] if entry["eye"] in eye]
    in_deg = [entry["offset_deg"] for entry in own if entry["offset_deg"] is not None]
    in_px = [
        (entry["offset_px"][0] ** 2 + entry["offset_px"][1] ** 2) ** 0.5
        for entry in own
        if None not in entry["offset_px"]
    ]
    times = [entry["time_ms"] for entry in own]
    waits = [
        onset_ms - max(before)
        for _, onset_ms in trials
        if (before := [time_ms for time_ms in times if time_ms <= onset_ms])
    ]
    return {
        "count": len(own),
        "median_deg": statistics.median(in_deg) if in_deg else None,
        "max_deg": max(in_deg) if in_deg else None,
        "median_px": statistics.median(in_px) if in_px else None,
        "max_px": max(in_px) if in_px else None,
        "repeated": quality["drift_repeated"],
        "aborted": quality["drift_aborted"],
        "to_onset_ms": spread(waits),
    }


def spread(values: list[float]) -> dict[str, float] | None:
    """{min, median, max} of the values; None without any."""
    if not values:
        return None
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}
