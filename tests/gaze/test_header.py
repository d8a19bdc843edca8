"""The fields of a recording's header, what they reveal, and dates that cannot be."""

import gzip
import os
import shutil
import time

import numpy as np
import pytest

from bench.gaze import read_recording
from bench.gaze.header import FIELDS, read_header
from bench.gaze.privacy import revealed
from bench.schemas import schema

DAY = 86400


def dated(path, text):
    raw = path.read_bytes().replace(b"Wed Dec  3 05:40:16 2025", text.encode())
    path.write_bytes(raw)
    return path


def warnings(path):
    return " ".join(read_recording(path).quality["warnings"])


def test_the_same_fields_stand_in_both_forms_of_a_recording(shared_data):
    edf = read_header(shared_data("eyelink/left_eye.edf"), "eyelink_edf")
    asc = read_header(shared_data("eyelink/left_eye.asc"), "asc")
    assert asc.pop("converted_from")[0].startswith("d35l.edf using edfapi 4.2")
    assert edf == asc
    assert edf["serial_number"] == ["CLG-BFC16"]
    assert edf["recorded_by"] == ["psa_dark_vs_bright"]
    assert edf["camera_config"] == ["BFC16200.SCD"]
    assert edf["date"] == ["Wed Dec  3 05:40:16 2025"]


def test_a_packed_text_has_the_same_header(asc, tmp_path):
    path = asc()
    packed = tmp_path / "viewer.asc.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_header(packed, "asc_gz") == read_header(path, "asc")


def test_the_patient_of_a_european_file(edfplus):
    import pyedflib

    still = np.repeat(960.0, 250)
    path = edfplus({"gaze_x": still, "gaze_y": still})
    anonymous = read_header(path, "edfplus")
    assert not {"patient_name", "patient_birthdate", "technician"} & set(anonymous)
    raw = bytearray(path.read_bytes())
    raw[8:88] = b"C77 F 02-MAY-1951 Anna_Schmidt left handed".ljust(80)
    raw[88:168] = b"Startdate 03-DEC-2025 ADM9 Dr_Mai EyeLab1".ljust(80)
    raw[168:176] = b"03.12.25"
    path.write_bytes(raw)
    with pyedflib.EdfReader(str(path)) as reader:  # an independent reader of the same bytes
        expected = {
            "patient_code": reader.getPatientCode(),
            "patient_name": reader.getPatientName().replace(" ", "_"),
            "admin_code": reader.getAdmincode(),
            "technician": reader.getTechnician().replace(" ", "_"),
            "equipment": reader.getEquipment(),
            "patient_additional": reader.getPatientAdditional(),
        }
    header = read_header(path, "edfplus")
    assert {name: header[name] for name in expected} == {n: [v] for n, v in expected.items()}
    assert header["patient_birthdate"] == ["02-MAY-1951"]


def test_the_schema_knows_exactly_these_fields():
    assert set(schema("dataset")["properties"]["keep_header"]["items"]["enum"]) == set(FIELDS)


def test_a_plausible_date_is_passed_over(asc):
    assert warnings(asc()) == ""


def test_a_date_before_the_first_such_tracker(asc):
    told = warnings(dated(asc(), "Tue Jan  1 00:00:00 1980"))
    assert "the header's date lies before 2002" in told
    assert "1980" not in told


@pytest.mark.parametrize(("days", "told"), [(-1, False), (0.5, False), (3, True)])
def test_a_date_after_the_files_own_time(asc, days, told):
    path = asc()
    written = time.mktime((2025, 12, 3, 5, 40, 16, 0, 0, -1)) - days * DAY
    os.utime(path, (written, written))
    assert ("after the file's own time" in warnings(path)) == told


def test_a_file_whose_own_time_was_wiped_says_nothing(asc):
    path = asc()
    os.utime(path, (DAY, DAY))
    assert warnings(path) == ""


def test_the_date_of_an_edf_is_looked_at_too(shared_data, tmp_path):
    pytest.importorskip("eyelinkio", reason="the extra eyelink is not installed")
    path = tmp_path / "viewer.edf"
    shutil.copyfile(shared_data("eyelink/left_eye.edf"), path)
    dated(path, "Wed Dec  3 05:40:16 1999")
    assert "before 2002" in warnings(path)


@pytest.mark.parametrize("text", ["no date at all", "Wed Foo 33 05:40:16 2025", "Wed Feb 31 "])
def test_a_date_that_is_none_is_passed_over(asc, text):
    assert warnings(dated(asc(), text)) == ""


def test_messages_reveal_kinds_and_names_of_variables_but_no_values():
    messages = [
        "TRIALID 1",
        "!V TRIAL_VAR age 34",
        "!V TRIAL_VAR age 35",
        "write to anna.s@example.org",
        r"-3 !V IMGLOAD CENTER C:\Users\anna\cat.jpg 960 540",
        "!V IMGLOAD CENTER ../../images/cat.jpg",
        "seen on 03.12.2025",
        "!CAL VALIDATION HV9 R RIGHT GOOD ERROR 0.40 avg. 0.80 max",
    ]
    items = revealed({"date": ["Wed Dec  3"]}, messages)
    assert {(item["where"], item["what"]): item["count"] for item in items} == {
        ("header", "date"): 1,
        ("messages", "trial variable age"): 2,
        ("messages", "e-mail address"): 1,
        ("messages", "path with folders"): 2,
        ("messages", "date"): 1,
        ("messages", "all texts"): 7,
    }
    assert not any(value in repr(items) for value in ("34", "anna", "2025", "Dec"))
