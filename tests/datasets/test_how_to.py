"""What docs/add-a-dataset.md says about recordings is accepted as it stands there."""

import re
from pathlib import Path

import pytest
import yaml

from bench.datasets.formats import format_names, get_format
from bench.errors import ValidationError
from bench.gaze import TrialGrammar
from bench.schemas import checked

PAGE = Path(__file__).resolve().parents[2] / "docs" / "add-a-dataset.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
WHOLE = {
    kind: next(block for block in BLOCKS if f"kind: {kind}" in block)
    for kind in ("recordings", "fixation_table")
}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split(":")[0])
def test_each_example_fits_the_schema_and_the_grammar(block):
    description = yaml.safe_load(block)
    if "kind" not in description:
        kind = "fixation_table" if "fixations" in description else "recordings"
        description = {**yaml.safe_load(WHOLE[kind]), **description}
    spec = checked(description, "dataset", "the page", ValidationError)
    if "trials" in spec:
        assert TrialGrammar.from_mapping(spec["trials"]).onset


def test_the_page_names_every_format_with_its_own_answers():
    text = PAGE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` (\|.*)$", text, re.MULTILINE))
    del rows["format"]  # the heading
    assert sorted(rows) == format_names()
    for name, row in rows.items():
        form = get_format(Path("x"), name)
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert tuple(cells[0].split()) == form.SUFFIXES
        assert cells[2:] == [f"{form.ORIGIN:g}", form.DURATIONS]


def test_the_page_names_every_key_about_recordings():
    schema = yaml.safe_load((PAGE.parents[1] / "bench/schemas/dataset.schema.yaml").read_text())
    text = PAGE.read_text(encoding="utf-8")
    keys = {"eye", "trials", "allow_incomplete", "min_duration_ms", "drop_blink_overlaps"}
    keys |= set(schema["properties"]["samples"]["properties"])
    keys |= set(schema["properties"]["fixations"]["properties"])
    keys |= set(schema["properties"]["stimuli"]["properties"])
    keys |= set(schema["properties"]["image_on_screen"]["properties"])
    assert [key for key in sorted(keys) if f"{key}:" not in text] == []
