"""`bench attend --points`: a table of points in pixels of the photograph."""

import csv

import pytest
import torch
from PIL import Image
from skimage import data

from bench.attention import fixation_points
from bench.cli import main
from bench.networks import load_network
from bench.photographs import read_photograph


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "chelsea.png"
    Image.fromarray(data.chelsea()).save(path)
    return path


def test_points_of_a_photograph_as_a_table(photograph, tmp_path):
    table = tmp_path / "points.csv"
    main(["attend", str(photograph), "--method", "cnn_fixations", "--points", str(table)])
    network = load_network("efficientnet_lite0")
    x = network.preprocess(read_photograph(photograph))[None]
    (expected,) = fixation_points(network, x)
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert {row["image_id"] for row in rows} == {"chelsea.png"}
    found = [(float(row["x_input_px"]), float(row["y_input_px"])) for row in rows]
    assert torch.equal(torch.tensor(found), torch.tensor(expected, dtype=torch.float32))
    for row in rows:  # 451 x 300 warped to 224 x 224, pixel centres at whole numbers
        x_px = (float(row["x_input_px"]) + 0.5) * 451 / 224 - 0.5
        y_px = (float(row["y_input_px"]) + 0.5) * 300 / 224 - 0.5
        assert float(row["x_px"]) == pytest.approx(x_px, abs=1e-3)
        assert float(row["y_px"]) == pytest.approx(y_px, abs=1e-3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--method", "gradcam"), "only cnn_fixations gives points"),
        (("--method", "cnn_fixations,gradcam"), "found the method cnn_fixations, gradcam"),
        (
            ("--method", '{"cnn_fixations": {"postion": "same"}}'),
            "unknown option of fixation_points 'postion': did you mean 'position'",
        ),
    ],
)
def test_what_gives_no_points_is_refused(words, message, photograph, tmp_path, capsys):
    table = tmp_path / "points.csv"
    with pytest.raises(SystemExit) as stop:
        main(["attend", str(photograph), *words, "--points", str(table)])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert not table.exists()


def test_points_need_photographs(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["attend", "--method", "cnn_fixations", "--points", str(tmp_path / "points.csv")])
    assert "--points needs IMAGE" in capsys.readouterr().err
