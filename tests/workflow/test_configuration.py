"""A configuration is checked before anything runs, and says what to do."""

from pathlib import Path

import pytest

from bench.errors import DataError, UsageError
from bench.workflow.configuration import read_settings

PROJECT = Path(__file__).resolve().parents[2]


def test_an_empty_configuration_is_the_demo():
    settings = read_settings({}, PROJECT)
    assert list(settings.datasets) == ["demo"]
    assert settings.models == ["efficientnet_lite0"]
    assert {"cam", "gradcam", "dense"} <= set(settings.methods)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"datasets": ["dmo"]}, r"unknown dataset 'dmo': did you mean 'demo'\?"),
        ({"models": ["vgg61"]}, r"unknown model 'vgg61': did you mean .*'vgg16'"),
        ({"methods": ["grad_cam"]}, r"unknown method 'grad_cam': did you mean 'gradcam'"),
        ({"methods": {"gradcm": None}}, r"unknown method 'gradcm': did you mean 'gradcam'"),
        ({"metrics": ["nsss"]}, r"unknown metric 'nsss': did you mean 'nss'"),
        ({"roots": {"osei": "."}}, r"unknown dataset 'osei': did you mean 'osie'"),
        ({"weights": {"vgg": "x"}}, r"unknown model 'vgg'"),
        ({"protocol": "papr"}, r"unknown protocol 'papr': did you mean 'paper'"),
        ({"batchsize": 3}, r"unknown key 'batchsize'; did you mean 'batch_size'"),
        ({"batch_size": "x"}, r"key 'batch_size': found 'x'; expected auto or a number"),
        ({"workers": -1}, r"key 'workers': found -1; expected 0 or more"),
        (
            {"precision": "half"},
            r"key 'precision': found 'half'; expected one of float32",
        ),
        ({"models": ["timm:resnt18"]}, r"unknown timm model 'resnt18': did you mean 'resnet18'"),
        ({"models": ["mobilenet_v3"]}, r"unknown model 'mobilenet_v3': .*'mobilenet_v3_small'"),
        ({"batch_size": 0}, r"key 'batch_size': found 0; expected 1 or more"),
        ({"device": "gpu"}, r"key 'device': found 'gpu'"),
        ({"datasets": []}, r"key 'datasets': found \[\]; expected at least 1"),
    ],
)
def test_what_does_not_fit_is_named_with_what_was_expected(config, message):
    with pytest.raises(UsageError, match=message):
        read_settings(config, PROJECT)


def test_a_missing_folder_names_the_key_that_says_where(tmp_path):
    with pytest.raises(DataError, match=r"no folder .*nowhere.*roots=\{osie: FOLDER\}"):
        read_settings({"datasets": ["osie"], "roots": {"osie": str(tmp_path / "nowhere")}}, PROJECT)


def test_legacy_metrics_and_slow_ones_are_asked_for():
    default = read_settings({}, PROJECT).metrics
    every = read_settings({"metrics": "all"}, PROJECT).metrics
    assert set(every) - set(default) == {"emd", "kl_eps20", "kl_mit", "ig_eps20", "ig_mit"}
    assert read_settings({"metrics": ["emd", "nss"]}, PROJECT).metrics == ["emd", "nss"]


def test_methods_may_carry_options():
    settings = read_settings({"methods": {"gradcam": {"layer": "conv4"}, "cam": None}}, PROJECT)
    assert settings.methods == {"gradcam": {"layer": "conv4"}, "cam": {}}


def test_options_from_the_command_line_are_numbers_and_truth_values_again():
    given = {"gradcam": {"signed": "false", "layer": "conv2"}, "dense": {"scale": "100.0"}}
    found = read_settings({"methods": given}, PROJECT).methods
    assert found == {"gradcam": {"signed": False, "layer": "conv2"}, "dense": {"scale": 100.0}}


def test_an_unknown_option_of_a_method_is_named():
    with pytest.raises(UsageError, match=r"option of gradcam 'layr': did you mean 'layer'"):
        read_settings({"methods": {"gradcam": {"layr": "conv2"}}}, PROJECT)


def test_networks_of_torchvision_and_timm_are_known_and_stand_under_file_safe_ids():
    given = ["mobilenet_v3_large", "timm:resnet18.a1_in1k", "timm_resnet18-a1_in1k"]
    settings = read_settings(
        {"models": given, "weights": {"timm:resnet18.a1_in1k": __file__}}, PROJECT
    )
    assert settings.models == ["mobilenet_v3_large", "timm_resnet18-a1_in1k"]
    assert settings.weights == {"timm_resnet18-a1_in1k": [__file__]}


def test_a_network_without_weights_is_refused_before_anything_runs():
    with pytest.raises(UsageError, match="vgg16_voc: no weights"):
        read_settings({"models": ["vgg16_voc"]}, PROJECT)
