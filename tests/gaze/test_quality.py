"""The summary of a recording: what was used, what was lost, and nothing personal."""

import json

from bench.gaze import (
    Placement,
    Screen,
    TrialGrammar,
    find_trials,
    fixation_table,
    read_recording,
    recording_summary,
)

SCREEN = Screen(1920, 1080)


def summary_of(path, eye="better", **grammar):
    recording = read_recording(path, screen=SCREEN)
    grammar = TrialGrammar.from_mapping({"preset": "dataviewer", **grammar})
    trials = find_trials(recording.messages, recording.blocks, grammar)
    table = fixation_table(
        recording,
        trials,
        placement=Placement(2),
        screen=SCREEN,
        image_sizes={"cat.jpg": (375, 500)},
        recording_id="r01",
        subject_id="s01",
        eye=eye,
    )
    return recording_summary(recording, trials, table, eye=eye)


def test_fixations_are_counted_and_timed_by_status(asc):
    events = asc.efix(1000, 1100) + asc.efix(1200, 1300) + asc.efix(1304, 1500)
    summary = summary_of(asc(events + asc.efix(1504, 1600, 10.0)))
    assert summary["fixations"] == {
        "kept": {"count": 2, "ms": 104.0 + 200.0},
        "straddles_onset": {"count": 1, "ms": 104.0},
        "off_image": {"count": 1, "ms": 100.0},
    }
    assert summary["median_fixation_ms"] == 152.0
    assert summary["kept_per_trial"] == 2.0


def test_trials_windows_drift_and_validation_are_told(asc):
    summary = summary_of(asc())
    assert summary["trials"] == {"found": 1, "expected": None, "bad": 0, "images": 1}
    assert summary["window_ms"] == {"min": 1000, "median": 1000, "max": 1000}
    assert summary["drift_checks"] == {
        "count": 1,
        "median_deg": 0.35,
        "max_deg": 0.35,
        "repeated": 0,
        "aborted": 0,
    }
    assert summary["validations"] == [
        {"eye": "R", "type": "HV9", "quality": "GOOD", "mean_deg": 0.4, "max_deg": 0.8}
    ]
    assert summary["missing_samples_share"] == 0.5
    assert (summary["eye_used"], summary["eye_reason"]) == ("R", "only the right eye was recorded")


def test_errors_of_recording_and_trials_stand_together(asc):
    path = asc(end="MSG\t2040 BLANK_SCREEN\n")
    errors = " | ".join(summary_of(path, expect={"trials": 3})["errors"])
    assert "no END" in errors
    assert "1 trials found, 3 expected" in errors


def test_the_summary_is_json_and_holds_nothing_personal(asc):
    preamble = "** CONVERTED FROM C:\\Users\\mueller\\a.edf\n** SERIAL NUMBER: CLG-BFC16\n"
    preamble += "** RECORDED BY mueller\n** DATE: Wed Dec  3 05:40:16 2025\n"
    path = asc(asc.efix(1200, 1300) + "MSG\t1500 answer: mueller\n", preamble=preamble)
    text = json.dumps(summary_of(path), allow_nan=False)
    for secret in ("mueller", "CLG-BFC16", "2025", str(path.parent), "answer"):
        assert secret not in text


def test_a_recording_without_kept_fixations_is_summed_up_too(asc):
    summary = summary_of(asc(asc.efix(1000, 1020)))
    assert summary["median_fixation_ms"] is None
    assert summary["off_screen_share"] is None
    assert summary["recording_id"] == "r01"
