"""The mean of both eyes: which fixations are a pair, where it lies and how long it lasts."""

import numpy as np
import pandas as pd
import pytest

from bench.gaze.binocular import averaged_fixations


def both(left, right, *, sample_ms=4.0, blocks=None):
    """Fixations of both eyes from (start, end, x) of each."""
    rows = [("L", *row) for row in left] + [("R", *row) for row in right]
    frame = pd.DataFrame(rows, columns=["eye", "start_ms", "end_ms", "x_screen_px"])
    frame["span_ms"] = frame["end_ms"] - frame["start_ms"]
    frame["duration_ms"] = frame["span_ms"] + sample_ms
    frame["block"] = 1 if blocks is None else blocks
    return frame.assign(y_screen_px=100.0, pupil=500.0, fixation_index=0, source="tracker")


def pairs(left, right, **options):
    return averaged_fixations(both(left, right, **options))


def test_a_pair_is_the_mean_place_over_the_common_time():
    (row,) = pairs([(1000, 1200, 500.0)], [(1040, 1240, 520.0)]).itertuples()
    assert (row.eye, row.x_screen_px, row.y_screen_px) == ("LR", 510.0, 100.0)
    assert (row.start_ms, row.end_ms, row.span_ms, row.duration_ms) == (1040, 1200, 160, 164)


# Left from 1000 to 1096 ms, a hundred ms with the last sample; the right eye's as long.
@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (1000, 1096, 1),
        # 66 and 2/3 of 133 and 1/3 ms in common would be half: 68 of 132 is more, 64 of 136 less.
        (1032, 1128, 1),
        (1036, 1132, 0),
        # Half of it, in its middle: exactly one half.
        (1024, 1070, 1),
        (1024, 1066, 0),
        (1100, 1196, 0),
    ],
)
def test_a_pair_shares_at_least_half_of_what_it_covers(start, end, found):
    assert len(pairs([(1000, 1096, 0.0)], [(start, end, 0.0)])) == found


def test_nobody_is_in_two_pairs_and_the_better_pair_wins():
    # The right eye made two halves of the left's one; both share one half exactly.
    found = pairs([(1000, 1196, 0.0)], [(1000, 1096, 10.0), (1100, 1196, 30.0)])
    assert found["x_screen_px"].tolist() == [5.0]
    found = pairs([(1000, 1196, 0.0)], [(1000, 1080, 10.0), (1084, 1196, 30.0)])
    assert found["x_screen_px"].tolist() == [15.0]


def test_fixations_of_two_blocks_are_no_pair():
    assert len(pairs([(1000, 1100, 0.0)], [(1000, 1100, 0.0)], blocks=[1, 2])) == 0


def test_a_missing_position_of_one_eye_is_missing_in_the_mean():
    assert np.isnan(pairs([(1000, 1100, np.nan)], [(1000, 1100, 3.0)])["x_screen_px"].item())


def test_without_a_second_eye_there_is_no_pair():
    assert len(pairs([(1000, 1100, 0.0)], [])) == 0
    assert len(pairs([], [])) == 0


def test_many_pairs_are_those_of_trying_every_two():
    rng = np.random.default_rng(3)

    def eye(jitter):
        starts = np.cumsum(rng.uniform(150, 400, 60)) + jitter
        return [(s, s + rng.uniform(60, 140), float(i)) for i, s in enumerate(starts)]

    left = eye(0)
    right = [(s + rng.uniform(-40, 40), e + rng.uniform(-40, 40), x) for s, e, x in left]
    expected = []
    for a, b, x in left:
        for c, d, y in right:
            shared = min(b + 4, d + 4) - max(a, c)
            if shared / (max(b + 4, d + 4) - min(a, c)) >= 0.5:
                expected.append((x + y) / 2)
    assert 30 < len(expected) < 60
    assert pairs(left, right)["x_screen_px"].tolist() == expected


def test_a_real_recording_of_both_eyes_pairs_its_fixations(shared_data):
    from bench.gaze import read_recording

    fixations = read_recording(shared_data("eyelink/TEST_2022_03_08_18_33.EDF")).fixations
    found = averaged_fixations(fixations)
    assert 0 < len(found) <= (fixations["eye"] == "L").sum()
    for row in found.itertuples():
        near = fixations[
            (fixations["start_ms"] <= row.end_ms) & (fixations["end_ms"] >= row.start_ms)
        ]
        assert set(near["eye"]) == {"L", "R"}
        assert near["x_screen_px"].min() <= row.x_screen_px <= near["x_screen_px"].max()
