"""Every page as a reader meets it in Chromium: by keyboard, on a phone, in the dark, on paper.

One browser start for all of it (browser/probe.mjs, with puppeteer-core and axe-core), on pages made
from the tiny data set by the verbs themselves. The packages come from npm and are kept outside the
repository; where Chromium, node or npm is absent or cannot be reached, the tests skip and say so.
"""

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.baselines import BASELINES
from bench.cli import main
from bench.report import explorer

pytestmark = pytest.mark.browser

BROWSER = Path(__file__).parent / "browser"
NETWORK, METHODS = "efficientnet_lite0", ("cam", "dense")
LABEL = "Tiny & <b>co</b>"
BENCHMARK = "s\tmax_rss\tcpu_time\n1.5\t200\t1.2\n"  # the columns of Snakemake's that are read
PAGES = ("report", "partial", "compare", "performance")


@pytest.fixture(scope="module")
def chromium():
    """Path of Chromium."""
    names = ("chromium", "chromium-browser", "chrome", "google-chrome")
    return _found(*names)


@pytest.fixture(scope="module")
def modules():
    """The folder with the packages of browser/package.json, installed once a version of it."""
    npm, wanted = _found("npm"), (BROWSER / "package.json").read_text()
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "attention-bench" / "browser"
    done = folder / "installed.json"
    if not done.exists() or done.read_text() != wanted:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(wanted)
        words = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
        words += ["--fetch-retries=0"]  # where no registry answers, say so soon
        ended = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        if ended.returncode:
            said = [line for line in ended.stderr.splitlines() if line.startswith("npm error")]
            pytest.skip(f"npm install failed: {'; '.join(said[:3])}")
        done.write_text(wanted)
    return folder / "node_modules"


def _found(*names):
    for name in names:
        if path := shutil.which(name):
            return path
    return pytest.skip(f"not here: {names[0]}")


@pytest.fixture(scope="module")
def pages(module_tiny):
    """{kind of page: its file}, made from two photographs and one network."""
    yaml, results = module_tiny / "dataset.yaml", module_tiny.parents[1] / "results" / "tiny"
    yaml.write_text(yaml.read_text().replace("label: Tiny", f"label: {LABEL!r}"))
    results.mkdir(parents=True)
    table, people, heatmaps = (
        results / name for name in ("fixations.parquet", "recordings.json", "heatmaps.h5")
    )
    run("fixations", "--dataset", yaml, "--output", table, "--recordings", people)
    run("heatmap", "--fixations", table, "--recordings", people, "--output", heatmaps)
    words = ["--dataset", yaml, "--model", NETWORK, "--methods", ",".join(METHODS)]
    run("attend", *words, "--output-folder", results / NETWORK / "maps")
    for model, method in [
        *((NETWORK, method) for method in METHODS),
        *(("baseline", name) for name in BASELINES),
    ]:
        score(results, yaml, model, method)
    rows = [str(path) for path in sorted(results.glob("*/scores/*.parquet"))]
    names = ("scores", "leaderboard", "comparisons")
    outputs = [word for name in names for word in (f"--{name}", results / f"{name}.csv")]
    run("leaderboard", *rows, "--dataset", "tiny", *outputs)
    pieces = sorted(results.glob("*/sensitivity/*.parquet"))
    outputs = ["--output", results / "sensitivity.csv", "--agreement", results / "agreement.csv"]
    run("sensitivity", *pieces, "--scores", results / "scores.csv", *outputs)
    report = ["report", "--dataset", yaml, "--results", results, "--models", NETWORK]
    report += ["--methods", *METHODS, "-o"]
    run(*report, results / "report.html")
    (results / "benchmarks").mkdir()
    (results / "benchmarks" / "heatmap.tsv").write_text(BENCHMARK)
    run("performance", results)
    run("report", results, results, "--labels", "A <i>", "B", "-o", results / "compare.html")
    (results / NETWORK / "scores" / "cam.parquet").unlink()
    with pytest.MonkeyPatch.context() as patch:  # as for many photographs: pictures in a folder
        beside = functools.partial(explorer.make_explorer, inside_bytes=0)
        patch.setattr(explorer, "make_explorer", beside)
        run(*report, results / "partial" / "report.html", "--partial")
    files = {name: results / f"{name}.html" for name in PAGES}
    return files | {"partial": results / "partial" / "report.html"}


def score(results, yaml, model, method):
    words = ["--heatmaps", results / "heatmaps.h5", "--fixations", results / "fixations.parquet"]
    words += ["--dataset", yaml]
    if model != "baseline":
        words += ["--maps", results / model / "maps" / f"{method}.h5"]
    for option, kind in (("output", "scores"), ("sensitivity", "sensitivity")):
        (results / model / kind).mkdir(parents=True, exist_ok=True)
        words += [f"--{option}", results / model / kind / f"{method}.parquet"]
    run("score", "--model", model, "--method", method, *words)


def run(*words):
    main([str(word) for word in words])


@pytest.fixture(scope="module")
def probed(chromium, modules, pages, tmp_path_factory):
    """{kind of page: what probe.mjs saw}."""
    profile = tmp_path_factory.mktemp("profile")
    given = json.dumps({name: path.as_uri() for name, path in pages.items()})
    done = subprocess.run(
        [_found("node"), BROWSER / "probe.mjs", chromium, modules, profile, given],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", PAGES)
class TestEveryPage:
    def test_asks_for_nothing_and_complains_of_nothing(self, probed, kind):
        assert probed[kind]["requests"] == []
        assert probed[kind]["errors"] == []

    @pytest.mark.parametrize("state", ["light", "dark", "phone"])
    def test_has_no_violation_of_axe_with_everything_unfolded(self, probed, kind, state):
        found = probed[kind]["axe"][state]
        assert found["violations"] == []
        if state != "phone":  # where axe is not asked for contrast
            assert len(found["unjudged"]) < 0.05 * found["judged"], found["unjudged"]

    def test_is_read_in_order(self, probed, kind):
        found = probed[kind]["structure"]
        assert found["landmarks"] == ["HEADER", "NAV", "MAIN"]
        assert found["headings"].count(1) == 1
        assert found["headings"][0] == 1
        steps = zip(found["headings"], found["headings"][1:], strict=False)
        assert all(below <= above + 1 for above, below in steps)
        assert found["nameless"] == []
        assert found["lost"] == []

    def test_shows_where_the_focus_is(self, probed, kind):
        assert probed[kind]["ringless"] == []

    def test_fits_a_phone_and_tables_scroll_by_themselves(self, probed, kind):
        assert probed[kind]["phone"] == {"document": 360, "stuck": []}

    def test_prints_on_a4_with_nothing_cut(self, probed, kind):
        found = probed[kind]["print"]
        assert found["pressable"] == []
        assert found["headless"] == []
        assert found["beyond"] == []
        assert found["cut"] == []
        assert found["unsaid"] == []
        assert found["full"] <= found["pages"] <= 1.5 * found["full"] + 1


def test_names_of_users_are_texts(probed):
    assert LABEL in probed["report"]["structure"]["title"]
    assert "A <i>" in probed["compare"]["structure"]["title"]


@pytest.mark.parametrize("kind", ["report", "partial"])
def test_a_heading_sorts_inside_each_network_and_says_so(probed, kind):
    steps = probed[kind]["table"]
    assert steps["before"]["sorted"][1] == "descending"  # by NSS, as the page is written
    for step, order in (("once", "descending"), ("twice", "ascending")):
        assert [state for state in steps[step]["sorted"] if state] == [order]
        assert steps[step]["sorted"][2] == order
        for before, after in zip(steps["before"]["groups"], steps[step]["groups"], strict=True):
            assert sorted(before["rows"]) == sorted(after["rows"])
            if before["fixed"]:
                assert before["rows"] == after["rows"]
                continue
            values = [float(row[2]) for row in after["rows"] if len(row) > 2]
            assert values == sorted(values, reverse=order == "descending")
            assert len(values) > 1


def test_a_filter_hides_other_methods_and_announces_the_count(probed):
    steps = probed["report"]["table"]
    rows = {}
    for step in ("before", "method", "all"):
        groups = [group for group in steps[step]["groups"] if not group["fixed"]]
        rows[step] = [row for group in groups for row in group["rows"]]
    assert steps["method"]["asked"] == "cam"
    assert [row[0] for row in rows["method"]] == ["CAM"]
    assert steps["method"]["status"] == f"1 of {len(rows['before'])} rows shown"
    assert steps["all"]["status"] == f"{len(rows['before'])} of {len(rows['before'])} rows shown"
    assert sorted(rows["all"]) == sorted(rows["before"])
    fixed = [group["rows"] for group in steps["method"]["groups"] if group["fixed"]]
    assert all(fixed)


@pytest.mark.parametrize("kind", ["report", "partial"])  # photographs in the page, and beside it
def test_the_explorer_steps_by_keys_and_its_link_opens_there(probed, pages, kind):
    assert (pages[kind].read_text().count('data-folder=""') == 1) is (kind == "report")
    steps = probed[kind]["explorer"]
    assert steps["before"].startswith("Photograph 1 of 2: a.png.")
    assert steps["focused"] == "explorer-next"
    assert steps["ring"] == "solid"
    assert steps["next"].startswith("Photograph 2 of 2: b.png.")
    assert steps["linked"] == steps["next"]
    assert 0 < steps["top"] < 150  # below what sticks to the top of the window


def test_a_button_copies_the_block_before_it(probed):
    found = probed["report"]["copy"]
    assert found["said"] == "Copied"
    assert found["selected"] == found["wanted"] != ""


def test_without_javascript_everything_but_the_explorer_is_there(probed):
    found = probed["report"]["plain"]
    assert found["headings"] == probed["report"]["structure"]["headings"]
    assert found["figures"] > len(METHODS)
    assert found["forms"] == 0
    assert found["said"] == 1
    assert found["rows"] > len(BASELINES)
