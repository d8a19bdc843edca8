"""At the end of a run every data set with results gets its page on time and memory."""

from bench.workflow.end_of_run import write_performance


def test_pages_are_written_where_there_are_results_and_a_bad_file_stops_no_run(
    tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    for name, content in (("good", "s\tmax_rss\tcpu_time\n12\t300\t9\n"), ("bad", "nonsense\n")):
        path = tmp_path / "results" / name / "benchmarks" / "heatmap.tsv"
        path.parent.mkdir(parents=True)
        path.write_text(content)
    words = ["/somewhere/bin/snakemake", "--config", "roots={osie: my data}"]
    write_performance(["bad", "good", "none"], words)
    page = (tmp_path / "results/good/performance.html").read_text()
    assert "<code>snakemake --config &#39;roots={osie: my data}&#39;</code>" in page
    assert not (tmp_path / "results/bad/performance.html").exists()
    assert "expected a benchmark of Snakemake" in capfd.readouterr().err
    assert not (tmp_path / "results/none").exists()
