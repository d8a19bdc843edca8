"""A data set that is cut: which jobs there are, what stays fresh, and the study from end to end."""

import shutil
from pathlib import Path

import h5py
import pandas as pd
import pytest

from bench.cli import main
from bench.workflow.plan import Plan

from .environment import output_of

PROJECT = Path(__file__).resolve().parents[2]
NETWORK = "efficientnet_lite0"
METHODS = ["gradcam", "gradient"]


@pytest.fixture
def plan(seven, tmp_path, monkeypatch):
    """A function: configuration keys -> the plan, made as Snakemake would in `tmp_path`."""
    monkeypatch.chdir(tmp_path)

    def make(**config):
        defaults = {"datasets": ["seven"], "methods": METHODS, "shard_size": 3}
        return Plan(defaults | config, PROJECT)

    return make


def make_files(plan):
    """Writes every asked map file of every shard as its job would have left it."""
    for rule in plan.attend_rules("seven", NETWORK):
        for shard, job in rule.jobs.items():
            for method, state in zip(job.methods, job.states, strict=True):
                (path,) = map(Path, plan.maps("seven", NETWORK, method, shard))
                path.parent.mkdir(parents=True, exist_ok=True)
                with h5py.File(path, "w") as file:
                    file.attrs.update(fingerprint=state.wanted, record=job.record)


def stale(plan):
    """{methods: shards} of what has something to do, of the files that are asked for."""
    return {
        ", ".join(rule.methods): [shard for shard, job in rule.jobs.items() if not job.fresh]
        for rule in plan.attend_rules("seven", NETWORK)
        if set(rule.methods) <= set(plan.files("seven"))
        and any(not job.fresh for job in rule.jobs.values())
    }


def test_a_data_set_that_fits_into_a_shard_is_not_cut(plan):
    made = plan(shard_size=7)
    assert made.shards("seven") == []
    assert made.cut() == "-"
    assert made.maps("seven", NETWORK, "cam") == [f"results/seven/{NETWORK}/maps/cam.h5"]
    names = {rule.name for rule in made.attend_rules("seven", NETWORK)}
    assert f"attend_seven_{NETWORK}" in names
    assert all(list(rule.jobs) == [""] for rule in made.attend_rules("seven", NETWORK))


def test_the_stale_maps_of_a_shard_are_one_job(plan):
    made = plan()
    assert len(made.shards("seven")) == 3
    assert stale(made) == {"gradcam, gradient": made.shards("seven")}
    shown = [name for shard in made.shards("seven") for name in made.stimuli("seven", shard)]
    assert shown == made.stimuli("seven")


def test_an_edited_photograph_makes_its_own_shard_stale_and_no_other(plan, seven):
    make_files(plan())
    assert stale(plan()) == {}
    shutil.copy(seven / "stimuli/1.png", seven / "stimuli/5.png")
    (shard,) = [shard for shard in plan().shards("seven") if _holds(plan(), shard, "5.png")]
    assert stale(plan()) == {"gradcam, gradient": [shard]}


def test_a_new_photograph_leaves_the_other_shards_fresh(plan, seven):
    make_files(plan())
    before = plan().shards("seven")
    shutil.copy(seven / "stimuli/1.png", seven / "stimuli/3b.png")
    after = plan().shards("seven")
    (changed,) = stale(plan()).values()
    assert set(changed) == {shard for shard in after if _holds(plan(), shard, "3b.png")}
    assert set(before) <= set(after)


def test_another_option_makes_that_method_stale_in_every_shard(plan):
    make_files(plan())
    other = plan(methods={"gradcam": {"layer": "conv4"}, "gradient": {}})
    assert stale(other) == {"gradcam": other.shards("seven")}


def test_shards_that_lack_different_files_have_rules_of_their_own(plan):
    make_files(plan(random_weights=True))
    made = plan(random_weights=True)
    first, second, _ = made.shards("seven")
    for shard, names in ((first, METHODS), (second, [*METHODS, "cam"])):
        for method in names:
            Path(*made.maps("seven", NETWORK, method, shard)).unlink()
    rules = plan(random_weights=True, methods=[*METHODS, "cam"]).attend_rules("seven", NETWORK)
    assert len({rule.name for rule in rules}) == len(rules)
    made = {(method, shard) for rule in rules for shard in rule.jobs for method in rule.methods}
    assert len(made) == sum(len(rule.jobs) * len(rule.methods) for rule in rules)


def test_few_images_start_no_further_process(plan):
    assert plan().scoring_jobs("seven") == 1
    assert plan(shard_size=500).scoring_jobs("seven") == 1


def _holds(plan, shard, name):
    return any(Path(path).name == name for path in plan.stimuli("seven", shard))


def snakemake(folder, *words, **config):
    settings = {"datasets": "[seven]", "methods": "[gradcam]", "metrics": "[nss, ig_fitted]"}
    settings = settings | {"batch_size": 1} | config
    chosen = [f"{key}={value}" for key, value in settings.items()]
    program = ("-m", "snakemake", "--cores", "2", "--snakefile", PROJECT / "Snakefile")
    return output_of(folder, *program, *words, "--config", *chosen)


def counts(output):
    """{rule: jobs} of a dry run."""
    lines = output.split("Job stats:")[1].split("total")[0].splitlines()[3:]
    return {line.split()[0]: int(line.split()[1]) for line in lines if line.strip()}


def test_the_workflow_asks_for_a_job_per_shard(seven, tmp_path):
    found = counts(snakemake(tmp_path, "-n", "--quiet", "rules", shard_size=3))
    rows = 9  # eight baselines and a method
    attend = {f"attend_seven_{NETWORK}": 3, f"attend_seven_{NETWORK}_gradcam": 3}
    for rule, count in {"shards": 1, "join_maps": 1, "fixations": 1, "heatmap": 1}.items():
        assert found[rule] == count
    assert any(found.get(rule) == count for rule, count in attend.items())
    assert found["score_shard"] == 3 * rows
    assert found["join_scores"] == rows
    assert "score" not in found


@pytest.mark.slow
def test_a_study_in_shards_is_the_study_uncut(seven, tmp_path):
    """With one photograph per forward pass every byte, since batches then hold the same."""
    cut = tmp_path / "cut"
    shutil.copytree(tmp_path / "data", cut / "data")
    rows = [("baseline", "human"), (NETWORK, "gradcam")]
    scores = [f"results/seven/{model}/scores/{method}.parquet" for model, method in rows]
    snakemake(tmp_path, *scores)
    snakemake(cut, *scores, shard_size=3)
    assert "Nothing to be done" in snakemake(cut, *scores, "-n", shard_size=3)
    viewers = [path.replace("scores", "viewers") for path in scores]
    for path in (*scores, *viewers):
        expected, found = pd.read_parquet(tmp_path / path), pd.read_parquet(cut / path)
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
    names = ("scores", "leaderboard", "comparisons")
    for folder in (tmp_path, cut):
        words = [folder / path for path in scores]
        words += ["--viewers", *(folder / path for path in viewers), "--dataset", "seven"]
        words += [word for name in names for word in (f"--{name}", folder / f"{name}.csv")]
        main(["leaderboard", *map(str, words)])
    for name in names:
        assert (cut / f"{name}.csv").read_bytes() == (tmp_path / f"{name}.csv").read_bytes()
