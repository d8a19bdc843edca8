"""The EyeLink .edf reader against the vendor's own text of the same recording, and under damage."""

import importlib.util
import os
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bench.errors import DataError
from bench.gaze import eyelink_edf, read_recording

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("eyelinkio") is None, reason="the extra eyelink is not installed"
)


@pytest.fixture(scope="module")
def pair(shared_data):
    """The same recording as .edf and as the .asc that the vendor's converter made from it."""
    edf = read_recording(shared_data("eyelink/left_eye.edf"))
    return edf, read_recording(shared_data("eyelink/left_eye.asc"))


def efix_lines(path):
    words = (line.split() for line in path.read_text("latin-1").splitlines())
    return [word for word in words if word and word[0] == "EFIX"]


def test_fixations_equal_the_vendors_text_line_by_line(pair, shared_data):
    lines = efix_lines(shared_data("eyelink/left_eye.asc"))
    assert len(lines) == 228
    for recording in pair:
        table = recording.fixations
        assert table["eye"].tolist() == [line[1] for line in lines]
        assert table["start_ms"].tolist() == [float(line[2]) for line in lines]
        assert table["end_ms"].tolist() == [float(line[3]) for line in lines]
        assert table["duration_ms"].tolist() == [float(line[4]) for line in lines]
        positions = np.array([[float(line[5]), float(line[6])] for line in lines])
        measured = table[["x_screen_px", "y_screen_px"]].to_numpy()
        np.testing.assert_allclose(measured, positions, atol=1e-3, rtol=0)
        assert table["pupil"].tolist() == [float(line[7]) for line in lines]


def test_both_forms_of_a_recording_agree_in_all_but_the_samples(pair):
    edf, asc = pair
    assert edf.messages.equals(asc.messages)
    assert edf.blocks.equals(asc.blocks)
    differing = {key for key in edf.quality if edf.quality[key] != asc.quality[key]}
    assert differing == {"format", "reader", "sha256", "samples"}


def test_the_trackers_clock_and_the_gaps_between_blocks_are_kept(pair):
    assert pair[0].blocks[["start_ms", "end_ms"]].values.tolist() == [
        [860571, 895798],
        [904709, 939824],
        [1023804, 1058917],
        [1069422, 1104545],
    ]


def test_counts_are_those_of_an_independent_reader(pair):
    quality = pair[0].quality
    assert (quality["saccades"], quality["blinks"], quality["messages"]) == (224, 13, 194)
    assert quality["errors"] == []
    assert quality["warnings"] == []


def test_a_binocular_recording_has_the_fixations_of_both_eyes(shared_data):
    recording = read_recording(shared_data("eyelink/TEST_2022_03_08_18_33.EDF"))
    assert recording.fixations["eye"].value_counts().to_dict() == {"L": 4, "R": 4}
    assert recording.quality["eyes"] == "LR"
    assert recording.quality["blinks"] == 2


@pytest.mark.parametrize("name", ["two words.edf", "Frühstück 朝食.edf", "renamed.asc"])
def test_any_file_name_can_be_read(shared_data, tmp_path, name):
    path = tmp_path / name
    shutil.copyfile(shared_data("eyelink/TEST_2022_03_08_18_33.EDF"), path)
    assert len(read_recording(path).fixations) == 8


def test_the_folder_for_temporary_files_may_have_any_name(shared_data, tmp_path, monkeypatch):
    (tmp_path / "Jürgen ☃").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "Jürgen ☃"))
    recording = read_recording(shared_data("eyelink/TEST_2022_03_08_18_33.EDF"))
    assert len(recording.fixations) == 8
    assert list((tmp_path / "Jürgen ☃").iterdir()) == []


def test_a_relative_path_can_be_read(shared_data, tmp_path, monkeypatch):
    shutil.copyfile(shared_data("eyelink/TEST_2022_03_08_18_33.EDF"), tmp_path / "a.edf")
    monkeypatch.chdir(tmp_path)
    assert len(read_recording("a.edf").fixations) == 8


def test_files_read_at_once_give_what_they_give_alone(pair, shared_data):
    path = shared_data("eyelink/left_eye.edf")
    with ThreadPoolExecutor(4) as pool:
        for recording in pool.map(read_recording, [path] * 4):
            assert recording.fixations.equals(pair[0].fixations)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused_and_salvaged_up_to_the_cut(pair, shared_data, tmp_path, share):
    raw = shared_data("eyelink/left_eye.edf").read_bytes()
    path = tmp_path / "cut.edf"
    path.write_bytes(raw[: int(len(raw) * share)])
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"truncated or damaged.*--salvage"):
        read_recording(path)
    recording = read_recording(path, salvage=True)
    assert recording.quality["incomplete"] is True
    assert recording.quality["errors"] == []
    count = len(recording.fixations)
    assert abs(count / 228 - share) < 0.1
    assert recording.fixations.equals(pair[0].fixations.iloc[:count])
    assert path.read_bytes() == before


def test_salvaging_a_sound_file_changes_nothing(pair, shared_data):
    recording = read_recording(shared_data("eyelink/left_eye.edf"), salvage=True)
    assert recording.quality == pair[0].quality


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("told", [True, False])
def test_a_hole_of_zeros_is_not_a_silent_short_table(
    shared_data, tmp_path, monkeypatch, share, told
):
    # At one half, the hole lies between two blocks: every START that is read has its END.
    raw = bytearray(shared_data("eyelink/left_eye.edf").read_bytes())
    start = int(len(raw) * share)
    raw[start : start + 4096] = bytes(4096)
    path = tmp_path / "hole.edf"
    path.write_bytes(raw)
    if not told:  # a system that does not say how far the library read
        signs = eyelink_edf._signs_of_damage
        monkeypatch.setattr(eyelink_edf, "_signs_of_damage", lambda path, _: signs(path, None))
    recording = read_recording(path)
    assert len(recording.fixations) < 228
    words = "stopped at byte" if told else "hole of zeros at byte"
    assert words in " ".join(recording.quality["errors"])


def test_flipped_bytes_never_give_a_silent_wrong_count(shared_data, tmp_path):
    raw = shared_data("eyelink/left_eye.edf").read_bytes()
    generator = random.Random(1)
    path = tmp_path / "flipped.edf"
    for _ in range(12):
        damaged = bytearray(raw)
        for _ in range(20):
            damaged[generator.randrange(2000, len(raw))] ^= 1 << generator.randrange(8)
        path.write_bytes(damaged)
        try:
            recording = read_recording(path)
        except DataError:
            continue
        assert len(recording.fixations) == 228 or recording.quality["errors"]


def child(tmp_path, monkeypatch, code):
    script = tmp_path / "child.py"
    script.write_text(f"import os, sys, time\n{code}\n")
    monkeypatch.setattr(eyelink_edf, "CHILD", script)
    path = tmp_path / "viewer.edf"
    path.write_bytes(b"SR_RESEARCH_1000FILE\nENDP:\n")
    return path


def test_a_crash_of_the_library_names_the_signal(tmp_path, monkeypatch):
    path = child(tmp_path, monkeypatch, "os.kill(os.getpid(), 11)")
    with pytest.raises(DataError, match=r"viewer.edf: reader died \(signal 11\)"):
        read_recording(path)


def test_a_library_that_hangs_is_ended(tmp_path, monkeypatch):
    pid = tmp_path / "pid"
    code = f"open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    path = child(tmp_path, monkeypatch, code)
    monkeypatch.setattr(eyelink_edf, "SECONDS_PER_FILE", 0.5)
    with pytest.raises(DataError, match="did not finish within"):
        read_recording(path)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_a_child_that_fails_shows_its_last_line(tmp_path, monkeypatch):
    path = child(tmp_path, monkeypatch, "raise MemoryError('4 GiB are not enough')")
    with pytest.raises(DataError, match="MemoryError: 4 GiB are not enough"):
        read_recording(path)


def test_chatter_of_the_library_is_counted_and_not_shown(tmp_path, monkeypatch, capfd):
    result = '{"rows": [], "code": 0, "load_error": null, "version": "9.9 x"}'
    code = f"print('noise\\n' * 50)\nopen(sys.argv[3], 'w').write('{result}')"
    quality = read_recording(child(tmp_path, monkeypatch, code)).quality
    assert "wrote 50 log line(s) more than usual" in " ".join(quality["warnings"])
    assert quality["reader"] == "edfapi 9.9, eyelinkio"
    assert capfd.readouterr() == ("", "")


def test_without_eyelinkio_the_error_names_the_extra_and_the_asc_way(tmp_path, monkeypatch):
    path = child(tmp_path, monkeypatch, "")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"attention-bench\[eyelink\].*edf2asc and pass the .asc"):
        read_recording(path)


def test_a_library_that_does_not_load_points_to_edf2asc(tmp_path, monkeypatch):
    package = tmp_path / "eyelinkio"
    (package / "edf").mkdir(parents=True)
    (package / "edf" / "_edf2py.py").write_text("raise OSError('wrong ELF class')")
    spec = importlib.util.spec_from_file_location("eyelinkio", package / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    path = tmp_path / "viewer.edf"
    path.write_bytes(b"SR_RESEARCH_1000FILE\nENDP:\n")
    with pytest.raises(DataError, match=r"does not load here \(OSError: wrong ELF.*edf2asc"):
        read_recording(path)


def test_the_bindings_of_eyelinkio_read_its_own_recordings():
    folder = Path(importlib.util.find_spec("eyelinkio").origin).parent / "tests" / "data"
    # Counts of eyelinkio's own reader, notes/eyetracking.md section 3.
    for name, counts in {
        "test_raw": (21, 19, 7, 101),
        "test_2_raw": (121, 120, 19, 48),
        "test_raw_binocular": (857, 856, 195, 14983),
    }.items():
        if not (folder / f"{name}.edf").is_file():
            pytest.skip("eyelinkio was installed without its test recordings")
        quality = read_recording(folder / f"{name}.edf").quality
        keys = ("fixations", "saccades", "blinks", "messages")
        assert tuple(quality[key] for key in keys) == counts
        assert quality["errors"] == []
