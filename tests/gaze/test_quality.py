"""The summary of a recording: what was used, what was lost, and nothing personal."""

import json

import numpy as np
import pytest

from bench.gaze import (
    Placement,
    Screen,
    TrialGrammar,
    find_trials,
    fixation_table,
    read_recording,
    recording_summary,
)

SCREEN = Screen(1920, 1080, width_mm=598, height_mm=336, distance_mm=500)


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
    return recording_summary(recording, trials, table, eye=eye, screen=SCREEN)


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
    # The fixture's drift check: 0.35 deg or (-8.1, 5.2) px at 950 ms, its onset at 1040 ms.
    assert summary["drift_checks"] == {
        "count": 1,
        "median_deg": 0.35,
        "max_deg": 0.35,
        "median_px": pytest.approx(9.6255, abs=1e-4),
        "max_px": pytest.approx(9.6255, abs=1e-4),
        "repeated": 0,
        "aborted": 0,
        "to_onset_ms": {"min": 90, "median": 90, "max": 90},
    }
    errors = {"mean_deg": 0.4, "max_deg": 0.8, "offset_deg": 0.2}
    assert summary["validation"] == {
        "count": 1,
        "aborted": 0,
        "each": [{"eye": "R", "type": "HV9", "stated": "GOOD", "quality": "GOOD", **errors}],
        "trials_by_quality": {"GOOD": 1},
        "trials_without": 0,
        "mean_deg": 0.4,
        "max_deg": 0.8,
        "per_trial": [{"trial": "1", **errors, "quality": "GOOD"}],
    }
    assert summary["calibrations"] == {"count": 1, "types": ["HV9"], "stated": {"GOOD": 1}}
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


@pytest.mark.parametrize(
    ("mean", "largest", "word"),
    [
        (0.99, 1.49, "GOOD"),
        (1.0, 1.49, "FAIR"),
        (0.99, 1.5, "FAIR"),
        (1.49, 1.99, "FAIR"),
        (1.5, 1.99, "POOR"),
        (0.5, 2.0, "POOR"),
    ],
)
def test_the_quality_word_follows_the_trackers_limits(asc, mean, largest, word):
    preamble = asc.preamble.replace("0.40 avg. 0.80 max", f"{mean} avg. {largest} max")
    (entry,) = summary_of(asc(preamble=preamble))["validation"]["per_trial"]
    assert entry["quality"] == word


def test_each_trial_has_the_validation_in_force_at_its_onset(asc):
    # A second trial whose picture stands from 3040 to 4040 ms, validated anew at 2500 ms.
    line = next(line for line in asc.preamble.splitlines(True) if "VALIDATION" in line)
    later = line.replace("700", "2500").replace("0.40 avg. 0.80", "1.20 avg. 1.60")
    check = "MSG\t2950 DRIFTCORRECT R RIGHT at 960,540  OFFSET 1.05 deg.  3.0,4.0 pix.\n"
    second = asc.block.replace("TRIALID 1", "TRIALID 2")[asc.block.index("START") :]
    for ms in (1000, 1004, 1040):
        second = second.replace(str(ms), str(ms + 2000))
    trial = "MSG\t2900 TRIALID 2\nMSG\t2901 !V IMGLOAD CENTER cat.jpg\n"
    ending = asc.block_end.replace("MSG\t20", "MSG\t40").replace("2100", "4100")
    ending = ending.replace("2101", "4101")
    path = asc(end=asc.block_end + later + check + trial + second + asc.efix(3200, 3300) + ending)
    summary = summary_of(path)
    validation = summary["validation"]
    assert [(e["trial"], e["mean_deg"], e["quality"]) for e in validation["per_trial"]] == [
        ("1", 0.4, "GOOD"),
        ("2", 1.2, "FAIR"),
    ]
    assert validation["trials_by_quality"] == {"GOOD": 1, "FAIR": 1}
    assert (validation["mean_deg"], validation["max_deg"]) == (pytest.approx(0.8), 1.6)
    drift = summary["drift_checks"]
    assert (drift["count"], drift["median_deg"], drift["max_deg"]) == (2, pytest.approx(0.7), 1.05)
    assert drift["max_px"] == pytest.approx(9.6255, abs=1e-4)
    assert drift["to_onset_ms"] == {"min": 90, "median": 90, "max": 90}


def test_repeated_and_aborted_drift_checks_are_counted(asc):
    bad = "MSG\t800 DRIFTCORRECT R REPEATING due to large error L=0.0 R=5.1\n"
    bad += "MSG\t801 DRIFTCORRECT R ABORTED\n"
    drift = summary_of(asc(preamble=asc.preamble + bad))["drift_checks"]
    assert (drift["count"], drift["repeated"], drift["aborted"]) == (1, 1, 1)


def test_blinks_are_counted_within_the_display_periods(asc):
    # The picture stands from 1040 to 2040 ms: one blink before it, two in it, one reaches out.
    spans = [(1004, 1036), (1400, 1500), (1600, 1700), (2036, 2060)]
    blinks = "".join(f"EBLINK R\t{a}\t{b}\t{b - a + 4}\n" for a, b in spans)
    assert summary_of(asc(blinks + asc.efix(1800, 1900)))["blinks"] == {
        "count": 4,
        "per_trial": 3.0,
    }


def test_short_and_long_fixations_have_their_shares(asc):
    # 76 and 80 ms, then 1504 ms: below 80 is short, above 1500 long.
    path = asc(
        asc.efix(1040, 1112) + asc.efix(1120, 1196) + asc.efix(1200, 2700),
        end=asc.block_end.replace("2040", "2740").replace("2100", "2800").replace("2101", "2801"),
    )
    summary = summary_of(path)
    assert (summary["short_share"], summary["long_share"]) == (
        pytest.approx(1 / 3),
        pytest.approx(1 / 3),
    )


def test_off_screen_fixations_have_their_share_in_number_and_ms(asc):
    summary = summary_of(asc(asc.efix(1200, 1296) + asc.efix(1304, 1600, -50.0)))
    assert summary["off_screen_share"] == 0.5
    assert summary["off_screen_ms_share"] == 0.75


def test_the_sidecar_has_the_names_and_units_of_bids(asc):
    block = asc.block.replace(
        "START", "MSG\t999 RECCFG CR 250 2 1 R\nMSG\t999 ELCLPROC ELLIPSE (5)\nSTART", 1
    )
    bids = summary_of(asc(block=block))["bids"]
    sha256, reader = bids.pop("SourceSHA256"), bids.pop("ReaderVersion")
    assert len(sha256) == 64
    assert reader.startswith("bench.gaze.eyelink_asc")
    assert bids == {
        "PhysioType": "eyetrack",
        "SamplingFrequency": 250.0,
        "RecordedEye": "right",
        "SampleCoordinateSystem": "gaze-on-screen",
        "CalibrationType": "HV9",
        "CalibrationCount": 1,
        "AverageCalibrationError": 0.4,
        "MaximalCalibrationError": 0.8,
        "EyeTrackingMethod": "P-CR",
        "PupilFitMethod": "ellipse",
        "Manufacturer": "SR Research",
        "ManufacturersModelName": None,
        "StimulusPresentation": {
            "ScreenResolution": [1920, 1080],
            "ScreenSize": [0.598, 0.336],
            "ScreenDistance": 0.5,
            "ScreenOrigin": ["top", "left"],
        },
        "DurationConvention": "end - start + one sample",
    }


def test_what_a_file_cannot_tell_is_null_with_the_reason(asc, edfplus):
    events_only = asc(
        block=asc.block.replace("1000\t  960.0\t  540.0\t  500.0\t...\n", "").replace(
            "1004\t   .\t   .\t    0.0\t...\n", ""
        )
    )
    summary = summary_of(events_only)
    assert summary["missing_samples_share"] is None
    assert summary["missing_samples_reason"] == "the file holds no samples"
    still = {"gaze_x": np.full(1000, 960.0), "gaze_y": np.full(1000, 540.0)}
    rows = [(0.1, -1, "TRIALID 1"), (0.2, -1, "!V IMGLOAD CENTER cat.jpg")]
    rows += [(0.5, -1, "STIM_ONSET"), (2.5, -1, "BLANK_SCREEN")]
    summary = summary_of(edfplus(still, rows))
    assert summary["blinks"] == {"count": None, "per_trial": None}
    assert "no blink events" in summary["blinks_reason"]
    assert summary["missing_samples_share"] == 0


def test_samples_of_an_eyelink_edf_are_not_guessed(shared_data):
    recording = read_recording(shared_data("eyelink/left_eye.edf"))
    grammar = {
        "trial_start": r"^TRIALID (?P<trial>\d+)",
        "onset": r"^!V DRAW_LIST graphics/(?P<image>VC_\d+\.vcl)",
        "duration_ms": 30000,
    }
    trials = find_trials(recording.messages, recording.blocks, TrialGrammar.from_mapping(grammar))
    table = fixation_table(
        recording,
        trials,
        placement=Placement(),
        screen=Screen(1280, 1024),
        image_sizes={f"VC_{number}.vcl": (1024, 1280) for number in range(10)},
        recording_id="r",
        subject_id="s",
    )
    summary = recording_summary(recording, trials, table)
    assert summary["missing_samples_share"] is None
    assert "only the events are read" in summary["missing_samples_reason"]
    # By hand from the .asc of the same recording: the last validation before each onset, and the
    # thirteen blinks of the left eye.
    means = [entry["mean_deg"] for entry in summary["validation"]["per_trial"]]
    assert means == [0.43, 0.43, 0.27, 0.27]
    assert summary["blinks"]["count"] == 13
