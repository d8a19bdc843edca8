"""Any mapping is a grammar or a usage error; of any messages every trial is counted."""

import math
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UsageError, ValidationError
from bench.gaze import TrialGrammar, find_trials
from bench.gaze.time_limit import time_limit
from bench.gaze.trial_grammar import PRESETS

KEYS = ("trial_start", "trial_end", "onset", "offset", "image", "images", "duration_ms", "preset")
KEYS += ("leading_offset", "on_repeat", "expect", "image_list", "imgae", 3, None)
PIECES = ("^", "$", "(", ")", "(?P<image>", "(?P<trial>", ".*", "\\d+", "[", "]", "{3}", "{0,99}")
PIECES += (
    "+",
    "*",
    "|",
    "(?=",
    "(?<!",
    "\\1",
    "(?i)",
    "TRIALID",
    "\\s",
    "\0",
    "é",
    "{99999999999}",
)
PATTERNS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
VALUES = st.recursive(
    st.one_of(PATTERNS, st.none(), st.booleans(), st.integers(), st.floats(), st.binary()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=5,
)
SOUND = {"trial_start": "^TRIALID", "onset": "^ON", "offset": "^OFF", "image": "^IMG (?P<image>.+)"}
MAPPINGS = st.one_of(
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5),
    st.dictionaries(st.sampled_from(KEYS[:-3]), VALUES, max_size=2).map(lambda d: SOUND | d),
)
TEXTS = st.one_of(
    st.sampled_from(["TRIALID 1", "TRIALID 2", "TRIALID", "STIM_ONSET", "BLANK_SCREEN"]),
    st.sampled_from(["ON", "OFF", "IMG a.jpg"]),
    st.sampled_from(["-14 STIM_ONSET", "TRIAL_RESULT 0", "!V IMGLOAD CENTER ../../etc/passwd 1 2"]),
    st.sampled_from(["!V IMGLOAD CENTER a.jpg 9 9", "9" * 400 + " STIM_ONSET", "TRIALID \0"]),
    st.text(max_size=40),
    st.integers(900, 2000).map(lambda n: "a" * n),
)
MESSAGES = st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), TEXTS), max_size=25)
BLOCKS = pd.DataFrame({"block": [1], "start_ms": [0.0], "end_ms": [9000.0], "eyes": "R"})


def find(rows, grammar):
    messages = pd.DataFrame(rows, columns=["time_ms", "text"]).astype({"time_ms": "float64"})
    return find_trials(messages, BLOCKS, grammar)


def check(mapping, rows):
    with time_limit(15):
        try:
            grammar = TrialGrammar.from_mapping(mapping)
        except UsageError:
            return
        try:
            trials = find(rows, grammar)
        except (UsageError, ValidationError):
            return
    assert len(trials) <= len(rows)
    # What is not fit for use says why; what is fit has all that a trial needs.
    fit = trials[trials["problem"].isna()]
    assert fit["onset_ms"].notna().all()
    assert (fit["offset_ms"] > fit["onset_ms"]).all()
    assert fit["image_id"].notna().all()


@given(mapping=MAPPINGS, rows=MESSAGES)
def test_any_grammar_on_any_messages(mapping, rows):
    check(mapping, rows)


@pytest.mark.slow
@settings(max_examples=1500)
@given(mapping=MAPPINGS, rows=MESSAGES)
def test_many_grammars_on_any_messages(mapping, rows):
    check(mapping, rows)


@given(rows=MESSAGES, preset=st.sampled_from([name for name in PRESETS if PRESETS[name]]))
def test_every_start_of_a_trial_is_a_row(rows, preset):
    grammar = TrialGrammar.from_mapping({"preset": preset, "leading_offset": "ignore"})
    texts = [re.sub(r"^-?\d+\s+(?=\S)", "", text[:1000]) for _, text in rows]
    starts = sum(bool(re.search(grammar.trial_start, text)) for text in texts)
    try:
        trials = find(rows, grammar)
    except ValidationError:
        return
    assert len(trials) == starts
    names = trials["image_id"].dropna()
    assert not names.str.contains(r"[/\\]").any()  # a name leads to no other folder


@pytest.mark.parametrize("value", [math.nan, math.inf, -1, True, "5"])
def test_a_time_that_is_none_is_refused(value):
    with pytest.raises(UsageError, match="duration_ms"):
        TrialGrammar.from_mapping({**SOUND, "offset": None, "duration_ms": value})
