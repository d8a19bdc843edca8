import numpy as np
import pandas as pd
import pytest

from bench.errors import DataError, UsageError
from bench.protocols import fixation_weights, get_protocol, protocol_files, used_fixations


@pytest.mark.parametrize("name", protocol_files())
def test_every_protocol_that_comes_with_the_bench_can_be_read(name):
    assert get_protocol(name).name == name


def test_the_paper_weighs_with_end_minus_start_and_normalises_before_the_convolution():
    paper = get_protocol("paper")
    assert (paper.weight, paper.kernel, paper.sigma_px, paper.size_px) == (
        "span_ms",
        "paper",
        20,
        80,
    )
    assert (paper.normalise, paper.first_fixation) == ("before", "keep")


def test_default_differs_from_paper_in_the_duration_and_the_metrics_only():
    default, paper = get_protocol("default"), get_protocol("paper")
    told_apart = {"name", "label", "reference", "weight", "metrics"}
    same = set(vars(default)) - told_apart
    assert {name: vars(default)[name] for name in same} == {n: vars(paper)[n] for n in same}
    assert default.weight == "duration_ms"


def test_mit_has_one_degree_where_the_data_set_says_how_long_that_is():
    mit = get_protocol("mit")
    assert mit.sigma(24) == 24
    assert mit.sigma(None) == 35


def test_an_unknown_protocol_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match=r"'papr': did you mean 'paper'"):
        get_protocol("papr")


def test_a_file_of_your_own(tmp_path):
    own = tmp_path / "narrow.yaml"
    own.write_text(
        "label: Narrow\nreference: us\nweight: count\nheatmap: {kernel: gaussian, sigma_px: 5}\n"
    )
    found = get_protocol(str(own))
    assert (found.name, found.sigma(30), found.metrics) == ("narrow", 5, "default")


def test_a_file_with_a_misspelled_key_is_refused_by_name(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("label: x\nreference: y\nwieght: count\nheatmap: {kernel: paper, sigma_px: 5}\n")
    with pytest.raises(UsageError, match=r"own\.yaml.*'wieght'; did you mean 'weight'"):
        get_protocol(str(own))
    with pytest.raises(DataError, match=r"other\.yaml: no such file"):
        get_protocol(str(tmp_path / "other.yaml"))


def table() -> pd.DataFrame:
    """Two viewers, two images; the second viewer's first fixation on b.png spans the onset."""
    rows = [
        ("1", 1, "a.png", 0, "kept", 100.0, 96.0),
        ("1", 1, "a.png", 1, "kept", 200.0, 196.0),
        ("1", 2, "b.png", 2, "kept", 300.0, 296.0),
        ("2", 1, "b.png", 1, "kept", 500.0, 496.0),
        ("2", 1, "b.png", 0, "straddles_onset", 400.0, 396.0),
        ("2", 1, "b.png", 2, "kept", 600.0, 596.0),
    ]
    columns = ["recording_id", "trial_index", "image_id", "fixation_index", "status"]
    return pd.DataFrame(rows, columns=[*columns, "duration_ms", "span_ms"])


def test_only_kept_fixations_are_used():
    assert used_fixations(table())["duration_ms"].tolist() == [100, 200, 300, 500, 600]


def test_drop_leaves_out_the_earliest_kept_fixation_of_each_look_at_each_image():
    assert used_fixations(table(), "drop")["duration_ms"].tolist() == [200, 600]


def test_drop_knows_looks_apart_in_a_published_table_without_trials():
    without = table().assign(trial_index=pd.array([pd.NA] * 6, dtype="Int32"))
    assert used_fixations(without, "drop")["duration_ms"].tolist() == [200, 600]


def test_weights_are_milliseconds_or_one_each():
    rows = table().iloc[:2]
    assert fixation_weights(rows, "span_ms").tolist() == [96, 196]
    assert fixation_weights(rows, "count").tolist() == [1, 1]
    assert fixation_weights(rows.iloc[:0], "count").dtype == np.float64
