"""A sheet's files: the pictures where they were placed, words on them, the same bytes twice."""

import base64
import io
import re

import numpy as np
from PIL import Image

from bench.report.sheets import DPI, Sheet

RED = np.full((30, 50, 3), (200, 0, 0), dtype=np.uint8)


def sheet():
    made = Sheet(300)
    made.place(20, 10, RED)
    made.write(20, 60, "words & <signs>", room=260)
    return made


def test_the_png_holds_the_pictures_as_they_are_and_the_words(tmp_path):
    sheet().save(tmp_path / "a")
    pixels = np.asarray(Image.open(tmp_path / "a.png"))
    assert pixels.shape[1] == 300
    assert (pixels[10:40, 20:70] == RED).all()
    assert (pixels[:10] == 255).all()
    assert pixels[60:80, 20:150].min() < 60


def test_the_svg_holds_the_same_sheet_with_words_as_outlines(tmp_path):
    _, png = sheet().save(tmp_path / "a")
    text = (tmp_path / "a.svg").read_text()
    assert "<text" not in text
    (content,) = re.findall(r"data:image/jpeg;base64,([^\"]*)", text)
    bitmap = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))), dtype=int)
    height, width = np.asarray(Image.open(png)).shape[:2]
    assert bitmap.shape[:2] == (height, width)
    assert abs(bitmap[15:35, 25:65] - RED[15:16, 25:26]).max() < 12
    (drawn,) = re.findall(r'<image width="([0-9.]+)"', text)
    assert float(drawn) == width * 72 / DPI


def test_two_sheets_alike_are_the_same_bytes_and_a_note_is_a_difference(tmp_path):
    files = {}
    for folder, note in (("one", ""), ("two", ""), ("noted", "Simulated viewers")):
        (tmp_path / folder).mkdir()
        paths = sheet().save(tmp_path / folder / "a", note)
        files[folder] = [path.read_bytes() for path in paths]
    assert files["one"] == files["two"]
    assert files["noted"][0] != files["one"][0]
    assert files["noted"][1] != files["one"][1]


def test_a_name_longer_than_its_room_keeps_its_beginning_and_end():
    made = Sheet(300)
    made.write(0, 0, "a_very_long_name_of_a_photograph_0001.png", room=100)
    ((_, _, text, _),) = made.words
    assert text.startswith("a_")
    assert text.endswith(".png")
    assert "…" in text
