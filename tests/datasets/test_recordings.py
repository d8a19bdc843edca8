"""Which recording belongs to which viewer."""

import pytest

from bench.datasets import load_dataset
from bench.datasets.recordings import recordings
from bench.errors import DataError, ValidationError

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


def test_no_recording_says_what_was_sought_and_where(laboratory):
    dataset = laboratory('"edf/p{viewer}.edf"', ["q1.edf"])
    with pytest.raises(DataError, match=r"no recording matches edf/p\{viewer\}\.edf in "):
        recordings(dataset)
