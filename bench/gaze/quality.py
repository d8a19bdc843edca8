"""What recordings.json says of a recording: how it was made, what was used and what was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.errors import ValidationError
from bench.gaze.columns import STATUSES
from bench.gaze.eyes import EyeChoice, choose_eye
from bench.gaze.sidecar import bids_sidecar
from bench.gaze.table import trial_problems
from bench.gaze.tracking_quality import drift_report, spread, validation_report

if TYPE_CHECKING:
    import pandas as pd

    from bench.gaze.recording import Recording
    from bench.gaze.screen import Screen

SHORT_MS, LONG_MS = 80.0, 1500.0


def recording_summary(
    recording: Recording,
    trials: pd.DataFrame,
    table: pd.DataFrame,
    *,
    eye: str = "better",
    screen: Screen | None = None,
) -> dict[str, Any]:
    """A JSON-able dict on one recording; `table` is its `fixation_table`, `eye` the rule used.

    There are no dates, serial numbers, folders, or messages of the experiment in it; times of the
    tracker's clock are left out too. ms are milliseconds, shares from 0 to 1, None means that the
    recording does not say (a key `..._reason` beside it says why). "Usable" trials are those
    without a problem; everything in degrees or px concerns the eye used. A spread is {min, median,
    max} or None.

        recording_id, subject_id, format, reader, sha256, duration_convention, source (tracker,
            ivt, annotation), rate_hz, display_px, blocks, recorded_s, incomplete, saccades
        eyes: recorded; eye_used: L, R or LR (the mean of both); eye_reason: a sentence
        averaged: {pairs, left_alone, right_alone} for eye LR, numbers of fixations; else None
        trials: {found, expected (or None), bad, images (different ones, of usable trials)}
        bad_trials: [{trial (label), image, problem}]
        window_ms: spread of the display periods of usable trials
        image_scale: spread of screen px per image px, across, of usable trials
        fixations: {status: {count, ms}}, the statuses that occur; ms are duration_ms, so that the
            cost of "entirely within the display period" shows (straddles_*)
        kept_per_trial: mean over usable trials; median_fixation_ms, short_share (< 80 ms),
            long_share (> 1500 ms): of the kept fixations
        off_screen_share: of the fixations entirely within usable display periods, by number;
            off_screen_ms_share: by duration_ms
        blinks: {count, per_trial}: all of the eye used (of LR the mean of both); mean number in a
            usable display period
        missing_samples_share: of the eye used, blocks only, trials and pauses alike
        calibrations: {count, types, stated: {word: number}}
        validation: {count, aborted, each: [{eye, type, stated (the tracker's word), quality
            (GOOD, FAIR or POOR by the limits), mean_deg, max_deg, offset_deg}], trials_by_quality:
            {word: number of usable trials}, trials_without, mean_deg (mean of per_trial), max_deg
            (largest of per_trial), per_trial: [{trial, mean_deg, max_deg, offset_deg, quality}],
            the last validation before the onset of each usable trial}
        drift_checks: {count, median_deg, max_deg, median_px, max_px, repeated, aborted,
            to_onset_ms: spread of the time from the last check to the onset}
        bids: the same facts under the names of BIDS (`bench.gaze.sidecar`)
        warnings: sentences; errors: sentences, not empty only where the user let incomplete
            trials pass
    """
    quality = recording.quality
    try:
        choice = choose_eye(recording, eye)
    except ValidationError:
        choice = EyeChoice("", "none could be chosen")
    problems = trial_problems(trials, recording, choice.eye)
    usable = trials[problems.isna()]
    onsets = list(zip(usable["trial_label"].tolist(), usable["onset_ms"].tolist(), strict=True))
    validation = validation_report(quality, choice.eye, onsets)
    return {
        **{key: table.attrs.get(key) for key in ("recording_id", "subject_id")},
        "format": quality["format"],
        "reader": quality["reader"],
        "sha256": quality["sha256"],
        "duration_convention": quality["duration_convention"],
        "source": str(table["source"].iloc[0]) if len(table) else None,
        "eyes": quality["eyes"],
        "eye_used": choice.eye,
        "eye_reason": choice.reason,
        "averaged": _averaged(table) if choice.eye == "LR" else None,
        "rate_hz": quality["rate_hz"],
        "display_px": quality["display_px"],
        "blocks": quality["blocks"],
        "recorded_s": quality["recorded_s"],
        "incomplete": quality["incomplete"],
        "saccades": quality["saccades"],
        **_trials(trials, problems, usable),
        **_fixations(table, len(usable)),
        **_blinks(recording, usable, choice.eye),
        **_missing(quality, choice.eye),
        "calibrations": _calibrations(quality, choice.eye),
        "validation": validation,
        "drift_checks": drift_report(quality, choice.eye, onsets),
        "bids": bids_sidecar(quality, screen, choice.eye, validation),
        "warnings": [
            *quality["warnings"],
            *trials.attrs.get("warnings", []),
            *table.attrs.get("warnings", []),
        ],
        "errors": _errors(quality, trials, problems),
    }


def _trials(trials: pd.DataFrame, problems: pd.Series, usable: pd.DataFrame) -> dict[str, Any]:
    bad = trials.assign(problem=problems)[problems.notna()]
    scales = usable["x_scale"].dropna().tolist() if "x_scale" in usable else []
    return {
        "trials": {
            "found": len(trials),
            "expected": trials.attrs.get("expected"),
            "bad": len(bad),
            "images": int(usable["image_id"].nunique()),
        },
        "bad_trials": [
            {
                "trial": row.trial_label,
                "image": row.image_id if isinstance(row.image_id, str) else None,
                "problem": row.problem,
            }
            for row in bad.itertuples()
        ],
        "window_ms": spread((usable["offset_ms"] - usable["onset_ms"]).tolist()),
        "image_scale": spread(scales),
    }


def _fixations(table: pd.DataFrame, usable: int) -> dict[str, Any]:
    by_status = {
        status: {"count": len(rows), "ms": float(rows["duration_ms"].sum())}
        for status in STATUSES
        if len(rows := table[table["status"] == status])
    }
    kept = table.loc[table["status"] == "kept", "duration_ms"]
    return {
        "fixations": by_status,
        "kept_per_trial": len(kept) / usable if usable else None,
        "median_fixation_ms": float(kept.median()) if len(kept) else None,
        "short_share": float((kept < SHORT_MS).mean()) if len(kept) else None,
        "long_share": float((kept > LONG_MS).mean()) if len(kept) else None,
        "off_screen_share": _off_screen(by_status, "count"),
        "off_screen_ms_share": _off_screen(by_status, "ms"),
    }


def _off_screen(by_status: dict[str, dict[str, float]], what: str) -> float | None:
    """Share of off-screen fixations among those entirely within usable display periods."""
    judged = ("kept", "off_screen", "off_image", "too_short", "overlaps_blink")
    total = sum(by_status[status][what] for status in judged if status in by_status)
    return by_status.get("off_screen", {what: 0})[what] / total if total else None


def _averaged(table: pd.DataFrame) -> dict[str, int]:
    finished = table.loc[table["end_ms"].notna(), "eye"].value_counts()
    pairs = int(finished["LR"])
    return {
        "pairs": pairs,
        "left_alone": int(finished["L"]) - pairs,
        "right_alone": int(finished["R"]) - pairs,
    }


def _blinks(recording: Recording, usable: pd.DataFrame, eye: str) -> dict[str, Any]:
    if recording.quality["format"] in ("edfplus", "bdfplus"):
        reason = "EDF+ and BDF+ hold no blink events"
        return {"blinks": {"count": None, "per_trial": None}, "blinks_reason": reason}
    own = recording.blinks[recording.blinks["eye"].isin(list(eye))]
    # The mean of both eyes blinks as often as each of them, not twice as often.
    eyes = max(1, len(eye))
    within = sum(
        int(((own["start_ms"] <= offset) & (own["end_ms"] >= onset)).sum())
        for onset, offset in zip(usable["onset_ms"], usable["offset_ms"], strict=True)
    )
    per_trial = within / eyes / len(usable) if len(usable) else None
    return {"blinks": {"count": len(own) / eyes if eyes > 1 else len(own), "per_trial": per_trial}}


def _missing(quality: dict[str, Any], eye: str) -> dict[str, Any]:
    own = [part for name, part in (quality["samples"] or {}).items() if name in eye]
    count = sum(part["count"] for part in own)
    if count:
        return {"missing_samples_share": sum(part["missing"] for part in own) / count}
    reason = (
        "of an EyeLink EDF only the events are read"
        if quality["format"] == "eyelink_edf"
        else "the file holds no samples"
    )
    return {"missing_samples_share": None, "missing_samples_reason": reason}


def _calibrations(quality: dict[str, Any], eye: str) -> dict[str, Any]:
    own = [entry for entry in quality["calibrations"] if entry["eye"] in eye]
    words = [entry["quality"] for entry in own]
    return {
        "count": len(own),
        "types": list(dict.fromkeys(entry["type"] for entry in own)),
        "stated": {word: words.count(word) for word in dict.fromkeys(words)},
    }


def _errors(quality: dict[str, Any], trials: pd.DataFrame, problems: pd.Series) -> list[str]:
    lacking = problems.notna() & trials["problem"].isna()
    errors = [*quality["errors"], *trials.attrs.get("errors", [])]
    if lacking.any():
        errors.append(f"{int(lacking.sum())} trial(s): {problems[lacking].iloc[0]}")
    # The table of bad trials, in times of the tracker's clock, stands in bad_trials without them.
    return [error.splitlines()[0] for error in errors]
