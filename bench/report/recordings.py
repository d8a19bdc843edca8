"""What the page says of each recording: recordings.json in sentences (bench.gaze.quality)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.report.tables import fates, kept_share

SHOWN_TRIALS = 10
EYES = {"L": "left", "R": "right", "LR": "mean of both"}


@dataclass(frozen=True)
class RecordingDetails:
    """One recording's part of the page; what its summary does not hold is left out."""

    viewer: str
    alarms: str  # what must not be overlooked; empty where all is well
    notes: str  # how many sentences there are; empty without any
    not_used: str  # share of the ms of the eye used
    facts: list[tuple[str, str]]
    fates: list[tuple[str, int, float | None, float, float | None]]
    bad_trials: list[dict[str, Any]]
    more_bad_trials: int
    sentences: list[str]


def recording_details(summary: dict[str, Any]) -> RecordingDetails:
    """A recording's part of the page, from its entry in recordings.json.

    Entries of published tables lack most keys; the facts they cannot give are not there.
    """
    facts = [(name, text) for name, fact in FACTS.items() if (text := fact(summary))]
    sentences = [*summary.get("errors", []), *summary.get("warnings", [])]
    bad = summary.get("bad_trials", [])
    return RecordingDetails(
        viewer=summary["subject_id"],
        alarms="; ".join(_alarms(summary)),
        notes=_count(len(sentences), "note") if sentences else "",
        not_used=f"{_percent(1 - kept_share(summary['fixations']))} of the ms not used",
        facts=facts,
        fates=fates(summary["fixations"]),
        bad_trials=bad[:SHOWN_TRIALS],
        more_bad_trials=max(0, len(bad) - SHOWN_TRIALS),
        sentences=sentences,
    )


def _alarms(summary: dict[str, Any]) -> list[str]:
    """Incomplete, badly validated, with trials that could not be used."""
    alarms = ["incomplete"] if summary.get("incomplete") else []
    words = summary.get("validation", {}).get("trials_by_quality", {})
    usable = sum(words.values()) + summary.get("validation", {}).get("trials_without", 0)
    alarms += [
        f"validation {word} in {words[word]} of {usable} trials"
        for word in ("POOR", "FAIR")
        if words.get(word)
    ]
    if bad := summary["trials"].get("bad"):
        alarms.append(f"{bad} of {summary['trials']['found']} trials not usable")
    return alarms


def _eye(summary: dict[str, Any]) -> str:
    if "eye_used" not in summary:
        return ""
    used = EYES.get(summary["eye_used"], "none")
    text = f"{used} ({summary['eye_reason']})"
    if averaged := summary.get("averaged"):
        text += (
            f"; {averaged['pairs']} pairs, {averaged['left_alone']} fixations of the left and "
            f"{averaged['right_alone']} of the right eye without a partner"
        )
    return text


def _recorded(summary: dict[str, Any]) -> str:
    if "blocks" not in summary:
        return ""
    parts = [f"{summary['rate_hz']:g} Hz"] if summary.get("rate_hz") else []
    parts.append(_count(summary["blocks"], "block"))
    if summary.get("recorded_s") is not None:
        parts.append(f"{summary['recorded_s']:.0f} s")
    return ", ".join(parts)


def _calibrations(summary: dict[str, Any]) -> str:
    found = summary.get("calibrations")
    if not found:
        return ""
    if not found["count"]:
        return "none in the file"
    words = [f"{word} {count}" for word, count in found["stated"].items()]
    return f"{found['count']} ({', '.join([*found['types'], *words])})"


def _validations(summary: dict[str, Any]) -> str:
    found = summary.get("validation")
    if not found:
        return ""
    each = [
        f"{entry['eye']} {entry['quality']}: mean {_degrees(entry['mean_deg'])}, "
        f"largest {_degrees(entry['max_deg'])}"
        + (f" (the file says {entry['stated']})" if entry["stated"] != entry["quality"] else "")
        for entry in found["each"]
    ]
    if found["aborted"]:
        each.append(f"{found['aborted']} aborted")
    return "; ".join(each) or "none in the file"


def _validation_in_force(summary: dict[str, Any]) -> str:
    found = summary.get("validation")
    if not found or not found["count"]:
        return ""
    words = [f"{word} in {_count(n, 'trial')}" for word, n in found["trials_by_quality"].items()]
    if found["trials_without"]:
        words.append(f"none in {_count(found['trials_without'], 'trial')}")
    if found["mean_deg"] is not None:
        words.append(
            f"mean error over trials {_degrees(found['mean_deg'])}, largest of any point "
            f"{_degrees(found['max_deg'])}"
        )
    return "; ".join(words)


def _drift_checks(summary: dict[str, Any]) -> str:
    found = summary.get("drift_checks")
    if not found:
        return ""
    if not any(found[key] for key in ("count", "repeated", "aborted")):
        return "none in the file"
    parts = [str(found["count"])]
    for word, name in (("median", "median"), ("max", "largest")):
        degrees, pixels = found[f"{word}_deg"], found[f"{word}_px"]
        known = [] if degrees is None else [_degrees(degrees)]
        known += [] if pixels is None else [f"{pixels:.1f} px"]
        if known:
            parts.append(f"{name} {', '.join(known)}")
    parts.append(f"{found['repeated']} repeated, {found['aborted']} aborted")
    if wait := found.get("to_onset_ms"):
        parts.append(f"{wait['median']:.0f} ms before the onset (median)")
    return "; ".join(parts)


def _trials(summary: dict[str, Any]) -> str:
    found = summary["trials"]
    text = str(found["found"])
    if found.get("expected") is not None:
        text += f" of {found['expected']} expected"
    if "bad" in found:
        text += f", {found['bad']} not usable"
    if "images" in found:
        text += f", {_count(found['images'], 'photograph')}"
    if salvaged := summary.get("salvaged"):
        text += f"; the recording broke off: {salvaged['complete_trials']} complete trials used"
    return text


def _window(summary: dict[str, Any]) -> str:
    found = summary.get("window_ms")
    if not found:
        return ""
    low, middle, high = (f"{found[key]:.0f}" for key in ("min", "median", "max"))
    return f"{low} / {middle} / {high} ms (shortest, median, longest)"


def _fixations(summary: dict[str, Any]) -> str:
    parts = []
    if summary.get("kept_per_trial") is not None:
        parts.append(f"{summary['kept_per_trial']:.1f} a trial")
    if summary.get("median_fixation_ms") is not None:
        parts.append(f"median {summary['median_fixation_ms']:.0f} ms")
    for key, name in (("short_share", "below 80 ms"), ("long_share", "above 1500 ms")):
        if summary.get(key) is not None:
            parts.append(f"{_percent(summary[key])} {name}")
    return ", ".join(parts)


def _blinks(summary: dict[str, Any]) -> str:
    found = summary.get("blinks")
    if not found:
        return ""
    if found["count"] is None:
        return f"not known: {summary['blinks_reason']}"
    per_trial = found["per_trial"]
    return f"{found['count']:g}" + ("" if per_trial is None else f", {per_trial:.2f} a trial")


def _missing(summary: dict[str, Any]) -> str:
    if "missing_samples_share" not in summary:
        return ""
    if summary["missing_samples_share"] is None:
        return f"not known: {summary['missing_samples_reason']}"
    return _percent(summary["missing_samples_share"])


def _off_screen(summary: dict[str, Any]) -> str:
    if summary.get("off_screen_share") is None:
        return ""
    by_ms = _percent(summary["off_screen_ms_share"])
    return f"{_percent(summary['off_screen_share'])} of fixations in display periods, {by_ms} of ms"


def _format(summary: dict[str, Any]) -> str:
    reader = f", read by {summary['reader']}" if summary.get("reader") else ""
    return f"{summary['format']}{reader}; durations: {summary['duration_convention']}"


def _count(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _degrees(value: float) -> str:
    return f"{value:.2f}°"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


# In the order of the page.
FACTS = {
    "Format": _format,
    "Eye": _eye,
    "Recorded": _recorded,
    "Calibrations": _calibrations,
    "Validations": _validations,
    "Validation in force": _validation_in_force,
    "Drift checks": _drift_checks,
    "Trials": _trials,
    "Display periods": _window,
    "Fixations kept": _fixations,
    "Blinks": _blinks,
    "Missing samples": _missing,
    "Off the screen": _off_screen,
}
