"""CSV lists: which trial showed which image to whom, and where it stood."""

import pytest

from bench.datasets.sequence_lists import images_of_trials, placements_of_images
from bench.errors import DataError, ValidationError
from bench.gaze import Placement

USUAL = Placement(2)


@pytest.fixture
def written(tmp_path):
    """A function: text -> path of a CSV."""

    def write(text):
        path = tmp_path / "list.csv"
        path.write_bytes(text.encode())
        return path

    return write


def test_a_list_for_all_viewers(written):
    path = written("trial,image\n1,cat.jpg\n2,dog.jpg\n")
    assert images_of_trials(path, "v1", USUAL) == ({"1": "cat.jpg", "2": "dog.jpg"}, {})


def test_each_viewer_has_an_order_of_their_own(written):
    path = written("viewer,trial,image\nv1,1,cat.jpg\nv2,1,dog.jpg\n,2,cow.jpg\n")
    assert images_of_trials(path, "v1", USUAL)[0] == {"1": "cat.jpg", "2": "cow.jpg"}
    assert images_of_trials(path, "v2", USUAL)[0] == {"1": "dog.jpg", "2": "cow.jpg"}


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_spreadsheets_write_other_separators_a_mark_and_more_columns(written, between):
    text = "\ufefftrial,image,answer\r\n1,cat.jpg,yes\r\n\r\n".replace(",", between)
    assert images_of_trials(written(text), "v1", USUAL)[0] == {"1": "cat.jpg"}


def test_a_trial_may_have_a_place_of_its_own(written):
    path = written("trial,image,x_px,y_px,scale\n1,a.jpg,10,20.5,3\n2,b.jpg,,,\n3,c.jpg,,,1.5\n")
    _, placements = images_of_trials(path, "v1", USUAL)
    assert placements == {"1": Placement(3, (10, 20.5)), "3": Placement(1.5, "centre")}


def test_images_may_have_places_of_their_own(written):
    path = written("image,x_px,y_px\na.jpg,10,20\nb.jpg,,\n")
    assert placements_of_images(path, USUAL) == {"a.jpg": Placement(2, (10, 20)), "b.jpg": USUAL}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("trial,picture\n1,cat.jpg\n", r"missing column 'image'; found 'trial', 'picture'"),
        ("", "missing column 'trial', 'image'; found none"),
        ("trial,image\n1,a.jpg\n1,b.jpg\n", "row 3: trial '1' stands there a second time"),
        ("trial,image\n1,\n", "row 2: image is empty"),
        ("trial,image,x_px,y_px\n1,a.jpg,left,3\n", "row 2: x_px is 'left', expected a number"),
        ("trial,image,x_px,y_px\n1,a.jpg,inf,3\n", "row 2: x_px is 'inf', expected a number"),
        ("trial,image,x_px\n1,a.jpg,3\n", "row 2: expected both x_px and y_px"),
        ("trial,image,scale\n1,a.jpg,0\n", "a scale above 0"),
        ("viewer,trial,image\nv2,1,a.jpg\n", "no row for viewer 'v1'"),
    ],
)
def test_a_mistake_in_a_list_is_named_with_its_row(written, text, words):
    with pytest.raises(ValidationError, match=words):
        images_of_trials(written(text), "v1", USUAL)


def test_an_image_twice_in_the_list_of_places_is_refused(written):
    with pytest.raises(ValidationError, match=r"row 3: image 'a\.jpg' stands there a second time"):
        placements_of_images(written("image,scale\na.jpg,1\na.jpg,2\n"), USUAL)


def test_a_list_that_is_absent_or_no_text_is_unreadable(written, tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.csv: the list cannot be read"):
        images_of_trials(tmp_path / "nowhere.csv", "v1", USUAL)
    path = written("")
    path.write_bytes(b"trial,image\n1,\xff\xfe\n")
    with pytest.raises(DataError, match="not UTF-8"):
        images_of_trials(path, "v1", USUAL)
