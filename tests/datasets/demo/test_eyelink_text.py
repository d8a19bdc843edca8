"""The `.asc` files obey what edf2asc writes."""

import re
from itertools import pairwise

import numpy as np
import pytest

VIEWERS = [f"viewer_{number}" for number in range(1, 8)]
pytestmark = pytest.mark.parametrize("viewer", VIEWERS)


@pytest.fixture
def text(texts, viewer):
    return texts[viewer]


def test_header_is_the_converters_and_says_simulated(text):
    assert text.lines[0].startswith("** CONVERTED FROM ")
    assert "simulated" in text.lines[0]
    assert text.lines[11] == ""


def test_every_line_has_a_form_of_edf2asc(text):
    field, gap = r"\t +-?\d+\.\d+", r"(?:\t   \.){2}\t    0\.0"
    forms = [
        r"\*\*.*", r"", r"MSG\t\d+ .*", r">>>>>>> CALIBRATION .* <<<<<<<<<", r"\t *-?\d+ .*",
        r"INPUT\t\d+\t127", r"START\t\d+ \t(LEFT|RIGHT)\tSAMPLES\tEVENTS", r"V?PRESCALER\t1",
        r"PUPIL\tAREA",
        r"(EVENTS|SAMPLES)\tGAZE\t(LEFT|RIGHT)\tRATE\t 250\.00\tTRACKING\tCR\tFILTER\t2",
        rf"\d+(?:(?:{field}){{3}}|{gap})\t\.\.\.",
        r"SFIX [LR]   \d+", r"SSACC [LR]  \d+", r"SBLINK [LR] \d+",
        rf"EFIX [LR]   \d+\t\d+\t\d+(?:{field}){{2}}\t +\d+",
        rf"ESACC [LR]  \d+\t\d+\t\d+(?:{field}){{5}}\t +\d+",
        r"EBLINK [LR] \d+\t\d+\t\d+",
        rf"END\t\d+ \tSAMPLES\tEVENTS\tRES(?:{field}){{2}}",
    ]  # fmt: skip
    known = re.compile("|".join(f"(?:{form})" for form in forms))
    assert [line for line in text.lines if not known.fullmatch(line)] == []


def test_durations_are_end_minus_start_plus_one_sample(text):
    for block in text.blocks:
        for start, end, duration, *_ in block.fixations + block.saccades + block.blinks:
            assert duration == end - start + 4


def test_each_trial_is_one_block_and_blocks_leave_gaps(text):
    assert len(text.blocks) == 7
    for former, block in pairwise(text.blocks):
        assert block.start > former.end + 1000


def test_samples_come_every_4_ms_from_start_to_end(text):
    for block in text.blocks:
        times = [sample[0] for sample in block.samples]
        assert times == list(range(block.start, block.end, 4))
        assert len(times) == (block.end - block.start) // 4 + 1


def test_events_lie_in_their_block_and_take_turns(text):
    for block in text.blocks:
        events = sorted(block.fixations + block.saccades)
        assert block.start < events[0][0]
        assert events[-1][1] < block.end
        for former, event in pairwise(events):
            assert event[0] == former[1] + 4
            assert (former in block.fixations) != (event in block.fixations)
        for start, end, _ in block.blinks:
            assert any(s[0] < start and end < s[1] for s in block.saccades)


def test_start_lines_stand_before_their_sample_and_end_lines_after_it(text):
    sample = 0
    for line in text.lines:
        words = line.split()
        if words and words[0].isdigit():
            sample = int(words[0])
        elif words and words[0] in ("SFIX", "SSACC", "SBLINK"):
            assert int(words[2]) == sample + 4
        elif words and words[0] in ("EFIX", "ESACC", "EBLINK"):
            assert int(words[3]) == sample


def test_fixation_position_is_the_mean_of_its_samples(text):
    for block in text.blocks:
        for start, end, _, x, y, _ in block.fixations:
            own = np.array([s[1:3] for s in block.samples if start <= s[0] <= end])
            np.testing.assert_allclose(own.mean(axis=0), (x, y), atol=0.0501)


def test_gaze_is_missing_exactly_in_blinks(text):
    for block in text.blocks:
        closed = {sample[0] for sample in block.samples if sample[1] is None}
        stated = {ms for start, end, _ in block.blinks for ms in range(start, end + 1, 4)}
        assert closed == stated


def test_times_of_messages_never_go_back(text):
    times = [ms for ms, message in text.messages]
    assert times == sorted(times)


def test_messages_of_a_trial_come_in_their_order(text):
    shapes = ["TRIALID", "DRIFTCORRECT", "STIM_ONSET", "!V IMGLOAD", "BLANK_SCREEN"]
    shapes += ["!V TRIAL_VAR image", "TRIAL_RESULT"]
    found = [s for _, message in text.messages for s in shapes if message.startswith(s)]
    assert found == shapes * 7


def test_display_lasts_5000_ms_inside_its_block(text):
    onsets = [ms for ms, message in text.messages if message == "STIM_ONSET"]
    offsets = [ms for ms, message in text.messages if message == "BLANK_SCREEN"]
    for block, onset, offset in zip(text.blocks, onsets, offsets, strict=True):
        assert offset - onset == 5000
        assert block.start < onset < offset < block.end


def test_validation_states_the_mean_and_maximum_of_its_points(text):
    messages = [message for _, message in text.messages]
    (summary,) = (message for message in messages if message.startswith("!CAL VALIDATION"))
    pattern = (
        r"!CAL VALIDATION HV9 ([LR]) (LEFT |RIGHT) GOOD ERROR (\d\.\d\d) avg\. (\d\.\d\d) max"
        r"  OFFSET \d\.\d\d deg\. -?\d+\.\d,-?\d+\.\d pix\."
    )
    _, _, mean, worst = re.fullmatch(pattern, summary).groups()
    points = [
        float(re.search(r"OFFSET (\S+) deg", message)[1])
        for message in messages
        if message.startswith("VALIDATE")
    ]
    assert len(points) == 9
    assert float(worst) == max(points)
    assert float(mean) == pytest.approx(np.mean(points), abs=0.011)


def test_drift_check_has_the_trackers_form(text):
    pattern = (
        r"DRIFTCORRECT ([LR]) (LEFT |RIGHT) at 960,540  OFFSET \d\.\d\d deg\."
        r"  -?\d+\.\d,-?\d+\.\d pix\."
    )
    checks = [message for _, message in text.messages if message.startswith("DRIFTCORRECT")]
    assert [check for check in checks if not re.fullmatch(pattern, check)] == []
