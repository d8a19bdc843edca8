"""Bad recordings of notes/eyetracking.md section 7, rows 20, 21, 25 to 34 and 37, end to end.

Each test makes the input of its row and runs `bench fixations` over a data set that holds it.
"""

import json

import numpy as np
import pandas as pd
import pytest

from bench.cli import main

DESCRIPTION = """\
label: Laboratory
kind: recordings
task: naming the objects aloud
viewing_ms: 1000
stimuli: {folder: stimuli}
recordings: "gaze/{viewer}.*"
screen: {width_px: 1920, height_px: 1080, width_mm: 598, height_mm: 336, distance_mm: 500}
image_on_screen: {scale: 2}
"""
TRIALS = "trials: {preset: dataviewer}\n"
STILL = {"gaze_x": np.full(1000, 960.0), "gaze_y": np.full(1000, 540.0)}
ANNOTATIONS = [
    (0.1, -1, "TRIALID 1"),
    (0.2, -1, "!V IMGLOAD CENTER cat.jpg"),
    (0.5, -1, "STIM_ONSET"),
    (3.5, -1, "BLANK_SCREEN"),
]


class Laboratory:
    """A data set of one photograph, 500 x 375 px, and what `bench fixations` makes of it."""

    def __init__(self, folder):
        from PIL import Image

        self.folder = folder / "laboratory"
        self.gaze = self.folder / "gaze"
        (self.folder / "stimuli").mkdir(parents=True)
        self.gaze.mkdir()
        Image.new("RGB", (500, 375)).save(self.folder / "stimuli" / "cat.jpg")

    def run(self, more=TRIALS, *options):
        """(fixation table, recordings.json)."""
        (self.folder / "dataset.yaml").write_text(DESCRIPTION + more)
        table, summary = self.folder / "fixations.parquet", self.folder / "recordings.json"
        words = ("--dataset", self.folder / "dataset.yaml", "--output", table)
        main([str(word) for word in ("fixations", *words, "--recordings", summary, *options)])
        return pd.read_parquet(table), json.loads(summary.read_text())

    def refused(self, capsys, code, more=TRIALS):
        """The message; the exit code is `code`, and no output is left behind."""
        with pytest.raises(SystemExit) as ended:
            self.run(more)
        assert ended.value.code == code
        assert not (self.folder / "fixations.parquet").exists()
        assert not (self.folder / "recordings.json").exists()
        text = capsys.readouterr().err
        assert "Traceback" not in text
        return text


@pytest.fixture
def laboratory(tmp_path, asc, edfplus):
    """A Laboratory whose writers `asc` and `edfplus` put recordings among its own."""
    made = Laboratory(tmp_path)

    def text(events=None, *, name="one.asc", change=(), **parts):
        path = asc(events, name=f"laboratory/gaze/{name}", **parts)
        content = path.read_text()
        for old, new in change:
            assert old in content
            content = content.replace(old, new)
        path.write_text(content)
        return path

    made.asc = text
    made.edfplus = lambda *args, name="one.edf", **options: edfplus(
        *args, name=f"laboratory/gaze/{name}", **options
    )
    made.efix = asc.efix
    made.parts = asc
    return made


VALIDATION = (
    "MSG\t700 !CAL VALIDATION HV9 R RIGHT GOOD ERROR 0.40 avg. 0.80 max  "
    "OFFSET 0.20 deg. 1.0,2.0 pix.\n"
)
BOTH_EYES = ("\tRIGHT\tSAMPLES", "\tLEFT\tRIGHT\tSAMPLES")


def binocular(laboratory, *, validated, second=None):
    """A recording of both eyes: the left gazes at 560, the right at 960; {eye: mean error}."""
    lines = "".join(
        VALIDATION.replace("RIGHT", word).replace("0.40", error)
        for word, error in validated.items()
    )
    events = laboratory.efix(1200, 1300, 560.0, eye="L") + laboratory.efix(1204, 1304)
    return laboratory.asc(events, change=[(VALIDATION, lines), BOTH_EYES], **(second or {}))


@pytest.mark.parametrize(
    ("validated", "eye"),
    [
        ({"LEFT": "0.39", "RIGHT": "0.40"}, "L"),
        ({"LEFT": "0.41", "RIGHT": "0.40"}, "R"),
        ({"LEFT": "0.41"}, "L"),
    ],
)
def test_row_20_the_better_validated_eye_counts(laboratory, validated, eye):
    binocular(laboratory, validated=validated)
    table, summary = laboratory.run()
    assert table.loc[table["status"] == "kept", "eye"].tolist() == [eye]
    assert summary["recordings"][0]["eye_used"] == eye


def test_row_20_without_any_validation_the_eye_is_asked_for(laboratory, capsys):
    binocular(laboratory, validated={})
    text = laboratory.refused(capsys, 4)
    assert "one.asc: both eyes were recorded and neither was validated" in text
    assert "eye: left or eye: right" in text
    table, _ = laboratory.run(TRIALS + "eye: right\n")
    assert table.loc[table["status"] == "kept", "eye"].tolist() == ["R"]


SECOND_BLOCK = """\
MSG\t2900 TRIALID 2
MSG\t2901 !V IMGLOAD CENTER cat.jpg
START\t3000 \tLEFT\tSAMPLES\tEVENTS
EVENTS\tGAZE\tLEFT\tRATE\t 250.00\tTRACKING\tCR\tFILTER\t2
MSG\t3040 STIM_ONSET
EFIX L   3200\t3300\t104\t  960.0\t  540.0\t    500
MSG\t4040 BLANK_SCREEN
END\t4100 \tSAMPLES\tEVENTS\tRES\t  30.00\t  30.00
MSG\t4101 TRIAL_RESULT 0
"""


def test_row_21_trials_without_the_chosen_eye_are_bad(laboratory, capsys):
    laboratory.asc(end=laboratory.parts.block_end + SECOND_BLOCK)
    text = laboratory.refused(capsys, 4, TRIALS + "eye: right\n")
    assert "1 trial(s): the right eye was not recorded" in text
    table, summary = laboratory.run(TRIALS + "eye: right\nallow_incomplete: true\n")
    assert table[["eye", "status"]].values.tolist() == [["R", "kept"], ["L", "other_eye"]]
    (recording,) = summary["recordings"]
    assert recording["trials"]["bad"] == 1
    assert recording["bad_trials"] == [
        {"trial": "2", "image": "cat.jpg", "problem": "the right eye was not recorded"}
    ]
    assert "the recorded eye changes between blocks (L, R)" in " ".join(recording["warnings"])


ONSET, OFFSET = "MSG\t1040 STIM_ONSET\n", "MSG\t2040 BLANK_SCREEN\n"
AGAIN = (
    SECOND_BLOCK.replace("TRIALID 2", "TRIALID 1").replace("LEFT", "RIGHT").replace("X L", "X R")
)


@pytest.mark.parametrize(
    ("change", "more", "why"),
    [
        ([], AGAIN, "trial label '1' occurs 2 times"),
        ([(ONSET, ONSET + ONSET.replace("1040", "1048"))], "", "2 onset messages"),
        ([(OFFSET, "")], "", "no offset message"),
        (
            [(OFFSET, ""), (ONSET, OFFSET.replace("2040", "1020") + ONSET)],
            "",
            "offset before onset",
        ),
        (
            [(OFFSET, ""), ("MSG\t2101 TRIAL_RESULT 0\n", "")],
            "",
            "still open when the recording ends",
        ),
    ],
    ids=["trialid-repeated", "onset-twice", "no-offset", "offset-before-onset", "open-at-the-end"],
)
def test_row_25_an_unusable_trial_ends_with_the_table(laboratory, capsys, change, more, why):
    laboratory.asc(end=laboratory.parts.block_end + more, change=change)
    text = laboratory.refused(capsys, 4)
    assert "one.asc: " in text
    assert "trial 1: onset " in text
    assert "image cat.jpg: " in text
    assert why in text
    assert "--allow-incomplete" in text


def test_row_25_incomplete_trials_pass_on_request_and_stay_out(laboratory):
    laboratory.asc(
        end=laboratory.parts.block_end
        + SECOND_BLOCK.replace("LEFT", "RIGHT").replace("X L", "X R"),
        change=[(OFFSET, "")],
    )
    table, summary = laboratory.run(TRIALS, "--allow-incomplete")
    assert table["status"].tolist() == ["bad_trial", "kept"]
    (recording,) = summary["recordings"]
    assert recording["bad_trials"][0]["problem"] == "no offset message"
    assert recording["errors"] == ["1 of 2 trials cannot be used:"]
    assert summary["fixations_by_status"]["bad_trial"] == {"count": 1, "ms": 104.0}


def test_row_26_without_a_match_the_shapes_and_presets_are_shown(laboratory, capsys):
    laboratory.asc()
    custom = "trials: {trial_start: ^BEGIN, onset: ^SHOW, offset: ^HIDE}\n"
    text = laboratory.refused(capsys, 4, custom)
    assert "one.asc: no trial start in 9 messages (preset custom, trial_start: '^BEGIN')" in text
    assert "1 x TRIALID #" in text
    assert "1 x !V IMGLOAD CENTER cat.jpg # # # #" in text
    assert "Presets that would find trials: dataviewer (1 trials), psychtoolbox (1 trials)." in text
    assert "Change trials: trial_start (or preset) in dataset.yaml" in text
    # Letting incomplete trials pass does not help where there are none.
    assert "no trial start" in laboratory.refused(capsys, 4, custom + "allow_incomplete: true\n")


def test_row_27_a_leading_offset_is_later_than_its_stamp(laboratory):
    laboratory.asc(change=[(ONSET, "MSG\t1040 -14 Target_display\n")])
    table, _ = laboratory.run("trials: {preset: dataviewer, onset: ^Target_display}\n")
    # The fixation starts at 1200 ms, the picture stood from 1040 + 14 ms on.
    assert table["onset_ms"].tolist() == [1200 - 1054]


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        (1036, 1140, "straddles_onset"),
        (1940, 2044, "straddles_offset"),
        (1036, 2044, "straddles_both"),
        (1940, 2040, "kept"),
        (1040, 1140, "kept"),
    ],
)
def test_row_28_a_fixation_across_a_border_is_told(laboratory, start, end, status):
    laboratory.asc(laboratory.efix(start, end))
    table, _ = laboratory.run()
    assert table["status"].tolist() == [status]


@pytest.mark.parametrize("corner", ["1919 1079", "1920 1080"])
def test_row_29_the_last_pixel_or_the_size_mean_the_same(laboratory, corner):
    laboratory.asc(change=[("1919 1079", corner)])
    _, summary = laboratory.run()
    assert summary["recordings"][0]["display_px"] == [1920, 1080]


def test_row_29_another_display_is_refused(laboratory, capsys):
    laboratory.asc(change=[("1919 1079", "1279 1023")])
    text = laboratory.refused(capsys, 4)
    assert "one.asc: the display's coordinates are 0 0 1279 1023" in text
    assert "screen is 1920 x 1080 px" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("cat.jpg", "dog.jpg"), "'dog.jpg'. Add them to the stimuli folder"),
        (("cat.jpg", "CAT.jpg"), "'CAT.jpg' (there is 'cat.jpg')"),
        (("1000 750", "640 480"), "drawn at 640 x 480 px, but the photograph at the configured"),
    ],
    ids=["missing", "case", "size"],
)
def test_row_30_an_image_that_does_not_fit_is_named(laboratory, capsys, change, words):
    laboratory.asc(change=[change])
    text = laboratory.refused(capsys, 4)
    assert words in text
    assert "trial 1: onset 1040 ms" in text


def test_row_31_two_recordings_of_one_id_are_refused(laboratory, capsys):
    laboratory.asc(name="one.asc")
    laboratory.edfplus(STILL, ANNOTATIONS, name="one.edf")
    assert "two files for viewer 'one': one.asc and one.edf" in laboratory.refused(capsys, 4)


def test_row_31_the_same_bytes_twice_are_refused(laboratory, capsys):
    laboratory.asc(name="one.asc")
    laboratory.asc(name="two.asc")
    text = laboratory.refused(capsys, 4)
    assert "two.asc holds the same bytes as one.asc: one viewer would count twice" in text


def without_y(signals):
    return {"gaze_x": signals["gaze_x"]}


def half_an_eye(signals):
    left = {"x_left": signals["gaze_x"], "y_left": signals["gaze_y"]}
    return {**left, "x_right": signals["gaze_x"]}


@pytest.mark.parametrize("bdf", [False, True], ids=["edf", "bdf"])
@pytest.mark.parametrize(
    ("signals", "options", "words"),
    [
        (without_y(STILL), {}, "no channel for gaze y. Expected gaze_x and gaze_y"),
        (half_an_eye(STILL), {}, "no channel for gaze y of the right eye"),
        ({"EEG 1": STILL["gaze_x"]}, {}, "no pair of gaze channels"),
        (STILL, {"unit": "uV"}, "must be in px"),
        (
            {**STILL, "gaze_y": STILL["gaze_y"][::2].copy()},
            {"rates": {"gaze_y": 125}},
            "must have one sampling rate",
        ),
    ],
    ids=["y-missing", "y-of-one-eye-missing", "no-gaze", "unit", "two-rates"],
)
def test_row_32_gaze_channels_that_do_not_fit_are_listed(
    laboratory, capsys, signals, options, words, bdf
):
    laboratory.edfplus(signals, ANNOTATIONS, bdf=bdf, **options)
    text = laboratory.refused(capsys, 3)
    assert "one.edf: " in text
    assert words in text
    assert "found: " + next(iter(signals)) in text


@pytest.mark.parametrize("bdf", [False, True], ids=["edf", "bdf"])
def test_row_32_a_discontinuous_file_is_refused(laboratory, capsys, bdf):
    path = laboratory.edfplus(STILL, ANNOTATIONS, bdf=bdf)
    kind = b"BDF+" if bdf else b"EDF+"
    path.write_bytes(path.read_bytes().replace(kind + b"C", kind + b"D", 1))
    assert f"a discontinuous {kind.decode()}D file" in laboratory.refused(capsys, 3)


@pytest.mark.parametrize("bdf", [False, True], ids=["edf", "bdf"])
def test_row_33_the_missing_value_and_the_padding_are_no_gaze(laboratory, bdf):
    # 3.5 s of samples: the last record of 1 s is filled up with zeros. NaN is written as the
    # physical minimum; half a second of it parts the only fixation in two.
    signals = {name: values[:875].copy() for name, values in STILL.items()}
    signals["gaze_x"][400:525] = np.nan
    laboratory.edfplus(signals, [*ANNOTATIONS[:3], (3.4, -1, "BLANK_SCREEN")], bdf=bdf)
    table, summary = laboratory.run()
    assert table["start_ms"].tolist() == [0, 2100]
    assert table["end_ms"].tolist() == [1596, 3496]
    assert table["x_screen_px"].round(1).tolist() == [960, 960]
    assert summary["recordings"][0]["missing_samples_share"] == 125 / 875
    assert summary["recordings"][0]["recorded_s"] == 3.5


LONG = "n01440764_a_very_long_name_of_a_photograph"


def long_names(laboratory, names):
    from PIL import Image

    (laboratory.folder / "stimuli" / "cat.jpg").unlink()
    for name in names:
        Image.new("RGB", (500, 375)).save(laboratory.folder / "stimuli" / name)
    rows = [list(row) for row in ANNOTATIONS]
    rows[1][2] = f"!V IMGLOAD CENTER {LONG}.jpg"
    laboratory.edfplus(STILL, [tuple(row) for row in rows])


def test_row_34_a_cut_annotation_finds_the_only_image_that_begins_so(laboratory, capsys):
    long_names(laboratory, [f"{LONG}.jpg", "other.jpg"])
    table, summary = laboratory.run()
    assert table["image_id"].dropna().unique().tolist() == [f"{LONG}.jpg"]
    # 40 characters: '!V IMGLOAD CENTER ' and 22 of the name.
    warning = f"1 image name(s) are cut off and were completed: {LONG[:22]} = {LONG}.jpg"
    assert warning in summary["recordings"][0]["warnings"]
    assert warning in capsys.readouterr().err


def test_row_34_a_cut_annotation_with_two_candidates_is_refused(laboratory, capsys):
    long_names(laboratory, [f"{LONG}.jpg", f"{LONG}_2.jpg"])
    text = laboratory.refused(capsys, 4)
    assert f"'{LONG[:22]}' (the beginning of 2 names)" in text


def test_row_34_annotations_that_a_writer_dropped_are_missed(laboratory, capsys):
    # One annotation channel keeps one text per record: of five texts in 4 s the last is lost.
    rows = sorted([*ANNOTATIONS, (0.6, -1, "key pressed")])
    laboratory.edfplus(STILL, rows, annotation_channels=1)
    text = laboratory.refused(capsys, 4)
    assert "trial 1: onset 500 ms, offset none, image cat.jpg: no offset message" in text
    assert "each of the 4 places for annotations is taken" in text


def test_row_37_an_image_without_fixations_is_flagged(laboratory):
    import h5py

    laboratory.asc(laboratory.efix(1200, 1300, 10.0))
    table, summary = laboratory.run()
    assert table["status"].tolist() == ["off_image"]
    assert summary["images_without_fixations"] == ["cat.jpg"]
    (recording,) = summary["recordings"]
    assert (recording["kept_per_trial"], recording["median_fixation_ms"]) == (0, None)
    folder = laboratory.folder
    words = (
        "--fixations",
        folder / "fixations.parquet",
        "--recordings",
        folder / "recordings.json",
    )
    main([str(word) for word in ("heatmap", *words, "--output", folder / "heatmaps.h5")])
    with h5py.File(folder / "heatmaps.h5") as file:
        assert file["cat.jpg"].attrs["flag"] == "no_fixation"
        assert not file["cat.jpg"][()].any()
