"""Which jobs there are: what is fresh rests, methods from outside alone, controls together."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from bench.workflow import fingerprint
from bench.workflow.map_plan import MAPS
from bench.workflow.plan import Plan

PROJECT = Path(__file__).resolve().parents[2]
PLUGIN = "def maps(tape):\n    return {'mine': tape.activation().mean(1)}\n"
NETWORK = "efficientnet_lite0"


@pytest.fixture
def plan(tiny, tmp_path, monkeypatch):
    """A function: configuration keys -> the plan, made as Snakemake would in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(PLUGIN)

    def make(**config):
        fingerprint._imports.cache_clear()
        defaults = {"datasets": ["tiny"], "methods": ["cam", "gradcam", "mine"]}
        return Plan(defaults | {"plugins": ["mine.py"]} | config, PROJECT)

    return make


def make_files(plan):
    """Writes every asked map file as its job would have left it."""
    for job in plan.attend_jobs("tiny", NETWORK):
        for method, state in zip(job.methods, job.states, strict=True):
            if method in plan.files("tiny"):
                path = Path(MAPS.format(dataset="tiny", model=NETWORK, method=method))
                path.parent.mkdir(parents=True, exist_ok=True)
                with h5py.File(path, "w") as file:
                    file.attrs.update(fingerprint=state.wanted, record=job.record)


def stale(plan):
    """The methods of each job that has something to do, of those that are asked for."""
    asked = set(plan.files("tiny"))
    jobs = plan.attend_jobs("tiny", NETWORK)
    return [job.methods for job in jobs if not job.fresh and asked & set(job.methods)]


def test_a_plugin_has_a_job_of_its_own_and_the_others_share(plan):
    assert stale(plan()) == [["cam", "gradcam"], ["mine"]]


def test_controls_share_a_job_of_their_own(plan):
    made = plan(random_weights=True)
    controls = ["cam_random", "gradcam_random"]
    assert sorted(stale(made)) == [["cam", "gradcam"], controls, ["mine"], ["mine_random"]]
    names = {job.name for job in made.attend_jobs("tiny", NETWORK) if job.methods == controls}
    assert names == {f"attend_tiny_{NETWORK}__random"}
    (job,) = [job for job in made.attend_jobs("tiny", NETWORK) if job.methods == ["mine_random"]]
    arguments = made.attend_arguments(job)(None, ["a.png"], ["results/x.h5"])
    assert "--plugins mine.py --random-weights 0" in arguments
    assert """--methods '{"mine": {}}'""" in arguments


def test_an_edit_of_a_plugin_makes_its_maps_stale_and_no_others(plan):
    make_files(plan(random_weights=True))
    assert stale(plan(random_weights=True)) == []
    Path("mine.py").write_text(PLUGIN + "# edited\n")
    assert stale(plan(random_weights=True)) == [["mine"], ["mine_random"]]


def test_another_seed_makes_the_controls_stale_only(plan):
    make_files(plan(random_weights=True))
    assert stale(plan(random_weights=True, seed=1)) == [
        ["cam_random", "gradcam_random"],
        ["mine_random"],
    ]


def test_a_file_that_says_that_its_method_failed_is_made_again_alone(plan):
    make_files(plan())
    with h5py.File(MAPS.format(dataset="tiny", model=NETWORK, method="cam"), "a") as file:
        file.attrs["fingerprint"] = "failed"
    assert stale(plan()) == [["cam"]]


def test_every_job_has_a_name_and_every_file_one_job(plan):
    jobs = plan(random_weights=True).attend_jobs("tiny", NETWORK)
    names = [job.name for job in jobs]
    files = [method for job in jobs for method in job.methods]
    assert len(set(names)) == len(names)
    assert len(set(files)) == len(files)


def test_controls_are_on_where_the_configuration_says_so(plan):
    assert plan().files("tiny") == ["cam", "gradcam", "mine"]
    assert plan(random_weights=["demo"]).files("tiny") == ["cam", "gradcam", "mine"]
    assert "mine_random" in plan(random_weights=["demo", "tiny"]).files("tiny")
    assert "mine_random" in plan(random_weights="true").files("tiny")


def test_maps_made_elsewhere_are_rows_and_their_files_inputs(plan, tmp_path):
    (tmp_path / "own").mkdir()
    for name in ("a", "b", "c"):
        np.save(tmp_path / "own" / f"{name}.npy", np.eye(3))
    made = plan(external={"theirs": "own"})
    assert ("external", "theirs") in made.rows("tiny")
    assert made.external_inputs("tiny", "theirs") == ["own/a.npy", "own/b.npy"]
    assert made.maps("tiny", "external", "theirs") == ["results/tiny/external/maps/theirs.h5"]


def test_what_a_rule_makes_is_an_input_as_a_whole_there_or_not(plan, tmp_path):
    (tmp_path / "tool.smk").touch()
    config = {"external": {"theirs": "results/{dataset}/tool"}, "rules": ["tool.smk"]}
    assert plan(**config).external_inputs("tiny", "theirs") == ["results/tiny/tool"]
    (tmp_path / "results/tiny/tool").mkdir(parents=True)
    np.save(tmp_path / "results/tiny/tool/a.npy", np.eye(3))
    assert plan(**config).external_inputs("tiny", "theirs") == ["results/tiny/tool"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"plugins": ["nowhere.py"]}, "nowhere.py: cannot be read"),
        ({"plugins": ["broken.py"]}, "broken.py, line 1: not valid Python"),
        ({"plugins": ["empty.py"]}, "empty.py: expected a function maps"),
        ({"plugins": ["centre.py"]}, "centre.py: 'centre' is the name of a baseline"),
        ({"methods": {"mine": {"layr": 1}}}, "unknown option of mine 'layr'"),
        ({"external": {"theirs": "nowhere"}}, "external: theirs: no folder or file nowhere"),
        ({"external": {"theirs": "results/x"}}, "Is the rule that makes it missing in `rules`?"),
        ({"external": {"gradcam": "."}}, "external: gradcam: there is a method of that name"),
        ({"external": {"human": "."}}, "external: 'human' is the name of a baseline"),
        ({"external": {"../x": "."}}, "external: '../x' cannot be a method's id"),
        ({"external": {"theirs": "{data}"}}, "other braces and wildcards for nothing"),
        ({"external": {"theirs": {"tny": "."}}}, "unknown dataset 'tny': did you mean 'tiny'"),
        (
            {"external": {"theirs": "."}, "datasets": ["tiny", "demo"]},
            "found one folder for 2 data sets; write {dataset}",
        ),
        ({"rules": ["nowhere.smk"]}, "nowhere.smk; expected Snakemake rules"),
        ({"random_weights": ["tny"]}, "unknown dataset 'tny': did you mean 'tiny'"),
        ({"random_weights": "yes"}, "key 'random_weights': found 'yes'"),
    ],
)
def test_what_does_not_fit_ends_with_one_message(config, message, plan, tmp_path):
    (tmp_path / "broken.py").write_text("def maps(:\n")
    (tmp_path / "empty.py").write_text("x = 1\n")
    (tmp_path / "centre.py").write_text(PLUGIN)
    methods = {} if "methods" in config else {"methods": ["cam"]}
    with pytest.raises(SystemExit) as stop:
        plan(**methods, **config)
    assert message in str(stop.value.code)


def test_the_figures_of_a_report_are_promised_method_by_network(plan, tmp_path):
    (tmp_path / "tool.smk").touch()
    made = plan(
        models=[NETWORK, "alexnet"],
        methods=["cam", "mine"],
        external={"theirs": "results/{dataset}/tool"},
        rules=["tool.smk"],
    )
    assert made.figures() == [
        *("layers_and_methods", "sensitivity", "human_heatmaps"),
        *(f"cam-{NETWORK}", f"mine-{NETWORK}", f"gallery_{NETWORK}"),
        *("cam-alexnet", "mine-alexnet", "gallery_alexnet", "theirs-external"),
    ]
