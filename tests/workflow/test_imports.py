"""What is imported when: parsing, listing and scoring do without torch."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import bench.cli; bench.cli._parser()", ["torch", "pandas", "scipy", "h5py"]),
        (
            "import bench.workflow.plan",
            ["torch", "torchvision", "pandas", "scipy", "matplotlib", "skimage", "PIL", "pyarrow"],
        ),
        ("import bench.scores", ["torch", "torchvision", "scipy"]),
        ("import bench.gaze, bench.networks, bench.attention", ["torch", "pandas"]),
    ],
)
def test_a_light_import_stays_light(statement, absent):
    code = f"{statement}\nimport sys\nprint([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_plan_of_the_demo_needs_no_more_than_its_import(tmp_path):
    code = (
        "import sys; from pathlib import Path; from bench.workflow.plan import CODE, Plan\n"
        f"plan = Plan({{}}, Path({str(PROJECT)!r}))\n"
        "[plan.code(rule) for rule in CODE]; plan.rows('demo'); plan.attend_jobs(*plan.pairs[0])\n"
        "heavy = ['torch', 'pandas', 'scipy', 'matplotlib', 'skimage', 'PIL', 'pyarrow']\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_two_sides_meet_in_the_scores_only():
    code = (
        "import sys, bench.gaze, bench.heatmaps, bench.metrics, bench.statistics\n"
        "print([name for name in sys.modules if name.startswith('bench.attention')"
        " or name.startswith('bench.networks')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
