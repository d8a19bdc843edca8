"""Two score tables side by side: known differences come out, and what differs is said."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bench.cli import main
from bench.report.comparison import compare, matched_networks
from bench.report.reports import Report, labels_of, shared_images, target_differs
from bench.statistics import compare_paired, holm, sign_flip_pvalues

IMAGES = [f"{number}.png" for number in range(12)]
HEATMAP = {"sigma_px": 20, "size_px": 80, "kernel": "paper", "weight": "duration_ms"}
HEATMAP |= {"first_fixation": "keep", "normalise": "before"}
ROWS = [("baseline", "centre"), ("net", "cam"), ("net", "gradcam"), ("net", "gradient")]
LEVELS = {"cam": 1.0, "gradcam": 0.5, "gradient": 0.2, "centre": 0.8}


def scores(levels, *, model="net", images=IMAGES, metrics=("nss",), seed=0):
    """A tidy table: each map's scores scatter by 0.1 around its level."""
    rng = np.random.default_rng(seed)
    rows = [
        ("d", image, "baseline" if name == "centre" else model, name, name, metric, value)
        for metric in metrics
        for name, level in levels.items()
        for image, value in zip(images, level + 0.1 * rng.normal(size=len(images)), strict=True)
    ]
    columns = ["dataset", "image", "model", "method", "map", "metric", "value"]
    return pd.DataFrame(rows, columns=columns)


def report(table, **given):
    return Report("x", table, given.pop("protocol", "default"), **given)


def of_map(found, name, metric="nss"):
    rows = found.rows[(found.rows["map"] == name) & (found.rows["metric"] == metric)]
    return rows.iloc[0]


def test_differences_are_b_minus_a_and_those_of_compare_paired():
    a, b = scores(LEVELS), scores(LEVELS | {"cam": 0.4, "gradcam": 0.9}, seed=1)
    found = compare(a, b, IMAGES, seed=3, draws=400)
    for name in LEVELS:
        values = [one[one["map"] == name]["value"].to_numpy() for one in (b, a)]
        expected = compare_paired(*values, seed=3, draws=400)
        row = of_map(found, name)
        assert row["b_minus_a"] == pytest.approx(values[0].mean() - values[1].mean(), abs=1e-12)
        interval = (expected.ci_low, expected.ci_high)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(interval, abs=1e-12)
        assert row["d_z"] == pytest.approx(expected.d_z, abs=1e-12)
        assert row["n_shared"] == len(IMAGES)
    assert of_map(found, "cam")["better"] == "a"
    assert of_map(found, "gradcam")["better"] == "b"
    assert of_map(found, "gradient")["better"] == "unclear"


def test_holm_runs_over_the_maps_of_networks_and_not_over_baselines():
    a, b = scores(LEVELS), scores(LEVELS | {"cam": 0.4}, seed=1)
    found = compare(a, b, IMAGES, draws=50)
    maps = ["cam", "gradcam", "gradient"]
    raw = []
    for name in maps:
        pair = [one[one["map"] == name]["value"].to_numpy() for one in (a, b)]
        raw.append(sign_flip_pvalues(np.column_stack(pair), [0], [1])[0])
    adjusted = holm(raw)
    rows = [of_map(found, name) for name in maps]
    assert [row["p_sign_flip"] for row in rows] == pytest.approx(raw)
    assert [row["p_sign_flip_holm"] for row in rows] == pytest.approx(adjusted)
    assert np.isnan(of_map(found, "centre")["p_sign_flip_holm"])


def test_for_an_error_the_lower_side_is_the_better_one():
    a = scores({"cam": 0.9}, metrics=("mae_density",))
    b = scores({"cam": 0.2}, metrics=("mae_density",), seed=1)
    row = of_map(compare(a, b, IMAGES, draws=100), "cam", "mae_density")
    assert row["b_minus_a"] < 0
    assert row["better"] == "b"


def test_a_table_against_itself_differs_in_nothing_and_keeps_its_order():
    table = scores(LEVELS)
    found = compare(table, table, IMAGES, draws=100)
    assert set(found.rows["b_minus_a"]) == {0.0}
    assert set(found.rows["better"]) == {"unclear"}
    assert found.rows["p_sign_flip"].eq(1).all()
    assert found.agreement["tau"].tolist() == [1.0]
    assert found.only_a == found.only_b == []


def test_the_order_reversed_has_tau_minus_one_and_a_swap_of_neighbours_a_third():
    levels = {"cam": 3.0, "gradcam": 2.0, "gradient": 1.0}
    turned = {"cam": 1.0, "gradcam": 2.0, "gradient": 3.0}
    swapped = {"cam": 2.0, "gradcam": 3.0, "gradient": 1.0}
    for other, tau in ((turned, -1.0), (swapped, 1 / 3)):
        found = compare(scores(levels), scores(other, seed=1), IMAGES, draws=50)
        assert found.agreement["tau"].tolist() == pytest.approx([tau])
        assert found.agreement["n_maps"].tolist() == [3]  # the baseline is not among them
    found = compare(scores(levels), scores(turned, seed=1), [], draws=50)
    assert found.agreement["tau"].tolist() == pytest.approx([-1.0])
    assert found.agreement["ci_low"].isna().all()


def test_only_the_images_of_both_are_paired():
    a = scores({"cam": 0.0}, images=IMAGES[:8])
    b = scores({"cam": 0.0}, images=IMAGES[4:], seed=1)
    images, sentence = shared_images(report(a), report(b))
    assert images == sorted(IMAGES[4:8])
    assert "4 images are shared (A has 8, B 8)" in sentence
    row = of_map(compare(a, b, images, draws=50), "cam")
    first = a.set_index("image")["value"].loc[images]
    second = b.set_index("image")["value"].loc[images]
    assert row["n_shared"] == 4
    assert row["b_minus_a"] == pytest.approx((second - first).mean(), abs=1e-12)
    assert row["mean_a"] == pytest.approx(a["value"].mean(), abs=1e-12)  # each report's own


def test_without_shared_images_means_stand_side_by_side():
    found = compare(scores(LEVELS), scores(LEVELS, seed=1), [], draws=50)
    row = of_map(found, "cam")
    assert row["n_shared"] == 0
    assert np.isnan(row["b_minus_a"])
    assert row["better"] == ""
    assert row["mean_b"] == pytest.approx(1.0, abs=0.1)


def test_one_network_each_is_compared_across_and_several_are_not_guessed():
    a, b = scores(LEVELS, model="one"), scores(LEVELS, model="two", seed=1)
    assert matched_networks(a, b) == {"baseline": "baseline", "one": "two"}
    assert of_map(compare(a, b, IMAGES, draws=50), "cam")["model_b"] == "two"
    more = pd.concat([b, scores(LEVELS, model="three", seed=2).query("model != 'baseline'")])
    assert matched_networks(a, more) == {"baseline": "baseline"}
    found = compare(a, more, IMAGES, draws=50)
    assert ("one", "cam", "cam", ()) in found.only_a
    assert ("two", "cam", "cam", ()) in found.only_b


def test_a_metric_of_one_side_is_named_beside_the_map():
    a, b = scores(LEVELS, metrics=("nss", "cc")), scores(LEVELS, seed=1)
    found = compare(a, b, IMAGES, draws=50)
    assert ("net", "cam", "cam", ("cc",)) in found.only_a
    assert found.only_b == []


@pytest.mark.parametrize(
    ("change", "differ"),
    [
        ({"sigma_px": 30}, {"cc", "mae_paper", "emd"}),
        ({"normalise": "after"}, {"mae_paper"}),
        ({"weight": "count"}, {"cc", "mae_paper", "emd", "nss_duration"}),
        ({"first_fixation": "drop"}, {"cc", "mae_paper", "emd", "nss_duration", "nss", "sauc"}),
    ],
)
def test_a_protocol_touches_the_metrics_that_use_what_it_changes(change, differ):
    a = report(scores(LEVELS), heatmap=HEATMAP)
    b = replace(a, heatmap=HEATMAP | change, protocol="mine")
    metrics = ["cc", "mae_paper", "emd", "nss", "sauc", "nss_duration"]
    assert {name for name in metrics if target_differs(name, a, b)} == differ
    assert not any(target_differs(name, a, a) for name in metrics)


def test_photographs_that_differ_are_not_paired():
    summary = {"photographs_sha256": "a", "images": {name: [4, 6] for name in IMAGES}}
    a = report(scores(LEVELS), summary=summary)
    images, sentence = shared_images(a, replace(a, summary=summary | {"photographs_sha256": "b"}))
    assert images == []
    assert "not the same" in sentence
    sizes = {
        "photographs_sha256": "c",
        "images": summary["images"] | {"0.png": [8, 8], "z": [1, 1]},
    }
    images, sentence = shared_images(a, replace(a, summary=sizes))
    assert images == sorted(set(IMAGES) - {"0.png"})
    assert "another size" in sentence
    other = replace(a, scores=a.scores.assign(dataset="e"), summary=sizes)
    assert shared_images(a, other)[0] == []


def test_labels_are_the_parts_of_the_paths_that_differ(tmp_path):
    paths = [tmp_path / run / "results" / "osie" for run in ("first", "second")]
    assert labels_of(paths) == ["first", "second"]
    assert labels_of([paths[0], paths[0]]) == ["osie, A", "osie, B"]


# The command.


@pytest.fixture
def tables(tmp_path):
    """Two scores.csv by hand; B's name of a map is hostile, its cam is worse by 0.6."""
    evil = scores({"<b>evil</b>": 0.3}, seed=5)
    for name, levels, seed in (("a", LEVELS, 0), ("b", LEVELS | {"cam": 0.4}, 1)):
        table = pd.concat([scores(levels, seed=seed, metrics=("nss", "cc")), evil])
        protocol = {"a": "default", "b": "paper"}[name]
        table.assign(protocol=protocol).to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


def run(*words):
    main([str(word) for word in ("report", *words)])


def test_the_page_says_what_is_known_of_two_tables(tables):
    page = tables / "compare.html"
    run(tables / "a.csv", tables / "b.csv", "-o", page, "--labels", "one & <all>", "two")
    text = page.read_text()
    assert "<b>evil" not in text
    assert "&lt;b&gt;evil" in text
    assert "one &amp; &lt;all&gt;" in text
    assert "12 images are shared, all of both." in text
    assert "a table alone does not tell the contents" in text
    assert not re.search(r"(src|href)=\"(?!#)", text)
    # paper against default: the weight differs (span_ms and duration_ms), so CC does, NSS does not
    cells = re.findall(
        r"<tr><th scope=\"row\">(NSS|CC) ↑</th>.*?<td class=\"text wrap\">(.*?)</td>", text
    )
    assert dict(cells)["NSS"] == "yes"
    assert "weight of a fixation (duration_ms, span_ms)" in dict(cells)["CC"]
    assert "NSS: of 4 maps 0 agree better with gaze in B, 1 better in A, 3 cannot" in text
    table = pd.read_csv(tables / "compare.csv")
    assert set(table["report_a"]) == {"one & <all>"}
    row = table[(table["map"] == "cam") & (table["metric"] == "nss")].iloc[0]
    assert row["b_minus_a"] == pytest.approx(-0.6, abs=0.1)
    first = page.read_bytes(), (tables / "compare.csv").read_bytes()
    run(tables / "a.csv", tables / "b.csv", "-o", page, "--labels", "one & <all>", "two")
    assert (page.read_bytes(), (tables / "compare.csv").read_bytes()) == first


def test_names_of_images_are_text_with_their_leading_zeros(tmp_path):
    numbered = ["001", "1", "2"]
    scores(LEVELS, images=numbered).to_csv(tmp_path / "a.csv", index=False)
    scores(LEVELS, images=[*numbered, "beach"]).to_csv(tmp_path / "b.csv", index=False)
    run(tmp_path / "a.csv", tmp_path / "b.csv", "-o", tmp_path / "c.html")
    assert "3 images are shared (A has 3, B 4)" in (tmp_path / "c.html").read_text()


def test_three_reports_are_compared_with_the_first(tables):
    run(*[tables / f"{name}.csv" for name in "aba"], "-o", tables / "c.html", "--labels", *"xyz")
    text = (tables / "c.html").read_text()
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(set(ids)) == len(ids)
    assert {"short-B", "short-C", "differs"} <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["A"], "found one report"),
        (["A", "B", "--models", "vgg16"], r"found reports to compare .* and --models"),
        (["A", "B", "--labels", "x"], "--labels: found 1 for 2"),
        (["A", "B", "--labels", "x", "x"], "expected a name of its own"),
        (["A", "B", "--networks", "net", "nut"], "has no network 'nut'; it has net"),
        ([], "--dataset, --results, --models, --methods missing"),
        (["--labels", "x"], "only where reports are compared"),
    ],
)
def test_a_wrong_command_line_is_one_message(tables, words, message, capsys):
    words = [tables / f"{word.lower()}.csv" if word in ("A", "B") else word for word in words]
    with pytest.raises(SystemExit) as ended:
        run(*words, "-o", tables / "c.html")
    assert ended.value.code == 2
    assert re.search(message, capsys.readouterr().err)
    assert not (tables / "c.html").exists()


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (None, 3, "not readable as a CSV"),
        ("a,b\n1,2\n", 4, "missing column 'dataset'"),
        ("dataset,image,model,method,map,metric,value\n", 4, "no score in it"),
        ("dataset,image,model,method,map,metric,value\nd,i,n,m,m,nss,high\n", 4, "holds text"),
        (
            "dataset,image,model,method,map,metric,value\nd,i,n,m,m,own,1\n",
            4,
            "none of its metrics",
        ),
        (
            "dataset,image,model,method,map,metric,value\nd,i,n,m,m,nss,1\nd,i,n,m,m,nss,1\n",
            *(4, "stand twice"),
        ),
        (
            "dataset,image,model,method,map,metric,value\nd,i,n,m,m,nss,1\ne,i,n,m,m,nss,1\n",
            *(4, "2 data sets"),
        ),
    ],
)
def test_a_bad_table_is_one_message(tables, content, code, message, capsys):
    bad = tables / "bad.csv"
    if content is not None:
        bad.write_text(content)
    with pytest.raises(SystemExit) as ended:
        run(tables / "a.csv", bad, "-o", tables / "c.html")
    assert ended.value.code == code
    assert message in capsys.readouterr().err


def test_two_networks_of_one_folder_by_what_its_files_say(tables):
    folder = tables / "osie"
    folder.mkdir()
    both = [scores(LEVELS, model="alexnet"), scores(LEVELS, model="vgg16", seed=1)]
    both[1] = both[1].query("model != 'baseline'")
    pd.concat(both).assign(protocol="default").to_csv(folder / "scores.csv", index=False)
    configuration = {"models": ["alexnet", "vgg16"], "seed": 7}
    said = {"version": "attention-bench 9", "seed": 7, "configuration": configuration}
    (folder / "provenance.json").write_text(json.dumps(said))
    networks = ("--networks", "alexnet", "vgg16")
    run(folder, folder, *networks, "-o", tables / "nets.html")
    text = (tables / "nets.html").read_text()
    assert "AlexNet → VGG16" in text
    assert "attention-bench 9" in text
    table = pd.read_csv(tables / "nets.csv")
    assert set(table["model_b"]) == {"baseline", "vgg16"}
    assert len(table) == len(LEVELS)
