"""The cluster profiles: they parse, ask for a GPU only where one is used, and for more each time.

What an executor's plugin reads is tested where that plugin is installed (`--group cluster`).
"""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from bench.workflow.resources import FIRST_ATTEMPT

from . import object_storage
from .environment import output_of

PROJECT = Path(__file__).resolve().parents[2]
# One data set in one piece, and one of seven photographs in shards.
STUDY = ["datasets=[tiny, demo]", "shard_size=3", "methods=[cam, gradcam]", "random_weights=false"]
RULES = {"fixations", "heatmap", "demo", "shards", "score", "score_shard", "join_maps"}
RULES |= {"join_scores", "leaderboard", "sensitivity", "report"}


def dry_run(folder, *words, config=()):
    """The output of `snakemake -n` in `folder`."""
    program = ("-m", "snakemake", "-n", "--snakefile", PROJECT / "Snakefile")
    return output_of(folder, *program, "--directory", folder, *words, "--config", *STUDY, *config)


def asked(output):
    """{rule: {resource: what its jobs ask for}} of a dry run."""
    jobs = re.findall(r"^\s*rule (\w+):\n(?:.+\n)*?\s+resources: (.+)$", output, re.MULTILINE)
    return {
        rule: dict(item.split("=") for item in resources.split(", ") if "=" in item)
        for rule, resources in jobs
        if rule != "all"
    }


def uses_gpu(found):
    return {rule for rule, resources in found.items() if int(resources.get("gpu", 0))}


def needs(module):
    return pytest.mark.skipif(
        find_spec(module) is None, reason=f"no {module} here (uv run --group cluster)"
    )


def test_memory_and_time_of_every_rule_grow_with_the_attempt(tiny, tmp_path):
    third = asked(dry_run(tmp_path, "--attempt", "3"))
    assert set(third) == RULES | {
        "attend_tiny_efficientnet_lite0",
        "attend_demo_efficientnet_lite0",
    }
    for rule, resources in third.items():
        alike = "attend" if rule.startswith("attend") else rule.removesuffix("_shard")
        first = FIRST_ATTEMPT[alike]
        assert tuple(int(resources[name]) for name in ("mem_mb", "runtime")) == tuple(
            3 * amount for amount in first
        ), rule


def test_every_rule_says_what_it_asks_for():
    text = "".join(path.read_text() for path in (PROJECT / "bench/workflow").glob("*.smk"))
    rules = re.findall(r"^ *rule(?: \w+)?:$.*?^ *shell:$", text, re.MULTILINE | re.DOTALL)
    named = [re.findall(r'(?:mem_mb|runtime)=\w+\("(\w+)"\)', rule) for rule in rules]
    assert all(len(names) == 2 and len(set(names)) == 1 for names in named), named
    assert {name for names in named for name in names} == set(FIRST_ATTEMPT)


@pytest.mark.parametrize("profile", ["slurm", "kubernetes"])
def test_groups_name_rules_that_there_are(profile):
    settings = yaml.safe_load((PROJECT / "profiles" / profile / "config.yaml").read_text())
    grouped = {assignment.split("=")[0] for assignment in settings["groups"]}
    assert grouped <= set(FIRST_ATTEMPT)
    assert not {"attend", "fit_cam"} & grouped  # one GPU each, and long


def test_arrays_name_rules_that_there_are_and_are_never_cut_short():
    """A job that its array must wait for is lost (the plugin's issue 473), so none may wait."""
    settings = yaml.safe_load((PROJECT / "profiles/slurm/config.yaml").read_text())
    arrays = set(settings["slurm-array-jobs"].split(","))
    assert arrays <= RULES
    assert not arrays & {assignment.split("=")[0] for assignment in settings["groups"]}
    assert settings["jobs"] >= 10_000
    assert int(settings["max-jobs-per-timespan"].split("/")[0]) >= settings["jobs"]


@needs("snakemake_executor_plugin_slurm")
@pytest.mark.parametrize(("device", "gpus"), [("auto", 0), ("cuda", 1)])
def test_slurm_asks_for_a_gpu_only_for_jobs_that_use_one(device, gpus, tiny, tmp_path):
    (tmp_path / "alexnet.pth").write_bytes(b"weights")
    network = ["models=[alexnet]", "weights={alexnet: alexnet.pth}"]
    profile = ("--workflow-profile", PROJECT / "profiles/slurm")
    found = asked(dry_run(tmp_path, *profile, config=[f"device={device}", *network]))
    assert set(found) > RULES
    wanted = {"fit_cam", "attend_tiny_alexnet", "attend_demo_alexnet"}
    assert uses_gpu(found) == (wanted if gpus else set())


@needs("snakemake_executor_plugin_kubernetes")
@pytest.mark.skipif(bool(object_storage.missing()), reason=object_storage.missing())
def test_kubernetes_asks_for_a_gpu_only_for_jobs_that_use_one(tiny, tmp_path):
    profile = ("--workflow-profile", PROJECT / "profiles/kubernetes")
    with object_storage.object_storage() as (storage, _):
        found = asked(dry_run(tmp_path, *profile, *storage, config=["device=cuda"]))
    assert set(found) > RULES
    assert uses_gpu(found) == {f"attend_{name}_efficientnet_lite0" for name in ("tiny", "demo")}
