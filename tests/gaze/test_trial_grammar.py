"""The trial grammar is read strictly, and a pattern cannot hang a run."""

import pytest

from bench.errors import UsageError
from bench.gaze import PRESETS, TrialGrammar
from bench.gaze.trial_grammar import check_pattern


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "custom"])
def test_a_preset_is_a_complete_grammar(preset):
    grammar = TrialGrammar.from_mapping({"preset": preset})
    assert grammar.preset == preset
    assert grammar.onset
    assert grammar.offset


def test_explicit_keys_override_the_preset():
    grammar = TrialGrammar.from_mapping({"preset": "dataviewer", "onset": "^GO$"})
    assert grammar.onset == "^GO$"
    assert grammar.trial_start == PRESETS["dataviewer"]["trial_start"]


def test_a_fixed_duration_takes_the_place_of_the_presets_offset():
    grammar = TrialGrammar.from_mapping({"preset": "dataviewer", "duration_ms": 5000})
    assert (grammar.offset, grammar.duration_ms) == (None, 5000)


CUSTOM = {"trial_start": "^A", "onset": "^B", "offset": "^C"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"onsett": "^B"}, "'onsett': did you mean 'onset'"),
        ({"preset": "dataviewr"}, "'dataviewr': did you mean 'dataviewer'"),
        ({"on_repeat": "frist"}, "did you mean 'first'"),
        ({"leading_offset": "add"}, "subtract"),
        ({"duration_ms": 5000}, "both offset and duration_ms"),
        ({"onset": None}, "onset is missing"),
        ({"offset": None}, "offset or duration_ms is missing"),
        ({"onset": "(B"}, "onset is no regular expression"),
        ({"onset": 7}, "onset is 7, expected a pattern"),
        ({"image": "^IMG (.*)"}, r"image\[0\] has no group"),
        ({"expect": {"trails": 200}}, "did you mean 'trials'"),
        ({"expect": {"trials": 0}}, "expected a number above 0"),
        ({"expect": 200}, "expected keys such as"),
    ],
)
def test_a_mistake_in_the_grammar_is_named(change, words):
    mapping = {key: value for key, value in {**CUSTOM, **change}.items() if value is not None}
    with pytest.raises(UsageError, match=words):
        TrialGrammar.from_mapping(mapping)


def test_a_duration_must_be_positive():
    mapping = {"trial_start": "^A", "onset": "^B", "duration_ms": -5}
    with pytest.raises(UsageError, match="duration_ms is -5"):
        TrialGrammar.from_mapping(mapping)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(?:a*)*b", "(a|b+){2,}", "((x{1,9}))*", "(a+){0,50}"]
)
def test_a_repeat_of_a_repeat_is_refused(pattern):
    with pytest.raises(UsageError, match="can run for ever"):
        check_pattern("onset", pattern)


@pytest.mark.parametrize("pattern", ["(?:ab)+", r"(?:\s+-?\d+){0,4}$", "a+b*c?", "(?:a{3})*"])
def test_harmless_repeats_are_allowed(pattern):
    check_pattern("onset", pattern)


def test_images_may_be_given_as_a_mapping():
    grammar = TrialGrammar.from_mapping({**CUSTOM, "image": {1: "cat.jpg"}})
    assert grammar.images == {"1": "cat.jpg"}
