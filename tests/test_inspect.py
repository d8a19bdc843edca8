"""What `bench inspect` shows of real recordings."""

import json

import pytest

from bench.cli import main


@pytest.fixture
def inspect(shared_data, capsys):
    """A function: (file below shared/data/eyelink, further words) -> (exit code, what is shown)."""

    def run(name, *words):
        code = 0
        try:
            main(["inspect", str(shared_data(f"eyelink/{name}")), *words])
        except SystemExit as end:
            code = end.code
        return code, capsys.readouterr().out

    return run


def test_a_recording_at_a_glance(inspect, shared_data):
    code, shown = inspect("left_eye.asc")
    assert code == 0
    lines = {line.split("  ")[0]: line for line in shown.splitlines()}
    # The counts are those of an independent reader, the rest stands in the file's own text.
    assert "EyeLink text (.asc)" in lines["format"]
    assert lines["eye"].endswith("left")
    assert lines["rate"].endswith("500 Hz")
    assert lines["display"].endswith("1280 x 1024 px")
    assert "4, 140.6 s recorded" in lines["blocks"]
    assert "228 fixations, 0 unfinished, 224 saccades, 13 blinks" in lines["events"]
    text = shared_data("eyelink/left_eye.asc").read_text("latin-1")
    samples = sum(line[:1].isdigit() for line in text.splitlines())
    assert f"left: {samples}, " in lines["samples"]
    assert lines["messages"].endswith("194")
    assert "left HV9 GOOD" in lines["calibration"]
    assert "validation     left HV9 GOOD, error 0.43 deg mean, 0.71 deg max" in shown
    assert "dataviewer 0" in lines["trials"]
    assert lines["error"].endswith("none")


def test_trials_by_each_preset_that_matches(tmp_path, capsys):
    path = tmp_path / "viewer.asc"
    path.write_text(
        "MSG\t90 TRIALID 1\nSTART\t100 \tRIGHT\tEVENTS\nEVENTS\tGAZE\tRIGHT\tRATE\t1000.00\n"
        "MSG\t200 image_onset\nEFIX R   300\t399\t100\t 1.0\t 2.0\t 3\nMSG\t900 image_offset\n"
        "END\t1000 \tEVENTS\tRES\t 30.0\t 30.0\n"
    )
    main(["inspect", str(path), "--json"])
    presets = json.loads(capsys.readouterr().out)["trials_by_preset"]
    assert (presets["dataviewer"], presets["pylink"]) == (1, 1)
    assert (presets["psychtoolbox"], presets["opensesame"]) == (0, 0)


def test_json_has_the_whole_report(inspect):
    code, shown = inspect("eyelink_binocular_example.asc", "--json")
    facts = json.loads(shown)
    assert code == 4  # its publishers cut it: two fixations end after the END
    assert len(facts["errors"]) == 1
    assert (facts["file"], facts["eyes"]) == ("eyelink_binocular_example.asc", "LR")
    assert [entry["mean_deg"] for entry in facts["validations"]] == [0.41, 0.31]
    assert facts["samples"]["L"]["count"] == 368


def test_a_screen_of_another_size_than_the_files_display_ends_with_4(inspect):
    assert inspect("left_eye.asc", "--screen-px", "1280", "1024")[0] == 0
    assert inspect("left_eye.asc", "--screen-px", "1920", "1080")[0] == 4
    assert inspect("left_eye.asc", "--pixels-per-degree", "30")[0] == 0


def test_redacting_a_real_recording_shows_none_of_its_values(inspect):
    code, shown = inspect("left_eye.asc", "--redact")
    assert code == 0
    for kind in ("date", "serial_number", "camera_config", "recorded_by", "converted_from"):
        assert kind in shown
    for value in ("CLG", "BFC16", "psa_dark", "d35l", "2025", "58A5FF4C", "windows"):
        assert value not in shown
