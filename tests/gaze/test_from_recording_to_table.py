"""A laboratory's choices in dataset.yaml, end to end, and what must never leave a recording."""

import json
import re

import h5py
import numpy as np
import pandas as pd
import pytest

from bench.cli import main
from bench.datasets import load_dataset
from bench.gaze import Screen, read_recording
from bench.heatmaps import fixation_heatmap
from bench.protocols import get_protocol

DESCRIPTION = """\
label: Laboratory
kind: recordings
task: free viewing
viewing_ms: 1000
stimuli: {folder: stimuli}
recordings: "gaze/{viewer}.*"
screen: {width_px: 1920, height_px: 1080, width_mm: 598, height_mm: 336, distance_mm: 500}
"""
STILL = {"gaze_x": np.full(1000, 960.0), "gaze_y": np.full(1000, 540.0)}
ANNOTATIONS = [
    (0.1, -1, "TRIALID 1"),
    (0.2, -1, "!V IMGLOAD CENTER cat.jpg"),
    (0.5, -1, "STIM_ONSET"),
    (3.9, -1, "BLANK_SCREEN"),
]


@pytest.fixture
def laboratory(tmp_path):
    """A folder for recordings, beside two photographs of 500 x 375 px."""
    from PIL import Image

    folder = tmp_path / "laboratory"
    (folder / "stimuli").mkdir(parents=True)
    (folder / "gaze").mkdir()
    for name in ("cat.jpg", "dog.jpg"):
        Image.new("RGB", (500, 375)).save(folder / "stimuli" / name)
    return folder


def described(folder, more):
    (folder / "dataset.yaml").write_text(DESCRIPTION + more)
    return folder / "dataset.yaml"


def fixations(folder, more):
    """(fixation table, recordings.json) with these keys in dataset.yaml."""
    table, summary = folder / "fixations.parquet", folder / "recordings.json"
    words = ("--dataset", described(folder, more), "--output", table, "--recordings", summary)
    main([str(word) for word in ("fixations", *words)])
    return pd.read_parquet(table), json.loads(summary.read_text())


def test_a_list_gives_images_and_places_and_is_an_input(laboratory, asc):
    asc(name="laboratory/gaze/v1.asc")
    (laboratory / "order.csv").write_text(
        "viewer,trial,image,x_px,y_px,scale\nv1,1,dog.jpg,900,500,0.5\n"
    )
    more = "trials: {preset: dataviewer, image_list: order.csv}\n"
    table, summary = fixations(laboratory, more)
    assert table["image_id"].tolist() == ["dog.jpg"]
    # (960 - 900 + 0.5) / 0.5 - 0.5 and (540 - 500 + 0.5) / 0.5 - 0.5
    assert table[["x_image_px", "y_image_px"]].values.tolist() == [[120.5, 80.5]]
    assert summary["recordings"][0]["image_scale"] == {"min": 0.5, "median": 0.5, "max": 0.5}
    names = [path.name for path in load_dataset(laboratory / "dataset.yaml").inputs()]
    assert names == ["v1.asc", "order.csv"]


def test_a_mapping_gives_the_images(laboratory, asc):
    asc(name="laboratory/gaze/v1.asc")
    more = "trials: {preset: dataviewer, image: {1: dog.jpg}}\nimage_on_screen: {scale: 2}\n"
    table, _ = fixations(laboratory, more)
    assert table["image_id"].tolist() == ["dog.jpg"]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("{scale: 2}", (249.75, 187.25)),  # (960 - 460 + 0.5) / 2 - 0.5, (540 - 165 + 0.5) / ...
        ("{position: messages}", (249.75, 187.25)),
        ("{scale: 3, position: messages}", (249.75, 187.25)),
        ("{scale: 2, position: [460, 165]}", (249.75, 187.25)),
        ("{scale: 1, images: {cat.jpg: {scale: 2, position: [400, 100]}}}", (279.75, 219.75)),
        ("{scale: 1, list: places.csv}", (279.75, 219.75)),
    ],
)
def test_the_place_of_a_picture_may_be_said_in_each_way(laboratory, asc, shown, expected):
    asc(name="laboratory/gaze/v1.asc")
    (laboratory / "places.csv").write_text("image;x_px;y_px;scale\ncat.jpg;400;100;2\n")
    table, _ = fixations(laboratory, f"trials: {{preset: dataviewer}}\nimage_on_screen: {shown}\n")
    assert table[["x_image_px", "y_image_px"]].values.tolist() == [list(expected)]


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (
            "image_on_screen: {images: {cow.jpg: {scale: 2}}}\ntrials: {preset: dataviewer}\n",
            4,
            "no photograph is called 'cow.jpg'",
        ),
        (
            "trials: {preset: dataviewer, image_list: a.csv}\n",
            3,
            "a.csv: the list cannot be read",
        ),
        ("trials: {preset: dataviewer, image_lst: a.csv}\n", 2, "did you mean 'image_list'"),
        ("trials: {preset: dataviewer}\neye: both\n", 2, "expected one of better, left, right"),
    ],
)
def test_a_mistake_in_the_description_is_named(laboratory, asc, capsys, more, code, words):
    asc(name="laboratory/gaze/v1.asc")
    with pytest.raises(SystemExit) as ended:
        fixations(laboratory, more)
    assert ended.value.code == code
    assert words in capsys.readouterr().err


def test_image_and_image_list_exclude_each_other(laboratory, asc, capsys):
    asc(name="laboratory/gaze/v1.asc")
    (laboratory / "a.csv").write_text("trial,image\n1,cat.jpg\n")
    with pytest.raises(SystemExit) as ended:
        fixations(laboratory, "trials: {preset: dataviewer, image: {1: a}, image_list: a.csv}\n")
    assert ended.value.code == 2
    assert "both image and image_list" in capsys.readouterr().err


def test_the_choices_of_the_description_reach_the_table(laboratory, asc):
    blink = "EBLINK L\t1400\t1500\t104\n"
    events = asc.efix(1200, 1240) + asc.efix(1420, 1600) + asc.efix(1604, 1900)
    asc(blink + events, name="laboratory/gaze/v1.asc")
    more = "trials: {preset: dataviewer}\nimage_on_screen: {scale: 2}\n"
    table, _ = fixations(laboratory, more)
    assert table["status"].tolist() == ["kept"] * 3
    table, summary = fixations(
        laboratory, more + "min_duration_ms: 80\ndrop_blink_overlaps: true\n"
    )
    assert table["status"].tolist() == ["too_short", "overlaps_blink", "kept"]
    assert summary["fixations_by_status"]["overlaps_blink"] == {"count": 1, "ms": 184.0}


def test_the_declared_missing_value_and_degrees_reach_the_reader(laboratory, edfplus):
    signals = {"gaze_x": np.full(1000, 2.0), "gaze_y": np.full(1000, 1.0)}
    signals["gaze_x"][300:400] = -99.0
    edfplus(signals, ANNOTATIONS, unit="deg", name="laboratory/gaze/v1.edf")
    more = "trials: {preset: dataviewer}\nimage_on_screen: {scale: 2}\n"
    table, _ = fixations(laboratory, more + "samples: {missing_value: -99, degrees_y: up}\n")
    assert len(table) == 2
    y = 539.5 - 500 * np.tan(np.radians(1)) * 1080 / 336
    assert table["y_screen_px"].tolist() == pytest.approx([y, y], abs=0.1)


def recordings_of_each_reader(folder, asc, edfplus, shared_data):
    stored = [(1.0, 0.2, "FIX 700.5 300.25 R")]
    return {
        "asc": asc(name="one.asc"),
        "edfplus, I-VT": edfplus(STILL, name="ivt.edf"),
        "bdfplus, I-VT": edfplus(STILL, name="ivt.bdf", bdf=True),
        "edfplus, stored": edfplus(STILL, stored, name="stored.edf"),
        "eyelink_edf": shared_data("eyelink/left_eye.edf"),
    }


def test_both_durations_mean_the_same_from_every_reader(tmp_path, asc, edfplus, shared_data):
    screen = Screen(1920, 1080, stated_pixels_per_degree=40)
    for name, path in recordings_of_each_reader(tmp_path, asc, edfplus, shared_data).items():
        geometry = None if name == "eyelink_edf" else screen
        recording = read_recording(path, screen=geometry)
        table = recording.fixations
        sample_ms = 1000 / recording.quality["rate_hz"]
        assert len(table), name
        span_ms = table["end_ms"] - table["start_ms"]
        np.testing.assert_allclose(table["span_ms"], span_ms, atol=1e-6, err_msg=name)
        np.testing.assert_allclose(
            table["duration_ms"], span_ms + sample_ms, atol=1e-6, err_msg=name
        )


def test_blinks_of_a_recording_are_those_of_its_text(shared_data):
    recording = read_recording(shared_data("eyelink/left_eye.edf"))
    text = read_recording(shared_data("eyelink/left_eye.asc"))
    assert len(text.blinks) == 13
    assert recording.blinks.equals(text.blinks)


def test_only_the_papers_protocol_weighs_with_span_ms(laboratory, asc):
    asc(asc.efix(1200, 1300, 700.0) + asc.efix(1304, 1308), name="laboratory/gaze/v1.asc")
    table, _ = fixations(laboratory, "trials: {preset: dataviewer}\nimage_on_screen: {scale: 2}\n")
    assert table[["duration_ms", "span_ms"]].values.tolist() == [[104, 100], [8, 4]]
    words = ["--fixations", laboratory / "fixations.parquet"]
    words += ["--recordings", laboratory / "recordings.json", "--output", laboratory / "maps.h5"]
    for protocol, column in (("paper", "span_ms"), ("default", "duration_ms")):
        main([str(word) for word in ("heatmap", *words, "--protocol", protocol)])
        expected = fixation_heatmap(
            table["x_image_px"], table["y_image_px"], table[column], (375, 500)
        )
        with h5py.File(laboratory / "maps.h5") as file:
            assert file["cat.jpg"].attrs["ms"] == table[column].sum()
            np.testing.assert_allclose(file["cat.jpg"][()], expected, rtol=1e-5, atol=1e-12)
        assert get_protocol(protocol).weight == column


SECRETS = ("Mustermann", "Erika", "geheim", "CLG-BFC16", "mueller", "answer", "2025", "1964")


def test_nothing_personal_reaches_the_outputs(laboratory, asc, edfplus, tmp_path):
    preamble = (
        "** CONVERTED FROM C:\\Users\\mueller\\geheim.edf using edfapi on Wed Dec  3 2025\n"
        "** DATE: Wed Dec  3 05:40:16 2025\n** TYPE: EDF_FILE BINARY EVENT SAMPLE TAGGED\n"
        "** CAMERA: Mustermann Version 1.2\n** SERIAL NUMBER: CLG-BFC16\n"
        "** RECORDED BY mueller\n** SREB2 EXPERIMENT: geheim\n"
    )
    private = "MSG\t1500 !V TRIAL_VAR age 61 geheim\nMSG\t1501 answer: mueller@geheim.org\n"
    asc(
        asc.efix(1200, 1300) + private,
        preamble=preamble + asc.preamble.split("**\n")[-1],
        name="laboratory/gaze/v1.asc",
    )
    header = {
        "patientname": "Erika Mustermann",
        "patientcode": "geheim1",
        "birthdate": "11 Feb 1964",
        "technician": "mueller",
        "recording_additional": "geheim2",
        "patient_additional": "geheim3",
        "admincode": "geheim4",
        "equipment": "CLG-BFC16",
    }
    rows = [*ANNOTATIONS, (1.5, -1, "answer: mueller@geheim.org")]
    edfplus(STILL, rows, header=header, name="laboratory/gaze/v2.edf")
    raw = (laboratory / "gaze" / "v2.edf").read_bytes()
    assert all(secret in raw for secret in (b"Erika", b"geheim1", b"11-FEB-1964", b"mueller"))
    more = "trials: {preset: dataviewer}\nimage_on_screen: {scale: 2}\n"
    table, summary = fixations(laboratory, more)
    assert set(table["subject_id"]) == set(table["recording_id"]) == {"v1", "v2"}
    text = json.dumps(summary) + table.to_csv() + str(table.attrs)
    text = re.sub(r"[0-9a-f]{64}", "", text)  # checksums may hold any year
    content = (laboratory / "fixations.parquet").read_bytes().decode("latin-1")
    for secret in (*SECRETS, str(tmp_path)):
        assert secret not in text
        assert secret.isdigit() or secret not in content
