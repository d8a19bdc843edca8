"""What recordings.json says of a recording: how it was made, what was used and what was lost."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from bench.errors import ValidationError
from bench.gaze.columns import STATUSES
from bench.gaze.eyes import EyeChoice, choose_eye
from bench.gaze.table import trial_problems

if TYPE_CHECKING:
    import pandas as pd

    from bench.gaze.recording import Recording


def recording_summary(
    recording: Recording, trials: pd.DataFrame, table: pd.DataFrame, *, eye: str = "better"
) -> dict[str, Any]:
    """A JSON-able dict on one recording; `table` is its `fixation_table`, `eye` the rule used.

    `fixations` has every status that occurs with its number and its milliseconds (duration_ms),
    so that the cost of "entirely within the display period" shows. Errors in degrees are those of
    the eye used. There are no dates, serial numbers, folders, or messages of the experiment in it;
    times of the tracker's clock are left out too.
    """
    quality = recording.quality
    try:
        choice = choose_eye(recording, eye)
    except ValidationError:
        choice = EyeChoice("", "none could be chosen")
    problems = trial_problems(trials, recording, choice.eye)
    usable = trials[problems.isna()]
    kept = table[table["status"] == "kept"]
    lacking = problems.notna() & trials["problem"].isna()
    errors = [*quality["errors"], *trials.attrs.get("errors", [])]
    if lacking.any():
        errors.append(f"{int(lacking.sum())} trial(s): {problems[lacking].iloc[0]}")
    warnings = [
        *quality["warnings"],
        *trials.attrs.get("warnings", []),
        *table.attrs.get("warnings", []),
    ]
    ids = {key: table.attrs.get(key) for key in ("recording_id", "subject_id")}
    return {
        **ids,
        "format": quality["format"],
        "reader": quality["reader"],
        "sha256": quality["sha256"],
        "source": str(table["source"].iloc[0]) if len(table) else None,
        "eyes": quality["eyes"],
        "eye_used": choice.eye,
        "eye_reason": choice.reason,
        "rate_hz": quality["rate_hz"],
        "display_px": quality["display_px"],
        "blocks": quality["blocks"],
        "recorded_s": quality["recorded_s"],
        "incomplete": quality["incomplete"],
        "duration_convention": quality["duration_convention"],
        "trials": {
            "found": len(trials),
            "bad": int(problems.notna().sum()),
            "images": int(usable["image_id"].nunique()),
        },
        "window_ms": _spread((usable["offset_ms"] - usable["onset_ms"]).tolist()),
        "fixations": {
            status: {"count": len(rows), "ms": float(rows["duration_ms"].sum())}
            for status in STATUSES
            if len(rows := table[table["status"] == status])
        },
        "kept_per_trial": len(kept) / len(usable) if len(usable) else None,
        "median_fixation_ms": float(kept["duration_ms"].median()) if len(kept) else None,
        "off_screen_share": _off_screen_share(table),
        "saccades": quality["saccades"],
        "blinks": quality["blinks_by_eye"].get(choice.eye, 0),
        "missing_samples_share": _missing_share(quality["samples"], choice.eye),
        "calibrations": len([c for c in quality["calibrations"] if c["eye"] == choice.eye]),
        "validations": [
            {key: entry[key] for key in ("eye", "type", "quality", "mean_deg", "max_deg")}
            for entry in quality["validations"]
        ],
        "drift_checks": _drift(quality, choice.eye),
        "warnings": warnings,
        "errors": errors,
    }


def _spread(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def _drift(quality: dict[str, Any], eye: str) -> dict[str, Any]:
    own = [entry for entry in quality["drift_checks"] if entry["eye"] == eye]
    offsets = [entry["offset_deg"] for entry in own if entry["offset_deg"] is not None]
    return {
        "count": len(own),
        "median_deg": statistics.median(offsets) if offsets else None,
        "max_deg": max(offsets) if offsets else None,
        "repeated": quality["drift_repeated"],
        "aborted": quality["drift_aborted"],
    }


def _missing_share(samples: dict[str, dict[str, int]] | None, eye: str) -> float | None:
    if not samples or eye not in samples or not samples[eye]["count"]:
        return None
    return samples[eye]["missing"] / samples[eye]["count"]


def _off_screen_share(table: pd.DataFrame) -> float | None:
    """Share of off-screen fixations among those entirely within usable display periods."""
    counts = table["status"].value_counts()
    judged = sum(int(counts[name]) for name in ("kept", "off_image", "off_screen"))
    return int(counts["off_screen"]) / judged if judged else None
