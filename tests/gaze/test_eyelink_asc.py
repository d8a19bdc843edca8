"""The .asc parser on what real files hold and on what goes wrong with them."""

import gzip

import numpy as np
import pytest

from bench.errors import DataError
from bench.gaze import Screen, read_recording


def errors(recording):
    return " | ".join(recording.quality["errors"])


def test_a_fixation_lasts_from_its_first_to_its_last_sample_inclusive(asc):
    (row,) = read_recording(asc(asc.efix(1200, 1300, 700.5, 300.2))).fixations.itertuples()
    assert (row.eye, row.block, row.fixation_index) == ("R", 1, 0)
    assert (row.start_ms, row.end_ms, row.span_ms, row.duration_ms) == (1200, 1300, 100, 104)
    assert (row.x_screen_px, row.y_screen_px, row.pupil) == (700.5, 300.2, 500)
    assert row.source == "tracker"


def test_a_sound_recording_has_neither_errors_nor_warnings(asc):
    quality = read_recording(asc()).quality
    assert quality["errors"] == []
    assert quality["warnings"] == []
    assert quality["incomplete"] is False


def test_quality_holds_the_trackers_own_report(asc):
    quality = read_recording(asc()).quality
    assert (quality["eyes"], quality["rate_hz"], quality["display_px"]) == ("R", 250, [1920, 1080])
    assert quality["calibrations"] == [
        {"time_ms": 600.0, "eye": "R", "type": "HV9", "quality": "GOOD"}
    ]
    (validation,) = quality["validations"]
    assert (validation["mean_deg"], validation["max_deg"]) == (0.40, 0.80)
    (drift,) = quality["drift_checks"]
    assert (drift["offset_deg"], drift["offset_px"]) == (0.35, [-8.1, 5.2])
    assert quality["samples"] == {"R": {"count": 2, "missing": 1}}


def test_messages_outside_of_blocks_are_kept_with_their_times(asc):
    messages = read_recording(asc()).messages
    assert messages["time_ms"].tolist() == [500, 600, 700, 900, 901, 950, 1040, 2040, 2101]
    assert messages["text"].iloc[3] == "TRIALID 1"


def test_a_message_goes_on_in_the_lines_below(asc):
    text = "MSG\t1500 !CAL eye check box: (L,R,T,B)\n\t  -84     8  -110    10\n"
    messages = read_recording(asc(asc.efix(1200, 1300) + text)).messages
    assert messages["text"].iloc[7] == "!CAL eye check box: (L,R,T,B)\n\t  -84     8  -110    10"


def test_a_blank_line_belongs_to_no_message(asc):
    recording = read_recording(asc("MSG\t1500 hello\n\n" + asc.efix(1504, 1600)))
    assert recording.messages["text"].iloc[7] == "hello"
    assert not recording.quality["errors"]


def test_crlf_reads_as_lf(asc):
    path = asc()
    expected = read_recording(path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    recording = read_recording(path)
    assert recording.fixations.equals(expected.fixations)
    assert recording.messages.equals(expected.messages)


def test_gzip_reads_as_plain_text(asc, tmp_path):
    path = asc()
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    recording = read_recording(packed)
    assert recording.quality["format"] == "asc_gz"
    assert recording.fixations.equals(read_recording(path).fixations)


def test_a_truncated_gzip_is_unreadable_but_salvaged(asc, tmp_path):
    packed = tmp_path / "packed.asc.gz"
    raw = asc().read_bytes().replace(b"BLANK", bytes(range(14, 256)).hex().encode())
    packed.write_bytes(gzip.compress(raw)[:-120])
    with pytest.raises(DataError, match=r"truncated.*salvage"):
        read_recording(packed)
    recording = read_recording(packed, salvage=True)
    assert recording.quality["incomplete"]
    assert len(recording.fixations) == 1


@pytest.mark.parametrize("raw", ["Frühstück".encode("latin-1"), "Frühstück".encode()])
def test_messages_are_utf8_or_cp1252(asc, raw):
    path = asc(asc.efix(1200, 1300) + "MSG\t1500 @@\n")
    path.write_bytes(path.read_bytes().replace(b"@@", raw))
    recording = read_recording(path)
    assert "Frühstück" in recording.messages["text"].tolist()
    warned = "1 message(s) (number 8) are not UTF-8" in " ".join(recording.quality["warnings"])
    assert warned == (raw == "Frühstück".encode("latin-1"))


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_the_mark_that_an_editor_puts_before_utf8_is_no_damage(asc, tmp_path, pack):
    raw = asc(asc.efix(1200, 1300)).read_bytes()
    marked = tmp_path / "marked.asc"
    marked.write_bytes(pack(b"\xef\xbb\xbf" + raw))
    recording = read_recording(marked)
    assert recording.quality["errors"] == []
    assert len(recording.fixations) == 1
    # Anywhere else it is not passed over.
    marked.write_bytes(pack(raw.replace(b"\nEFIX", b"\n\xef\xbb\xbfEFIX")))
    assert "could not be understood" in " ".join(read_recording(marked).quality["errors"])


def test_a_nul_in_a_message_is_dropped(asc):
    recording = read_recording(asc(asc.efix(1200, 1300) + "MSG\t1500 hello\0\n"))
    assert "hello" in recording.messages["text"].tolist()


def test_negative_coordinates_are_kept(asc):
    recording = read_recording(asc(asc.efix(1200, 1300, -12.5, -3.0)))
    assert recording.fixations[["x_screen_px", "y_screen_px"]].values.tolist() == [[-12.5, -3.0]]


@pytest.mark.parametrize("code", [".", "1e+08", "-32768.0"])
def test_a_missing_position_is_nan(asc, code):
    recording = read_recording(asc(asc.efix(1200, 1300, code, code)))
    assert np.isnan(recording.fixations[["x_screen_px", "y_screen_px"]].values).all()
    assert not recording.quality["errors"]


def test_further_columns_of_a_fixation_do_no_harm(asc):
    line = "EFIX R   1200\t1300\t104\t  700.0\t  300.0\t    500\t  35.10\t  36.20\n"
    assert read_recording(asc(line)).fixations["pupil"].tolist() == [500]


def test_remote_sample_columns_are_passed_by(asc):
    line = "1012\t  960.0\t  540.0\t  500.0\t  5900.0\t  5600.0\t   .\t.............\n"
    recording = read_recording(asc(line + asc.efix(1200, 1300)))
    assert recording.quality["samples"] == {"R": {"count": 3, "missing": 1}}


def test_decimal_times_at_2000_hz_last_half_a_millisecond_more(asc):
    block = "START\t1000.5 \tRIGHT\tEVENTS\nEVENTS\tGAZE\tRIGHT\tRATE\t2000.00\n"
    line = "EFIX R   1200.5\t1300.0\t100.0\t  700.0\t  300.0\t    500\n"
    (row,) = read_recording(asc(line, block=block)).fixations.itertuples()
    assert (row.start_ms, row.span_ms, row.duration_ms) == (1200.5, 99.5, 100.0)


def test_an_end_of_a_fixation_without_start_counts(asc):
    line = "EFIX R   1200\t1300\t104\t  700.0\t  300.0\t    500\n"
    assert len(read_recording(asc(line)).fixations) == 1


def test_a_start_of_a_fixation_without_end_is_unfinished(asc):
    recording = read_recording(asc(asc.efix(1200, 1300) + "SFIX R   1304\n"))
    assert len(recording.fixations) == 1
    assert recording.unfinished.values.tolist() == [["R", 1, 1304.0]]
    assert recording.quality["unfinished_fixations"] == 1


def test_a_missing_end_fails_and_salvage_marks_the_recording_incomplete(asc):
    path = asc(end="MSG\t2040 BLANK_SCREEN\n")
    assert "the last block has no END" in errors(read_recording(path))
    salvaged = read_recording(path, salvage=True).quality
    assert salvaged["errors"] == []
    assert salvaged["incomplete"] is True


def test_an_inner_block_without_end_is_damage_even_when_salvaging(asc):
    second = "START\t3000 \tRIGHT\tEVENTS\nEVENTS\tGAZE\tRIGHT\tRATE\t 250.00\nEND\t4000 \tEVENTS\n"
    path = asc(end=second)
    assert "block 1 has no END" in errors(read_recording(path, salvage=True))


def test_a_line_cut_in_the_middle_is_ignored_and_told(asc):
    path = asc(asc.efix(1200, 1300) + "EFIX R   1304\t1400\t1", end="")
    recording = read_recording(path)
    assert len(recording.fixations) == 1
    assert "ends in the middle of line" in errors(recording)


def test_an_end_line_is_believed_without_its_line_end(asc):
    path = asc(end="END\t2100 \tSAMPLES\tEVENTS\tRES\t  30.00\t  30.00")
    assert read_recording(path).quality["errors"] == []


def test_a_damaged_line_is_named_by_its_number(asc):
    path = asc(asc.efix(1200, 1300) + "EFIX R   13x4\t1400\t100\t 7.0\t 3.0\t 5\n")
    number = path.read_text().splitlines().index("EFIX R   13x4\t1400\t100\t 7.0\t 3.0\t 5") + 1
    assert f"line {number} 'EFIX R   13x4" in errors(read_recording(path))


@pytest.mark.parametrize("kind", ["HREF", "PUPIL"])
def test_other_coordinates_than_gaze_fail(asc, kind):
    path = asc()
    path.write_text(path.read_text().replace("EVENTS\tGAZE", f"EVENTS\t{kind}"))
    assert f"{kind} coordinates, expected GAZE" in errors(read_recording(path))


def test_a_conversion_without_events_has_no_fixations(asc):
    block = "START\t1000 \tRIGHT\tSAMPLES\nSAMPLES\tGAZE\tRIGHT\tRATE\t 250.00\n"
    recording = read_recording(asc("1004\t 1.0\t 2.0\t 3.0\n", block=block))
    assert "no fixation events" in errors(recording)


def test_a_conversion_without_samples_reads_the_same_fixations(asc):
    path = asc()
    expected = read_recording(path).fixations
    lines = [line for line in path.read_text().splitlines(True) if not line[0].isdigit()]
    path.write_text("".join(line for line in lines if not line.startswith("SAMPLES")))
    recording = read_recording(path)
    assert recording.fixations.equals(expected)
    assert recording.quality["errors"] == []


def test_a_change_of_the_sampling_rate_fails(asc):
    second = "START\t3000 \tRIGHT\tEVENTS\nEVENTS\tGAZE\tRIGHT\tRATE\t 500.00\nEND\t4000 \tEVENTS\n"
    path = asc()
    path.write_text(path.read_text() + second)
    assert "the sampling rate changes (250, 500 Hz)" in errors(read_recording(path))


def test_times_that_go_backwards_fail(asc):
    path = asc(asc.efix(1400, 1500) + asc.efix(1200, 1300))
    assert "times go backwards in 1 fixation" in errors(read_recording(path))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RATE\t 250.00", "RATE\t   0.00"),
        ("RATE\t 250.00", "RATE\t-250.00"),
        ("RATE\t 250.00", "RATE\t nan"),
        ("EFIX R   1200\t1300", "EFIX R   nan\t1300"),
        ("EFIX R   1200\t1300", "EFIX R   1200\tinf"),
    ],
)
def test_a_rate_or_time_that_cannot_be_is_a_damaged_line(asc, old, new):
    path = asc(asc.efix(1200, 1300))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert "could not be understood" in errors(read_recording(path))


def test_an_end_without_a_start_is_named_to_the_millisecond(asc):
    path = asc(end=asc.block_end + "END\t1104542 \tSAMPLES\tEVENTS\n")
    assert "END at 1104542 ms without a START" in errors(read_recording(path))


def test_a_fixation_outside_of_its_block_fails(asc):
    assert "outside of their recording block" in errors(read_recording(asc(asc.efix(1200, 9000))))


def test_a_file_without_a_block_fails(asc):
    path = asc("", block="", end="MSG\t2040 hello\n")
    assert "no recording block" in errors(read_recording(path))


@pytest.mark.parametrize("corners", ["0 0 1919 1079", "0 0 1920 1080", "0.00 0.00 1919.00 1079.00"])
def test_the_last_pixel_and_the_width_mean_the_same_display(asc, corners):
    path = asc()
    path.write_text(path.read_text().replace("0 0 1919 1079", corners))
    quality = read_recording(path, screen=Screen(1920, 1080)).quality
    assert quality["errors"] == []
    assert quality["display_px"] == [1920, 1080]


def test_another_display_than_the_configured_one_fails(asc):
    recording = read_recording(asc(), screen=Screen(1280, 1024))
    assert "0 0 1919 1079, but the configuration's screen is 1280 x 1024" in errors(recording)


def test_a_duration_of_neither_convention_is_a_warning(asc):
    line = "EFIX R   1200\t1300\t150\t  700.0\t  300.0\t    500\n"
    (warning,) = read_recording(asc(line)).quality["warnings"]
    assert "neither end - start nor one sample more" in warning


def test_a_binocular_file_keeps_the_eyes_apart(shared_data):
    recording = read_recording(shared_data("eyelink/eyelink_binocular_example.asc"))
    rows = recording.fixations[["eye", "fixation_index", "start_ms", "end_ms", "x_screen_px"]]
    lines = shared_data("eyelink/eyelink_binocular_example.asc").read_text().splitlines()
    words = [line.split() for line in lines if line.startswith("EFIX")]
    assert [row[0] for row in rows.values.tolist()] == [word[1] for word in words]
    assert rows["start_ms"].tolist() == [float(word[2]) for word in words]
    assert rows["x_screen_px"].tolist() == [float(word[5]) for word in words]
    assert len(rows) == 4
    assert rows.groupby("eye", observed=True)["fixation_index"].apply(list).tolist() == [
        [0, 1],
        [0, 1],
    ]
