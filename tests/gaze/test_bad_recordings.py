"""Every bad input of the list that the readers answer for: a row a test, the row in its id.

The rows are those of the project's note on recordings, section 7 (20, 25 to 34 and 37 concern
trials, eyes and tables and are tested there). 3 is unreadable, 4 is readable but fails a check.
"""

import gzip
import os
import random
import shutil
import zipfile

import numpy as np
import pytest

from bench.cli import main
from bench.errors import BenchError
from bench.gaze import (
    Placement,
    Screen,
    TrialGrammar,
    find_trials,
    fixation_table,
    read_recording,
)

SACCADE = "SSACC R  1304\nESACC R  1304\t1340\t40\t 1\t 2\t 3\t 4\t 1\t 9\n"
SOUND = "TEST_2022_03_08_18_33.EDF"


@pytest.fixture
def inspect(capsys):
    """A function: words of `bench inspect` -> (exit code, its output, its error message)."""

    def run(*words):
        code = 0
        try:
            main(["inspect", *map(str, words)])
        except SystemExit as end:
            code = end.code
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return code, shown.out, shown.err

    return run


@pytest.fixture
def edf(shared_data, tmp_path):
    """A function: a change of the bytes of a sound recording -> path of the changed copy."""
    pytest.importorskip("eyelinkio", reason="the extra eyelink is not installed")

    def write(change, source="left_eye.edf", name="viewer.edf"):
        path = tmp_path / name
        path.write_bytes(change(shared_data(f"eyelink/{source}").read_bytes()))
        return path

    return write


def statuses(path, **options):
    """The statuses of the recording's fixations, one trial with cat.jpg at 1040 to 2040 ms."""
    recording = read_recording(path, **options)
    grammar = TrialGrammar.from_mapping({"preset": "dataviewer"})
    table = fixation_table(
        recording,
        find_trials(recording.messages, recording.blocks, grammar),
        placement=Placement(2),
        screen=Screen(1920, 1080),
        image_sizes={"cat.jpg": (375, 500)},
        recording_id="r",
        subject_id="s",
    )
    return table["status"].tolist()


# Rows 1 to 3: nothing there to read.


def test_row_1_a_missing_path_and_a_folder(inspect, tmp_path):
    missing = tmp_path / "nowhere.edf"
    code, _, message = inspect(missing)
    assert (code, "no such file" in message, str(missing) in message) == (3, True, True)
    code, _, message = inspect(tmp_path)
    assert (code, "a folder" in message) == (3, True)


def test_row_1_a_dangling_link(inspect, tmp_path):
    (tmp_path / "viewer.edf").symlink_to(tmp_path / "gone.edf")
    code, _, message = inspect(tmp_path / "viewer.edf")
    assert (code, "a link to a file that does not exist" in message) == (3, True)


def test_row_1_a_device_is_not_read_for_ever(inspect):
    code, _, message = inspect("/dev/zero")
    assert (code, "a device or pipe" in message) == (3, True)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="the system knows no user ids")
def test_row_1_no_permission(inspect, tmp_path):
    path = tmp_path / "viewer.edf"
    path.write_bytes(b"x")
    path.chmod(0)
    me = os.geteuid()
    if me == 0:  # root may read everything
        os.seteuid(65534)
    try:
        code, _, message = inspect(path)
    finally:
        os.seteuid(me)
    assert (code, "ermission" in message) == (3, True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "empty file", id="row_2_empty"),
        pytest.param(b"dear diary\n", "starts with 'dear diary'", id="row_3_text"),
        pytest.param(b"time,x,y\n1,2,3\n", "starts with 'time,x,y'", id="row_3_csv"),
        pytest.param(random.Random(3).randbytes(5000), "starts with the bytes", id="row_3_random"),
        pytest.param(gzip.compress(b"SR_RESEARCH_ ENDP:"), "Unpack it first", id="row_6_gzip"),
        pytest.param(b"SR_RESEARCH_1000FILE\n", "ENDP:", id="row_7_nothing_after_the_magic"),
        pytest.param(
            b"SR_RESEARCH_1000FILE\n" + random.Random(7).randbytes(70_000),
            "ENDP:",
            id="row_7_garbage_after_the_magic",
        ),
        pytest.param(
            "** CONVERTED FROM a.edf\nMSG\t1 x\n".encode("utf-16"), "UTF-16", id="row_15_utf16"
        ),
        pytest.param(
            "** CONVERTED FROM a.edf\nMSG\t1 x\n".encode("utf-16-le"),
            "UTF-16",
            id="row_15_utf16_without_mark",
        ),
    ],
)
def test_what_is_no_recording(inspect, tmp_path, content, words):
    path = tmp_path / "viewer.edf"
    path.write_bytes(content)
    code, out, message = inspect(path)
    assert (code, out) == (3, "")
    assert message.startswith("bench inspect: viewer.edf: ")
    assert words in message
    assert path.read_bytes() == content


def test_row_6_a_zip_archive(inspect, tmp_path):
    with zipfile.ZipFile(tmp_path / "viewer.edf", "w") as archive:
        archive.writestr("viewer.edf", b"SR_RESEARCH")
    code, _, message = inspect(tmp_path / "viewer.edf")
    assert (code, "unpack it first" in message) == (3, True)


# Rows 4 and 5: the header decides, and the report says what the file is.


def test_row_4_a_european_edf_among_eyelink_files(inspect, edfplus):
    still = np.repeat([960.0, 300.0], 125)
    path = edfplus({"gaze_x": still, "gaze_y": still}, name="viewer.edf")
    code, out, _ = inspect(path, "--pixels-per-degree", 30)
    assert (code, "European EDF+" in out) == (0, True)


def test_row_4_an_eyelink_edf_with_another_name(inspect, edf):
    code, out, _ = inspect(edf(bytes, SOUND, name="viewer.bdf"))
    assert (code, "EyeLink EDF" in out) == (0, True)
    assert "the name ends in .bdf, but the header is that of eyelink_edf" in out


def test_row_5_an_asc_named_edf(inspect, asc):
    code, out, _ = inspect(asc(name="viewer.edf"))
    assert (code, "EyeLink text (.asc)" in out) == (0, True)
    assert "the name ends in .edf, but the header is that of asc" in out


def test_row_5_a_packed_asc(inspect, asc):
    path = asc()
    packed = path.with_suffix(".asc.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    code, out, _ = inspect(packed)
    assert (code, "gzip" in out, "1 fixations" in out) == (0, True, True)


# Rows 7 to 9 (the library's own crashes, see also test_eyelink_edf).


def test_row_7_garbage_after_a_sound_preamble(inspect, edf):
    noise = random.Random(8).randbytes(20_000)
    path = edf(lambda raw: raw[: raw.index(b"ENDP:") + 6] + noise)
    assert inspect(path)[0] == 3


def test_row_9_the_child_cannot_take_more_memory_than_its_limit(inspect, tmp_path, monkeypatch):
    from bench.gaze import eyelink_edf

    script = tmp_path / "child.py"
    source = eyelink_edf.CHILD.read_text()
    start = source.index('if __name__ == "__main__"')
    script.write_text(
        source[:start].replace("MEMORY_LIMIT = 4 * 1024**3", "MEMORY_LIMIT = 256 * 1024**2")
        + "limit_resources()\nbytearray(1024**3)\n"
    )
    monkeypatch.setattr(eyelink_edf, "CHILD", script)
    path = tmp_path / "viewer.edf"
    path.write_bytes(b"SR_RESEARCH_1000FILE\nENDP:\n")
    code, _, message = inspect(path)
    assert (code, "MemoryError" in message) == (3, True)


# Rows 10 to 14: truncation and damage.


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_rows_10_and_11_a_truncated_edf(inspect, edf, share):
    path = edf(lambda raw: raw[: int(len(raw) * share)])
    before = path.read_bytes()
    code, out, message = inspect(path)
    assert (code, out) == (3, "")
    assert "truncated" in message
    assert "--salvage" in message
    code, out, _ = inspect(path, "--salvage")
    assert code == 0
    assert "incomplete     yes" in out
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["viewer.edf"]  # noqa: PTH208


def test_row_12_a_hole_of_zeros_in_a_block(inspect, edf):
    def with_hole(raw):
        start = raw.index(b"TRIALID 1") + 20_000  # the block is 450 KB long
        return raw[:start] + bytes(4096) + raw[start + 4096 :]

    code, out, message = inspect(edf(with_hole))
    assert code == 4
    assert "the last block has no END" in message
    assert "the EyeLink library stopped at byte" in message
    assert " 228 fixations" not in out


def test_row_13_flipped_bytes(edf):
    generator = random.Random(13)

    def flipped(raw):
        raw = bytearray(raw)
        for _ in range(20):
            raw[generator.randrange(len(raw))] ^= 1 << generator.randrange(8)
        return bytes(raw)

    told = 0
    for _ in range(8):
        path = edf(flipped)
        try:
            recording = read_recording(path)
        except BenchError:
            told += 1
            continue
        told += bool(recording.quality["errors"])
        assert len(recording.fixations) == 228 or recording.quality["errors"]
    assert told


def test_row_13_a_flipped_event_word_in_text(inspect, asc):
    events = (
        asc.efix(1200, 1300) + "SSACC R  1304\nESACC R  1304\t1340\t40\t 1\t 2\t 3\t 4\t 1\t 9\n"
    )
    path = asc(events.replace("EFIX", "AFIX"))
    code, _, message = inspect(path)
    assert code == 4
    assert "1 fixation(s) have no end although a saccade follows" in message


def test_row_13_an_event_word_that_became_a_digit(inspect, asc):
    events = (
        asc.efix(1200, 1300) + "SSACC R  1304\nESACC R  1304\t1340\t40\t 1\t 2\t 3\t 4\t 1\t 9\n"
    )
    code, _, message = inspect(asc(events.replace("EFIX", "1FIX")))
    assert (code, "have no end although a saccade follows" in message) == (4, True)


def test_row_12_a_hole_of_zeros_in_text(inspect, asc):
    path = asc()
    path.write_bytes(path.read_bytes().replace(b"EFIX", bytes(4096) + b"EFIX"))
    code, _, message = inspect(path)
    assert (code, "a hole of zeros at byte" in message) == (4, True)


@pytest.mark.parametrize(
    ("tail", "words"),
    [("", "the last block has no END"), ("EFIX R   1304\t1400\t1", "in the middle of line")],
)
def test_row_14_an_asc_that_breaks_off(inspect, asc, tail, words):
    path = asc(asc.efix(1200, 1300) + tail, end="")
    code, _, message = inspect(path)
    assert (code, words in message) == (4, True)
    code, out, _ = inspect(path, "--salvage")
    assert (code, "incomplete     yes" in out, " 1 fixations" in out) == (0, True, True)


# Row 15: texts.


@pytest.mark.parametrize(
    "raw", [b"Fr\xfchst\xfcck", "Frühstück".encode(), b"Fr\xfch\0st\xfcck", b"Fr\xfchst\xfcck\r"]
)
def test_row_15_a_message_in_any_eight_bits(asc, raw):
    path = asc(asc.efix(1200, 1300) + "MSG\t1500 @@\n")
    path.write_bytes(path.read_bytes().replace(b"@@", raw))
    recording = read_recording(path)
    assert "Frühstück" in recording.messages["text"].tolist()
    assert not recording.quality["errors"]


@pytest.mark.parametrize("name", ["two words.edf", "Frühstück 朝食.edf", "ж ☃/näme.edf"])
def test_row_16_any_path(inspect, edf, tmp_path, name):
    source = edf(bytes, SOUND)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    source.rename(tmp_path / name)
    code, out, _ = inspect(tmp_path / name)
    assert (code, " 8 fixations" in out) == (0, True)


# Rows 17 to 19: odd fixations.


@pytest.mark.parametrize("place", [(-12.5, 300.0), (960.0, -3.0), (2500.0, 300.0), (960.0, 1100.0)])
def test_row_17_places_off_the_screen_are_kept(asc, place):
    path = asc(asc.efix(1200, 1300, *place))
    found = read_recording(path).fixations[["x_screen_px", "y_screen_px"]]
    assert found.values.tolist() == [list(place)]
    assert statuses(path) == ["off_screen"]


@pytest.mark.parametrize("code", [".", "1e+08", "-32768.0", "100000000.0"])
def test_row_18_no_position(asc, code):
    path = asc(asc.efix(1200, 1300, code, code))
    assert read_recording(path).fixations["x_screen_px"].isna().all()
    assert statuses(path) == ["missing_position"]


def test_row_19_an_end_without_start_counts(asc):
    path = asc("EFIX R   1200\t1300\t104\t  960.0\t  540.0\t    500\n")
    assert statuses(path) == ["kept"]


def test_row_19_a_start_without_end_is_unfinished(asc):
    path = asc(asc.efix(1200, 1300) + "SFIX R   1304\n")
    assert statuses(path) == ["kept", "unfinished"]
    assert read_recording(path).quality["unfinished_fixations"] == 1


# Rows 21 to 24: what changes within a file, and how it was made.

SECOND_BLOCK = """\
MSG\t2900 TRIALID 2
MSG\t2901 !V IMGLOAD CENTER cat.jpg 960 540 1000 750
START\t3000 \t{eye}\tEVENTS
EVENTS\t{kind}\t{eye}\tRATE\t {rate}.00\tTRACKING\tCR
MSG\t3040 STIM_ONSET
SFIX {letter}   3200
EFIX {letter}   3200\t3300\t{duration}\t  960.0\t  540.0\t    500
MSG\t4040 BLANK_SCREEN
END\t4100 \tEVENTS\tRES\t  30.00\t  30.00
MSG\t4101 TRIAL_RESULT 0
"""


def two_blocks(asc, *, eye="RIGHT", kind="GAZE", rate=250):
    path = asc()
    second = SECOND_BLOCK.format(
        eye=eye, letter=eye[0], kind=kind, rate=rate, duration=100 + 1000 // rate
    )
    path.write_text(path.read_text() + second)
    return path


def test_row_21_the_eye_switches_between_blocks(asc):
    path = two_blocks(asc, eye="LEFT")
    quality = read_recording(path).quality
    assert quality["errors"] == []
    assert "the recorded eye changes between blocks" in " ".join(quality["warnings"])
    # The right eye was validated; the second trial lacks it.
    assert statuses(path) == ["kept", "other_eye"]


def test_row_22_the_sampling_rate_switches(inspect, asc):
    code, _, message = inspect(two_blocks(asc, rate=500))
    assert (code, "the sampling rate changes (250, 500 Hz)" in message) == (4, True)


def test_row_22_one_rate_in_two_blocks_is_sound(inspect, asc):
    code, out, _ = inspect(two_blocks(asc))
    assert (code, "2 fixations" in out) == (0, True)


@pytest.mark.parametrize("kind", ["HREF", "PUPIL"])
def test_row_23_other_coordinates(inspect, asc, kind):
    code, _, message = inspect(two_blocks(asc, kind=kind))
    assert (code, f"{kind} coordinates, expected GAZE" in message) == (4, True)


def test_row_23_a_conversion_without_events(inspect, asc):
    block = "START\t1000 \tRIGHT\tSAMPLES\nSAMPLES\tGAZE\tRIGHT\tRATE\t 250.00\n"
    code, _, message = inspect(asc("1004\t 1.0\t 2.0\t 3.0\n", block=block))
    assert (code, "no fixation events" in message) == (4, True)


def test_row_23_a_conversion_without_samples(inspect, asc):
    path = asc()
    lines = [line for line in path.read_text().splitlines(True) if not line[0].isdigit()]
    path.write_text("".join(line for line in lines if not line.startswith("SAMPLES")))
    code, out, _ = inspect(path)
    assert (code, " 1 fixations" in out) == (0, True)


FAST = """\
START\t1000 \tRIGHT\tSAMPLES\tEVENTS
EVENTS\tGAZE\tRIGHT\tRATE\t2000.00\tTRACKING\tCR
SAMPLES\tGAZE\tRIGHT\tRATE\t2000.00\tTRACKING\tCR
"""


def test_row_24_decimal_times_at_2000_hz(asc):
    samples = "1000.0\t 1.0\t 2.0\t 3.0\n1000.5\t 1.0\t 2.0\t 3.0\n"
    line = "EFIX R   1200.5\t1300.0\t100.0\t  700.0\t  300.0\t    500\n"
    recording = read_recording(asc(samples + line, block=FAST))
    (row,) = recording.fixations.itertuples()
    assert (row.start_ms, row.span_ms, row.duration_ms) == (1200.5, 99.5, 100.0)
    assert recording.quality["samples"] == {"R": {"count": 2, "missing": 0}}
    assert recording.quality["warnings"] == []


def test_row_24_each_whole_millisecond_twice_at_2000_hz(asc):
    samples = "1000\t 1.0\t 2.0\t 3.0\n1000\t 1.0\t 2.0\t 3.0\n"
    # True times 1200.5 to 1300.0, 100 ms: the converter wrote whole numbers.
    line = "EFIX R   1200\t1300\t100\t  700.0\t  300.0\t    500\n"
    recording = read_recording(asc(samples + line, block=FAST))
    (row,) = recording.fixations.itertuples()
    assert abs(row.duration_ms - 100) <= 0.5
    assert recording.quality["samples"] == {"R": {"count": 2, "missing": 0}}
    (warning,) = recording.quality["warnings"]
    assert "whole milliseconds at 2000 Hz" in warning


# Rows 35 and 36.


@pytest.mark.parametrize("how", ["not installed", "no library for the platform"])
def test_row_35_without_the_vendors_library(inspect, tmp_path, monkeypatch, how):
    import importlib.util

    spec = None
    if how != "not installed":
        bindings = tmp_path / "eyelinkio" / "edf" / "_edf2py.py"
        bindings.parent.mkdir(parents=True)
        bindings.write_text("raise OSError('no libedfapi for this platform')")
        spec = importlib.util.spec_from_file_location(
            "eyelinkio", tmp_path / "eyelinkio" / "__init__.py"
        )
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    path = tmp_path / "viewer.edf"
    path.write_bytes(b"SR_RESEARCH_1000FILE\nENDP:\n")
    code, _, message = inspect(path)
    assert code == 3
    assert "onvert it with SR Research's edf2asc and pass the .asc" in message


def peak_bytes(path):
    """The most memory that reading needs, parsing only."""
    import tracemalloc

    from bench.gaze.eyelink_asc import read_eyelink_asc

    tracemalloc.start()
    try:
        read_eyelink_asc(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_row_36_memory_does_not_grow_with_the_samples(asc):
    line = "1004\t  960.0\t  540.0\t  500.0\t...\n"
    small = asc(line * 30_000 + asc.efix(1200, 1300), name="small.asc")
    large = asc(line * 90_000 + asc.efix(1200, 1300), name="large.asc")
    assert large.stat().st_size > 2.9 * small.stat().st_size
    first, second = peak_bytes(small), peak_bytes(large)
    assert second < 1.05 * first


def test_row_36_a_file_that_is_one_endless_line(inspect, asc):
    path = asc(end="")
    with path.open("ab") as file:
        file.truncate(10 * 1024**3)  # 10 GB of zeros that take no space on the disk
    code, _, message = inspect(path)
    assert (code, "is longer than" in message) == (3, True)


def test_row_36_a_copy_of_the_name_in_use_is_read_all_the_same(edf, tmp_path):
    first = read_recording(edf(bytes, SOUND))
    shutil.copy(tmp_path / "viewer.edf", tmp_path / "other.edf")
    assert read_recording(tmp_path / "other.edf").fixations.equals(first.fixations)
