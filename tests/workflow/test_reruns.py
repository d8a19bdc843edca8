"""What runs again after an edit: what depends on it, and nothing else."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

# Jobs behind each other, as counts: of two methods and eight baselines.
REPORT = {"report": 1}
TABLES = {"leaderboard": 1, "sensitivity": 1} | REPORT
ONE_SCORE = {"score": 1} | TABLES
TWO_SCORES = {"score": 2} | TABLES
SCORES = {"score": 10} | TABLES
HEATMAP = {"heatmap": 1} | SCORES
GAZE = {"fixations": 1} | HEATMAP
SHARED = "attend_pair_efficientnet_lite0"
MAPS = {SHARED: 1} | TWO_SCORES
GRADCAM = {f"{SHARED}_gradcam": 1} | ONE_SCORE
CAM = {f"{SHARED}_cam": 1} | ONE_SCORE

EDITS = [
    # the project's own files
    ("project/bench/attention/gradcam.py", GRADCAM),
    ("project/bench/attention/cam.py", CAM),
    ("project/bench/attention/gradient.py", {}),  # a method that is not asked for
    ("project/bench/attention/tape/__init__.py", MAPS),
    ("project/bench/attention/_fit_cam.py", {}),  # no fit is made for this network
    ("project/bench/networks/efficientnet_lite.py", MAPS),
    ("project/bench/networks/vgg.py", {}),
    ("project/bench/metrics/location.py", SCORES),
    ("project/bench/scores.py", SCORES),
    ("project/bench/heatmaps.py", HEATMAP),
    ("project/bench/gaze/eyelink_asc.py", GAZE),
    ("project/bench/datasets/fixation_table.py", GAZE),
    ("project/bench/datasets/demo/viewers.py", {}),
    ("project/bench/leaderboard/__init__.py", TABLES),
    ("project/bench/statistics/bootstrap.py", TABLES),
    ("project/bench/report/charts.py", REPORT),
    ("project/bench/report/template/style.css", REPORT),
    ("project/bench/report/template/page.html.j2", REPORT),
    ("project/bench/stages/inspect.py", {}),
    ("project/config/protocols/default.yaml", {}),  # a comment; its choices: see the keys below
    # the user's own
    ("data/pair/fixations.csv", GAZE),
    ("data/pair/dataset.yaml", GAZE),
    ("data/pair/stimuli/a.png", {"fixations": 1, SHARED: 1} | HEATMAP),
]


@pytest.mark.parametrize(("file", "expected"), EDITS, ids=[Path(file).name for file, _ in EDITS])
def test_an_edit_of_a_file_runs_what_depends_on_it(file, expected, study):
    edit(study.folder / file)
    assert study.jobs() == expected


def edit(path):
    """Changes a file's content and nothing of what it says."""
    if path.suffix == ".png":
        path.write_bytes(path.with_name("b.png").read_bytes())
    elif path.suffix == ".csv":
        path.write_text(path.read_text().replace(",1,", ",3,"))
    else:
        comment = {".css": "/* edited */", ".j2": "{# edited #}"}.get(path.suffix, "# edited")
        path.write_text(f"{path.read_text()}{comment}\n")


KEYS = [
    ({}, {}),
    # how the work is done, not what comes out
    ({"device": "cpu"}, {}),
    ({"batch_size": 1}, {}),
    ({"workers": 2}, {}),
    ({"shard_size": 2}, {}),
    # what only the report states
    ({"plugins": ["own.py"]}, REPORT),
    ({"rules": ["own.smk"]}, REPORT),
    # what comes out
    ({"seed": 1}, SCORES),
    ({"metrics": ["nss", "cc"]}, SCORES),
    ({"protocol": "paper"}, HEATMAP),
    ({"precision": "bfloat16"}, MAPS),
    ({"methods": {"cam": {}, "gradcam": {"layer": "conv4"}}}, GRADCAM),
    ({"methods": ["cam"]}, TABLES),
    ({"methods": ["cam", "gradcam", "gradient"]}, {f"{SHARED}_gradient": 1} | ONE_SCORE),
    (
        {"methods": ["cam", "gradcam", "own"], "plugins": ["own.py"]},
        {f"{SHARED}_own": 1} | ONE_SCORE,
    ),
    (
        {"models": ["efficientnet_lite0", "alexnet"], "weights": {"alexnet": "alexnet.pth"}},
        {"fit_cam": 1, "attend_pair_alexnet": 1} | TWO_SCORES,
    ),
    (
        {"shard_size": 1},  # the two photographs apart
        {"shards": 1, SHARED: 2, "join_maps": 2, "score_shard": 20, "join_scores": 10} | TABLES,
    ),
    ({"random_weights": True}, {f"{SHARED}__random": 1, "controls": 1} | TWO_SCORES),
    ({"external": {"theirs": "maps"}}, {"external": 1} | ONE_SCORE),
    ({"roots": {"pair": "elsewhere"}}, GAZE | {f"{SHARED}_cam": 1, f"{SHARED}_gradcam": 1}),
]


@pytest.mark.parametrize(
    ("keys", "expected"), KEYS, ids=["-".join(keys) or "none" for keys, _ in KEYS]
)
def test_a_key_of_the_configuration_runs_what_depends_on_it(keys, expected, study):
    (study.folder / "own.py").write_text(
        "def maps(tape):\n    return {'own': tape.activation().mean(1)}\n"
    )
    (study.folder / "own.smk").touch()
    (study.folder / "alexnet.pth").write_bytes(b"weights")
    (study.folder / "elsewhere").symlink_to(study.folder / "data/pair")
    (study.folder / "maps").symlink_to(study.folder / "data/pair/stimuli")
    assert study.jobs(**keys) == expected


def test_every_key_of_the_configuration_has_a_row():
    from bench.schemas import read_yaml

    from .study import PROJECT

    keys = set(read_yaml(PROJECT / "config/config.yaml"))
    assert keys - {"datasets"} == {key for row, _ in KEYS for key in row}
