"""EDF+ and BDF+: channels, missing values, padding, annotations, and what is refused."""

import numpy as np
import pytest

from bench.errors import DataError
from bench.gaze import Screen, read_recording

SCREEN = Screen(1920, 1080, stated_pixels_per_degree=40.0)
MESSAGES = [(0.2, -1, "DRIFTCORRECT L LEFT at 960,540  OFFSET"), (0.5, -1, "TRIALID 1")]


def gaze(seconds=4.0, *, x=960.0, y=540.0):
    size = int(250 * seconds)
    return {"gaze_x": np.full(size, x), "gaze_y": np.full(size, y), "pupil": np.full(size, 500.0)}


def test_two_still_periods_are_two_fixations(edfplus):
    signals = gaze()
    signals["gaze_x"][500:] = 1200.0
    recording = read_recording(edfplus(signals, MESSAGES), screen=SCREEN)
    assert recording.fixations["x_screen_px"].round(0).tolist() == [960, 1200]
    # The step reaches two samples to either side of it in the velocity.
    assert recording.fixations["end_ms"].tolist() == [497 * 4, 999 * 4]
    assert recording.fixations["start_ms"].tolist() == [0, 502 * 4]
    assert recording.fixations["pupil"].round(0).tolist() == [500, 500]
    assert set(recording.fixations["source"]) == {"ivt"}
    assert recording.quality["errors"] == []


def test_annotations_become_messages(edfplus):
    recording = read_recording(edfplus(gaze(), MESSAGES), screen=SCREEN)
    assert recording.messages["time_ms"].tolist() == [200, 500]
    assert recording.messages["text"].tolist() == [text for *_, text in MESSAGES]


def test_the_eye_comes_from_the_trackers_messages(edfplus):
    assert read_recording(edfplus(gaze(), MESSAGES), screen=SCREEN).quality["eyes"] == "L"
    quality = read_recording(edfplus(gaze(), name="other.edf"), screen=SCREEN).quality
    assert quality["eyes"] == "R"
    assert "does not say which eye" in " ".join(quality["warnings"])


def test_labels_of_two_eyes_are_read_apart(edfplus):
    signals = gaze()
    signals = {
        "x_left": signals["gaze_x"],
        "y_left": signals["gaze_y"],
        "x_right": signals["gaze_x"] + 10,
        "y_right": signals["gaze_y"],
    }
    recording = read_recording(edfplus(signals), screen=SCREEN)
    assert recording.fixations["eye"].tolist() == ["L", "R"]
    assert recording.fixations["x_screen_px"].round(0).tolist() == [960, 970]


def test_the_physical_minimum_is_missing_and_not_gaze(edfplus):
    signals = gaze()
    signals["gaze_x"][400:500] = -3276.8
    recording = read_recording(edfplus(signals), screen=SCREEN)
    assert recording.quality["samples"] == {"R": {"count": 1000, "missing": 100}}
    assert recording.fixations["end_ms"].tolist() == [399 * 4, 999 * 4]
    assert recording.fixations["x_screen_px"].round(0).tolist() == [960, 960]


def test_the_padding_of_the_last_record_is_cut_off(edfplus):
    recording = read_recording(edfplus(gaze(3.5)), screen=SCREEN)
    assert recording.fixations["end_ms"].tolist() == [874 * 4]
    assert recording.blocks["end_ms"].tolist() == [3500]


def test_stored_fixations_are_used_and_need_no_geometry(edfplus):
    stored = [(1.0, 0.2, "FIX 700.5 300.25 R"), (1.5, 0.1, "FIX 10 20 R")]
    recording = read_recording(edfplus(gaze(), MESSAGES[1:] + stored))
    table = recording.fixations
    assert table["x_screen_px"].tolist() == [700.5, 10]
    assert table["start_ms"].tolist() == [1000, 1500]
    np.testing.assert_allclose(table["duration_ms"], [200, 100], atol=1e-6)
    np.testing.assert_allclose(table["span_ms"], [196, 96], atol=1e-6)
    assert set(table["source"]) == {"annotation"}
    assert recording.messages["text"].tolist() == ["TRIALID 1"]
    assert recording.quality["errors"] == []


def test_samples_without_geometry_fail(edfplus):
    recording = read_recording(edfplus(gaze()), screen=Screen(1920, 1080))
    assert "I-VT needs the geometry" in " ".join(recording.quality["errors"])
    assert len(recording.fixations) == 0


def test_many_annotations_in_one_record_are_all_read(edfplus):
    crowd = [(1.0 + number / 1000, -1, f"event {number}") for number in range(40)]
    assert len(read_recording(edfplus(gaze(), crowd), screen=SCREEN).messages) == 40


def test_bdfplus_reads_as_edfplus(edfplus):
    recording = read_recording(edfplus(gaze(), MESSAGES, bdf=True, name="a.bdf"), screen=SCREEN)
    assert recording.quality["format"] == "bdfplus"
    assert len(recording.fixations) == 1


def test_a_missing_channel_is_answered_with_the_channels(edfplus):
    signals = gaze()
    del signals["gaze_y"]
    with pytest.raises(DataError, match=r"gaze_x \[px, 250 Hz\], pupil \[px, 250 Hz\]"):
        read_recording(edfplus(signals))


def test_another_unit_is_answered_with_the_channels(edfplus):
    with pytest.raises(DataError, match=r"must be in px.*gaze_x \[uV, 250 Hz\]"):
        read_recording(edfplus(gaze(), unit="uV"))


def test_two_sampling_rates_are_answered_with_the_channels(edfplus):
    signals = gaze()
    signals["gaze_y"] = signals["gaze_y"][::2].copy()
    with pytest.raises(DataError, match=r"one sampling rate.*gaze_y \[px, 125 Hz\]"):
        read_recording(edfplus(signals, rates={"gaze_y": 125}))


def test_a_discontinuous_file_is_refused(edfplus):
    path = edfplus(gaze())
    path.write_bytes(path.read_bytes().replace(b"EDF+C", b"EDF+D", 1))
    with pytest.raises(DataError, match=r"discontinuous EDF\+D"):
        read_recording(path)


def test_a_file_shorter_than_its_header_says_is_refused(edfplus):
    path = edfplus(gaze())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="not readable as EDF"):
        read_recording(path)


def test_a_name_with_other_letters_can_be_read(edfplus):
    assert len(read_recording(edfplus(gaze(), name="Frühstück 1.edf"), screen=SCREEN).fixations)
