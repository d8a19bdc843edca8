"""The demo as a whole: its files, their bytes, its photographs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from bench.datasets.demo import DEMO_FILES, make_demo
from bench.datasets.demo.photographs import PHOTOGRAPHS


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_demo_writes_exactly_the_files_that_it_lists(demo):
    assert sorted(contents(demo)) == sorted(DEMO_FILES)


def test_every_photograph_is_listed_and_credited(demo):
    stimuli = [Path(name).name for name in DEMO_FILES if name.startswith("stimuli/")]
    assert stimuli == sorted(PHOTOGRAPHS)
    text = (demo / "CREDITS.md").read_text(encoding="utf-8")
    assert "simulated" in text
    for name, (_, shows, credit) in PHOTOGRAPHS.items():
        assert f"| {name} | {shows} | {credit} |" in text


def test_two_runs_with_one_seed_give_the_same_bytes(demo, tmp_path):
    make_demo(tmp_path, seed=0)
    assert contents(tmp_path) == contents(demo)


def test_photographs_are_rgb_and_fit_twice_their_size_on_the_screen(demo):
    for path in demo.glob("stimuli/*.png"):
        with Image.open(path) as image:
            assert image.mode == "RGB"
            assert 318 <= image.width <= 500
            assert 2 * image.height <= 1080


def test_a_photograph_that_fits_keeps_every_pixel(demo):
    import skimage.data

    with Image.open(demo / "stimuli" / "chelsea.png") as image:
        np.testing.assert_array_equal(np.asarray(image), skimage.data.chelsea())


def test_a_scaled_photograph_keeps_its_aspect(demo):
    with Image.open(demo / "stimuli" / "coffee.png") as image:  # 600 x 400 in scikit-image
        assert image.size == (500, 333)


def test_importing_the_list_loads_no_heavy_package():
    code = (
        "import sys, bench.datasets.demo\n"
        "heavy = {'numpy', 'scipy', 'skimage', 'PIL', 'pyedflib', 'torch'} & set(sys.modules)\n"
        "print(*sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
