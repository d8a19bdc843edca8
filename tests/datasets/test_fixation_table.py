"""Published tables of fixations: what is read, and what is refused with which message."""

import pytest
from PIL import Image

from bench.datasets import image_sizes, load_dataset
from bench.datasets import read_gaze as read_gaze_with
from bench.errors import DataError, UsageError, ValidationError

DESCRIPTION = """\
label: Small
kind: fixation_table
task: free viewing
viewing_ms: 3000
stimuli: {folder: stimuli, pattern: "*.png"}
fixations: {file: fixations.csv, columns: {image_id: picture, duration_ms: ms}}
"""
HEADER = "picture,subject_id,x_image_px,y_image_px,ms\n"


def read_gaze(dataset):
    return read_gaze_with(dataset, image_sizes(dataset))


@pytest.fixture
def small(tmp_path):
    """A function: rows of the table -> the data set, with pictures a.png and b.png of 8 x 6 px."""
    (tmp_path / "small" / "stimuli").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 6)).save(tmp_path / "small" / "stimuli" / name)
    (tmp_path / "small" / "dataset.yaml").write_text(DESCRIPTION)

    def make(rows, header=HEADER):
        (tmp_path / "small" / "fixations.csv").write_text(header + rows)
        return load_dataset(tmp_path / "small" / "dataset.yaml")

    return make


def test_every_row_is_kept_with_its_status(small):
    table, _ = read_gaze(small("a.png,1,7.4,5.4,100\na.png,1,7.5,0,200\nb.png,2,,1,300\n"))
    assert list(table["status"]) == ["kept", "off_image", "missing_position"]
    assert list(table["duration_ms"]) == [100, 200, 300]


def test_viewers_are_summarised_one_by_one(small):
    _, summaries = read_gaze(small("a.png,1,1,1,100\nb.png,2,1,1,300\nb.png,2,-1,1,50\n"))
    assert [summary["subject_id"] for summary in summaries] == ["1", "2"]
    assert summaries[1]["fixations"]["off_image"] == {"count": 1, "ms": 50.0}


def test_viewer_001_is_not_viewer_1(small):
    _, summaries = read_gaze(small("a.png,001,1,1,100\na.png,1,1,1,300\n"))
    assert [summary["subject_id"] for summary in summaries] == ["001", "1"]


def test_a_table_without_rows_is_refused(small):
    with pytest.raises(ValidationError, match="no row below the header"):
        read_gaze(small(""))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a.png,,1,1,100\n", r"row 2: subject_id is empty"),
        ("a.png,1,1,1,inf\n", r"row 2: ms is 'inf', expected a number"),
        ("a.png,1,1,1,100\nc.png,1,1,1,100\n", r"row 3: image 'c\.png' is not among the 2"),
        ("A.png,1,1,1,100\n", r"row 2: image 'A\.png'.*Did you mean 'a\.png'\?"),
        ("a.png,1,left,1,100\n", r"row 2: x_image_px is 'left', expected a number"),
        ("a.png,1,1,1,-5\n", r"row 2: ms is -5\.0, expected milliseconds above 0"),
        ("a.png,1,1,1,\n", r"row 2: ms is nan, expected milliseconds above 0"),
    ],
)
def test_a_bad_row_is_named(small, rows, message):
    with pytest.raises(ValidationError, match=message):
        read_gaze(small(rows))


def test_a_missing_column_names_what_is_there_and_where_to_map_it(small):
    dataset = small("a.png,1,1,1\n", header="picture,subject_id,x_image_px,y_image_px\n")
    with pytest.raises(ValidationError, match=r"missing column 'ms'; found 'picture'.*columns:"):
        read_gaze(dataset)


def test_an_unreadable_photograph_is_named(small):
    dataset = small("a.png,1,1,1,100\n")
    (dataset.root / "stimuli" / "b.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"b\.png: cannot be read as a photograph"):
        read_gaze(dataset)


def test_a_path_that_leaves_the_folder_is_refused(small):
    dataset = small("a.png,1,1,1,100\n")
    with pytest.raises(UsageError, match="leads out of its folder"):
        dataset.file("../secret.csv")


def test_a_folder_without_photographs_says_where_it_looked(small):
    dataset = small("a.png,1,1,1,100\n")
    for path in (dataset.root / "stimuli").iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"no photograph matches \*\.png in .*stimuli"):
        dataset.stimuli()


def test_osie_keeps_every_published_fixation(shared_data):
    from pathlib import Path

    description = Path(__file__).resolve().parents[2] / "data" / "osie" / "dataset.yaml"
    dataset = load_dataset(description, shared_data("osie/fixations.csv").parent)
    table, summaries = read_gaze(dataset)
    # The figures of the data's own README.
    assert len(table) == 8515
    assert set(table["status"]) == {"kept"}
    assert len(summaries) == 15
    assert table["duration_ms"].median() == 189


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('pattern: "*.png"', 'pattern: "../../*/*"', r"its \.\. leads out of the folder"),
        ('pattern: "*.png"', f"pattern: {'x' * 5000}/*", "cannot be used"),
        ("folder: stimuli", f"folder: {'x' * 5000}", "no path that can be used here"),
        ("file: fixations.csv", "file: ../fixations.csv", "leads out of its folder"),
        ("folder: stimuli", "folder: /etc", "leads out of its folder"),
    ],
)
def test_no_name_leads_out_of_the_folder(small, old, new, message):
    dataset = small("a.png,1,1,1,100\n")
    description = dataset.root / "dataset.yaml"
    description.write_text(description.read_text().replace(old, new))
    with pytest.raises(UsageError, match=message):
        read_gaze(load_dataset(description))


def test_a_picture_that_may_have_been_turned_is_refused_unless_told(small):
    exif = Image.Exif()
    exif[0x0112] = 6
    dataset = small("a.png,1,7,5,100\n")
    Image.new("RGB", (8, 6)).save(dataset.root / "stimuli" / "a.png", exif=exif)
    with pytest.raises(ValidationError, match="exif_rotation: ignore"):
        read_gaze(dataset)
    description = dataset.root / "dataset.yaml"
    told = description.read_text().replace('"*.png"}', '"*.png", exif_rotation: ignore}')
    description.write_text(told)
    table, _ = read_gaze(load_dataset(description))
    assert table["status"].tolist() == ["kept"]  # (7, 5) lies in 8 x 6, not in 6 x 8
