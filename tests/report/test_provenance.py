"""How a report was made, what it stands on, and what its terms mean."""

import shlex

import pytest
import yaml

from bench.attention import method_names
from bench.baselines import BASELINES
from bench.metrics import get_metric, metric_names
from bench.networks import network_entry, network_names
from bench.report.citation import FILE, citations
from bench.report.labels import method_texts
from bench.report.provenance import command
from bench.report.references import DOI, bibliography, linked
from bench.schemas import read_yaml
from bench.workflow.configuration import read_settings, stated


def read_back(line):
    """The configuration that --config KEY=VALUE ... of a command line says."""
    words = shlex.split(line)
    settings = words[words.index("--config") + 1 :] if "--config" in words else []
    return {key: yaml.safe_load(value) for key, value in (word.split("=", 1) for word in settings)}


def settings_of(config, project):
    return stated(read_settings(config, project), config["datasets"][0])


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"models": ["resnet18", "alexnet"], "seed": 3},
        {"methods": {"gradcam": {"layer": "conv4"}, "cam": {}}},
        {"methods": ["gradcam", "cam"], "metrics": ["nss", "sauc"]},
        {"metrics": "all", "precision": "bfloat16"},
        {"protocol": "mit"},
        {"random_weights": True},
    ],
)
def test_the_command_says_the_configuration_again(tiny, tmp_path, monkeypatch, change):
    monkeypatch.chdir(tmp_path)
    config = {"datasets": ["tiny"], "models": ["efficientnet_lite0"]} | change
    said = settings_of(config, tmp_path)
    again = read_back(command(said))
    assert again.pop("roots") == {"tiny": "FOLDER"}
    again = {"models": ["efficientnet_lite0"]} | again
    assert settings_of(again, tmp_path) == said


def test_what_belongs_to_the_machine_is_not_stated(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = {"datasets": ["tiny"], "models": ["alexnet"]}
    weights = tmp_path / "somewhere" / "trunk.pth"
    weights.parent.mkdir()
    weights.write_bytes(b"x")
    machine = {"device": "cpu", "batch_size": 4, "workers": 0, "roots": {"tiny": str(tiny)}}
    machine["weights"] = {"alexnet": str(weights)}
    said = settings_of(config | machine, tmp_path)
    plain = settings_of(config, tmp_path)
    assert said.pop("weights") == {"alexnet": ["trunk.pth"]}
    assert plain.pop("weights") == {}
    assert said == plain
    assert str(tmp_path) not in str(said)


def test_the_default_needs_no_configuration():
    assert command({"datasets": ["demo"], "random_weights": True, "seed": 0}) == (
        "uv run snakemake --cores all"
    )


def test_a_doi_becomes_a_link_and_markup_stays_text():
    text = str(
        linked("<b> 1988, doi:10.1175/1520-0493(1988)116<2417:SSBOTM>2.0.CO;2; see doi:10.1/x")
    )
    assert text.startswith("&lt;b&gt; 1988, <a href=")
    assert 'href="https://doi.org/10.1175/1520-0493(1988)116%3C2417:SSBOTM%3E2.0.CO%3B2"' in text
    assert text.endswith("</a>; see doi:10.1/x")  # no registrant has one digit


def test_a_reference_stands_once_with_all_that_it_is_for():
    items = [("NSS", "P 2005"), ("CAM", "A 2016"), ("IG", "P 2005"), ("Noise", "")]
    assert bibliography(items) == [("A 2016", "CAM"), ("P 2005", "NSS, IG")]


def test_the_citations_are_those_of_the_file():
    said = read_yaml(FILE)
    software, study = citations()
    assert said["version"] in software.text
    assert software.bibtex.startswith("@misc{")
    paper = said["references"][0]
    for author in paper["authors"]:
        assert f"{author['family-names']}, {author['given-names']}" in study.bibtex
    assert f"doi:{paper['doi']}" in study.text
    assert "pages = {53--65}" in study.bibtex
    assert study.bibtex.count("{") == study.bibtex.count("}")


# One file adds one thing, and says what it is, how to read it and where it comes from.

WITHOUT_DOI = {"mae_hist", "kl_eps20", "ig_eps20"}  # a book, software


@pytest.mark.parametrize("name", method_names())
def test_every_method_says_how_to_read_it_and_its_doi(name):
    text = method_texts()[name]
    assert text.summary.endswith(".")
    assert text.reading.endswith(".")
    assert DOI.search(text.reference)


@pytest.mark.parametrize("name", metric_names())
def test_every_metric_says_which_way_is_better_and_what_a_value_means(name):
    metric = get_metric(name)
    what, reading = metric.description.splitlines()
    assert what.endswith(".")
    assert reading.startswith(f"{metric.direction.capitalize()} is better")
    assert any(digit in reading for digit in "01") or "zero" in reading
    assert bool(DOI.search(metric.reference)) != (name in WITHOUT_DOI)


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_says_how_to_read_it(name):
    assert BASELINES[name].description.endswith(".")
    assert BASELINES[name].reading.endswith(".")


@pytest.mark.parametrize("name", network_names())
def test_every_network_says_what_it_is_and_its_doi(name):
    assert network_entry(name).reading.endswith(".")
    assert DOI.search(network_entry(name).reference)
