"""The generative model: what it must do, measured on the demo's own recordings or on its parts."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.datasets.demo.salience import low_level_salience
from bench.datasets.demo.screen import PX_PER_DEG, offset_px
from bench.datasets.demo.session import record_session
from bench.datasets.demo.viewers import generator, make_viewer, simulate_trial

ONSET, LAST = 302, 5400


@pytest.fixture(scope="module")
def blob():
    """A photograph of 400 x 300 px with one salient place, right of the middle."""
    y, x = np.mgrid[:300, :400]
    return 0.05 + np.exp(-0.5 * ((x - 280) ** 2 + (y - 150) ** 2) / 25**2)


@pytest.fixture(scope="module")
def display(texts):
    """{viewer: [(image, onset, offset, block)]} of the seven texts."""
    found = {}
    for viewer, text in texts.items():
        times = {
            word: [ms for ms, message in text.messages if message == word]
            for word in ("STIM_ONSET", "BLANK_SCREEN")
        }
        images = [m.split()[-1] for _, m in text.messages if m.startswith("!V TRIAL_VAR image")]
        found[viewer] = list(
            zip(images, times["STIM_ONSET"], times["BLANK_SCREEN"], text.blocks, strict=True)
        )
    return found


def trial(viewer, salience, purpose="trial"):
    rng = generator(0, viewer.number, purpose)
    return simulate_trial(salience, viewer, rng, onset_ms=ONSET, last_ms=LAST)


def test_events_follow_one_another_on_the_beat_of_250_hz(blob):
    for number in range(1, 9):
        events = trial(make_viewer(number, 0), blob)
        alternating = [event for event in events if event.kind != "blink"]
        assert [e.kind for e in alternating[::2]] == ["fixation"] * len(alternating[::2])
        assert [e.kind for e in alternating[1::2]] == ["saccade"] * len(alternating[1::2])
        assert (alternating[0].start_ms, alternating[-1].end_ms) == (8, LAST - 4)
        for former, event in pairwise(alternating):
            assert event.start_ms == former.end_ms + 4
            assert event.start_ms % 4 == 0
            assert (event.x_px, event.y_px) == (former.x_end_px, former.y_end_px)


def test_first_fixation_rests_on_the_drift_checks_target(blob):
    first = trial(make_viewer(1, 0), blob)[0]
    assert (first.x_px, first.y_px) == (959.5, 539.5)


def test_gaze_is_drawn_to_the_salient_place(blob):
    viewer = make_viewer(2, 0)
    near = 0
    for run in range(10):
        for event in trial(viewer, blob, f"trial {run}"):
            x, y = (event.x_px - 560 + 0.5) / 2 - 0.5, (event.y_px - 240 + 0.5) / 2 - 0.5
            near += event.kind == "fixation" and np.hypot(x - 280, y - 150) < 75
    # A circle of 75 px is 15 % of the photograph.
    assert near > 80


def test_inhibition_of_return_spreads_gaze():
    even = np.ones((300, 400))
    viewer = replace(make_viewer(1, 0), inhibition=0.0)
    wary = replace(viewer, inhibition=0.98, inhibition_ms=1e5)

    def nearest(viewer):
        """Median distance in px of a fixation to the nearest of those before it."""
        found = []
        for run in range(20):
            places = [e for e in trial(viewer, even, f"run {run}") if e.kind == "fixation"]
            xy = np.array([(e.x_px, e.y_px) for e in places])
            found += [np.hypot(*(xy[:i] - xy[i]).T).min() for i in range(2, len(xy))]
        return np.median(found)

    assert nearest(wary) > 1.2 * nearest(viewer)


def test_saccades_last_as_the_main_sequence_says(blob):
    for event in trial(replace(make_viewer(3, 0), blinks_per_s=0.0), blob):
        if event.kind == "saccade":
            size = np.hypot(event.x_end_px - event.x_px, event.y_end_px - event.y_px)
            expected = max(2.2 * size / PX_PER_DEG + 21, 12)
            assert abs(event.end_ms - event.start_ms + 4 - expected) <= 2


def test_viewers_differ_in_parameters_order_and_gaze(blob):
    first, second = (record_session(make_viewer(n, 0), {"a.png": blob}, 0) for n in (1, 2))
    assert first.viewer.salience_power != second.viewer.salience_power
    assert first.trials[0].events != second.trials[0].events


def test_order_of_trials_is_each_viewers_own(display):
    assert len({tuple(trial[0] for trial in trials) for trials in display.values()}) > 5


def test_another_seed_gives_another_recording(blob):
    sessions = [record_session(make_viewer(1, seed), {"a.png": blob}, seed) for seed in (0, 1)]
    assert sessions[0].trials[0].events != sessions[1].trials[0].events


def test_a_trial_does_not_depend_on_the_other_photographs(blob):
    viewer = make_viewer(5, 0)
    alone = record_session(viewer, {"a.png": blob}, 0).trials[0]
    among = record_session(viewer, {"a.png": blob, "b.png": blob, "c.png": blob}, 0).trials
    (same,) = (trial for trial in among if trial.photograph == "a.png")
    assert same.events == alone.events
    np.testing.assert_array_equal(same.x_px, alone.x_px)


def test_median_duration_of_fixations_is_about_a_quarter_of_a_second(display):
    durations = [f[2] for trials in display.values() for t in trials for f in t[3].fixations]
    assert 220 < np.median(durations) < 300
    assert np.mean(durations) > np.median(durations)  # log-normal: a long tail to the right


def test_amplitudes_and_peak_velocities_are_an_eyes(display):
    saccades = np.array(
        [s[7:9] for trials in display.values() for t in trials for s in t[3].saccades]
    )
    assert 3 < np.median(saccades[:, 0]) < 8
    assert saccades[:, 1].max() < 900


def test_some_fixations_straddle_onset_and_offset(display):
    fixations = [(t, f) for trials in display.values() for t in trials for f in t[3].fixations]
    assert sum(f[0] < t[1] < f[1] for t, f in fixations) > 20
    assert sum(f[0] <= t[2] < f[1] for t, f in fixations) > 20


def test_blinks_occur_now_and_then(display):
    blinks = [len(t[3].blinks) for trials in display.values() for t in trials]
    assert 5 < sum(blinks) < 80


def test_both_eyes_occur_among_the_viewers():
    assert {make_viewer(number, 0).eye for number in range(1, 9)} == {"L", "R"}


def test_gaze_on_every_photograph_is_more_salient_than_its_mean(demo, display):
    for path in sorted((demo / "stimuli").glob("*.png")):
        with Image.open(path) as image:
            salience = low_level_salience(np.asarray(image), PX_PER_DEG / 2)
        found = fixated_salience(path, salience, display)
        assert len(found) > 50
        assert np.mean(found) > 1.1 * salience.mean()


def fixated_salience(path: Path, salience, display) -> list[float]:
    height, width = salience.shape
    left, top = offset_px(width, height)
    found = []
    for trials in display.values():
        ((_, onset, offset, block),) = (t for t in trials if t[0] == path.name)
        for start, end, _, x, y, _ in block.fixations:
            column = int(np.floor((x - left + 0.5) / 2))
            row = int(np.floor((y - top + 0.5) / 2))
            if onset <= start and end <= offset and 0 <= column < width and 0 <= row < height:
                found.append(salience[row, column])
    return found


def test_salience_peaks_at_the_odd_one_out():
    image = np.full((200, 300, 3), 120, np.uint8)
    image[90:110, 190:210] = (200, 60, 60)
    salience = low_level_salience(image, 14.0)
    assert salience.shape == (200, 300)
    assert (salience.min(), salience.max()) == (0, 1)
    row, column = np.unravel_index(salience.argmax(), salience.shape)
    assert np.hypot(row - 99.5, column - 199.5) < 5


def test_salience_of_a_uniform_photograph_is_zero():
    assert not low_level_salience(np.full((50, 60, 3), 90, np.uint8), 14.0).any()


def test_a_screen_pixel_subtends_what_the_paper_implies():
    assert abs(PX_PER_DEG - 28.02) < 0.01
    sigma_deg = 20 * 2 / PX_PER_DEG
    assert round(sigma_deg, 1) == 1.4
