"""Methods from outside: found without an import, run like any other, and when they fail, alone."""

import re
import subprocess
import sys

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

from bench.attention import _registry as registry
from bench.attention import attend, load_method, method_files, option_names
from bench.cli import main
from bench.errors import BenchError, MethodError, UsageError
from bench.networks import load_network
from bench.stages._dataset_maps import write_dataset_maps

GOOD = '''
"""The mean of a layer."""

LABEL = "Mean"


def maps(tape, *, layer=None):
    return {"%s": tape.activation(layer).mean(1)}
'''


@pytest.fixture(scope="module")
def network():
    return load_network("efficientnet_lite0")


def plugin(folder, name, text):
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    return path


BROKEN = {
    "syntax": ("def maps(tape:\n", 2, r"mine\.py, line 1: not valid Python"),
    "null_byte": ("x = 1\0", 2, r"mine\.py.*: not valid Python"),
    "no_function": ("LABEL = 'x'\n", 2, r"mine\.py: expected a function maps\(tape"),
    "import": (
        "import nowhere_at_all\ndef maps(tape): ...\n",
        2,
        r"mine\.py, line 1: .*nowhere_at",
    ),
    "name": ("x = undefined\ndef maps(tape): ...\n", 2, r"line 1: .* NameError: name 'undefined'"),
    "raises": ("def maps(tape):\n    return 1 / 0\n", 4, r"line 2: .* failed: ZeroDivisionError"),
    "nothing": ("def maps(tape): ...\n", 4, r"gave a NoneType; expected \{map name: tensor"),
    "empty": ("def maps(tape): return {}\n", 4, "gave no maps"),
    "array": (
        "def maps(tape): return {'mine': tape.images[:, 0].numpy()}\n",
        4,
        "for 'mine' a ndarray",
    ),
    "shape": (
        "def maps(tape): return {'mine': tape.images}\n",
        4,
        r"for 'mine' a float32 tensor of shape \(2, 3, 224, 224\); .* N = 2",
    ),
    "batch": ("def maps(tape): return {'mine': tape.images[:1, 0]}\n", 4, r"shape \(1, 224, 224\)"),
    "type": ("def maps(tape): return {'mine': tape.images[:, 0] > 0}\n", 4, "a bool tensor"),
    "key": ("def maps(tape): return {'other': tape.images[:, 0]}\n", 4, "a map named 'other'"),
    "path": (
        "def maps(tape): return {'mine_/../x': tape.images[:, 0]}\n",
        4,
        "a map named 'mine_/",
    ),
    "control": ("def maps(tape): return {'mine_random': tape.images[:, 0]}\n", 4, "a map named"),
    "option": (
        "def maps(tape, *, layer='conv9'):\n    return {'mine': tape.activation(layer)}\n",
        2,
        "unknown layer 'conv9'",
    ),
}


@pytest.mark.parametrize(("text", "code", "message"), BROKEN.values(), ids=BROKEN)
def test_a_wrong_plugin_ends_with_one_message(text, code, message, tiny, tmp_path, capsys):
    path = plugin(tmp_path, "mine", text)
    with pytest.raises(SystemExit) as stop:
        main(
            [
                *("attend", "--dataset", str(tiny / "dataset.yaml"), "--quiet"),
                *("--method", "mine", "--plugins", str(path), "--output-folder", str(tmp_path)),
            ]
        )
    shown = capsys.readouterr().err
    assert stop.value.code == code
    assert re.search(message, shown), shown
    assert "mine" in shown
    assert "Traceback" not in shown
    assert not list(tmp_path.glob("*.h5"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gradcam", "a method 'gradcam' exists already"),
        ("Mine", "cannot be a method's id; expected lower-case"),
        ("my-method", "cannot be a method's id"),
        ("mine_random", "names that end with _random belong to the controls"),
    ],
)
def test_a_plugin_s_name_is_refused(name, message, tmp_path):
    with pytest.raises(UsageError, match=message) as error:
        method_files([plugin(tmp_path, name, GOOD)])
    assert f"{name}.py" in str(error.value)


def test_a_failing_method_costs_its_own_maps_only(network, tmp_path):
    photographs = []
    for number in range(2):
        photographs.append(tmp_path / f"{number}.png")
        Image.effect_noise((40, 30), 50).save(photographs[-1])
    plugins = [
        plugin(tmp_path, "good", GOOD % "good"),
        plugin(tmp_path, "unloadable", "import nowhere_at_all\ndef maps(tape): ...\n"),
        # Gives maps for the first batch and fails in the second.
        plugin(
            tmp_path,
            "late",
            "seen = []\ndef maps(tape):\n    seen.append(1)\n    if len(seen) > 1:\n"
            "        raise ValueError('second batch')\n    return {'late': tape.images[:, 0]}\n",
        ),
    ]
    write_dataset_maps(
        tmp_path,
        {"late": {}, "good": {}, "unloadable": {}},
        network,
        photographs,
        batch_size=1,
        precision="float32",
        workers=0,
        fingerprints={"late": "f", "good": "f", "unloadable": "f"},
        record="",
        plugins=plugins,
    )
    with h5py.File(tmp_path / "good.h5") as file:
        assert sorted(file["good"]) == ["0.png", "1.png"]
        assert file.attrs["fingerprint"] == "f"
        assert file.attrs["label"] == "Mean"
    for name, reason in {"late": "second batch", "unloadable": "nowhere_at_all"}.items():
        with h5py.File(tmp_path / f"{name}.h5") as file:
            assert list(file) == []
            assert reason in file.attrs["failed"]
            assert file.attrs["fingerprint"] == "failed"  # so that the next run tries it again


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": "conv9"}, "gradcam.*unknown layer 'conv9'.*did you mean 'conv5'"),
        ({"signed": "yes"}, "gradcam: signed is 'yes'; expected true or false"),
        ({"reduce": "mean"}, "gradcam.*unknown reduce 'mean'"),
    ],
)
def test_a_wrong_option_costs_its_own_method_only(options, message, network, tmp_path, caplog):
    photograph = tmp_path / "0.png"
    Image.effect_noise((40, 30), 50).save(photograph)
    write_dataset_maps(
        tmp_path,
        {"gradcam": options, "cam": {}},
        network,
        [photograph],
        batch_size=1,
        precision="float32",
        workers=0,
        fingerprints={"gradcam": "f", "cam": "f"},
        record="",
    )
    with h5py.File(tmp_path / "cam.h5") as file:
        assert list(file["cam"]) == ["0.png"]
    with h5py.File(tmp_path / "gradcam.h5") as file:
        assert list(file) == []
        assert re.search(message, file.attrs["failed"])
    assert len(re.findall(message, caplog.text)) == 1


def test_a_method_that_stops_to_apply_leaves_no_maps(network, tmp_path):
    photographs = [tmp_path / f"{number}.png" for number in range(2)]
    for path in photographs:
        Image.effect_noise((40, 30), 50).save(path)
    path = plugin(
        tmp_path,
        "late",
        "from bench.errors import NotApplicable\nseen = []\ndef maps(tape):\n    seen.append(1)\n"
        "    if len(seen) > 1:\n        raise NotApplicable('not this one')\n"
        "    return {'late': tape.images[:, 0]}\n",
    )
    write_dataset_maps(
        tmp_path,
        {"late": {}},
        network,
        photographs,
        batch_size=1,
        precision="float32",
        workers=0,
        fingerprints={"late": "f"},
        record="",
        plugins=[path],
    )
    with h5py.File(tmp_path / "late.h5") as file:
        assert list(file) == []
        assert "maps" not in file.attrs
        assert file.attrs["not_applicable"] == "not this one"


def test_in_python_a_plugin_s_own_error_arrives(network, tmp_path):
    path = plugin(tmp_path, "mine", "def maps(tape):\n    return 1 / 0\n")
    x = torch.zeros(1, 3, 64, 64)
    with pytest.raises(ZeroDivisionError):
        attend("mine", network, x, plugins=[path])
    other = plugin(tmp_path, "shapeless", "def maps(tape): return {'shapeless': tape.logits}\n")
    with pytest.raises(MethodError, match="expected"):
        attend("shapeless", network, x, plugins=[other])


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A function that installs a package with one method, as its metadata stand on the path."""

    def install(target="offering.deep.offered_mean", method=GOOD % "offered_mean"):
        folder = tmp_path / "site"
        for name in ("offering", "offering/deep"):
            (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / name / "__init__.py").write_text("import sys\nsys.offering = True\n")
        (folder / "offering/deep/offered_mean.py").write_text(method)
        information = folder / "offering-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: offering\nVersion: 1\n")
        (information / "entry_points.txt").write_text(
            f"[attention_bench.methods]\noffered_mean = {target}\n"
        )
        monkeypatch.syspath_prepend(str(folder))
        registry._offered.cache_clear()
        return folder

    yield install
    registry._offered.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "offering"]:
        del sys.modules[name]


def test_an_installed_method_is_found_without_importing_its_package(installed):
    folder = installed()
    assert method_files()["offered_mean"] == folder / "offering/deep/offered_mean.py"
    assert option_names("offered_mean") == ["layer"]
    assert "offering" not in sys.modules
    code = (
        "import sys, bench.cli; bench.cli.main(['list', 'methods'])\n"
        "assert 'torch' not in sys.modules and not hasattr(sys, 'offering')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "offered_mean" in done.stdout


def test_an_installed_method_runs_like_any_other(installed, network):
    folder = installed()
    (folder / "offering/deep/parts.py").write_text("def mean(f):\n    return f.mean(1)\n")
    (folder / "offering/deep/offered_mean.py").write_text(
        "from .parts import mean\n\n\ndef maps(tape):\n"
        "    return {'offered_mean': mean(tape.activation())}\n"
    )
    x = torch.rand(2, 3, 64, 64)
    maps = attend(["offered_mean", "gradcam"], network, x)
    assert maps["offered_mean"].shape == maps["gradcam"].shape
    assert load_method("offered_mean").path == folder / "offering/deep/offered_mean.py"


@pytest.mark.parametrize(
    "target", ["offering.nowhere", "offering.deep.offered_mean:maps", "nowhere_at_all.x"]
)
def test_a_broken_entry_point_names_its_package(installed, target):
    installed(target)
    with pytest.raises(BenchError, match=r"entry point 'offered_mean' of package 'offering'"):
        method_files()


def test_maps_of_a_failed_file_are_not_scored(tmp_path):
    from bench.scores import method_scores

    with h5py.File(tmp_path / "mine.h5", "w") as file:
        file.attrs.update(maps="[]", failed="mine.py, line 2: it broke")
    with pytest.raises(BenchError, match=r"mine\.h5 holds no maps: mine\.py, line 2: it broke"):
        list(method_scores(np.zeros(0), tmp_path / "mine.h5", []))
