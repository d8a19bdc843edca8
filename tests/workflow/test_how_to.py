"""Whoever does what a how-to page says gets the row that it promises, at the first try."""

import re
import shlex

import h5py
import pandas as pd
import pytest
import yaml

from bench.workflow.configuration import read_settings

from .environment import output_of
from .how_to import PROJECT, page_commands, page_files, save

PAGES = ("add-a-method.md", "add-external-maps.md", "add-a-tool.md")
EVERYTHING = "snakemake --cores all --configfile my_study.yaml"
# What keeps the run of a page small: the data set, one metric; and its controls, to see them.
SMALL = ("datasets=[tiny]", "metrics=[nss]", "random_weights=true")


def run(folder, command, *words):
    """Runs a page's command; the shown text."""
    program, *arguments = shlex.split(command)
    if program == "snakemake":
        arguments += ["--snakefile", str(PROJECT / "Snakefile"), *words, "--config", *SMALL]
    module = [] if program == "python" else ["-m", program]
    return output_of(folder, *module, *arguments)


def jobs(folder):
    """The rules that a run would execute now."""
    output = run(folder, EVERYTHING, "-n", "--quiet", "rules")
    if "Nothing to be done" in output:
        return set()
    table = output.split("Job stats:")[1].split("total")[0].splitlines()[3:]
    return {line.split()[0] for line in table if line.strip()}


def edit(path):
    path.write_text(path.read_text() + "\n# edited\n")


@pytest.mark.parametrize("page", PAGES)
def test_each_page_s_own_files_make_a_good_configuration(page, tmp_path, monkeypatch):
    files = page_files(page)
    save(files, tmp_path)
    (tmp_path / "my_maps/demo").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    settings = read_settings(yaml.safe_load(files["my_study.yaml"]), PROJECT)
    assert "gradcam" in settings.methods
    assert EVERYTHING in page_commands(page)


@pytest.mark.slow
def test_the_rows_of_all_pages_stand_in_the_report_and_edits_run_what_follows(tiny, tmp_path):
    joined = {}
    for page in PAGES:
        files = page_files(page)
        save(files, tmp_path)
        for key, value in yaml.safe_load(files["my_study.yaml"]).items():
            joined[key] = joined.get(key, {}) | value if isinstance(value, dict) else value
    joined["methods"] = ["activation_energy", "gradcam"]
    save({"my_study.yaml": yaml.safe_dump(joined)}, tmp_path)
    (make_maps,) = [line for line in page_commands(PAGES[1]) if line.startswith("python")]
    run(
        tmp_path,
        make_maps.replace("data/demo", "data/tiny").replace("my_maps/demo", "my_maps/tiny"),
    )
    (listing,) = [line for line in page_commands(PAGES[0]) if line.startswith("bench list")]
    assert re.search(r"\n  activation_energy +Activation energy\n", run(tmp_path, listing))

    run(tmp_path, EVERYTHING)
    results = tmp_path / "results/tiny"
    board = pd.read_csv(results / "leaderboard.csv")
    methods = [*joined["methods"], *(f"{name}_random" for name in joined["methods"])]
    external = ["brightness_departure", "edges"]
    assert set(zip(board["model"], board["map"], strict=True)) >= {
        *(("efficientnet_lite0", name) for name in methods),
        *(("external", name) for name in external),
    }
    report = (results / "report.html").read_text()
    for label in ("Activation energy", "Grad-CAM (random weights)", *external):
        assert f'<th scope="row">{label}</th>' in report
    assert "Zagoruyko" in report
    assert "High where many channels of the layer are active" in report
    performance = (results / "performance.html").read_text()
    assert "--configfile my_study.yaml" in performance
    assert '<th scope="row">report</th>' in performance
    controls = pd.read_csv(results / "controls.csv")
    assert list(controls["map"]) == joined["methods"]
    with h5py.File(results / "external/maps/edges.h5") as file:
        assert file["edges/a.png"].shape == (64, 96)

    assert jobs(tmp_path) == set()
    edit(tmp_path / "my_methods/activation_energy.py")
    own = "attend_tiny_efficientnet_lite0_activation_energy"
    after = {
        own,
        f"{own}_random",
        "score",
        "leaderboard",
        "controls",
        "sensitivity",
        "report",
        "all",
    }
    assert jobs(tmp_path) == after
    (tmp_path / "my_maps/tiny/a.npz").write_bytes((tmp_path / "my_maps/tiny/b.npz").read_bytes())
    assert jobs(tmp_path) == {"external", *after}
    edit(tmp_path / "edges.py")
    assert jobs(tmp_path) == {"edges", "external", *after}
