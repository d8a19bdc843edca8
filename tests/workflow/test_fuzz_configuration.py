"""Any text as a configuration or description: settings, or one message; no hang, no traceback."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.cli import main
from bench.datasets import load_dataset
from bench.errors import BenchError
from bench.gaze.time_limit import time_limit
from bench.protocols import get_protocol
from bench.schemas import read_yaml
from bench.workflow.configuration import read_settings

PROJECT = Path(__file__).resolve().parents[2]
LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)
HOSTILE = {
    "10,000 deep": "a: " + "[" * 10_000 + "]" * 10_000,
    "10,000 deep mappings": "{a: " * 10_000 + "1" + "}" * 10_000,
    "60 deep": "methods: {gradcam: {layer: " + "[" * 60 + "]" * 60 + "}}",
    "billion laughs": LAUGHS,
    "laughs under a known key": "methods:\n  gradcam:\n    " + LAUGHS.replace("\n", "\n    "),
    "laughs by merging": "".join(
        f"a{i}: &a{i}\n  <<: [{', '.join([f'*a{i - 1}'] * 10)}]\n" if i else "a0: &a0 {x: 1}\n"
        for i in range(12)
    ),
    "a value in itself": "methods: &a {gradcam: *a}",
    "a list in itself": "methods: {gradcam: {layer: &a [*a]}}",
    "5000 digits": "seed: " + "1" * 5000,
    "4000 digits": "seed: " + "1" * 4000,
    "a date that is none": "seed: 2024-99-99",
    "a date": "methods: {gradcam: {layer: 2024-01-01}}",
    "no integer": 'seed: !!int ""',
    "no truth value": "seed: !!bool x",
    "no time": "seed: !!timestamp x",
    "code": "seed: !!python/object/apply:os.getcwd []",
    "names that are no text": "1: 2\nseed: 3\nnull: 4",
    "a number for a data set": "roots: {1: x}",
    "a truth value for a network": "weights: {true: x}",
    "NUL": r'weights: {efficientnet_lite0: "\0"}',
    "NUL in a folder": r'external: {mine: "\0"}',
    "half a character": r'datasets: ["\uD800"]',
    "a terminal's command": r'datasets: ["\e[31mdemo"]',
    "nobody's home": "roots: {osie: ~nobody-of-that-name/x}",
    "a long path": f"external: {{mine: {'x' * 5000}}}",
    "a long name": f"datasets: [{'x' * 200_000}]",
    "text that is no option": "methods: {gradcam: {layer: '[[[['}}",
    "a data set elsewhere": "datasets: [../../etc]",
    "a whole path": "datasets: [/etc]",
    "a network elsewhere": "models: ['timm:../x']",
    "a backslash": r"models: ['..\x']",
    "a method elsewhere": "methods: [../cam]",
    "maps to be written elsewhere": "external: {../mine: .}",
    "an unknown key": "plugin: []",
    "a wrong type": "models: {a: 1}",
    "no mapping": "[1, 2]",
    "two documents": "seed: 1\n---\nseed: 2",
    "nothing": "",
}
TRACE = re.compile(r"Traceback|File \"")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_configuration_is_one_message(text, tmp_path, capsys):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with time_limit(20), pytest.raises(SystemExit) as end:
        main(["check-config", str(path)])
    shown = capsys.readouterr()
    assert end.value.code in (2, 3)
    assert shown.out == ""
    assert shown.err.startswith("bench check-config: ")
    assert shown.err.count("\n") == 1
    assert len(shown.err) < 1000
    assert not TRACE.search(shown.err)


@pytest.mark.parametrize("name", [name for name in HOSTILE if "60" in name or "laugh" in name])
def test_descriptions_and_protocols_are_read_as_carefully(name, tmp_path):
    (tmp_path / "mine").mkdir()
    for file, read in (
        ("dataset.yaml", load_dataset),
        ("mine.yaml", lambda p: get_protocol(str(p))),
    ):
        path = tmp_path / "mine" / file
        path.write_text(HOSTILE[name])
        with time_limit(20), pytest.raises(BenchError) as error:
            read(path)
        assert len(str(error.value)) < 1000


def test_a_configuration_handed_over_by_snakemake_is_checked_as_well():
    """Its own loader has already built these values."""
    endless, laughs = {}, ["x"]
    endless["gradcam"] = endless
    for _ in range(12):
        laughs = [laughs] * 10
    for value in (endless, {"gradcam": {"layer": laughs}}):
        with time_limit(20), pytest.raises(BenchError, match=r"deep|200000 values"):
            read_settings({"methods": value}, PROJECT)


KEYS = ("datasets", "roots", "models", "weights", "methods", "metrics", "protocol", "device")
KEYS += ("batch_size", "workers", "seed", "plugins", "external", "rules", "random_weights")
NAMES = st.sampled_from(
    ["demo", "osie", "efficientnet_lite0", "gradcam", "layer", "nss", "all", "true", "~x", "../x"]
) | st.text(max_size=6)
VALUES = st.recursive(
    st.one_of(NAMES, st.none(), st.booleans(), st.integers(), st.floats(), st.dates()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.integers(), inner),
    max_leaves=6,
)
MAPPINGS = st.dictionaries(st.sampled_from(KEYS) | NAMES, VALUES, max_size=3)
TOKENS = (
    "datasets",
    "methods",
    "gradcam",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "!!int ",
    "\n",
)
TOKENS += (
    "!!set ",
    "!!binary ",
    "<<",
    "|",
    ">",
    "'",
    '"',
    "#",
    "\t",
    "%YAML",
    "---",
    "? ",
    "0x",
    "1:1",
)
TEXTS = st.lists(st.sampled_from(TOKENS) | st.text(max_size=3), max_size=20).map("".join)


def check(value):
    try:
        read_settings(value, PROJECT)
    except BenchError as error:
        assert len(str(error)) < 2000  # noqa: PT017


@given(value=MAPPINGS)
def test_any_values_are_settings_or_refused(value):
    check(value)


@pytest.mark.slow
@settings(max_examples=2000)
@given(value=MAPPINGS)
def test_many_values_are_settings_or_refused(value):
    check(value)


@settings(max_examples=200)
@given(text=TEXTS)
def test_any_text_is_a_mapping_or_refused(text, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        check(read_yaml(path))
    except BenchError as error:
        assert str(path) in str(error)  # noqa: PT017
