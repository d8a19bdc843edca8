"""EDF+ and BDF+: channels, missing values, padding, annotations, and what is refused."""

import numpy as np
import pytest

from bench.errors import DataError, UsageError
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


@pytest.mark.parametrize(
    ("stated", "written", "missing"),
    [
        (-1000.0, -1000.0, 100),
        (-1000.0, -1500.0, 100),  # beyond it
        (-1000.0, -900.0, 0),
        (3000.0, 3000.0, 100),
        (3000.0, 3200.0, 100),
        (3000.0, 2900.0, 0),
        (0.0, 0.0, 100),
    ],
)
def test_samples_at_or_beyond_a_declared_missing_value_are_missing(
    edfplus, stated, written, missing
):
    signals = gaze()
    signals["gaze_x"][400:500] = written
    recording = read_recording(edfplus(signals), screen=SCREEN, missing_value=stated)
    assert recording.quality["samples"]["R"] == {"count": 1000, "missing": missing}


def test_padding_with_digital_zeros_is_cut_off_too(edfplus, tmp_path):
    # With 0 to 4000 px on -32768 to 32767, digital zeros would be gaze at 2000 px.
    import pyedflib

    header = {"dimension": "px", "sample_frequency": 250, "transducer": "", "prefilter": ""}
    header |= {"physical_min": 0, "physical_max": 4000, "digital_min": -32768}
    path = tmp_path / "digital.edf"
    with pyedflib.EdfWriter(str(path), 2) as writer:
        for number, label in enumerate(("gaze_x", "gaze_y")):
            writer.setSignalHeader(number, {**header, "label": label, "digital_max": 32767})
        digital = np.full(1000, -10000, np.int32)
        digital[875:] = 0
        writer.writeSamples([digital, digital.copy()], digital=True)
    recording = read_recording(path, screen=SCREEN)
    assert recording.blocks["end_ms"].tolist() == [3500]
    assert recording.fixations["x_screen_px"].round().tolist() == [1390]


# 598 mm wide, 500 mm away: 10 degrees right are 500 tan(10 deg) = 88.16 mm, times 1920 / 598.
FLAT = Screen(1920, 1080, width_mm=598, height_mm=336, distance_mm=500)
ACROSS = 500 * np.tan(np.radians(10)) * 1920 / 598
DOWN = 500 * np.tan(np.radians(5)) * 1080 / 336


@pytest.mark.parametrize(("degrees_y", "sign"), [("down", 1), ("up", -1)])
def test_gaze_in_degrees_is_laid_on_the_flat_screen(edfplus, degrees_y, sign):
    path = edfplus(gaze(x=10.0, y=5.0), unit="deg")
    table = read_recording(path, screen=FLAT, degrees_y=degrees_y).fixations
    assert table["x_screen_px"].item() == pytest.approx(959.5 + ACROSS, abs=0.1)
    assert table["y_screen_px"].item() == pytest.approx(539.5 + sign * DOWN, abs=0.1)


def test_gaze_in_degrees_with_only_pixels_per_degree_is_linear(edfplus):
    table = read_recording(edfplus(gaze(x=10.0, y=0.0), unit="deg"), screen=SCREEN).fixations
    assert table["x_screen_px"].item() == pytest.approx(959.5 + 400)


def test_gaze_in_degrees_without_geometry_fails(edfplus):
    recording = read_recording(edfplus(gaze(x=1.0, y=1.0), unit="deg"), screen=Screen(1920, 1080))
    assert "needs the geometry" in " ".join(recording.quality["errors"])


def test_another_word_for_the_direction_of_degrees_is_refused(edfplus):
    with pytest.raises(UsageError, match="did you mean 'down'"):
        read_recording(edfplus(gaze()), screen=SCREEN, degrees_y="dow")


@pytest.mark.parametrize(
    "labels",
    [
        ("gaze_x", "gaze_y"),
        ("x", "y"),
        ("xpos", "ypos"),
        ("Gaze X", "Gaze Y"),
        ("xpos_left", "ypos_left"),
        ("gaze_x_right", "gaze_y_right"),
    ],
)
def test_the_labels_of_gaze_channels(edfplus, labels):
    signals = dict(zip(labels, (gaze()["gaze_x"], gaze(y=300.0)["gaze_y"]), strict=True))
    recording = read_recording(edfplus({"EEG 1": np.zeros(1000), **signals}), screen=SCREEN)
    row = recording.fixations.iloc[0]
    assert (round(row["x_screen_px"]), round(row["y_screen_px"])) == (960, 300)
    assert row["eye"] == ("L" if labels[0].endswith("left") else "R")


def test_bytes_after_the_last_record_do_no_harm(edfplus):
    path = edfplus(gaze())
    path.write_bytes(path.read_bytes() + b"more")
    assert len(read_recording(path, screen=SCREEN).fixations) == 1


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


def test_stored_fixations_need_no_gaze_channels(edfplus):
    stored = [(1.0, 0.2, "FIX 700.5 -30.25 L"), (1.5, 0.1, "FIX 10 20 L")]
    recording = read_recording(edfplus({"EEG 1": np.zeros(1000)}, stored, unit="uV"))
    assert recording.fixations["y_screen_px"].tolist() == [-30.25, 20]
    assert recording.quality["eyes"] == "L"
    # Without a rate there is no sample to count on top.
    np.testing.assert_allclose(recording.fixations["duration_ms"], [200, 100], atol=1e-6)
    np.testing.assert_allclose(recording.fixations["span_ms"], [200, 100], atol=1e-6)
    assert recording.quality["errors"] == []


def test_stored_fixations_say_which_eye_unnamed_channels_are_of(edfplus):
    recording = read_recording(edfplus(gaze(), [(1.0, 0.2, "FIX 700.5 300.25 L")]))
    assert recording.quality["eyes"] == "L"
    assert "L" in recording.quality["samples"]


@pytest.mark.parametrize("text", ["FIX 700.5 300.25", "FIX 1.2.3 4 R", "FIX . . R", "FIX 1 2 B"])
def test_a_stored_fixation_that_is_none_is_an_error(edfplus, text):
    recording = read_recording(edfplus(gaze(), [(1.0, 0.2, text)]), screen=SCREEN)
    assert "1 annotation(s) begin with FIX and are no fixation" in recording.quality["errors"][0]


def test_a_stored_fixation_without_duration_is_an_error(edfplus):
    recording = read_recording(edfplus(gaze(), [(1.0, -1, "FIX 1 2 R")]), screen=SCREEN)
    assert "expected 'FIX x y eye'" in recording.quality["errors"][0]


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
