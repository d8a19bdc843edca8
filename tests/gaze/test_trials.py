"""From messages to trials: onset, offset, image, and why a trial cannot be used."""

import time

import pandas as pd
import pytest

from bench.errors import UsageError, ValidationError
from bench.gaze import TrialGrammar, find_trials, read_recording
from bench.gaze import trials as trials_module
from bench.gaze.trials import image_name

BLOCKS = pd.DataFrame(
    {"block": [1, 2], "start_ms": [1000.0, 9000.0], "end_ms": [8000.0, 16000.0], "eyes": "R"}
)
TRIAL_ONE = [
    (900, "TRIALID 1"),
    (910, "!V IMGLOAD CENTER images/cat.jpg 960 540 1000 750"),
    (1100, "STIM_ONSET"),
    (6100, "BLANK_SCREEN"),
    (6200, "TRIAL_RESULT 0"),
]
TRIAL_TWO = [
    (8900, "TRIALID 2"),
    (8910, "!V IMGLOAD FILL C:\\study\\a dog.jpg"),
    (9100, "STIM_ONSET"),
    (14100, "BLANK_SCREEN"),
    (16100, "TRIAL_RESULT 0"),
]


def find(rows, blocks=BLOCKS, **options):
    messages = pd.DataFrame(rows, columns=["time_ms", "text"]).astype({"time_ms": "float64"})
    grammar = TrialGrammar.from_mapping(options or {"preset": "dataviewer"})
    return find_trials(messages, blocks, grammar)


def test_two_trials_with_their_display_periods_and_images():
    trials = find(TRIAL_ONE + TRIAL_TWO)
    assert trials["trial_index"].tolist() == [1, 2]
    assert trials["trial_label"].tolist() == ["1", "2"]
    assert trials["image_id"].tolist() == ["cat.jpg", "a dog.jpg"]
    assert trials["onset_ms"].tolist() == [1100, 9100]
    assert trials["offset_ms"].tolist() == [6100, 14100]
    assert trials["block"].tolist() == [1, 2]
    assert trials["problem"].isna().all()
    assert trials.attrs == {"expected": None, "errors": [], "warnings": []}


@pytest.mark.parametrize("preset", ["dataviewer", "psychtoolbox"])
def test_the_presets_for_the_common_toolboxes_agree(preset):
    assert find(TRIAL_ONE, preset=preset)["onset_ms"].tolist() == [1100]


def test_a_pylink_script_is_found_by_its_preset():
    rows = [(900, "TRIALID 7"), (1100, "image_onset"), (6100, "image_offset")]
    rows.append((6110, "!V TRIAL_VAR image cat.jpg"))
    trials = find([*rows, (6200, "TRIAL_RESULT 0")], preset="pylink")
    assert trials[["trial_label", "image_id"]].values.tolist() == [["7", "cat.jpg"]]


def test_an_opensesame_log_is_found_by_its_preset():
    rows = [
        (900, "start_trial 0"),
        (910, "var image cat.jpg"),
        (1000, "phase fixation"),
        (1100, "phase stimulus"),
        (6100, "phase feedback"),
        (6200, "stop_trial"),
    ]
    trials = find(rows, preset="opensesame")
    row = ["0", "cat.jpg", 1100, 6100]
    assert trials[["trial_label", "image_id", "onset_ms", "offset_ms"]].values.tolist() == [row]


def test_a_leading_offset_is_subtracted():
    rows = [(900, "TRIALID 1"), (1100, "-14 STIM_ONSET"), (6100, "6 BLANK_SCREEN")]
    trials = find(rows, preset="dataviewer")
    assert trials[["onset_ms", "offset_ms"]].values.tolist() == [[1114, 6094]]


def test_a_leading_offset_may_be_ignored():
    rows = [(900, "TRIALID 1"), (1100, "-14 STIM_ONSET"), (6100, "BLANK_SCREEN")]
    trials = find(rows, preset="dataviewer", leading_offset="ignore")
    assert trials["onset_ms"].tolist() == [1100]


def test_a_fixed_duration_needs_no_offset_message():
    trials = find([*TRIAL_ONE[:3], TRIAL_ONE[4]], preset="dataviewer", duration_ms=5000)
    assert trials["offset_ms"].tolist() == [6100]
    assert trials["problem"].isna().all()


def test_a_fixed_duration_that_outlasts_the_recording_is_a_problem():
    trials = find(TRIAL_ONE, preset="dataviewer", duration_ms=7000)
    assert trials["problem"].tolist() == ["recording ends 100 ms before the display period"]


def test_a_display_period_that_leaves_its_block_is_a_warning():
    rows = [(900, "TRIALID 1"), (910, "!V IMGLOAD FILL a.jpg"), (1100, "STIM_ONSET")]
    trials = find([*rows, (8500, "BLANK_SCREEN")], preset="dataviewer")
    assert trials["problem"].isna().all()
    assert "1 display period(s) end after" in trials.attrs["warnings"][0]


def test_a_trial_variable_after_the_display_names_the_image():
    rows = [row for row in TRIAL_ONE if "IMGLOAD" not in row[1]]
    rows.insert(-1, (6150, "!V TRIAL_VAR image stimuli/cat.jpg"))
    assert find(rows)["image_id"].tolist() == ["cat.jpg"]


def test_a_named_group_in_the_onset_names_the_image():
    rows = [(900, "TRIALID 1"), (1100, "SHOW cat.jpg"), (6100, "HIDE")]
    trials = find(
        rows, trial_start="^TRIALID (?P<trial>.+)", onset="^SHOW (?P<image>.+)", offset="^HIDE"
    )
    assert trials["image_id"].tolist() == ["cat.jpg"]


def test_a_mapping_names_the_images():
    trials = find(TRIAL_ONE, preset="dataviewer", image={"1": "dog.jpg"})
    assert trials["image_id"].tolist() == ["dog.jpg"]


def test_a_trial_that_the_list_of_images_lacks_is_told():
    trials = find(TRIAL_ONE + TRIAL_TWO, preset="dataviewer", image={"1": "dog.jpg"})
    assert trials["image_id"].isna().tolist() == [False, True]
    assert trials["problem"].iloc[1] == "not in the list of images, which has '1'"


def test_the_message_that_draws_the_image_is_kept():
    trials = find(TRIAL_ONE + TRIAL_TWO)
    assert trials["drawn"].tolist() == [TRIAL_ONE[1][1], TRIAL_TWO[1][1]]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([(1100, "STIM_ONSET"), (1200, "STIM_ONSET"), (6100, "BLANK_SCREEN")], "2 onset messages"),
        ([(1100, "STIM_ONSET")], "no offset message"),
        ([(1050, "BLANK_SCREEN"), (1100, "STIM_ONSET")], "offset before onset"),
        ([(1100, "hello")], "no onset message"),
        ([(500, "STIM_ONSET"), (950, "BLANK_SCREEN")], "nothing was recorded at the onset"),
    ],
)
def test_what_is_wrong_with_a_trial_is_told_in_the_table(rows, problem):
    image = (410, "!V IMGLOAD CENTER cat.jpg 960 540")
    trials = find([(400, "TRIALID 9"), image, *rows, *TRIAL_TWO])
    assert trials["problem"].iloc[0].startswith(problem)
    assert pd.isna(trials["problem"].iloc[1])
    (error,) = trials.attrs["errors"]
    assert "1 of 2 trials cannot be used" in error
    assert "trial 9: onset" in error


@pytest.mark.parametrize(("rule", "onset"), [("first", 1100), ("last", 1200)])
def test_a_repeated_onset_may_be_settled_by_rule(rule, onset):
    rows = [*TRIAL_ONE[:3], (1200, "STIM_ONSET"), *TRIAL_ONE[3:]]
    trials = find(rows, preset="dataviewer", on_repeat=rule)
    assert trials["onset_ms"].tolist() == [onset]
    assert trials["problem"].isna().all()


def test_a_repeated_label_spoils_both_trials():
    repeated = [(stamp, text.replace("TRIALID 2", "TRIALID 1")) for stamp, text in TRIAL_TWO]
    trials = find(TRIAL_ONE + repeated)
    assert trials["problem"].str.startswith("trial label '1' occurs 2 times").tolist() == [True] * 2


def test_a_trial_without_image_cannot_be_used():
    trials = find([row for row in TRIAL_ONE if "IMGLOAD" not in row[1]])
    assert trials["problem"].tolist() == ["no image named"]


def test_a_wrong_length_of_the_display_is_a_problem():
    expect = {"window_ms": 4900, "tolerance_ms": 99}
    trials = find(TRIAL_ONE, preset="dataviewer", expect=expect)
    assert trials["problem"].tolist() == ["display period of 5000 ms, expected 4900 ms"]
    expect["tolerance_ms"] = 100
    assert find(TRIAL_ONE, preset="dataviewer", expect=expect)["problem"].isna().all()


def test_a_wrong_number_of_trials_is_an_error():
    trials = find(TRIAL_ONE, preset="dataviewer", expect={"trials": 200})
    assert "1 trials found, 200 expected" in trials.attrs["errors"][0]


def test_when_nothing_matches_the_shapes_presets_and_key_are_shown():
    with pytest.raises(ValidationError) as caught:
        find(TRIAL_ONE + TRIAL_TWO, trial_start="^TRIAL_BEGIN", onset="^GO", duration_ms=5000)
    text = str(caught.value)
    assert "no trial start in 10 messages" in text
    assert "2 x TRIALID #" in text
    assert "dataviewer (2 trials), psychtoolbox (2 trials)" in text
    assert "Change trials: trial_start" in text


def test_the_shapes_of_messages_hold_no_values_of_variables():
    rows = [
        (1, "!V TRIAL_VAR email anna@example.org"),
        (2, "-3 !V TRIAL_VAR email berta@example.org"),
        (3, "!V TRIAL_VAR image cat.jpg"),
        (4, "asked anna@example.org"),
    ]
    with pytest.raises(ValidationError) as caught:
        find(rows, trial_start="^TRIAL_BEGIN", onset="^GO", duration_ms=5000)
    text = str(caught.value)
    assert "1 x !V TRIAL_VAR email ..." in text
    assert "1 x # !V TRIAL_VAR email ..." in text
    assert "1 x !V TRIAL_VAR image ..." in text
    assert "anna" not in text
    assert "berta" not in text


def test_when_no_onset_matches_the_onset_is_to_be_changed(shared_data):
    recording = read_recording(shared_data("eyelink/left_eye.asc"))
    grammar = TrialGrammar.from_mapping({"preset": "dataviewer"})
    with pytest.raises(ValidationError, match="4 trial starts, but no onset") as caught:
        find_trials(recording.messages, recording.blocks, grammar)
    assert "4 x # !V DRAW_LIST graphics/VC_#.vcl" in str(caught.value)


def test_a_real_recording_with_its_own_grammar(shared_data):
    recording = read_recording(shared_data("eyelink/left_eye.asc"))
    grammar = TrialGrammar.from_mapping(
        {
            "trial_start": r"^TRIALID (?P<trial>\d+)",
            "trial_end": "^TRIAL_RESULT",
            "onset": r"^!V DRAW_LIST graphics/(?P<image>VC_\d+\.vcl)",
            "duration_ms": 30000,
        }
    )
    trials = find_trials(recording.messages, recording.blocks, grammar)
    assert trials["trial_label"].tolist() == ["0", "1", "2", "3"]
    assert trials["block"].tolist() == [1, 2, 3, 4]
    # MSG 860602 -8 !V DRAW_LIST: drawn 8 ms after its stamp.
    assert trials["onset_ms"].iloc[0] == 860610
    assert trials["problem"].isna().all()


def test_a_pattern_that_runs_for_long_is_stopped(monkeypatch):
    monkeypatch.setattr(trials_module, "SECONDS", 0.2)
    rows = [(900, "TRIALID 1"), (1000, "a" * 5000)]
    started = time.monotonic()
    with pytest.raises(UsageError, match="simplify"):
        find(rows, trial_start="^TRIALID", onset=r"a.*a.*a.*a.*a.*b", duration_ms=10)
    assert time.monotonic() - started < 5


def test_an_alternative_that_doubles_its_ways_is_stopped_as_well(monkeypatch):
    # No repeat within a repeat, so the grammar takes it, but 2 to the power of 40 ways to fail.
    monkeypatch.setattr(trials_module, "SECONDS", 0.2)
    rows = [(900, "TRIALID 1"), (1000, "a" * 40)]
    started = time.monotonic()
    with pytest.raises(UsageError, match="simplify"):
        find(rows, trial_start="^TRIALID", onset="^(?:a|a)*b", duration_ms=10)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "path", ["cat.jpg", "a/cat.jpg", "..\\a\\cat.jpg", '"a/cat.jpg"', " cat.jpg "]
)
def test_an_image_is_its_file_name(path):
    assert image_name(path) == "cat.jpg"
