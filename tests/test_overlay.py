"""A quick look at photographs of one's own: one picture, or map files, without a workflow."""

import h5py
import numpy as np
import pytest
from PIL import Image
from skimage import data

from bench.cli import main

BROKEN = """\
"Never applies."
from bench.errors import NotApplicable
LABEL, REFERENCE = "Never", "none"
def maps(tape):
    raise NotApplicable("it needs another network")
"""


@pytest.fixture
def photographs(tmp_path):
    """Two photographs of one name in two folders, of other shapes."""
    found = []
    for folder, pixels in (("one", data.chelsea()), ("two", data.astronaut())):
        (tmp_path / folder).mkdir()
        found.append(tmp_path / folder / "p$1$.png")
        Image.fromarray(pixels).save(found[-1])
    return found


@pytest.fixture
def never(tmp_path):
    path = tmp_path / "never.py"
    path.write_text(BROKEN)
    return str(path)


def bench(*words):
    main([str(word) for word in words])


def test_several_photographs_and_methods_make_one_picture(photographs, never, tmp_path, capsys):
    out = tmp_path / "out" / "look.png"
    bench(
        *("attend", *photographs, "--method", "gradcam,never", "--plugins", never),
        *("--overlay", out, "--quiet"),
    )
    with Image.open(out) as picture:
        assert picture.width > 300
        assert np.asarray(picture.convert("RGB")).std() > 20
    assert "left out: never does not apply to efficientnet_lite0: it needs" in (
        capsys.readouterr().err
    )


def test_a_picture_without_a_method_is_no_picture(photographs, never, tmp_path, capsys):
    out = tmp_path / "look.png"
    with pytest.raises(SystemExit) as stop:
        bench(
            *("attend", photographs[0], "--method", "never", "--plugins", never, "--overlay", out)
        )
    assert stop.value.code == 2
    assert "never does not apply to efficientnet_lite0: it needs" in capsys.readouterr().err
    assert not out.exists()


def test_maps_of_photographs_without_a_data_set_can_be_compared(photographs, tmp_path, capsys):
    bench("attend", photographs[0], "--method", "gradcam", "--output-folder", tmp_path, "--quiet")
    with h5py.File(tmp_path / "gradcam.h5") as file:
        assert file["gradcam/p$1$.png"].shape == (7, 7)
        assert file["gradcam/p$1$.png"].attrs["target_name"]
    bench("compare-maps", tmp_path / "gradcam.h5", tmp_path / "gradcam.h5")
    assert "identical            1 of 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [("attend", "a.png"), ("attend", "a.png", "--dataset", "d.yaml", "--output-folder", "o")],
)
def test_a_look_at_nothing_says_what_can_be_asked(words, capsys):
    with pytest.raises(SystemExit) as stop:
        bench(*words)
    assert stop.value.code == 2
    assert "either IMAGE... or --dataset with --output-folder FOLDER" in capsys.readouterr().err
