"""The fit behind cam: which jobs read one, and what makes it and the maps out of date."""

import argparse
import dataclasses
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from bench.cli import main
from bench.stages import fit_cam
from bench.workflow.plan import Plan

PROJECT = Path(__file__).resolve().parents[2]
FIT = "results/tiny/alexnet/cam_fit.npz"
PHOTOGRAPHS = SimpleNamespace(photographs=["a.png"])


@pytest.fixture
def plan(tiny, tmp_path, monkeypatch):
    """A function: options of cam -> the plan for alexnet and an exact network."""
    monkeypatch.chdir(tmp_path)
    weights = tmp_path / "alexnet.pth"
    weights.write_bytes(b"weights")

    def make(**options):
        return Plan(
            {
                "datasets": ["tiny"],
                "models": ["alexnet", "efficientnet_lite0"],
                "weights": {"alexnet": str(weights)},
                "methods": {"cam": options, "gradcam": {}},
            },
            PROJECT,
        )

    return make


def wanted(plan, model="alexnet", method="cam"):
    return plan._states["tiny", model, ""][method].wanted


def test_only_jobs_of_cam_on_a_network_with_fully_connected_layers_read_a_fit(plan):
    made = plan()
    assert made.cam_fit("tiny", "alexnet", ["cam", "gradcam"]) == [FIT]
    assert made.cam_fit("tiny", "alexnet", ["gradcam"]) == []
    assert made.cam_fit("tiny", "efficientnet_lite0", ["cam"]) == []
    assert [model for model in made.settings.models if made.fitted(model)] == ["alexnet"]
    (job,) = made.attend_jobs("tiny", "alexnet")[:1]
    words = made.attend_arguments(job)(
        None, made.attend_inputs(job), ["results/tiny/alexnet/maps/cam.h5"]
    )
    assert json.dumps({"cam": {"fit": FIT}, "gradcam": {}}) in words


@pytest.mark.parametrize("batch_size", ["auto", 4])
def test_the_verb_understands_what_the_rule_calls_it_with(batch_size, plan):
    made = plan()
    made.settings = dataclasses.replace(made.settings, batch_size=batch_size)
    words = shlex.split(made.fit_arguments("tiny", "alexnet")(None, PHOTOGRAPHS, [FIT]))
    parser = argparse.ArgumentParser(exit_on_error=False)
    fit_cam.add_arguments(parser)
    given = parser.parse_args(words)
    assert (given.model, given.batch_size, str(given.output)) == ("alexnet", batch_size, FIT)


def test_settings_and_images_of_the_fit_belong_to_the_maps_fingerprint(plan, tmp_path):
    before = plan()
    assert wanted(plan()) == wanted(before)
    assert before.fit_settings("alexnet") == plan().fit_settings("alexnet")
    for options in ({"alpha": 1.0}, {"pool": "sum"}, {"layer": "conv2"}, {"intercept": False}):
        after = plan(**options)
        assert wanted(after) != wanted(before)
        assert after.fit_settings("alexnet") != before.fit_settings("alexnet")
        for model, method in (("alexnet", "gradcam"), ("efficientnet_lite0", "cam")):
            assert wanted(after, model, method) == wanted(before, model, method)
    folder = tmp_path / "others"
    shutil.copytree(tmp_path / "data/tiny/stimuli", folder)
    (folder / "notes.txt").write_text("no image")
    after = plan(fit_images=str(folder))
    assert [Path(path).name for path in after.fit_photographs("tiny")] == ["a.png", "b.png"]
    assert f"--images {folder}" in after.fit_arguments("tiny", "alexnet")(None, PHOTOGRAPHS, [FIT])
    same = wanted(after)
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes())
    assert wanted(plan(fit_images=str(folder))) != same
    assert after.stimuli("tiny") != after.fit_photographs("tiny")


def test_a_fit_of_ones_own_needs_no_rule(plan, tmp_path):
    from bench.attention._ridge import RidgeFit, save_fit

    own = tmp_path / "own.npz"
    one = np.ones(1)
    save_fit(RidgeFit(np.ones((1, 1)), one, one, one, alpha=1.0, n=3), own)
    made = plan(fit=str(own))
    assert not made.fitted("alexnet")
    assert made.cam_fit("tiny", "alexnet", ["cam"]) == [str(own)]
    before = wanted(made)
    save_fit(RidgeFit(np.ones((1, 1)), one, one, one, alpha=2.0, n=3), own)
    assert wanted(plan(fit=str(own))) != before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fit_images": "nowhere"}, "no folder nowhere; expected the images to fit cam on"),
        ({"fit": "nowhere.npz"}, "nowhere.npz: not readable as a fit of cam"),
        ({"alhpa": 1}, "option of cam 'alhpa': did you mean 'alpha'"),
    ],
)
def test_what_cannot_be_fitted_stops_at_once(options, message, plan):
    with pytest.raises(SystemExit, match=message):
        plan(**options)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "give --dataset, or --images FOLDER"),
        (("--images", "nowhere"), 3, "no folder nowhere"),
        (("--images", ".", "--options", "{"), 2, "not readable as JSON"),
        (("--images", ".", "--options", '{"alfa": 1}'), 2, "'alfa': did you mean 'alpha'"),
        (("--images", "."), 3, "no images; expected .bmp"),
    ],
)
def test_the_verb_says_what_is_missing(words, code, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["fit-cam", "--model", "alexnet", "--output", "fit.npz", *words])
    assert stop.value.code == code
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_the_fit_is_made_once_and_again_when_its_settings_change(tiny, tmp_path):
    import torch
    from torchvision.models import alexnet

    torch.save(alexnet(weights=None).state_dict(), tmp_path / "alexnet.pth")
    maps = tmp_path / "results/tiny/alexnet/maps/cam.h5"
    stamps = []
    for alpha in ("grid", "grid", 0.5):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "snakemake", "--cores", "2", "-s", PROJECT / "Snakefile"),
                *("results/tiny/alexnet/maps/cam.h5", "--config", "datasets=[tiny]"),
                *("models=[alexnet]", "weights={alexnet: alexnet.pth}"),
                f"methods={{cam: {{alpha: {alpha}}}}}",
            ],
            cwd=tmp_path,
            env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        stamps.append([(tmp_path / FIT).stat().st_mtime_ns, maps.stat().st_mtime_ns])
    assert stamps[0] == stamps[1]
    assert stamps[1][0] < stamps[2][0]
    assert stamps[1][1] < stamps[2][1]
    with h5py.File(maps) as file:
        assert file.attrs["fit_n"] == 2
        assert file.attrs["fit_alpha"] == 0.5
        assert set(file["cam"]) == {"a.png", "b.png"}
        with np.load(tmp_path / FIT) as fit:
            for image in file["cam"].values():
                assert image.attrs["fit_r2"] == fit["r2"][image.attrs["target"]]
            assert file.attrs["fit_r2"] == pytest.approx(fit["r2"].mean())
