"""Real data where it lies here, and one tiny data set that any test can score or run."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, few of them; a slow test asks for more of its own.
settings.register_profile(
    "default run",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("default run")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

TINY = """\
label: Tiny
kind: fixation_table
task: free viewing
viewing_ms: 2000
pixels_per_degree: 14
stimuli: {folder: stimuli, pattern: "*.png"}
fixations: {file: fixations.csv}
"""


@pytest.fixture(scope="session")
def shared_data():
    """A function: path below shared/data -> Path, or a skip that names what is absent."""

    def find(relative: str) -> Path:
        path = SHARED_DATA / relative
        if not path.exists():
            pytest.skip(f"real data not here: shared/data/{relative}")
        return path

    return find


@pytest.fixture
def tiny(tmp_path):
    """The folder of a data set `tiny`: two photographs of 96 x 64 px, three viewers."""
    return _make_tiny(tmp_path / "data" / "tiny")


@pytest.fixture(scope="module")
def module_tiny(tmp_path_factory):
    """The same for tests that share what is made from it."""
    return _make_tiny(tmp_path_factory.mktemp("tiny") / "data" / "tiny")


def _make_tiny(folder):
    from PIL import Image

    (folder / "stimuli").mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = ["image_id,subject_id,x_image_px,y_image_px,duration_ms"]
    for name in ("a.png", "b.png"):
        pixels = rng.integers(0, 255, (4, 6, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((96, 64)).save(folder / "stimuli" / name)
        for viewer in (1, 2, 3):
            for x, y, ms in rng.uniform((0, 0, 100), (95, 63, 400), (5, 3)).round(1):
                rows.append(f"{name},{viewer},{x},{y},{ms}")
    (folder / "dataset.yaml").write_text(TINY)
    (folder / "fixations.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def seven(tmp_path):
    """The folder of a data set `seven`: seven photographs of two sizes, three viewers."""
    return write_seven(tmp_path / "data" / "seven")


def write_seven(folder):
    """Writes the data set `seven`; one of its images has no fixation, one a single viewer."""
    from PIL import Image

    (folder / "stimuli").mkdir(parents=True)
    rng = np.random.default_rng(1)
    rows = ["image_id,subject_id,x_image_px,y_image_px,duration_ms"]
    for number in range(7):
        width, height = (96, 64) if number % 3 else (80, 72)
        pixels = rng.integers(0, 255, (4, 6, 3), dtype=np.uint8)
        name = f"{number}.png"
        Image.fromarray(pixels).resize((width, height)).save(folder / "stimuli" / name)
        for viewer in {4: (), 5: (1,)}.get(number, (1, 2, 3)):
            for x, y, ms in rng.uniform((0, 0, 100), (width - 1, height - 1, 400), (5, 3)).round(1):
                rows.append(f"{name},{viewer},{x},{y},{ms}")
    (folder / "dataset.yaml").write_text(TINY.replace("Tiny", "Seven"))
    (folder / "fixations.csv").write_text("\n".join(rows) + "\n")
    return folder
