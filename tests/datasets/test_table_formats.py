"""The formats of published tables: the same fixations from each, and what is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.io import savemat

from bench.cli import main
from bench.datasets import image_sizes, load_dataset, read_gaze
from bench.datasets.formats import _osie_child, format_names, osie_mat
from bench.errors import BenchError, DataError, UsageError, ValidationError

IMAGES = ("a.png", "b.png")
WIDTH, HEIGHT = 40, 30
# (image, viewer, x, y, ms), images, viewers and fixations in order; 0-based, pixel centres whole.
FIXATIONS = [
    ("a.png", 1, 3.2, 4.9, 120),
    ("a.png", 1, 39.4, 29.4, 250),
    ("a.png", 1, 39.6, 10.0, 300),  # off the picture
    ("a.png", 2, 0.0, 0.0, 81),
    ("b.png", 1, 12.5, 7.25, 400),
    ("b.png", 2, -0.6, 3.0, 95),  # off the picture
    ("b.png", 2, 20.0, 20.0, 205),
]
DESCRIPTION = """\
label: Formats
kind: fixation_table
task: free viewing
viewing_ms: 3000
stimuli: {{folder: stimuli, pattern: "*.png"}}
fixations: {fixations}
"""
COLUMNS = {"image_id": "picture", "subject_id": "who", "x_image_px": "x", "y_image_px": "y"}


def frame(*, origin=0.0, per_ms=1.0):
    rows = pd.DataFrame(FIXATIONS, columns=["picture", "who", "x", "y", "duration_ms"])
    return rows.assign(
        x=rows["x"] + origin, y=rows["y"] + origin, duration_ms=rows["duration_ms"] * per_ms
    )


def write_mat(path, *, origin=1.0, drop=None, wrong=None):
    """OSIE's layout: cells of structs; whole numbers in the smallest type, as the original has."""

    def cell(items):
        array = np.empty((len(items), 1), dtype=object)
        for number, item in enumerate(items):
            array[number, 0] = item
        return array

    images = []
    for name in IMAGES:
        viewers = []
        for viewer in (1, 2):
            own = [row for row in FIXATIONS if row[:2] == (name, viewer)]
            fields = {
                "fix_x": np.array([[row[2] + origin for row in own]]),
                "fix_y": np.array([[row[3] + origin for row in own]]),
                "fix_duration": np.array([[row[4] for row in own]], dtype=np.uint16),
            }
            if wrong and (name, viewer) == ("b.png", 2):
                fields |= wrong
            viewers.append({key: value for key, value in fields.items() if key != drop})
        images.append({"img": cell([name]), "subjects": cell(viewers)})
    savemat(path, {"fixations": cell(images)})


def write_trains(path, *, durations="durations", kind="FixationTrains", version="1.2"):
    """What pysaliency 0.2.22 writes, seen in its own source and files (see the last test)."""
    groups = list(dict.fromkeys(row[:2] for row in FIXATIONS))
    trains = [[row for row in FIXATIONS if row[:2] == group] for group in groups]
    longest = max(map(len, trains))

    def padded(column, shift=0.0, scale=1.0):
        filled = np.full((len(trains), longest), np.nan)
        for number, train in enumerate(trains):
            filled[number, : len(train)] = [row[column] * scale + shift for row in train]
        return filled

    with h5py.File(path, "w") as file:
        file.attrs["type"], file.attrs["version"] = np.bytes_(kind), np.bytes_(version)
        file.attrs["__attributes__"] = np.bytes_(json.dumps(["subjects", "scanpath_index"]))
        file["train_xs"], file["train_ys"] = padded(2, 0.5), padded(3, 0.5)
        file["train_ts"] = padded(4)
        file["train_ns"] = [IMAGES.index(image) for image, _ in groups]
        file["train_subjects"] = [viewer for _, viewer in groups]
        own = file.create_group("scanpath_fixation_attributes")
        if durations:
            own[durations] = padded(4, scale=0.001)
        file.create_group("scanpath_attributes")


def write_fixations(path):
    with h5py.File(path, "w") as file:
        file.attrs["type"], file.attrs["version"] = np.bytes_("Fixations"), np.bytes_("1.0")
        rows = frame(origin=0.5, per_ms=0.001)
        file["x"], file["y"], file["duration"] = rows["x"], rows["y"], rows["duration_ms"]
        file["n"] = [IMAGES.index(name) for name in rows["picture"]]
        file["subjects"] = rows["who"].astype(np.int32)


def write_file_stimuli(path):
    with h5py.File(path, "w") as file:
        file.attrs["type"], file.attrs["version"] = np.bytes_("FileStimuli"), np.bytes_("2.1")
        names = [f"../stimuli/{name}".encode() for name in IMAGES]
        file.create_dataset("filenames", data=names, dtype=h5py.special_dtype(vlen=str))


@pytest.fixture
def folder(tmp_path):
    """A data set's folder with two photographs and the lists that name them."""
    folder = tmp_path / "published"
    (folder / "stimuli").mkdir(parents=True)
    for name in IMAGES:
        Image.new("RGB", (WIDTH, HEIGHT)).save(folder / "stimuli" / name)
    (folder / "names.txt").write_text("# in the order of their numbers\na.png\n\nb.png\n")
    write_file_stimuli(folder / "stimuli.hdf5")
    return folder


def gaze(folder, **fixations):
    description = folder / "dataset.yaml"
    description.write_text(DESCRIPTION.format(fixations=json.dumps(fixations)))
    dataset = load_dataset(description)
    return read_gaze(dataset, image_sizes(dataset))


def write(folder, name):
    """The file of that case, and what dataset.yaml says of it."""
    text = {"index": False, "float_format": "%.6f"}
    match name:
        case "comma":
            frame().to_csv(folder / "t.csv", **text)
            return {"file": "t.csv", "columns": COLUMNS}
        case "semicolon":
            frame().to_csv(folder / "t.txt", sep=";", encoding="utf-8-sig", **text)
            return {"file": "t.txt", "columns": COLUMNS}
        case "tab, from 1, in seconds":
            frame(origin=1, per_ms=0.001).to_csv(folder / "t.tsv", sep="\t", **text)
            return {"file": "t.tsv", "columns": COLUMNS, "origin": 1, "durations": "s"}
        case "parquet":
            frame().to_parquet(folder / "t.parquet")
            return {"file": "t.parquet", "columns": COLUMNS}
        case "parquet with an index, corners at whole numbers":
            frame(origin=0.5).set_index(["picture", "who"]).to_parquet(folder / "t.parquet")
            return {"file": "t.parquet", "columns": COLUMNS, "origin": 0.5}
        case "mat":
            write_mat(folder / "t.mat")
            return {"file": "t.mat"}
        case "mat, from 0":
            write_mat(folder / "t.mat", origin=0)
            return {"file": "t.mat", "origin": 0}
        case "trains, names from stimuli":
            write_trains(folder / "t.hdf5")
            return {"file": "t.hdf5", "stimuli": "stimuli.hdf5"}
        case "trains of another name, names from a list":
            write_trains(folder / "table", durations="dwell")
            columns = {"duration_ms": "dwell"}
            named = {"format": "pysaliency_hdf5", "columns": columns}
            return {"file": "table", "stimuli": "names.txt", **named}
        case "fixations without trains":
            write_fixations(folder / "t.h5")
            return {"file": "t.h5", "stimuli": "names.txt"}


CASES = (
    "comma",
    "semicolon",
    "tab, from 1, in seconds",
    "parquet",
    "parquet with an index, corners at whole numbers",
    "mat",
    "mat, from 0",
    "trains, names from stimuli",
    "trains of another name, names from a list",
    "fixations without trains",
)


@pytest.mark.parametrize("case", CASES)
def test_every_format_gives_the_same_fixations(folder, case):
    table, summaries = gaze(folder, **write(folder, case))
    assert table["image_id"].tolist() == [row[0] for row in FIXATIONS]
    assert table["subject_id"].tolist() == [str(row[1]) for row in FIXATIONS]
    expected = np.array([row[2:] for row in FIXATIONS], dtype=float)
    found = table[["x_image_px", "y_image_px", "duration_ms"]].to_numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)
    kept = ["kept", "kept", "off_image", "kept", "kept", "off_image", "kept"]
    assert table["status"].tolist() == kept
    assert table["fixation_index"].tolist() == [0, 1, 2, 0, 3, 1, 2]
    assert [summary["subject_id"] for summary in summaries] == ["1", "2"]
    assert summaries[0]["median_fixation_ms"] == pytest.approx(275)


def test_every_format_has_a_case():
    assert format_names() == ["delimited", "osie_mat", "parquet", "pysaliency_hdf5"]


@pytest.mark.parametrize("name", ["t.csv", "t.mat", "t.hdf5"])
def test_without_durations_every_fixation_weighs_the_same_if_told_so(folder, name):
    given = {"file": name, "durations": "none", "columns": COLUMNS}
    match name:
        case "t.csv":
            frame().drop(columns="duration_ms").to_csv(folder / name, index=False)
        case "t.mat":
            write_mat(folder / name)
        case "t.hdf5":
            write_trains(folder / name, durations="")
            given["stimuli"] = "names.txt"
    table, summaries = gaze(folder, **given)
    assert set(table["duration_ms"]) == set(table["span_ms"]) == {1.0}
    assert summaries[0]["median_fixation_ms"] is None
    assert summaries[0]["warnings"] == ["no durations: every fixation weighs the same"]


def broken(folder, case):
    """The file of a case that must be refused, and what dataset.yaml says of it."""
    trains = {"file": "t.hdf5", "stimuli": "names.txt"}
    match case:
        case "absent":
            return {"file": "nowhere.csv"}
        case "ending":
            (folder / "t.xlsx").write_bytes(b"PK")
            return {"file": "t.xlsx"}
        case "format":
            return {"file": "t.csv", "format": "parkuet"}
        case "binary csv":
            (folder / "t.csv").write_bytes(bytes(range(256)))
            return {"file": "t.csv"}
        case "empty csv":
            (folder / "t.csv").write_bytes(b"")
            return {"file": "t.csv"}
        case "no parquet":
            (folder / "t.parquet").write_bytes(b"PAR1 or not")
            return {"file": "t.parquet"}
        case "parquet column":
            frame().drop(columns="y").to_parquet(folder / "t.parquet")
            return {"file": "t.parquet", "columns": COLUMNS}
        case "parquet row":
            frame().assign(duration_ms=[1, 2, 3, -4, 5, 6, 7]).to_parquet(folder / "t.parquet")
            return {"file": "t.parquet", "columns": COLUMNS}
        case "no duration column":
            frame().drop(columns="duration_ms").to_csv(folder / "t.csv", index=False)
            return {"file": "t.csv", "columns": COLUMNS}
        case "seconds taken for milliseconds":
            frame(per_ms=0.001).to_csv(folder / "t.csv", index=False)
            return {"file": "t.csv", "columns": COLUMNS}
        case "milliseconds taken for seconds":
            frame().to_csv(folder / "t.csv", index=False)
            return {"file": "t.csv", "columns": COLUMNS, "durations": "s"}
        case "no mat":
            (folder / "t.mat").write_bytes(b"MATLAB?" * 40)
            return {"file": "t.mat"}
        case "mat 7.3":
            with h5py.File(folder / "t.mat", "w", userblock_size=512):
                pass
            header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
            with (folder / "t.mat").open("r+b") as file:
                file.write(header)
            return {"file": "t.mat"}
        case "mat of something else":
            savemat(folder / "t.mat", {"gaze": np.zeros(3)})
            return {"file": "t.mat"}
        case "mat without cells":
            savemat(folder / "t.mat", {"fixations": np.zeros((3, 4))})
            return {"file": "t.mat"}
        case "mat field":
            write_mat(folder / "t.mat", drop="fix_duration")
            return {"file": "t.mat"}
        case "mat lengths":
            write_mat(folder / "t.mat", wrong={"fix_x": np.array([[1.0]])})
            return {"file": "t.mat"}
        case "mat text":
            write_mat(folder / "t.mat", wrong={"fix_x": np.array(["ab"])})
            return {"file": "t.mat"}
        case "mat row":
            write_mat(folder / "t.mat", wrong={"fix_duration": np.array([[95, 0]])})
            return {"file": "t.mat"}
        case "no hdf5":
            (folder / "t.hdf5").write_bytes(b"HDF?" * 40)
            return trains
        case "hdf5 of something else":
            write_trains(folder / "t.hdf5", kind="ScanpathFixations", version="1.0")
            return trains
        case "hdf5 without names":
            write_trains(folder / "t.hdf5")
            return {"file": "t.hdf5"}
        case "hdf5 array":
            write_trains(folder / "t.hdf5")
            with h5py.File(folder / "t.hdf5", "a") as file:
                del file["train_ys"]
            return trains
        case "hdf5 sizes":
            write_trains(folder / "t.hdf5")
            with h5py.File(folder / "t.hdf5", "a") as file:
                del file["train_ns"]
                file["train_ns"] = [0, 1]
            return trains
        case "hdf5 without durations":
            write_trains(folder / "t.hdf5", durations="")
            return trains
        case "hdf5 numbers":
            write_trains(folder / "t.hdf5")
            (folder / "names.txt").write_text("a.png\n")
            return trains
        case "hdf5 names absent":
            write_trains(folder / "t.hdf5")
            return {"file": "t.hdf5", "stimuli": "nowhere.txt"}
        case "hdf5 stimuli damaged":
            write_trains(folder / "t.hdf5")
            return {"file": "t.hdf5", "stimuli": "t.hdf5"}


# scipy's parser dies on some damaged files (seen with seeded corruption); here it always does.
DYING = "import os; os.kill(os.getpid(), 11)"
HANGING = "import time; time.sleep(60)"


@pytest.mark.parametrize(
    ("child", "message"),
    [(DYING, r"t\.mat: reader died \(signal 11\)"), (HANGING, r"t\.mat: not read within 0 s")],
)
def test_a_crash_or_a_hang_of_the_parser_is_an_error(folder, monkeypatch, child, message):
    (folder / "child.py").write_text(child)
    write_mat(folder / "t.mat")
    monkeypatch.setattr(osie_mat, "CHILD", folder / "child.py")
    if child == HANGING:
        monkeypatch.setattr(osie_mat, "SECONDS_PER_FILE", 0.3)
    with pytest.raises(DataError, match=message):
        gaze(folder, file="t.mat")


REFUSED = [
    ("absent", DataError, r"nowhere\.csv: no such file"),
    ("ending", UsageError, r"t\.xlsx: \.xlsx is no known ending .*\.parquet.*format:"),
    ("format", UsageError, "unknown format of fixations 'parkuet': did you mean 'parquet'"),
    ("binary csv", DataError, r"t\.csv: not readable as a table"),
    ("empty csv", DataError, r"t\.csv: not readable as a table \(No columns"),
    ("no parquet", DataError, r"t\.parquet: not readable as a Parquet table"),
    ("parquet column", ValidationError, "missing column 'y'; found 'index'.*columns:"),
    ("parquet row", ValidationError, r"row 4: duration_ms is -4\.0, expected milliseconds above 0"),
    ("no duration column", ValidationError, "missing column 'duration_ms'.*or say durations: none"),
    ("seconds taken for milliseconds", ValidationError, r"lasts 0\.205 ms.*durations: s "),
    ("milliseconds taken for seconds", ValidationError, r"lasts 205000 ms.*durations: ms "),
    ("no mat", DataError, r"t\.mat: not readable as a MATLAB file"),
    ("mat 7.3", DataError, r"version 7\.3, which is HDF5: save it with save"),
    ("mat of something else", ValidationError, "no variable fixations; expected a cell"),
    ("mat without cells", ValidationError, "fixations is no cell array"),
    ("mat field", ValidationError, r"a\.png, viewer 1: no field fix_duration"),
    ("mat lengths", ValidationError, r"b\.png, viewer 2: 1 of fix_x, 2 of fix_y"),
    ("mat text", ValidationError, r"b\.png, viewer 2: fix_x holds no numbers"),
    ("mat row", ValidationError, r"b\.png, viewer 2, fixation 2: fix_duration is 0\.0"),
    ("no hdf5", DataError, r"t\.hdf5: not readable as HDF5"),
    ("hdf5 of something else", ValidationError, "type ScanpathFixations 1.0; expected FixationTra"),
    ("hdf5 without names", UsageError, "its images have numbers, no names.*stimuli: FILE"),
    ("hdf5 array", ValidationError, "no array train_ys of 2 dimension.*found .*train_xs"),
    ("hdf5 sizes", ValidationError, r"train_ns is \(2,\), train_xs \(4, 3\)"),
    ("hdf5 without durations", ValidationError, "no durations in it.*durations: none"),
    ("hdf5 numbers", ValidationError, r"fixation 5: image number 1, but .* names 1 \(0 to 0\)"),
    ("hdf5 names absent", DataError, r"nowhere\.txt: the list of photographs cannot be read"),
    ("hdf5 stimuli damaged", ValidationError, "type FixationTrains 1.2; expected FileStimuli"),
]


@pytest.fixture
def quick_mat(monkeypatch):
    """Parses sound .mat files in this process: the start of another one takes a second."""

    def run(words, **_):
        monkeypatch.setattr(sys, "argv", words[2:])
        _osie_child.main()
        return subprocess.CompletedProcess(words, 0)

    monkeypatch.setattr(osie_mat.subprocess, "run", run)


@pytest.mark.usefixtures("quick_mat")
@pytest.mark.parametrize(("case", "error", "message"), REFUSED)
def test_a_wrong_file_is_refused_with_one_message(folder, case, error, message):
    with pytest.raises(error, match=message):
        gaze(folder, **broken(folder, case))


def test_the_command_line_shows_the_message_alone(folder, capsys):
    gaze_of = {"file": "t.mat"}
    write_mat(folder / "t.mat", drop="fix_x")
    (folder / "dataset.yaml").write_text(DESCRIPTION.format(fixations=json.dumps(gaze_of)))
    outputs = [folder / "fixations.parquet", folder / "recordings.json"]
    words = ["--output", outputs[0], "--recordings", outputs[1]]
    with pytest.raises(SystemExit) as end:
        main(["fixations", "--dataset", str(folder / "dataset.yaml"), *map(str, words)])
    assert end.value.code == 4
    shown = capsys.readouterr().err
    assert "t.mat: a.png, viewer 1: no field fix_x" in shown
    assert "Traceback" not in shown
    assert not any(path.exists() for path in outputs)


@pytest.mark.parametrize(
    ("name", "times"),
    [pytest.param("t.mat", 6, marks=pytest.mark.slow), ("t.hdf5", 60), ("t.parquet", 60)],
)
def test_a_damaged_file_never_ends_in_a_traceback(folder, name, times):
    """Seeded corruption: what is read may differ, but only our own errors are raised."""
    given = {"file": name, "stimuli": "names.txt"}
    match name:
        case "t.mat":
            write_mat(folder / name)
        case "t.hdf5":
            write_trains(folder / name)
        case "t.parquet":
            frame().to_parquet(folder / name)
            given["columns"] = COLUMNS
    whole = (folder / name).read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(times):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 8):
            damaged[place] = rng.integers(0, 256)
        (folder / name).write_bytes(damaged[: rng.integers(1, len(whole) + 1)])
        try:
            gaze(folder, **given)
        except BenchError:
            refused += 1
    assert refused > 0


OSIE = """\
label: OSIE
kind: fixation_table
task: free viewing
viewing_ms: 3000
stimuli: {folder: stimuli, pattern: "*.jpg"}
fixations: {file: fixations.mat}
"""


def test_osie_s_mat_equals_the_table_of_the_same_fixations_row_by_row(shared_data, tmp_path):
    root = shared_data("osie/fixations.mat").parent
    (tmp_path / "osie").mkdir()
    (tmp_path / "osie" / "dataset.yaml").write_text(OSIE)
    dataset = load_dataset(tmp_path / "osie" / "dataset.yaml", root)
    table, summaries = read_gaze(dataset, image_sizes(dataset))
    published = pd.read_csv(root / "fixations.csv", dtype={"subject": str})
    assert len(table) == len(published) == 8515
    assert table["image_id"].tolist() == published["image"].tolist()
    assert table["subject_id"].tolist() == published["subject"].tolist()
    assert table["duration_ms"].tolist() == published["duration_ms"].tolist()
    for axis in "xy":
        found, expected = table[f"{axis}_image_px"], published[f"{axis}_px"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    order = table.groupby(["image_id", "subject_id"]).cumcount()
    assert order.tolist() == published["fixation_index"].tolist()
    assert len(summaries) == 15


PYSALIENCY = """\
import json, sys
from unittest import mock
import numpy as np
np.string_ = np.bytes_  # gone since numpy 2, which 0.2.22 does not know
sys.modules["torch"] = mock.MagicMock()
import pysaliency
rows, images, folder = json.loads(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
groups = sorted({(row[0], row[1]) for row in rows})
trains = [[row for row in rows if (row[0], row[1]) == group] for group in groups]
fixations = pysaliency.FixationTrains.from_fixation_trains(
    [[row[2] + 0.5 for row in train] for train in trains],
    [[row[3] + 0.5 for row in train] for train in trains],
    [list(range(len(train))) for train in trains],
    [images.index(image) for image, _ in groups],
    [viewer for _, viewer in groups],
    scanpath_fixation_attributes={
        "durations": [[row[4] / 1000 for row in train] for train in trains]
    },
    scanpath_attribute_mapping={"durations": "duration"},
)
fixations.to_hdf5(folder + "/trains.hdf5")
stimuli = pysaliency.FileStimuli([folder + "/stimuli/" + name for name in images])
stimuli.to_hdf5(folder + "/stimuli.hdf5")
fixations[np.arange(len(fixations))].to_hdf5(folder + "/fixations.hdf5")
print(json.dumps([fixations.x_int.tolist(), fixations.y_int.tolist()]))
"""


@pytest.mark.pysaliency
@pytest.mark.parametrize("name", ["trains.hdf5", "fixations.hdf5"])
def test_what_pysaliency_itself_writes_is_read(folder, name):
    sys.path.insert(0, str(Path(__file__).parents[1] / "metrics"))
    try:
        import pysaliency_oracle
    finally:
        sys.path.pop(0)
    try:
        python = pysaliency_oracle.environment()
    except pysaliency_oracle.Unavailable as reason:
        pytest.skip(f"no environment for pysaliency: {reason}")
    # That environment has no h5py; ours serves, without the rest of ours.
    borrowed = folder / "borrowed"
    borrowed.mkdir()
    for item in Path(h5py.__file__).parents[1].glob("h5py*"):
        (borrowed / item.name).symlink_to(item)
    words = [json.dumps(FIXATIONS), json.dumps(IMAGES), str(folder)]
    done = subprocess.run(
        [python, "-c", PYSALIENCY, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(borrowed)},
    )
    assert done.returncode == 0, done.stderr
    table, _ = gaze(folder, file=name, stimuli="stimuli.hdf5")
    expected = np.array([row[2:] for row in FIXATIONS], dtype=float)
    found = table[["x_image_px", "y_image_px", "duration_ms"]].to_numpy()
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert table["image_id"].tolist() == [row[0] for row in FIXATIONS]
    assert table["subject_id"].tolist() == [str(row[1]) for row in FIXATIONS]
    # The pixel that pysaliency puts a fixation into is ours, where it is on the picture.
    pixels = np.floor(table[["x_image_px", "y_image_px"]].to_numpy() + 0.5).T
    inside = (table["status"] == "kept").to_numpy()
    assert pixels[:, inside].tolist() == np.array(json.loads(done.stdout))[:, inside].tolist()
