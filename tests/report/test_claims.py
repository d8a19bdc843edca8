"""Each verdict on the paper's claims, from tables made by hand."""

import itertools

import pandas as pd
import pytest

from bench.report.claims import claims
from bench.report.findings import Board
from bench.report.labels import map_label
from bench.report.outcomes import FAILED, SCORED, Outcome

DENSE = ("dense_conv1", "dense_conv2", "dense_conv3", "dense_conv4", "dense_conv5", "dense_conv54")
CLOSEST, SECOND, FROM_TOP, COMBINING, CLOSE = (
    "CAM is closest",
    "counted from the image",
    "counted from the top",
    "Combining layers",
    "No method is close",
)
HIGHER = frozenset({"nss", "sauc"})


def method_of(name):
    return "dense" if name.startswith("dense") else name


def board(levels, metric="nss", *, p=0.0001, n=60, shares=None, note=""):
    """A board of one metric on the network `vgg16`: maps with their means.

    A pair further apart than 0.1 is clear, with the p-value `p`; nearer ones are not, p = 0.5.
    `p` may be {(map, other map): p}, others .0001. `shares` are {map: (share, low, high)}.
    """
    sign = 1 if metric in HIGHER else -1
    order = sorted(levels, key=lambda name: -sign * levels[name])
    rows = []
    for rank, name in enumerate(order, 1):
        share = (shares or {}).get(name, (float("nan"),) * 3)
        method = method_of(name)
        rows.append(
            {
                "dataset": "d",
                "model": "vgg16",
                "method": method,
                "map": name,
                "metric": metric,
                "mean": levels[name],
                "rank": rank,
                "n_images": n,
                "ci_low": levels[name] - 0.05,
                "ci_high": levels[name] + 0.05,
                **dict(zip(("ceiling_share", "share_low", "share_high"), share, strict=True)),
                "ceiling_note": note,
                "network": "VGG16",
                "label": map_label(method, name),
            }
        )
    pairs = []
    for a, b in itertools.combinations(sorted(levels), 2):
        gap = levels[a] - levels[b]
        clear = abs(gap) > 0.1
        given = p.get((a, b), p.get((b, a), 0.0001)) if isinstance(p, dict) else p
        pairs.append(
            {
                "metric": metric,
                "model_a": "vgg16",
                "map_a": a,
                "model_b": "vgg16",
                "map_b": b,
                "mean_difference": gap,
                "n_images": n,
                "ci_low": gap - 0.1,
                "ci_high": gap + 0.1,
                "better": ("a" if sign * gap > 0 else "b") if clear else "unclear",
                "p_sign_flip": given if clear else 0.5,
            }
        )
    return Board(pd.DataFrame(rows), pd.DataFrame(pairs), {metric: metric}, HIGHER)


def verdict(text, levels, outcomes=None, **words):
    """The only verdict on the claim whose text holds `text`."""
    found = claims(board(levels, **words), outcomes or {})
    (claim,) = [one for one in found if text in one.text]
    ((network, (only,)),) = claim.networks
    assert network == "VGG16"
    return only


def test_cam_is_closest_where_it_beats_every_other_map():
    found = verdict(CLOSEST, {"cam": 2.0, "gradcam": 1.0, "gradient": 0.5})
    assert (found.state, found.mark) == ("held", "✓")
    assert "best other, Grad-CAM: +1.00 [+0.900, +1.10]" in found.evidence
    assert "of 2 others 0 clearly closer, 2 clearly farther; 60 photographs" in found.evidence


def test_cam_is_not_closest_where_another_map_clearly_is():
    found = verdict(CLOSEST, {"cam": 1.0, "gradcam": 2.0, "gradient": 0.5})
    assert (found.state, found.mark) == ("not held", "✗")
    assert "of 2 others 1 clearly closer, 1 clearly farther" in found.evidence


def test_one_open_pair_leaves_it_untold_whatever_the_ranks_say():
    found = verdict(CLOSEST, {"cam": 2.0, "gradcam": 1.95, "gradient": 0.5})
    assert (found.state, found.mark) == ("cannot be told", "?")


def test_where_less_is_better_the_lowest_map_is_closest():
    levels = {"cam": 0.2, "gradcam": 0.6}
    assert verdict(CLOSEST, levels, metric="mae_paper").state == "held"
    assert verdict(CLOSEST, levels, metric="nss").state == "not held"


def test_one_of_many_pairs_counts_after_correction_only():
    # p = .03 is clear alone; among three comparisons Holm makes it .09.
    levels = {"cam": 1.0, "gradcam": 1.5}
    p = {("cam", "gradcam"): 0.03}
    assert verdict(CLOSEST, levels, p=p).state == "not held"
    more = levels | {"gradient": 0.95, "guided_backprop": 0.95}
    assert verdict(CLOSEST, more, p=p).state == "cannot be told"


def test_what_all_pairs_must_show_needs_no_correction():
    levels = {"cam": 2.0, "gradcam": 1.0, "gradient": 0.9, "guided_backprop": 0.8}
    assert verdict(CLOSEST, levels, p=0.04).state == "held"
    assert verdict(CLOSEST, levels, p=0.06).state == "cannot be told"


def test_methods_that_the_paper_did_not_have_are_no_rivals_of_cam():
    assert verdict(CLOSEST, {"cam": 2.0, "gradcam": 1.0, "excitation_backprop": 3.0}).state == (
        "held"
    )


@pytest.mark.parametrize(("n", "said"), [(1, "1 photograph,"), (5, "5 photographs,")])
def test_few_photographs_are_named_as_the_reason(n, said):
    found = verdict(CLOSEST, {"cam": 1.0, "gradcam": 1.05, "gradient": 1.0}, n=n)
    assert found.state == "cannot be told"
    assert f"{said} too few to tell anything after correction for 2 comparisons" in found.evidence


def test_a_method_that_failed_leaves_nothing_to_judge():
    outcomes = {("vgg16", "cam"): Outcome(FAILED, "out of luck")}
    found = verdict(CLOSEST, {"gradcam": 1.0}, outcomes)
    assert (found.state, found.mark, found.evidence) == ("failed", "–", "out of luck")


def test_a_method_that_was_not_asked_for_was_not_run():
    found = verdict(CLOSEST, {"gradcam": 1.0}, {("vgg16", "gradcam"): Outcome(SCORED)})
    assert found.state == "not run"
    assert "not among the methods" in found.evidence


def test_cam_alone_has_nobody_to_be_closer_than():
    assert verdict(CLOSEST, {"cam": 1.0}).state == "cannot be told"


LAYERS = dict.fromkeys(DENSE, 0.5)


@pytest.mark.parametrize(
    ("levels", "state"),
    [
        ({"cam": 3.0, "dense_conv2": 2.0}, "held"),
        ({"cam": 3.0, "gradcam": 2.5, "dense_conv2": 2.0}, "not held"),  # third
        ({"cam": 1.0, "dense_conv2": 2.0}, "not held"),  # first
        ({"cam": 2.05, "dense_conv2": 2.0}, "cannot be told"),  # first or second
        ({"cam": 3.0, "gradcam": 1.95, "dense_conv2": 2.0}, "cannot be told"),  # second or third
    ],
)
def test_second_is_behind_exactly_one_map(levels, state):
    assert verdict(SECOND, LAYERS | levels).state == state


def test_the_second_layer_is_judged_by_both_ways_of_counting():
    levels = LAYERS | {"cam": 3.0, "dense_conv4": 2.0}
    assert verdict(FROM_TOP, levels).state == "held"
    assert verdict(SECOND, levels).state == "not held"


def test_with_three_layers_both_ways_of_counting_are_one():
    levels = {"cam": 3.0, "dense_conv1": 1.0, "dense_conv2": 2.0, "dense_conv3": 1.0}
    texts = [claim.text for claim in claims(board(levels), {})]
    assert not [text for text in texts if FROM_TOP in text]
    assert verdict(SECOND, levels).state == "held"


@pytest.mark.parametrize(
    ("combined", "state"),
    [
        ({"dense_conv54": 1.0, "dense_conv543": 1.2}, "held"),
        ({"dense_conv54": 1.0, "dense_conv543": 2.5}, "not held"),
        ({"dense_conv54": 1.0, "dense_conv543": 2.05}, "cannot be told"),
        # better than conv3 and conv4, but not than conv5
        ({"dense_conv54": 1.0, "dense_conv543": 1.95}, "cannot be told"),
    ],
)
def test_a_combination_is_judged_against_its_own_layers(combined, state):
    single = {"dense_conv5": 2.0, "dense_conv4": 1.5, "dense_conv3": 0.5, "dense_conv1": 9.0}
    assert verdict(COMBINING, single | combined).state == state


def test_the_combination_that_helps_is_shown_with_its_gain():
    levels = {"dense_conv5": 2.0, "dense_conv4": 1.0, "dense_conv54": 2.3}
    found = verdict(COMBINING, levels)
    assert "conv54 against its best layer, conv5: +0.300" in found.evidence


@pytest.mark.parametrize(
    ("shares", "state"),
    [
        ({"cam": (0.5, 0.4, 0.6), "gradcam": (0.2, -0.5, 0.7)}, "held"),
        ({"cam": (0.5, 0.4, 0.6), "gradcam": (0.9, 0.8, 0.95)}, "not held"),
        ({"cam": (0.5, 0.4, 0.6), "gradcam": (0.7, 0.6, 0.8)}, "cannot be told"),
        ({"cam": (0.5, 0.4, 0.6), "gradcam": (-0.1, -1.0, 0.8)}, "cannot be told"),
    ],
)
def test_close_is_three_quarters_of_the_way_to_other_viewers(shares, state):
    assert verdict(CLOSE, {"cam": 1.0, "gradcam": 2.0}, shares=shares).state == state


def test_without_a_ceiling_the_reason_is_given():
    found = verdict(CLOSE, {"cam": 1.0}, note="no image with two viewers")
    assert found.state == "cannot be told"
    assert "no image with two viewers" in found.evidence


def test_a_metric_that_no_claim_is_judged_by_gives_no_claims():
    assert claims(board({"cam": 1.0, "gradcam": 0.5}, metric="kl"), {}) == []
