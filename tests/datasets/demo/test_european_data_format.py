"""The EDF+ file, read back with pyedflib and held against the session that it was made from."""

from dataclasses import replace

import numpy as np
import pyedflib
import pytest

from bench.datasets.demo.european_data_format import write_european_data
from bench.datasets.demo.session import Message, record_session
from bench.datasets.demo.viewers import make_viewer


@pytest.fixture(scope="module")
def session():
    salience = np.random.default_rng(3).random((300, 400))
    return record_session(make_viewer(8, 0), {"a.png": salience, "b.png": salience}, 0)


@pytest.fixture(scope="module")
def path(session, tmp_path_factory):
    path = tmp_path_factory.mktemp("edf") / "viewer_8.edf"
    write_european_data(path, session)
    return path


@pytest.fixture
def reader(path):
    with pyedflib.EdfReader(str(path)) as reader:
        yield reader


def test_channels_have_their_units_rate_and_range(reader):
    assert reader.getSignalLabels() == ["gaze_x", "gaze_y", "pupil"]
    assert [reader.getPhysicalDimension(channel) for channel in range(3)] == ["px", "px", "au"]
    assert list(reader.getSampleFrequencies()) == [250, 250, 250]
    assert reader.getPhysicalMinimum(0) == -3276.8
    assert reader.getPhysicalMaximum(0) == 3276.7


def test_header_names_nobody(reader):
    assert reader.getPatientCode() == reader.getAdmincode() == reader.getTechnician() == ""
    assert reader.getStartdatetime().year == 2019


def test_gaze_comes_back_to_a_tenth_of_a_pixel(reader, session):
    x, y, pupil = (reader.readSignal(channel) for channel in range(3))
    for trial in session.trials:
        first = (trial.start_ms - session.start_ms) // 4
        here = slice(first, first + len(trial.x_px))
        seen = ~np.isnan(trial.x_px)
        np.testing.assert_allclose(x[here][seen], trial.x_px[seen], atol=1e-6)
        np.testing.assert_allclose(y[here][seen], trial.y_px[seen], atol=1e-6)
        np.testing.assert_allclose(pupil[here][seen], trial.pupil[seen], atol=1e-6)


def test_missing_gaze_is_the_physical_minimum(reader, session):
    recorded = np.zeros(reader.getNSamples()[0], bool)
    for trial in session.trials:
        first = (trial.start_ms - session.start_ms) // 4
        recorded[first : first + len(trial.x_px)] = ~np.isnan(trial.x_px)
    for channel in range(3):
        missing = reader.readSignal(channel) == reader.getPhysicalMinimum(channel)
        np.testing.assert_array_equal(missing, ~recorded)


def test_no_annotation_is_lost_cut_or_moved(reader, session):
    onsets, _, texts = reader.readAnnotations()
    expected = sorted(session.messages, key=lambda message: message.ms)
    assert list(texts) == [message.within_40 for message in expected]
    stated = [(message.ms - session.start_ms) / 1000 for message in expected]
    np.testing.assert_allclose(onsets, stated, atol=1e-4)
    assert max(map(len, texts)) <= 40


def test_a_message_of_more_than_40_characters_is_refused(session, tmp_path):
    long = replace(session, messages=[*session.messages, Message(session.start_ms, 41 * "x")])
    with pytest.raises(ValueError, match="more than 40 characters"):
        write_european_data(tmp_path / "long.edf", long)
    assert list(tmp_path.iterdir()) == []


def test_demo_file_has_all_trials(demo):
    with pyedflib.EdfReader(str(demo / "recordings" / "viewer_8.edf")) as reader:
        texts = list(reader.readAnnotations()[2])
    assert texts.count("STIM_ONSET") == texts.count("BLANK_SCREEN") == 7
    images = {text.split()[-1] for text in texts if text.startswith("!V IMGLOAD CENTER ")}
    assert images == {path.name for path in demo.glob("stimuli/*.png")}
