"""The page is whole: every value given, users' names escaped, nothing fetched."""

import re

import jinja2
import pytest
from PIL import Image

from bench.report.page import FOLDER, embedded, render


def test_a_value_that_is_not_given_is_an_error_not_a_gap():
    with pytest.raises(jinja2.UndefinedError):
        render(summary={"label": "x", "simulated": False})


def test_the_template_names_no_address_outside_the_page():
    text = "".join(path.read_text() for path in FOLDER.iterdir())
    assert not re.search(r"https?://|src=\"(?!\{\{)", text)
    assert "default-src 'none'" in text


def test_a_picture_travels_inside_the_page(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    assert embedded(tmp_path / "a.png").startswith("data:image/jpeg;base64,")
