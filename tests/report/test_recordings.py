"""The page's part on each recording: what is in recordings.json is on the page, nothing else."""

import re

import jinja2
import numpy as np
import pytest

from bench.datasets import image_sizes, load_dataset, read_gaze
from bench.datasets.demo.eyelink_text import write_eyelink_text
from bench.datasets.demo.session import record_session
from bench.datasets.demo.viewers import make_viewer
from bench.report.page import FOLDER
from bench.report.recordings import recording_details
from bench.report.tables import recording_row

DESCRIPTION = """\
label: Small
kind: recordings
task: free viewing
viewing_ms: 5000
pixels_per_degree: 14
stimuli: {folder: stimuli}
recordings: "{viewer}.asc"
screen: {width_px: 1920, height_px: 1080}
image_on_screen: {scale: 2, position: centre}
trials: {preset: psychtoolbox}
"""


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    """The entry of one simulated viewer, badly calibrated in the first of two parts."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("small")
    (folder / "stimuli").mkdir()
    names = [f"{letter}.png" for letter in "abcd"]
    for name in names:
        Image.new("RGB", (300, 200)).save(folder / "stimuli" / name)
    saliences = {name: np.random.default_rng(0).random((200, 300)) for name in names}
    session = record_session(make_viewer(1, 0), saliences, 0, parts=((60, 10), (2, 2)))
    write_eyelink_text(folder / "v1.asc", session)
    (folder / "dataset.yaml").write_text(DESCRIPTION)
    dataset = load_dataset(folder / "dataset.yaml")
    return read_gaze(dataset, image_sizes(dataset))[1][0]


def page(details, left_out=()):
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined
    )
    template = environment.get_template("recordings.html.j2")
    return template.render(recording_details=details, left_out=left_out)


def test_poor_calibration_stands_beside_the_name(summary):
    details = recording_details(summary)
    assert details.alarms == "validation POOR in 2 of 4 trials"
    facts = dict(details.facts)
    assert facts["Validation in force"].startswith("GOOD in 2 trials; POOR in 2 trials; mean error")
    assert re.search(
        r"^[LR] POOR: mean 2\.\d\d°, largest \d\.\d\d°; [LR] GOOD", facts["Validations"]
    )
    assert facts["Trials"] == "4, 0 not usable, 4 photographs"
    assert facts["Display periods"] == "5000 / 5000 / 5000 ms (shortest, median, longest)"
    assert facts["Calibrations"] == "2 (HV9, GOOD 2)"
    assert facts["Drift checks"].startswith("4; median ")
    assert facts["Recorded"].startswith("250 Hz, 4 blocks, ")


def test_the_cost_of_the_display_rule_is_there_in_count_and_ms(summary):
    details = recording_details(summary)
    by_status = {row[0]: row[1:] for row in details.fates}
    assert by_status["straddles_onset"][0] == summary["fixations"]["straddles_onset"]["count"]
    assert by_status["straddles_onset"][2] == summary["fixations"]["straddles_onset"]["ms"]
    assert sum(row[2] for row in details.fates) == pytest.approx(1)
    assert sum(row[4] for row in details.fates) == pytest.approx(1)
    lost = 100 * (1 - by_status["kept"][3])
    assert details.not_used == f"{lost:.1f} % of the ms not used"


def test_what_the_other_eye_saw_is_no_loss_on_either_place_of_the_page(summary):
    both = {**summary["fixations"], "other_eye": {"count": 9, "ms": 99_999.0}}
    binocular = {**summary, "fixations": both}
    assert recording_details(binocular).not_used == recording_details(summary).not_used
    assert recording_row(binocular) == recording_row(summary)
    shares = {row[0]: row[2:] for row in recording_details(binocular).fates}
    assert shares.pop("other_eye") == (None, 99_999.0, None)
    assert shares == {row[0]: row[2:] for row in recording_details(summary).fates}
    row = re.search(r"other eye</th>(.*?)</tr>", page([recording_details(binocular)]))[1]
    assert re.findall(r"<td>(.*?)</td>", row) == ["9", "–", "99,999", "–"]
    share = f"{100 * recording_row(binocular).dropped_ms:.1f} %"
    assert recording_details(binocular).not_used == f"{share} of the ms not used"


def test_drift_checks_that_all_failed_are_on_the_page(summary):
    failed = {**summary["drift_checks"], "count": 0, "repeated": 2, "aborted": 1}
    none = dict.fromkeys(("median_deg", "max_deg", "median_px", "max_px", "to_onset_ms"))
    facts = dict(recording_details({**summary, "drift_checks": {**failed, **none}}).facts)
    assert facts["Drift checks"] == "0; 2 repeated, 1 aborted"


def test_what_the_entry_does_not_hold_is_not_on_the_page():
    table_entry = {
        "recording_id": "7",
        "subject_id": "7",
        "format": "published table (t.csv)",
        "sha256": "0" * 64,
        "trials": {"found": 3},
        "duration_convention": "as published",
        "fixations": {"kept": {"count": 5, "ms": 900.0}},
        "median_fixation_ms": 180.0,
        "warnings": [],
        "errors": [],
    }
    details = recording_details(table_entry)
    assert not details.alarms
    assert [name for name, _ in details.facts] == ["Format", "Trials", "Fixations kept"]
    assert dict(details.facts)["Trials"] == "3"
    assert "None" not in page([details])


def test_bad_trials_salvage_and_reasons_are_told(summary):
    bad = [{"trial": str(n), "image": None, "problem": "no offset"} for n in range(12)]
    entry = {
        **summary,
        "incomplete": True,
        "salvaged": {"complete_trials": 4, "trial_cut_off": "5", "expected_trials": 40},
        "trials": {"found": 16, "expected": 40, "bad": 12, "images": 4},
        "bad_trials": bad,
        "blinks": {"count": None, "per_trial": None},
        "blinks_reason": "EDF+ and BDF+ hold no blink events",
        "missing_samples_share": None,
        "missing_samples_reason": "the file holds no samples",
        "warnings": ["<script>alert(1)</script>"],
    }
    details = recording_details(entry)
    alarms = "incomplete; validation POOR in 2 of 4 trials; 12 of 16 trials not usable"
    assert details.alarms == alarms
    assert details.notes == "1 note"
    facts = dict(details.facts)
    assert facts["Trials"].startswith("16 of 40 expected, 12 not usable")
    assert facts["Trials"].endswith("broke off: 4 complete trials used")
    assert facts["Blinks"] == "not known: EDF+ and BDF+ hold no blink events"
    assert facts["Missing samples"] == "not known: the file holds no samples"
    text = page([details], [{"recording_id": "v9", "file": "v9.edf", "reason": "truncated"}])
    assert "and 2 more in" in text
    assert "<strong>v9</strong> (v9.edf): truncated" in text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_each_recording_opens_by_keyboard(summary):
    text = page([recording_details(summary)])
    assert text.count("<details") == text.count("<summary>") == 1
    assert "\n:focus-visible { outline" in (FOLDER / "style.css").read_text()
