"""Which recording belongs to which viewer, and how they are read: damage, salvage, privacy."""

import hashlib
import json
import os
import shutil

import pandas as pd
import pytest

from bench.cli import main
from bench.datasets import load_dataset, read_gaze
from bench.datasets.recordings import recordings
from bench.errors import DataError, UsageError, ValidationError
from bench.gaze import eyelink_edf

DESCRIPTION = """\
label: Laboratory
kind: recordings
task: free viewing
viewing_ms: 5000
stimuli: {folder: stimuli}
screen: {width_px: 1920, height_px: 1080}
trials: {preset: dataviewer}
"""


@pytest.fixture
def laboratory(tmp_path):
    """A function: (recordings: of dataset.yaml, file names) -> the data set."""

    def make(given, names):
        folder = tmp_path / "laboratory"
        (folder / "edf").mkdir(parents=True)
        for name in names:
            (folder / "edf" / name).write_bytes(name.encode())
        (folder / "dataset.yaml").write_text(f"{DESCRIPTION}recordings: {given}\n")
        return load_dataset(folder / "dataset.yaml")

    return make


def test_a_pattern_names_the_viewers(laboratory):
    dataset = laboratory('"edf/p{viewer}_run*.edf"', ["p02_run1.edf", "p01_run1.edf", "notes.txt"])
    assert {viewer: path.name for viewer, path in recordings(dataset).items()} == {
        "01": "p01_run1.edf",
        "02": "p02_run1.edf",
    }


def test_a_list_names_the_viewers(laboratory):
    dataset = laboratory("[{viewer: v1, file: edf/a.edf}]", ["a.edf"])
    assert list(recordings(dataset)) == ["v1"]


def test_two_files_for_one_viewer_are_refused(laboratory):
    dataset = laboratory('"edf/p{viewer}.*"', ["p1.asc", "p1.edf"])
    with pytest.raises(ValidationError, match=r"two files for viewer '1': p1\.asc and p1\.edf"):
        recordings(dataset)


def test_a_whole_path_as_pattern_is_told(laboratory):
    dataset = laboratory('"/lab/edf/{viewer}.edf"', ["1.edf"])
    with pytest.raises(UsageError, match=r"relative to .*roots=\{laboratory: FOLDER\}"):
        recordings(dataset)


def test_no_recording_says_what_was_sought_and_where(laboratory):
    dataset = laboratory('"edf/p{viewer}.edf"', ["q1.edf"])
    with pytest.raises(DataError, match=r"no recording matches edf/p\{viewer\}\.edf in "):
        recordings(dataset)


def test_a_pattern_without_the_viewer_is_a_slip_in_words(laboratory):
    with pytest.raises(UsageError, match=r"expected a path with \{viewer\} in it, once"):
        laboratory('"edf/p1.edf"', ["p1.edf"])


# Reading them: small recordings written here, four trials each, one photograph a trial.

IMAGES = ("a.png", "b.png", "c.png", "d.png")
PRIVATE = {
    "converted_from": r"D:\Users\annaschmidt\Desktop\as_1990.edf using edfapi 4.2",
    "date": "Wed Dec  3 05:40:16 2025",
    "serial_number": "CLG-PRIV77",
    "camera_config": "PRIV77200.SCD",
    "recorded_by": "schmidt_session",
}
HEADER = f"""\
** CONVERTED FROM {PRIVATE["converted_from"]}
** DATE: {PRIVATE["date"]}
** TYPE: EDF_FILE BINARY EVENT SAMPLE TAGGED
** VERSION: EYELINK II 1
** CAMERA: Eyelink GL Version 1.2 Sensor=AF7
** SERIAL NUMBER: {PRIVATE["serial_number"]}
** CAMERA_CONFIG: {PRIVATE["camera_config"]}
** RECORDED BY {PRIVATE["recorded_by"]}
**

MSG\t100 DISPLAY_COORDS 0 0 1919 1079
"""
SECRETS = ("annaschmidt", "as_1990", "2025", "PRIV77", "schmidt", "Sensor", "secret", "anna@")


def trial(number, *, shift=0):
    t = 10_000 * number
    return f"""\
MSG\t{t} TRIALID {number}
MSG\t{t + 1} !V IMGLOAD CENTER {IMAGES[number - 1]} 960 540
START\t{t + 100} \tRIGHT\tEVENTS
EVENTS\tGAZE\tRIGHT\tRATE\t1000.00\tTRACKING\tCR
MSG\t{t + 200} STIM_ONSET
MSG\t{t + 250} the secret answer of anna@example.org
SFIX R   {t + 300 + shift}
EFIX R   {t + 300 + shift}\t{t + 599}\t{300 - shift}\t  960.0\t  540.0\t    500
MSG\t{t + 2200} BLANK_SCREEN
END\t{t + 2300} \tEVENTS\tRES\t  30.00\t  30.00
MSG\t{t + 2301} !V TRIAL_VAR email anna@example.org
MSG\t{t + 2302} TRIAL_RESULT 0
"""


@pytest.fixture
def viewers(tmp_path):
    """A function: ({file name: text}, further lines of dataset.yaml) -> dataset.yaml's path."""
    from PIL import Image

    def make(files, more=""):
        folder = tmp_path / "lab"
        (folder / "stimuli").mkdir(parents=True)
        (folder / "rec").mkdir()
        for name in IMAGES:
            Image.new("RGB", (64, 48)).save(folder / "stimuli" / name)
        for name, text in files.items():
            (folder / "rec" / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        recordings = "" if "recordings:" in more else 'recordings: "rec/{viewer}.*"\n'
        (folder / "dataset.yaml").write_text(f"{DESCRIPTION}{recordings}{more}\n")
        return folder / "dataset.yaml"

    return make


def whole(shift=0):
    return HEADER + "".join(trial(number, shift=shift) for number in (1, 2, 3, 4))


@pytest.fixture
def bench(tmp_path, capsys):
    """A function: (dataset.yaml, further words of `bench fixations`) -> (exit code, message)."""

    def run(description, *words):
        outputs = tmp_path / "fixations.parquet", tmp_path / "recordings.json"
        named = "--output", outputs[0], "--recordings", outputs[1]
        code = 0
        try:
            main(["fixations", "--dataset", *map(str, (description, *named, *words))])
        except SystemExit as end:
            code = end.code
            assert not any(path.exists() for path in outputs)
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "Traceback" not in shown.err
        return code, shown.err

    return run


@pytest.mark.parametrize("odd", [b"\xff", b"\n"], ids=["no UTF-8", "line end"])
def test_a_recording_whose_name_is_no_text_is_to_be_renamed(viewers, bench, odd):
    description = viewers({"p1.asc": whole()})
    folder = description.parent / "rec"
    try:
        (folder / "p1.asc").rename(folder / f"p{os.fsdecode(odd)}.asc")
    except OSError:
        pytest.skip("this file system takes no such name")
    code, message = bench(description)
    assert code == 4
    assert "rename it" in message
    assert repr(os.fsdecode(odd))[1:-1] in message


def test_a_misspelt_key_of_the_description_ends_with_2(viewers, bench):
    code, message = bench(viewers({"p1.asc": whole()}, "eyes: left"))
    assert code == 2
    assert "unknown key 'eyes'; did you mean 'eye'?" in message


@pytest.mark.parametrize("value", [".inf", ".nan", "-.inf"])
def test_a_number_without_end_is_refused(viewers, bench, value):
    description = viewers({"p1.asc": whole()})
    text = description.read_text()
    more = f"trials: {{preset: dataviewer, expect: {{tolerance_ms: {value}}}}}"
    description.write_text(text.replace("trials: {preset: dataviewer}", more))
    code, message = bench(description)
    assert code == 2
    assert "key 'trials.expect.tolerance_ms': found " in message
    assert "expected a finite number" in message


def test_a_key_that_stands_there_twice_is_refused(viewers, bench):
    code, message = bench(viewers({"p1.asc": whole()}, "eye: left\nlicence: none\neye: right"))
    assert code == 3
    assert "the key 'eye' stands there twice" in message
    assert "line 11" in message


def test_a_grammar_that_cannot_be_used_is_told_once_and_before_reading(viewers, bench):
    description = viewers({"p1.asc": whole(), "p2.asc": "no recording at all"})
    text = description.read_text()
    description.write_text(text.replace("preset: dataviewer", "preset: dataviwer"))
    code, message = bench(description)
    assert code == 2
    assert message.count("did you mean 'dataviewer'?") == 1
    assert "data set 'lab', dataset.yaml: " in message
    assert "p1.asc" not in message


def test_row_31_a_recording_and_its_conversion_are_one_viewer(viewers, bench, shared_data):
    """The .edf and the vendor's .asc of one recording differ in every byte."""
    files = {
        name: shared_data(f"eyelink/left_eye{suffix}").read_bytes()
        for name, suffix in (("a.edf", ".edf"), ("b.asc", ".asc"))
    }
    description = viewers(files)
    text = description.read_text().replace("1920, height_px: 1080", "1280, height_px: 1024")
    own = (
        "trials: {trial_start: '^TRIALID (?P<trial>.+)', onset: '^!V DRAW_LIST', "
        "duration_ms: 20000, image: {0: a.png, 1: b.png, 2: c.png, 3: d.png}}"
    )
    description.write_text(text.replace("trials: {preset: dataviewer}", own))
    code, message = bench(description)
    assert code == 4
    assert "b.asc has all 228 fixations at the same times" in message
    assert "as a.edf: it is the same recording in another form" in message


def results(tmp_path):
    table = pd.read_parquet(tmp_path / "fixations.parquet")
    return table, json.loads((tmp_path / "recordings.json").read_text())


CHILD = """\
import os, runpy, sys
if b"CRASH" in open(sys.argv[2], "rb").read():
    os.kill(os.getpid(), 11)
open(sys.argv[3], "w").write('{"rows": [], "code": 0, "load_error": null, "version": "1"}')
"""


def test_row_8_a_crash_costs_one_file_and_the_others_are_read(
    viewers, bench, tmp_path, monkeypatch
):
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    monkeypatch.setattr(eyelink_edf, "CHILD", script)
    monkeypatch.setattr(eyelink_edf, "_bindings", lambda path: path)
    crashing = b"SR_RESEARCH_1000FILE\nENDP:\nCRASH"
    files = {"p1.asc": whole(), "p2.edf": crashing, "p3.asc": whole(1), "p4.asc": whole()[:-900]}
    code, message = bench(viewers(files))
    assert code == 3
    assert "p2.edf: reader died (signal 11)" in message
    assert "p4.asc: " in message  # read after the crash, and bad in its own way
    assert "2 of 4 recordings cannot be used" in message
    shutil.rmtree(tmp_path / "lab")
    code, message = bench(viewers(files, "on_bad_recording: leave_out"))
    table, summary = results(tmp_path)
    assert code == 0
    assert table["recording_id"].unique().tolist() == ["p1", "p3"]
    left_out = {item["recording_id"]: item["reason"] for item in summary["left_out"]}
    assert sorted(left_out) == ["p2", "p4"]
    assert "reader died (signal 11)" in left_out["p2"]
    assert "recording p2 is left out" in message


def test_leaving_out_never_leaves_nothing(viewers, bench):
    code, _ = bench(viewers({"p1.asc": "hello"}, "on_bad_recording: leave_out"))
    assert code == 3


def test_row_36_parallel_reading_gives_the_bytes_of_one_after_the_other(viewers, bench, tmp_path):
    description = viewers({f"p{number}.asc": whole(number) for number in range(1, 5)})
    names = ("fixations.parquet", "recordings.json")
    assert bench(description)[0] == 0
    alone = [(tmp_path / name).read_bytes() for name in names]
    assert bench(description, "--jobs", 2)[0] == 0
    assert [(tmp_path / name).read_bytes() for name in names] == alone


@pytest.mark.slow
def test_row_36_parallel_reading_of_edf_names_the_bad_and_reads_the_good(
    viewers, bench, tmp_path, shared_data
):
    pytest.importorskip("eyelinkio", reason="the extra eyelink is not installed")
    raw = shared_data("eyelink/left_eye.edf").read_bytes()
    share = {f"p{percent}.edf": raw[: len(raw) * percent // 100] for percent in (45, 60, 80, 100)}
    description = left_eye(viewers(share, "on_bad_recording: leave_out\n" + LEFT_EYE))
    names = ("fixations.parquet", "recordings.json")
    for words in ([], ["--salvage"]):
        outcomes = []
        for jobs in (1, 4):
            code, message = bench(description, "--jobs", jobs, *words)
            outcomes.append((code, message, *((tmp_path / name).read_bytes() for name in names)))
        assert outcomes[0] == outcomes[1]
        assert outcomes[0][0] == 0
        found = pd.read_parquet(tmp_path / "fixations.parquet")["recording_id"].unique().tolist()
        assert found == (["p100", "p45", "p60", "p80"] if words else ["p100"])


class Killer:
    """Ends the process that unpickles it, as a system short of memory does."""

    def __reduce__(self):
        return os._exit, (9,)


@pytest.mark.slow
def test_a_killed_process_is_an_error_and_no_hang(viewers):
    dataset = load_dataset(viewers({"p1.asc": whole(), "p2.asc": whole(1)}))
    with pytest.raises(DataError, match=r"p1\.asc: not read, because a process died.*--jobs 1"):
        read_gaze(dataset, {"a.png": Killer()}, jobs=2)


@pytest.mark.parametrize("text", ["0", "-1", "two"])
def test_jobs_is_a_whole_number_from_1(viewers, bench, text):
    code, message = bench(viewers({"p1.asc": whole()}), "--jobs", text)
    assert (code, "expected a whole number from 1" in message) == (2, True)


@pytest.mark.parametrize("way", ["option", "data set", "recording"])
def test_rows_11_and_14_the_complete_trials_of_a_broken_recording(viewers, bench, tmp_path, way):
    cut = whole()
    cut = cut[: cut.index("MSG\t40250") + 30]  # in a message while the fourth trial ran
    cut = cut.replace("MSG\t40200 STIM_ONSET\n", "MSG\t40200 STIM_ONSET\n" + EARLY)
    more = {
        "option": "",
        "data set": "salvage: true",
        "recording": "recordings: [{viewer: p1, file: rec/p1.asc, salvage: true}]",
    }[way]
    description = viewers({"p1.asc": cut}, more)
    words = ["--salvage"] if way == "option" else []
    if words:
        code, message = bench(description)
        assert code == 4
        assert "p1.asc: " in message
    code, message = bench(description, *words)
    assert (code, "p1: incomplete; its 3 complete trials are used" in message) == (0, True)
    table, summary = results(tmp_path)
    assert table["status"].tolist() == ["kept", "kept", "kept", "bad_trial"]
    (recording,) = summary["recordings"]
    assert recording["incomplete"] is True
    assert recording["salvaged"] == {
        "complete_trials": 3,
        "trial_cut_off": "4",
        "expected_trials": None,
    }
    assert recording["trials"]["bad"] == 1


EARLY = "SFIX R   40210\nEFIX R   40210\t40240\t31\t  960.0\t  540.0\t    500\n"


def test_row_11_a_truncated_edf_gives_the_trials_of_the_whole(
    viewers, bench, tmp_path, shared_data
):
    pytest.importorskip("eyelinkio", reason="the extra eyelink is not installed")
    raw = shared_data("eyelink/left_eye.edf").read_bytes()
    files = {"whole.edf": raw, "cut.edf": raw[: int(len(raw) * 0.6)]}
    description = left_eye(viewers(files, "salvage: true\n" + LEFT_EYE))
    code, message = bench(description)
    assert (code, "cut: incomplete; its 2 complete trials are used" in message) == (0, True)
    table, summary = results(tmp_path)
    of_whole, of_cut = (table[table["recording_id"] == name] for name in ("whole", "cut"))
    first = of_whole[of_whole["trial_label"].isin(["0", "1"])].drop(columns="recording_id")
    again = of_cut[of_cut["trial_label"].isin(["0", "1"])].drop(columns="recording_id")
    ids = ["subject_id"]
    assert (
        first.drop(columns=ids)
        .reset_index(drop=True)
        .equals(again.drop(columns=ids).reset_index(drop=True))
    )
    assert len(first) > 80
    assert set(of_cut[of_cut["trial_label"] == "2"]["status"]) <= {"bad_trial", "unfinished"}
    by_id = {item["recording_id"]: item for item in summary["recordings"]}
    assert by_id["cut"]["salvaged"]["trial_cut_off"] == "2"
    assert "salvaged" not in by_id["whole"]


# The trials of left_eye.edf, as if photographs had been shown.
LEFT_EYE = """\
recordings: "rec/{viewer}.edf"
trials:
  trial_start: '^TRIALID (?P<trial>\\S+)'
  onset: '^!V DRAW_LIST'
  duration_ms: 30000
  image: {'0': a.png, '1': b.png, '2': c.png, '3': d.png}
"""


def left_eye(description):
    text = description.read_text().replace("trials: {preset: dataviewer}\n", "")
    screen = "width_px: 1280, height_px: 1024"
    description.write_text(text.replace("width_px: 1920, height_px: 1080", screen))
    return description


def test_salvage_does_not_excuse_a_bad_trial_before_the_cut(viewers, bench):
    cut = whole().replace("MSG\t20200 STIM_ONSET\n", "")
    cut = cut[: cut.index("MSG\t40250")]
    code, message = bench(viewers({"p1.asc": cut}), "--salvage")
    assert code == 4
    assert "trial 2: onset none" in message
    assert "1 of 4 trials cannot be used" in message


def test_salvage_of_nothing_complete_fails(viewers, bench, tmp_path):
    cut = whole()
    cut = cut[: cut.index("MSG\t10250")]
    code, message = bench(viewers({"p1.asc": cut}), "--salvage")
    assert (code, "no fixation before the recording broke off" in message) == (4, True)
    shutil.rmtree(tmp_path / "lab")
    code, message = bench(viewers({"p1.asc": cut + EARLY.replace("40", "10")}), "--salvage")
    assert (code, "no complete trial before the recording broke off" in message) == (4, True)


def test_salvage_changes_nothing_of_a_sound_recording(viewers, bench, tmp_path):
    description = viewers({"p1.asc": whole()})
    bench(description)
    before = [(tmp_path / n).read_bytes() for n in ("fixations.parquet", "recordings.json")]
    bench(description, "--salvage")
    assert before == [(tmp_path / n).read_bytes() for n in ("fixations.parquet", "recordings.json")]


# Checksums.


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("form", ["mapping", "file", "file with folders"])
def test_checksums_that_agree_pass_and_others_end_with_3(viewers, bench, tmp_path, form):
    good, bad = digest(whole()), "ab" * 32
    folder = "rec/" if form == "file with folders" else ""
    more = f"checksums: {{p1.asc: {good}, p2.asc: {bad}}}"
    if form != "mapping":
        more = "checksums: SHA256SUMS"
    description = viewers({"p1.asc": whole(), "p2.asc": whole(1)}, more)
    sums = tmp_path / "lab" / "SHA256SUMS"
    sums.write_text(f"{good}  {folder}p1.asc\n{bad} *{folder}p2.asc\n{bad}  cat.jpg\n")
    code, message = bench(description)
    assert code == 3
    assert f"p2.asc: SHA-256 is {digest(whole(1))}, expected {bad}" in message
    assert "p1.asc" not in message
    for path in (description, sums):
        path.write_text(path.read_text().replace(bad, digest(whole(1)), 1))
    assert bench(description)[0] == 0
    if form != "mapping":
        assert sums in load_dataset(description).inputs()


def test_a_recording_without_a_checksum_is_told(viewers, bench, tmp_path):
    more = f"checksums: {{p1.asc: {digest(whole())}}}"
    assert bench(viewers({"p1.asc": whole(), "p2.asc": whole(1)}, more))[0] == 0
    first, second = results(tmp_path)[1]["recordings"]
    told = "checksums: lists no SHA-256 for this file"
    assert (told in first["warnings"], told in second["warnings"]) == (False, True)


def test_a_checksum_for_no_recording_is_a_slip(viewers, bench):
    code, message = bench(viewers({"p1.asc": whole()}, f"checksums: {{p01.asc: {'ab' * 32}}}"))
    assert (code, "'p01.asc' is the name of none of the 1 recordings" in message) == (2, True)


def test_a_line_that_is_no_checksum_is_named(viewers, bench, tmp_path):
    description = viewers({"p1.asc": whole()}, "checksums: SHA256SUMS")
    (tmp_path / "lab" / "SHA256SUMS").write_text("p1.asc: abc\n")
    code, message = bench(description)
    assert (code, "SHA256SUMS, line 1" in message) == (3, True)


# Privacy.


def test_nothing_private_reaches_outputs_log_or_messages(viewers, bench, tmp_path):
    log = tmp_path / "log.txt"
    code, message = bench(viewers({"p1.asc": whole()}), "--log", log)
    assert code == 0
    table = (tmp_path / "fixations.parquet").read_bytes()
    texts = (tmp_path / "recordings.json").read_text() + log.read_text() + message
    frame = pd.read_parquet(tmp_path / "fixations.parquet")
    texts += frame.to_csv() + repr(frame.attrs)
    assert [word for word in SECRETS if word in texts or word.encode() in table] == []


@pytest.mark.parametrize(
    "damage",
    [
        ("END\t22300", "ENB\t22300"),
        ("MSG\t20250", "MXG\t20250"),
        ("MSG\t20250", "MSG\t2o250"),
        ("\t40599\t", "\t4o599\t"),
    ],
)
def test_nothing_private_stands_in_an_error(viewers, bench, damage):
    code, message = bench(viewers({"p1.asc": whole().replace(*damage)}))
    assert code == 4
    assert [word for word in SECRETS if word in message] == []
    assert "p1.asc" in message
    assert "/lab/rec" not in message


def test_named_fields_of_the_header_are_let_through(viewers, bench, tmp_path):
    more = "keep_header: [date, recorded_by, patient_name]"
    assert bench(viewers({"p1.asc": whole()}, more))[0] == 0
    (recording,) = results(tmp_path)[1]["recordings"]
    assert recording["header"] == {
        "date": [PRIVATE["date"]],
        "recorded_by": [PRIVATE["recorded_by"]],
        "patient_name": None,
    }
    assert "PRIV77" not in json.dumps(recording)


def test_a_field_that_no_header_has_is_refused(viewers, bench):
    code, message = bench(viewers({"p1.asc": whole()}, "keep_header: [dates]"))
    assert code == 2
    assert "dates" in message


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_redacting_shows_kinds_and_no_values(viewers, capsys, words):
    path = viewers({"p1.asc": whole()}).parent / "rec" / "p1.asc"
    main(["inspect", str(path), "--redact", *words])
    out = capsys.readouterr().out
    for kind in (*PRIVATE, "trial variable email", "e-mail address", "camera"):
        assert kind in out
    assert [word for word in SECRETS if word in out] == []
