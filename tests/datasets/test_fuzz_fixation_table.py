"""Any damage to a published table: our own errors only, and no row is lost without a word."""

import io

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bench.datasets import image_sizes, load_dataset, read_gaze
from bench.errors import BenchError, ValidationError

DESCRIPTION = """\
label: Small
kind: fixation_table
task: free viewing
viewing_ms: 3000
stimuli: {folder: stimuli, pattern: "*.png"}
"""
HEADER = "image_id,subject_id,x_image_px,y_image_px,duration_ms"
ROWS = [HEADER, *(f"{image}.png,{viewer},{viewer}.5,2,150" for image in "ab" for viewer in "1234")]
CELLS = ("nan", "NA", "", "inf", "-1e400", "1_0", "１", "0x1", "True", "2024-01-01", "9" * 400)
CELLS += ('"', '"a', "'", "../a.png", "/etc/passwd", "a\\b", "\0", "\x1b[2J", "é" * 300, "1e-320")
CELLS += (" 7 ", "1,5", "1;5", "-0", "+3", "1e308", "a.png", "#", "=1+1", "x" * 5000)


@pytest.fixture
def table(tmp_path):
    """A function: file name, what dataset.yaml says of it -> (rows of the fixation table)."""
    (tmp_path / "stimuli").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 6)).save(tmp_path / "stimuli" / name)

    def read(name, more=""):
        description = f"{DESCRIPTION}fixations: {{file: {name}{more}}}\n"
        (tmp_path / "dataset.yaml").write_text(description)
        dataset = load_dataset(tmp_path / "dataset.yaml")
        return read_gaze(dataset, image_sizes(dataset))

    read.folder = tmp_path
    return read


def rows_of(table, *words):
    """(rows, counted rows) of the table, None where it is refused."""
    try:
        fixations, viewers = table(*words)
    except BenchError as error:
        assert "\n" not in str(error)  # noqa: PT017 - one message, one line
        return None
    counted = sum(status["count"] for item in viewers for status in item["fixations"].values())
    kept = fixations[fixations["status"] == "kept"]
    assert kept["x_image_px"].between(-0.5, 7.5).all()
    assert kept["y_image_px"].between(-0.5, 5.5).all()
    assert np.isfinite(fixations["duration_ms"]).all()
    return len(fixations), counted


@st.composite
def damaged(draw):
    """The lines of a sound table, in which cells and lines were changed, moved, doubled or cut."""
    lines, between = list(ROWS), draw(st.sampled_from([",", ",", ";", "\t"]))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        cells = lines[place].split(",")
        match draw(st.integers(0, 7)):
            case 0 | 1:
                cells[draw(st.integers(0, len(cells) - 1))] = draw(st.sampled_from(CELLS))
            case 2:
                cells.insert(draw(st.integers(0, len(cells))), draw(st.sampled_from(CELLS)))
            case 3:
                del cells[draw(st.integers(0, len(cells) - 1))]
            case 4:
                cells.reverse()
            case 5:
                lines.insert(draw(st.integers(0, len(lines))), lines[place])
            case 6:
                lines.insert(
                    draw(st.integers(0, len(lines))), draw(st.sampled_from(["", "  ", ","]))
                )
            case _:
                cells = [draw(st.text(max_size=8)).replace("\n", "")]
        lines[place] = ",".join(cells)
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    whole = end.join(line.replace(",", between) for line in lines) + draw(
        st.sampled_from([end, ""])
    )
    return whole.encode("utf-8", "surrogatepass")


def check_text(table, whole):
    (table.folder / "t.csv").write_bytes(whole)
    found = rows_of(table, "t.csv")
    if found is not None:
        separators = " \t;,\r\n"
        lines = io.StringIO(whole.decode("utf-8"), newline=None).readlines()[1:]
        full = sum(bool(line.strip(separators)) for line in lines)
        assert found == (full, full)


@given(whole=damaged())
def test_every_row_of_a_damaged_text_is_counted(whole, table):
    check_text(table, whole)


@pytest.mark.slow
@settings(max_examples=600)
@given(whole=damaged())
def test_every_row_of_many_damaged_texts_is_counted(whole, table):
    check_text(table, whole)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.floats(), st.integers(-(2**63), 2**63 - 1), st.datetimes(),
    st.timedeltas(), st.dates(), st.times(), st.text(max_size=5), st.binary(max_size=5),
    st.decimals(allow_nan=False, allow_infinity=False), st.lists(st.floats(), max_size=2),
)  # fmt: skip


@given(
    column=st.sampled_from(HEADER.split(",")),
    values=st.one_of(st.lists(SCALARS, min_size=8, max_size=8), SCALARS.map(lambda v: [v] * 8)),
)
def test_a_column_of_any_type_is_read_or_refused(column, values, table):
    frame = pd.read_csv(io.StringIO("\n".join(ROWS)))
    try:
        frame[column] = pd.Series(values, dtype=object)
        frame.to_parquet(table.folder / "t.parquet")
    except Exception:
        return  # no such file can be written
    assert rows_of(table, "t.parquet") in (None, (8, 8))


NUMBERS = st.sampled_from([0, 1, 1.5, -1, np.nan, np.inf, 1e308, 2**40, 7])


@given(
    xs=st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=3),
    images=st.lists(NUMBERS, min_size=1, max_size=3),
    kind=st.sampled_from(["f8", "f4", "i2", "S3"]),
)
def test_every_fixation_of_pysaliency_s_trains_is_counted(xs, images, kind, table):
    path = table.folder / "t.h5"
    with h5py.File(path, "w") as file, np.errstate(all="ignore"):
        file.attrs["type"], file.attrs["version"] = np.bytes_("FixationTrains"), np.bytes_("1.2")
        file["train_xs"] = np.array(xs, dtype="f8")
        file["train_ys"] = np.array(xs).astype(kind, casting="unsafe") if kind != "i2" else xs
        file["train_ns"] = np.array(images, dtype="f8")
        file["train_subjects"] = np.arange(len(images))
    (table.folder / "names.txt").write_text("a.png\nb.png\n")
    found = rows_of(table, "t.h5", ", stimuli: names.txt, durations: none")
    if found is not None:
        ends = [
            max((i + 1 for i, x in enumerate(train) if not np.isnan(x)), default=0) for train in xs
        ]
        assert found == (sum(ends), sum(ends))


BAD = {
    "a quote over lines": (f'{HEADER},n\na.png,1,1,1,9,"x\na.png,1,1,1,9,y"\n', "1 rows on 2"),
    "more fields": (f"{HEADER}\na.png,1,1,1,99,\n", "more fields than the header's 5"),
    "a column twice": (f"{HEADER},x_image_px\na.png,1,1,1,99,2\n", "'x_image_px' stands .* twice"),
    "a truth value": (f"{HEADER}\na.png,1,True,1,99\n", "x_image_px is 'True', expected a number"),
    "400 digits": (f"{HEADER}\na.png,1,{'9' * 400},1,99\n", r"is '9+\.\.\. \(402 characters\)"),
    "a year": (f"{HEADER}\na.png,1,1,1,3e10\n", "duration_ms is 30000000000.0, .* at most 8.64e"),
    "another folder": (f"{HEADER}\n../a.png,1,1,1,99\n", r"'\.\./a\.png' is not among the 2"),
    "a whole path": (f"{HEADER}\n/etc/a.png,1,1,1,99\n", "'/etc/a.png' is not among the 2"),
    "a backslash": (f"{HEADER}\nx\\a.png,1,1,1,99\n", "is not among the 2"),
    "NUL": (f"{HEADER}\na.png\0,1,1,1,99\n", r"'a\.png\\x00' is not among the 2"),
    "HTML": (f"{HEADER}\n<b>a.png,1,1,1,99\n", "is not among the 2"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_what_would_be_lost_or_guessed_is_refused(text, message, table):
    (table.folder / "t.csv").write_bytes(text.encode())
    with pytest.raises(ValidationError, match=message):
        table("t.csv")


def test_a_viewer_may_be_called_na(table):
    (table.folder / "t.csv").write_text(f"{HEADER}\na.png,NA,1,1,99\na.png,null,NA,1,99\n")
    fixations, _ = table("t.csv")
    assert fixations["subject_id"].tolist() == ["NA", "null"]
    assert fixations["status"].tolist() == ["kept", "missing_position"]
