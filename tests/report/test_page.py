"""The page is whole: every value given, users' names escaped, nothing fetched."""

import re

import jinja2
import numpy as np
import pytest
from PIL import Image

from bench.report.drawing import Drawing
from bench.report.page import BUDGET, FOLDER, embedded, page_figures, render


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


def test_many_figures_shrink_until_the_page_opens(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    one = Drawing("a", "what it shows", "Grad-CAM", heading="Net", path=tmp_path / "a.png")
    count = 2 * BUDGET // len(embedded(one.path, 1, 70))
    many = []
    for number in range(count):
        (tmp_path / f"{number}.png").hardlink_to(one.path)
        many.append(Drawing(f"{number}", "", "", heading="Net", path=tmp_path / f"{number}.png"))
    (alone,) = dict(page_figures([one])["galleries"])["Net"]
    shown = dict(page_figures(many)["galleries"])["Net"]
    assert alone["src"] == embedded(one.path, 1, 70)
    assert alone["alt"] == "what it shows"
    assert [figure["name"] for figure in shown] == [drawing.name for drawing in many]
    assert sum(len(figure["src"]) for figure in shown) <= BUDGET


def test_a_figure_with_nothing_to_see_is_a_sentence():
    empty = Drawing("cam-net", "why", "CAM on Net: does not apply", heading="Net", empty=True)
    (shown,) = dict(page_figures([empty])["galleries"])["Net"]
    assert shown["src"] == ""
    assert shown["caption"] == "CAM on Net: does not apply"
