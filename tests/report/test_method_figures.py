"""A method's figure: its maps over the photographs that its scores choose, and words for each."""

from functools import partial

import numpy as np
import pytest
from PIL import Image

from bench.metrics import get_metric
from bench.report.captions import of_gallery, of_method, of_nothing
from bench.report.examples import ImageScores, examples
from bench.report.method_figures import (
    MOST_MAPS,
    MapSet,
    Pictures,
    gallery,
    human_heatmaps,
    method_figure,
)
from bench.report.pictures import overlay

IMAGES = [f"{name}.png" for name in "abcd"]
SIZES = [(120, 90), (90, 120), (400, 40), (64, 64)]


@pytest.fixture
def pictures(tmp_path):
    """Four photographs, wide and tall; the human map of d.png is missing."""
    for name, size in zip(IMAGES, SIZES, strict=True):
        Image.new("RGB", size, (90, 120, 200)).save(tmp_path / name)
    files = {name: tmp_path / name for name in IMAGES}
    return Pictures(files, lambda image: None if image == "d.png" else np.eye(8))


def map_set(count=1, values=None):
    names = ["cam"] if count == 1 else [f"cam_{number}" for number in range(count)]
    return MapSet(
        label="CAM",
        network="Net",
        model="net",
        method="cam",
        maps={name: partial(_map, values or {}) for name in names},
        labels={name: "CAM" if count == 1 else f"CAM, {name[4:]}" for name in names},
        classes=lambda image: "cat",
    )


def _map(values, image):
    return values.get(image, np.tile(np.arange(8.0), (6, 1)))


def scored(count=1):
    names = list(map_set(count).maps)
    of_image = dict(zip(IMAGES, (0.5, 2.25, -1.0, 1.0), strict=True))
    values = {("net", "cam", name): of_image for name in names}
    return ImageScores(get_metric("nss"), values | {("baseline", "human", "human"): {"b.png": 3.0}})


def words(sheet):
    return [text for _, _, text, _ in sheet.words]


def drawn(shown, pictures, scores):
    values = scores.over_maps("net", "cam", list(shown.maps)) if scores else {}
    chosen = examples(values, IMAGES, higher_is_better=True)
    return method_figure(shown, pictures, chosen, scores), of_method(shown, chosen, values, scores)


def test_best_median_and_worst_stand_with_photograph_human_map_and_score(pictures):
    shown = map_set()
    sheet, (alt, caption) = drawn(shown, pictures, scored())
    assert alt == (
        "CAM on Net: best on b.png, NSS 2.25; median on d.png, NSS 1.00; worst on c.png, "
        "NSS −1.00. For each the photograph, the human map and the method's map over it."
    )
    assert caption.startswith("CAM on Net (the paper's Fig. 2): best, median and worst of 4 ")
    text = words(sheet)
    assert "Best by NSS: b.png (the network sees: cat)" in text
    assert [line for line in text if line.startswith("CAM:")] == [
        "CAM: NSS 2.25",
        "CAM: NSS 1.00",
        "CAM: NSS −1.00",
    ]
    assert "human; other viewers: NSS 3.00" in text
    photograph, human, method = (picture for _, _, picture in sheet.pictures[:3])
    np.testing.assert_array_equal(human, overlay(photograph, np.eye(8)))
    np.testing.assert_array_equal(method, overlay(photograph, shown.maps["cam"]("b.png")))


def test_a_map_that_cannot_be_shown_says_so_in_its_panel(pictures):
    wrong = {"b.png": np.full((4, 4), np.nan), "c.png": np.zeros((4, 4)), "d.png": np.ones((4, 4))}
    sheet, _ = drawn(map_set(1, wrong), pictures, scored())
    text = words(sheet)
    assert "not a number:\nno map to show" in text
    assert "empty:\nall zero" in text
    assert "constant" in text
    assert "no map" in text  # the human map of d.png


@pytest.mark.parametrize("count", [2, 9, 40])
def test_many_maps_share_a_sheet_and_none_is_wider_than_it(pictures, count):
    sheet, (_, caption) = drawn(map_set(count), pictures, scored(count))
    assert f"the mean over the {count} maps" in caption
    assert len(sheet.pictures) == 3 * (2 + min(count, MOST_MAPS)) + 1  # and the colour bar
    boxes = [(x, y, x + p.shape[1], y + p.shape[0]) for x, y, p in sheet.pictures]
    assert max(box[2] for box in boxes) <= sheet.width
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            apart = one[0] >= other[2] or other[0] >= one[2]
            assert apart or one[1] >= other[3] or other[1] >= one[3]
    assert ("40 maps" in caption and f"the first {MOST_MAPS}" in caption) == (count > MOST_MAPS)


def test_without_scores_photographs_are_spread_and_the_caption_says_so(pictures):
    sheet, (alt, caption) = drawn(map_set(), pictures, None)
    assert "Not scored: a.png (the network sees: cat)" in words(sheet)
    assert "not scored a.png; not scored b.png; not scored c.png" in alt
    assert "no photograph has a score" in caption


def test_a_method_that_does_not_apply_says_why():
    nothing = MapSet("CAM", "Net", "net", "cam", {}, {}, lambda image: "", "it has no layer")
    assert of_nothing(nothing)[1] == "CAM on Net: does not apply, it has no layer"


def test_the_gallery_has_every_method_on_every_photograph(pictures):
    rows = [(map_set(), "cam"), (map_set(3), "cam_1")]
    sheet = gallery(rows, pictures, IMAGES, scored())
    assert len(sheet.pictures) == 4 * (2 + len(rows)) + 1
    assert words(sheet).count("NSS 2.25") == 1  # the other method has no score
    assert words(sheet).count("no NSS") == 4
    alt, caption = of_gallery(rows, IMAGES, 9, "Net", scored())
    assert alt == "Net on a.png, b.png, c.png, d.png: the human map, then CAM, CAM, 1."
    assert "4 of 9 photographs" in caption
    assert "the best mean NSS" in caption
    assert gallery([], pictures, IMAGES, None).height > 0


def test_human_heatmaps_stand_beside_their_photographs(pictures):
    sheet = human_heatmaps(pictures, IMAGES)
    assert len(sheet.pictures) == 2 * 4 + 1
    assert set(IMAGES) <= set(words(sheet))
