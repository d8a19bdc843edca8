"""Any damage to an .asc file: our own errors only, and no EFIX line is lost without a word."""

import json
import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import DataError
from bench.gaze import read_recording

from .conftest import BLOCK, BLOCK_END, PREAMBLE, efix

SACCADE = (
    "SSACC R  1304\nESACC R  1304\t1340\t40\t  960.0\t  540.0\t  700.0\t  500.0\t  4.50\t  210\n"
)
BLINK = "SBLINK R 1500\nEBLINK R 1500\t1560\t64\n"
SOUND = (
    PREAMBLE
    + BLOCK
    + efix(1200, 1300)
    + SACCADE
    + efix(1344, 1490, 700, 500)
    + BLINK
    + efix(1600, 1800, ".", ".")
    + BLOCK_END
).encode()
NUMBERS = (b"nan", b"-inf", b"1e400", b"1_000", "１２３４".encode(), b"0x1f", b"-1", b"1e-320", b"")
WORDS = (*NUMBERS, b".", b"R", b"L", b"LR", b"EFIX", b"MSG", b"START", b"END", b"\0", b"\x1b[2J")
JOINTS = (b"\r", b"\r\n", b"\n\n", b"\0", b" ", b"\x85", b"\x0c", b"\xe2\x80\xa8")


@st.composite
def damaged(draw):
    """A sound recording whose lines were changed, cut, moved, doubled, joined or dropped."""
    lines = SOUND.split(b"\n")
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(lines) - 1))
        line = lines[place]
        match draw(st.integers(0, 8)):
            case 0:
                words = re.split(rb"([\t ]+)", line)
                words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(WORDS))
                lines[place] = b"".join(words)
            case 1:
                lines[place] = line[: draw(st.integers(0, len(line)))]
            case 2:
                lines.insert(draw(st.integers(0, len(lines))), lines.pop(place))
            case 3:
                lines.insert(place, line)
            case 4 if place + 1 < len(lines):
                lines[place : place + 2] = [line + draw(st.sampled_from(JOINTS)) + lines[place + 1]]
            case 5:
                del lines[place]
                lines = lines or [b""]
            case 6:
                lines[place] = draw(st.binary(max_size=30)).replace(b"\n", b"")
            case 7:
                lines[place] = line + b"x" * draw(st.sampled_from([100, 5000, (1 << 20) + 1]))
            case _:
                at = draw(st.integers(0, len(line)))
                lines[place] = line[:at] + draw(st.binary(min_size=1, max_size=2)) + line[at:]
    whole = b"\n".join(lines)
    return whole[: len(whole) - draw(st.sampled_from([0, 0, 0, 1, 30, 300]))]


def written(whole):
    """How many fixations the complete lines of the file hold, by the first word alone."""
    lines = whole.replace(b"\r", b"\n").split(b"\n")[:-1]
    return sum(line.split(None, 1)[:1] == [b"EFIX"] for line in lines)


def reported(recording):
    """How many lines the reader says that it could not understand."""
    found = re.search(r"(\d+) line\(s\) could not be understood", str(recording.quality["errors"]))
    return int(found[1]) if found else 0


def check(path, whole):
    path.write_bytes(whole)
    try:
        recording = read_recording(path)
    except DataError:
        return
    found = len(recording.fixations)
    assert found <= written(whole)
    assert written(whole) <= found + reported(recording)
    json.dumps(recording.quality, allow_nan=False)
    durations = recording.fixations["duration_ms"]
    assert durations.notna().all()


@given(whole=damaged())
def test_no_line_of_a_damaged_recording_is_lost_in_silence(whole, tmp_path):
    check(tmp_path / "viewer.asc", whole)


@pytest.mark.slow
@settings(max_examples=1000)
@given(whole=damaged())
def test_no_line_of_many_damaged_recordings_is_lost_in_silence(whole, tmp_path):
    check(tmp_path / "viewer.asc", whole)


@given(whole=st.binary(max_size=3000))
def test_bytes_are_a_recording_or_refused(whole, tmp_path):
    path = tmp_path / "viewer.asc"
    path.write_bytes(whole)
    with suppress(DataError):
        assert written(whole) <= len(read_recording(path).fixations) + 1


@pytest.mark.parametrize("word", ["1_200", "nan", "1e400", "0x4b0"])
def test_a_time_that_only_python_understands_is_a_damaged_line(word, asc):
    path = asc(efix(1200, 1300) + efix(1400, 1500).replace("1400", word))
    recording = read_recording(path)
    assert len(recording.fixations) == 1
    assert "2 line(s) could not be understood" in recording.quality["errors"][0]


def test_an_event_behind_a_carriage_return_is_missed_and_counted(asc):
    path = asc(efix(1200, 1300).replace("\nEFIX", "\rEFIX") + efix(1400, 1500))
    recording = read_recording(path)
    assert len(recording.fixations) == 1
    assert "1 line(s) could not be understood: 'EFIX' after" in recording.quality["errors"][0]
