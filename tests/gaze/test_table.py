"""The fixation table: one row per fixation, and the status of each."""

import dataclasses

import pandas as pd
import pytest

from bench.errors import UsageError, ValidationError
from bench.gaze import (
    FIXATION_COLUMNS,
    Placement,
    Screen,
    TrialGrammar,
    as_fixation_table,
    choose_eye,
    empty_fixation_table,
    find_trials,
    fixation_table,
    read_recording,
)

SCREEN = Screen(1920, 1080)
SIZES = {"cat.jpg": (375, 500)}


def table_of(path, *, sizes=SIZES, eye="better", grammar=None, **options):
    recording = read_recording(path)
    grammar = TrialGrammar.from_mapping(grammar or {"preset": "dataviewer"})
    trials = find_trials(recording.messages, recording.blocks, grammar)
    return fixation_table(
        recording,
        trials,
        placement=Placement(2),
        screen=SCREEN,
        image_sizes=sizes,
        recording_id="r01",
        subject_id="s01",
        eye=eye,
        **options,
    )


def test_the_columns_and_types_are_those_of_the_schema(asc):
    table = table_of(asc())
    assert list(table.columns) == list(FIXATION_COLUMNS)
    assert all(table[name].dtype == dtype for name, dtype in FIXATION_COLUMNS.items())


def test_a_kept_fixation_has_its_trial_image_and_place(asc):
    (row,) = table_of(asc(asc.efix(1200, 1300, 560.0, 265.0))).itertuples()
    assert (row.recording_id, row.subject_id) == ("r01", "s01")
    assert (row.trial_index, row.trial_label, row.image_id) == (1, "1", "cat.jpg")
    assert (row.onset_ms, row.duration_ms, row.span_ms) == (160, 104, 100)
    # (560 - 460 + 0.5) / 2 - 0.5 and (265 - 165 + 0.5) / 2 - 0.5
    assert (row.x_image_px, row.y_image_px) == (49.75, 49.75)
    assert row.status == "kept"


# The picture stands from 1040 to 2040 ms.
@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        (1040, 1140, "kept"),
        (1940, 2040, "kept"),
        (1040, 2040, "kept"),
        (1036, 1140, "straddles_onset"),
        (1940, 2044, "straddles_offset"),
        (1036, 2044, "straddles_both"),
        (1000, 1036, "outside_window"),
        (2044, 2080, "outside_window"),
    ],
)
def test_only_what_lies_entirely_within_the_display_period_counts(asc, start, end, status):
    assert table_of(asc(asc.efix(start, end)))["status"].tolist() == [status]


@pytest.mark.parametrize(
    ("x", "y", "status"),
    [
        (460.0, 165.0, "kept"),
        (1459.0, 914.0, "kept"),
        (459.0, 540.0, "off_image"),
        (1460.0, 540.0, "off_image"),
        (960.0, 164.0, "off_image"),
        (960.0, 915.0, "off_image"),
        (0.0, 540.0, "off_image"),
        (-0.6, 540.0, "off_screen"),
        (-12.5, 540.0, "off_screen"),
        (1919.5, 540.0, "off_screen"),
        (960.0, 1080.0, "off_screen"),
        (".", ".", "missing_position"),
    ],
)
def test_a_position_decides_by_its_cell(asc, x, y, status):
    assert table_of(asc(asc.efix(1200, 1300, x, y)))["status"].tolist() == [status]


def test_a_fixation_outside_of_trials_has_no_trial(asc):
    (row,) = table_of(asc(asc.efix(2044, 2080))).itertuples()
    assert pd.isna(row.trial_index)
    assert pd.isna(row.image_id)
    assert pd.isna(row.onset_ms)
    assert pd.isna(row.x_image_px)


def test_an_unfinished_fixation_is_a_row_in_its_place(asc):
    path = asc(asc.efix(1200, 1300) + "SFIX R   1304\n" + asc.efix(1404, 1500))
    table = table_of(path)
    assert table["status"].tolist() == ["kept", "unfinished", "kept"]
    assert table["fixation_index"].tolist() == [0, 1, 2]
    assert pd.isna(table["duration_ms"].iloc[1])


def test_a_bad_trial_claims_its_fixations(asc):
    # The first trial has no offset message; the second shows its picture from 3040 to 4040 ms.
    second = (
        "MSG\t2900 TRIALID 2\nMSG\t2901 !V IMGLOAD CENTER cat.jpg\n"
        "START\t3000 \tRIGHT\tEVENTS\nEVENTS\tGAZE\tRIGHT\tRATE\t 250.00\n"
        "MSG\t3040 STIM_ONSET\n" + asc.efix(3200, 3300) + "MSG\t4040 BLANK_SCREEN\n"
        "END\t4100 \tEVENTS\nMSG\t4101 TRIAL_RESULT 0\n"
    )
    path = asc(end="END\t2100 \tSAMPLES\tEVENTS\nMSG\t2101 TRIAL_RESULT 0\n" + second)
    assert table_of(path)["status"].tolist() == ["bad_trial", "kept"]


def binocular(asc, *, left=None, right="0.40"):
    path = asc(asc.efix(1200, 1300, 560.0, 265.0, eye="L") + asc.efix(1204, 1304))
    text = path.read_text().replace("\tRIGHT\tSAMPLES", "\tLEFT\tRIGHT\tSAMPLES")
    line = next(line for line in text.splitlines(True) if "VALIDATION" in line)
    lines = "" if right is None else line.replace("0.40", right)
    if left is not None:
        lines = line.replace("RIGHT", "LEFT").replace("0.40", left) + lines
    path.write_text(text.replace(line, lines))
    return path


@pytest.mark.parametrize(
    ("left", "right", "statuses"),
    [
        ("0.39", "0.40", ["kept", "other_eye"]),
        ("0.41", "0.40", ["other_eye", "kept"]),
        ("0.40", "0.40", ["kept", "other_eye"]),
        (None, "0.40", ["other_eye", "kept"]),
    ],
)
def test_the_better_validated_eye_counts(asc, left, right, statuses):
    path = binocular(asc, left=left, right=right)
    assert table_of(path)["status"].tolist() == statuses


def test_the_configuration_may_name_the_eye(asc):
    path = binocular(asc, left="0.39")
    assert table_of(path, eye="right")["status"].tolist() == ["other_eye", "kept"]


def test_two_eyes_without_validation_need_a_rule(asc):
    path = binocular(asc, right=None)
    with pytest.raises(ValidationError, match="eye: left or eye: right"):
        table_of(path)
    assert table_of(path, eye="left")["status"].tolist() == ["kept", "other_eye"]


def test_the_only_eye_is_taken_whatever_the_rule(asc):
    assert table_of(asc(), eye="left")["status"].tolist() == ["kept"]


def test_an_unknown_eye_rule_is_named(asc):
    with pytest.raises(UsageError, match="did you mean 'better'"):
        choose_eye(read_recording(asc()), "beter")


def test_only_validations_in_force_decide_about_the_eye(asc):
    # A repeated, bad validation that no recording followed does not count.
    recording = read_recording(binocular(asc, left="0.39"))
    late = {**recording.quality["validations"][0], "time_ms": 5000.0, "mean_deg": 9.0}
    quality = {**recording.quality, "validations": [*recording.quality["validations"], late]}
    assert choose_eye(dataclasses.replace(recording, quality=quality)).eye == "L"


def test_a_trial_without_the_chosen_eye_is_bad(asc):
    path = binocular(asc, left="0.39")
    text = path.read_text().replace("\tLEFT\tRIGHT\tSAMPLES", "\tRIGHT\tSAMPLES")
    left = "START\t3000 \tLEFT\tEVENTS\nEVENTS\tGAZE\tLEFT\tRATE\t 250.00\nEND\t4000 \tEVENTS\n"
    path.write_text(text + left)
    assert table_of(path, eye="left")["status"].tolist() == ["bad_trial", "other_eye"]


def test_the_mean_of_both_eyes_is_a_row_beside_their_own(asc):
    # Both eyes gaze from 1204 to 1300 ms, at 560, 265 and 960, 540; the middle lies between.
    table = table_of(binocular(asc, right=None), eye="average")
    assert table[["eye", "status"]].values.tolist() == [
        ["L", "other_eye"],
        ["LR", "kept"],
        ["R", "other_eye"],
    ]
    row = table.iloc[1]
    assert (row["x_screen_px"], row["y_screen_px"]) == (760, 402.5)
    assert (row["start_ms"], row["end_ms"], row["duration_ms"]) == (1204, 1300, 100)
    # Nothing is pooled: what counts is one row.
    assert table.loc[table["status"] == "kept", "span_ms"].sum() == 96


def test_the_mean_needs_both_eyes_in_the_trials_block(asc):
    path = binocular(asc)
    text = path.read_text().replace("\tLEFT\tRIGHT\tSAMPLES", "\tRIGHT\tSAMPLES")
    left = "START\t3000 \tLEFT\tEVENTS\nEVENTS\tGAZE\tLEFT\tRATE\t 250.00\nEND\t4000 \tEVENTS\n"
    path.write_text(text + left)
    table = table_of(path, eye="average")
    assert table.loc[table["eye"] == "LR", "status"].tolist() == ["bad_trial"]


def test_short_fixations_are_marked_only_if_asked(asc):
    path = asc(asc.efix(1200, 1272) + asc.efix(1300, 1376))
    assert table_of(path)["status"].tolist() == ["kept", "kept"]
    table = table_of(path, min_duration_ms=80)
    assert table["status"].tolist() == ["too_short", "kept"]


# A blink of either eye from 1400 to 1500 ms.
@pytest.mark.parametrize("blinking", ["L", "R"])
@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        (1200, 1396, "kept"),
        (1200, 1400, "overlaps_blink"),
        (1420, 1480, "overlaps_blink"),
        (1300, 1600, "overlaps_blink"),
        (1500, 1600, "overlaps_blink"),
        (1504, 1600, "kept"),
    ],
)
def test_fixations_in_blinks_are_marked_only_if_asked(asc, blinking, start, end, status):
    path = asc(f"EBLINK {blinking}\t1400\t1500\t104\n" + asc.efix(start, end))
    assert table_of(path)["status"].tolist() == ["kept"]
    assert table_of(path, drop_blink_overlaps=True)["status"].tolist() == [status]


def test_an_earlier_reason_stands_before_short_and_blinking(asc):
    path = asc("EBLINK R\t1400\t1500\t104\n" + asc.efix(1440, 1460, 10.0))
    table = table_of(path, min_duration_ms=80, drop_blink_overlaps=True)
    assert table["status"].tolist() == ["off_image"]


def test_a_format_without_blinks_says_so(edfplus):
    import numpy as np

    signals = {"gaze_x": np.full(1000, 960.0), "gaze_y": np.full(1000, 540.0)}
    rows = [(0.1, -1, "TRIALID 1"), (0.2, -1, "!V IMGLOAD CENTER cat.jpg"), (1.0, 0.2, "FIX 9 9 R")]
    path = edfplus(signals, [*rows, (0.5, -1, "STIM_ONSET"), (2.5, -1, "BLANK_SCREEN")])
    table = table_of(path, drop_blink_overlaps=True)
    assert "no blink events in this format" in " ".join(table.attrs["warnings"])


def test_an_unknown_image_fails_and_a_case_difference_is_named(asc):
    with pytest.raises(ValidationError, match=r"'cat.jpg' \(there is 'CAT.JPG'\)"):
        table_of(asc(), sizes={"CAT.JPG": (375, 500)})


def test_a_cut_image_name_in_edfplus_is_completed_with_a_warning(edfplus):
    import numpy as np

    signals = {"gaze_x": np.full(1000, 960.0), "gaze_y": np.full(1000, 540.0)}
    rows = [(0.1, -1, "TRIALID 1"), (0.2, -1, "!V IMGLOAD CENTER cat.j"), (0.3, -1, "FIX 5 5 R")]
    rows += [(0.5, -1, "STIM_ONSET"), (1.0, 0.2, "FIX 960 540 R"), (2.5, -1, "BLANK_SCREEN")]
    path = edfplus(signals, rows)
    table = table_of(path)
    assert table["image_id"].dropna().unique().tolist() == ["cat.jpg"]
    assert "completed: cat.j = cat.jpg" in table.attrs["warnings"][0]
    with pytest.raises(ValidationError, match=r"'cat\.j'"):
        table_of(path, sizes={"cat.jpg": (1, 1), "cat.jpeg": (1, 1)})


def test_every_fixation_of_a_real_recording_stays_a_row(shared_data):
    grammar = {
        "trial_start": r"^TRIALID (?P<trial>\d+)",
        "onset": r"^!V DRAW_LIST graphics/(?P<image>VC_\d+\.vcl)",
        "duration_ms": 30000,
    }
    sizes = {f"VC_{number}.vcl": (1024, 1280) for number in range(10)}
    table = table_of(shared_data("eyelink/left_eye.asc"), grammar=grammar, sizes=sizes)
    assert len(table) == 228
    assert set(table["status"]) <= {
        "kept",
        "outside_window",
        "straddles_onset",
        "straddles_offset",
        "off_screen",
        "off_image",
    }


def test_the_empty_table_has_all_columns():
    table = empty_fixation_table()
    assert list(table.columns) == list(FIXATION_COLUMNS)
    assert len(table) == 0


def test_a_partial_table_is_filled_with_missing_values():
    table = as_fixation_table(pd.DataFrame({"x_image_px": [1, 2], "more": [3, 4]}))
    assert list(table.columns) == list(FIXATION_COLUMNS)
    assert table["x_image_px"].tolist() == [1.0, 2.0]
    assert table["image_id"].isna().all()
    assert table["block"].tolist() == [0, 0]


def test_the_table_survives_parquet(asc, tmp_path):
    table = table_of(asc(asc.efix(1200, 1300) + asc.efix(2044, 2080)))
    table.to_parquet(tmp_path / "a.parquet")
    back = pd.read_parquet(tmp_path / "a.parquet")
    assert as_fixation_table(back).equals(table)
