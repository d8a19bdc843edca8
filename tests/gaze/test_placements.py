"""Where each trial's picture stood: by rule, by photograph, by trial, or by the messages."""

import numpy as np
import pytest

from bench.errors import ValidationError
from bench.gaze import (
    Layout,
    Placement,
    Screen,
    TrialGrammar,
    find_trials,
    fixation_table,
    placed_trials,
    read_recording,
)
from bench.gaze.placements import read_imgload

SCREEN = Screen(1920, 1080)
SIZES = {"cat.jpg": (375, 500)}
IMGLOAD = "!V IMGLOAD CENTER cat.jpg 960 540 1000 750"


def placed(path, layout, *, screen=SCREEN):
    recording = read_recording(path)
    grammar = TrialGrammar.from_mapping({"preset": "dataviewer"})
    trials = find_trials(recording.messages, recording.blocks, grammar)
    return placed_trials(trials, recording, layout, SIZES, screen), recording


def place(path, layout):
    """(x offset, y offset, x scale, y scale) of the only trial, and its problem."""
    trials, _ = placed(path, layout)
    (row,) = trials.itertuples()
    problem = row.problem if isinstance(row.problem, str) else None
    return (row.x_offset_px, row.y_offset_px, row.x_scale, row.y_scale), problem


def drawn(asc, message):
    return asc(block=asc.block.replace(IMGLOAD, message))


# A picture of 500 x 375 px on 1920 x 1080 px, worked out by hand.
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (IMGLOAD, (460, 165, 2, 2)),  # the paper's place, 460 to 1460 and 165 to 915
        ("!V IMGLOAD CENTER cat.jpg 960 540", (710, 352.5, 1, 1)),
        ("!V IMGLOAD CENTER cat.jpg", (710, 352.5, 1, 1)),
        ("!V IMGLOAD CENTER cat.jpg 250 200 100 75", (200, 162.5, 0.2, 0.2)),
        ("!V IMGLOAD TOP_LEFT cat.jpg 100 50 1000 750", (100, 50, 2, 2)),
        ("!V IMGLOAD TOP_LEFT cat.jpg -20 0", (-20, 0, 1, 1)),
        ("!V IMGLOAD TOP_LEFT cat.jpg", (0, 0, 1, 1)),
        ("!V IMGLOAD FILL cat.jpg", (0, 0, 3.84, 2.88)),
        ("-8 !V IMGLOAD CENTER stimuli/cat.jpg 960 540 1000 750", (460, 165, 2, 2)),
    ],
)
def test_the_message_places_the_picture(asc, message, expected):
    found, problem = place(drawn(asc, message), Layout(from_messages=True))
    assert found == pytest.approx(expected)
    assert problem is None


def test_without_a_size_in_the_message_the_configured_scale_holds(asc):
    path = drawn(asc, "!V IMGLOAD CENTER cat.jpg 960 540")
    found, _ = place(path, Layout(Placement(2), from_messages=True))
    assert found == (460, 165, 2, 2)


def test_a_name_with_spaces_and_numbers_is_read_whole():
    assert (
        read_imgload("!V IMGLOAD TOP_LEFT my images/cat 2.jpg 3 4").image == "my images/cat 2.jpg"
    )
    assert read_imgload("!V IMGLOAD_ERROR cat.jpg") is None
    assert read_imgload("!V TRIAL_VAR image cat.jpg") is None


def test_a_trial_without_the_message_cannot_be_placed_by_it(asc):
    path = drawn(asc, "!V TRIAL_VAR image cat.jpg")
    found, problem = place(path, Layout(from_messages=True))
    assert np.isnan(found).all()
    assert "no whole message !V IMGLOAD places the image" in problem


def test_the_message_of_another_picture_does_not_place_this_one(asc):
    # A fixation cross is loaded after the picture; the trial's picture is the one named first.
    cross = f"{IMGLOAD}\nMSG\t902 !V IMGLOAD CENTER cross.png 100 100 10 10"
    found, _ = place(drawn(asc, cross), Layout(from_messages=True))
    assert found == (460, 165, 2, 2)


def test_a_trials_own_place_comes_before_the_images_and_the_messages(asc):
    path = drawn(asc, "!V IMGLOAD CENTER cat.jpg 960 540")
    by_image = {"cat.jpg": Placement(3, (10, 20))}
    by_trial = {"1": Placement(1.5, (30, 40))}
    layouts = (
        Layout(Placement(2), True, by_image, by_trial),
        Layout(Placement(2), True, by_image),
        Layout(Placement(2), True),
        Layout(Placement(1)),
    )
    assert [place(path, layout)[0] for layout in layouts] == [
        (30, 40, 1.5, 1.5),
        (10, 20, 3, 3),
        (460, 165, 2, 2),
        (710, 352.5, 1, 1),
    ]


def test_a_size_that_contradicts_the_configuration_is_a_problem(asc):
    _, problem = place(asc(), Layout(Placement(1)))
    assert problem == (
        "drawn at 1000 x 750 px, but the photograph at the configured scale is 500 x 375 px"
    )
    # Half a pixel of rounding is none.
    _, problem = place(drawn(asc, IMGLOAD.replace("750", "751")), Layout(Placement(2)))
    assert problem is None


def test_a_place_that_contradicts_the_configuration_is_a_warning(asc):
    path = drawn(asc, IMGLOAD.replace("960", "900"))
    trials, _ = placed(path, Layout(Placement(2)))
    assert trials["problem"].isna().all()
    (warning,) = trials.attrs["warnings"]
    assert "in 1 trial(s) !V IMGLOAD states another place" in warning
    assert placed(path, Layout(Placement(2), from_messages=True))[0].attrs["warnings"] == []


def test_each_fixation_is_put_on_its_own_trials_picture(asc):
    # The same gaze on the same photograph, once at twice its size, once at the left edge.
    first = asc.block + asc.efix(1200, 1300, 960.0, 540.0) + asc.block_end
    second = first.replace("TRIALID 1", "TRIALID 2")
    second = second.replace(IMGLOAD, "!V IMGLOAD TOP_LEFT cat.jpg 0 0 1920 1440")
    for ms in sorted({"900", "901", "950", "1000", "1004", "1040", "1200", "1300"}, key=int)[::-1]:
        second = second.replace(f"{ms} ", f"{int(ms) + 2000} ").replace(
            f"{ms}\t", f"{int(ms) + 2000}\t"
        )
    second = second.replace("   1200", "   3200").replace("1200\n", "3200\n")
    for ms in ("2040", "2100", "2101"):
        second = second.replace(f"{ms} ", f"{int(ms) + 2000} ")
    path = asc(block=first, events="", end=second)
    trials, recording = placed(path, Layout(from_messages=True))
    table = fixation_table(
        recording,
        trials,
        screen=SCREEN,
        image_sizes=SIZES,
        recording_id="r",
        subject_id="s",
    )
    assert table["status"].tolist() == ["kept", "kept"]
    assert table["trial_label"].tolist() == ["1", "2"]
    # (960 - 460 + 0.5) / 2 - 0.5 and (960 - 0 + 0.5) / 3.84 - 0.5; down 540 likewise.
    np.testing.assert_allclose(table["x_image_px"], [249.75, 960.5 / 3.84 - 0.5])
    np.testing.assert_allclose(table["y_image_px"], [187.25, 540.5 / 3.84 - 0.5])


def test_a_cut_annotation_places_nothing(edfplus):
    # '!V IMGLOAD CENTER cat_1.jpg 960 540 1000 750' loses its end at 40 characters.
    still = {"gaze_x": np.full(1000, 960.0), "gaze_y": np.full(1000, 540.0)}
    rows = [
        (0.1, -1, "TRIALID 1"),
        (0.2, -1, f"!V IMGLOAD CENTER {'a' * 4}/cat.jpg 960 540 1000 7"),
    ]
    rows += [(0.5, -1, "STIM_ONSET"), (2.5, -1, "BLANK_SCREEN")]
    path = edfplus(still, rows)
    _, problem = place(path, Layout(from_messages=True))
    assert "no whole message" in problem
    assert place(path, Layout(Placement(2))) == ((460, 165, 2, 2), None)


def test_raw_trials_with_a_new_problem_are_refused_by_the_table(asc):
    recording = read_recording(asc())
    grammar = TrialGrammar.from_mapping({"preset": "dataviewer"})
    trials = find_trials(recording.messages, recording.blocks, grammar)
    with pytest.raises(ValidationError, match="drawn at 1000 x 750"):
        fixation_table(
            recording,
            trials,
            placement=Placement(1),
            screen=SCREEN,
            image_sizes=SIZES,
            recording_id="r",
            subject_id="s",
        )
