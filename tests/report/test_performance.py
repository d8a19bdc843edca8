"""Time and memory of the jobs: read right, added up right, and nobody's name in it."""

import getpass
import platform
import re
from pathlib import Path

import pytest

from bench.cli import main
from bench.report import performance
from bench.report.performance import SPEED, machine, read_jobs, stages, without_names

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
SPEED_LINE = (
    "60 images, cam, dense on random weights: 12.5 images per second on cuda:0, up to 32 at "
)
SPEED_LINE += "once; the GPU computed 83% of the time, 4.20 GB of its memory at most\n"


@pytest.fixture
def results(tmp_path):
    """Four jobs: 100 + 50 s of attend, 40 s of score, and one too short to be measured."""
    jobs = {
        "net/benchmarks/attend_d_net.tsv": (100, 2000, 80.5),
        "net/benchmarks/attend_d_net_cam.tsv": (50, 3000, 20),
        "net/benchmarks/score_cam.tsv": (40, 300, 99.5),
        "benchmarks/heatmap.tsv": (0.4, "-", "NA"),
    }
    for name, (seconds, memory, cpu) in jobs.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEAD}{seconds}\t0:00\t{memory}\t1\t1\t1\t0\t0\t50\t{cpu}\n")
    (tmp_path / "net/logs").mkdir()
    (tmp_path / "net/logs/attend_d_net.log").write_text(f"a warning\n{SPEED_LINE}done: seconds 3\n")
    return tmp_path


def test_jobs_come_longest_first_with_what_their_logs_say(results):
    jobs = read_jobs(results)
    names = ["attend_d_net", "attend_d_net_cam", "score_cam", "heatmap"]
    assert [job.name for job in jobs] == names
    assert [job.stage for job in jobs] == ["attend", "attend", "score", "heatmap"]
    assert [job.network for job in jobs] == ["net", "net", "net", ""]
    assert jobs[0].speed == {
        "images": "60",
        "what": "cam, dense on random weights",
        "per_second": "12.5",
        "device": "cuda:0",
        "batch_size": "32",
        "gpu_share": "83%",
        "gpu_memory": "4.20 GB",
    }
    assert (jobs[3].cpu_seconds, jobs[3].memory_mb) == (None, None)
    assert jobs[1].speed == {}


def test_stages_add_up_their_jobs(results):
    first, second, third = stages(read_jobs(results))
    assert (first.name, first.jobs, first.seconds, first.cpu_seconds) == ("attend", 2, 150, 100.5)
    assert (first.memory_mb, first.share) == (3000, pytest.approx(100.5 / 200))
    assert (second.name, second.share) == ("score", pytest.approx(99.5 / 200))
    assert (third.name, third.cpu_seconds, third.share) == ("heatmap", 0, 0)


def test_jobs_of_shards_and_those_that_join_them_count(results):
    for place, seconds in (("1f", 30), ("2e", 20)):
        for name in ("score_cam", "attend_d_net"):
            path = results / "net/shards" / place / "benchmarks" / f"{name}.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{HEAD}{seconds}\t0:00\t10\t1\t1\t1\t0\t0\t50\t{seconds}\n")
    log = results / "net/shards/2e/logs/attend_d_net.log"
    log.parent.mkdir()
    log.write_text(SPEED_LINE)
    for name in ("join_scores_cam", "join_maps_cam", "fit_cam"):
        path = results / "net/benchmarks" / f"{name}.tsv"
        path.write_text(f"{HEAD}1\t0:00\t10\t1\t1\t1\t0\t0\t50\t1\n")
    jobs = read_jobs(results)
    found = {stage.name: (stage.jobs, stage.cpu_seconds) for stage in stages(jobs)}
    assert found["score"] == (3, 99.5 + 30 + 20)
    assert found["attend"] == (4, 100.5 + 30 + 20)
    assert [found[name] for name in ("join_scores", "join_maps", "fit_cam")] == [(1, 1)] * 3
    of_shards = [(job.name, job.network) for job in jobs if "shard" in job.name]
    assert ("score_cam, shard 1f", "net") in of_shards
    assert len(set(of_shards)) == 4
    assert [job.name for job in jobs if job.speed][1:] == ["attend_d_net, shard 2e"]


def test_the_line_of_a_job_of_maps_is_read_as_it_is_written():
    import torch

    from bench.attention._throughput import Throughput

    passed = Throughput(torch.device("cpu"))
    with passed.batch() as events:
        passed.done(5, events)
    found = SPEED.search(f"5 images, cam: {passed}")
    assert found["per_second"] == f"{passed.images_per_second:.3g}"
    assert (found["device"], found["batch_size"], found["gpu_share"]) == ("cpu", "5", None)


def test_the_page_shows_machine_command_and_every_job(results):
    main(["performance", str(results), "--command", "snakemake 'roots={osie: /data/<x>}'"])
    text = (results / "performance.html").read_text()
    assert "snakemake &#39;roots={osie: /data/&lt;x&gt;}&#39;" in text
    assert text.count('<th scope="row">score_cam</th>') == 1
    assert "3.00 GB" in text
    assert "50.2 %" in text  # attend's share, 100.5 of 200 s
    for _, said in machine():
        assert said
    rows = (results / "performance.csv").read_text().splitlines()
    assert rows[0] == "stage,network,name,seconds,cpu_seconds,memory_mb,ended"
    assert rows[4].startswith("heatmap,,heatmap,0.4,,,")
    assert re.findall(r'(?:src|href)="(?!#)([^"]+)"', text) == ["report.html"]


def test_names_of_user_and_machine_are_left_out(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    monkeypatch.setattr(platform, "node", lambda: "lab-7")
    text = "snakemake --config 'roots={osie: /home/ada/osie}' /data/ada/x /home/adam lab-7:9 adapt"
    kept = "snakemake --config 'roots={osie: ~/osie}' /data/USER/x /home/adam HOST:9 adapt"
    assert without_names(text) == kept
    monkeypatch.setattr(getpass, "getuser", lambda: "root")
    assert without_names("roots /root") == "roots /root"


def test_a_machine_without_proc_or_sysconf_is_described_all_the_same(monkeypatch):
    monkeypatch.setattr(performance.shutil, "which", lambda name: None)
    monkeypatch.setattr(performance.os, "sysconf", lambda name: (_ for _ in ()).throw(ValueError))
    monkeypatch.setattr(performance.platform, "freedesktop_os_release", _no_release)
    said = dict(machine())
    assert said["Memory"] == "not known"
    assert said["GPU"] == "none that nvidia-smi knows"
    assert said["System"]


def _no_release():
    raise OSError


@pytest.mark.parametrize("content", ["", "nonsense\n", "a\tb\n1\t2\n"])
def test_a_file_that_is_no_benchmark_is_one_message(tmp_path, content, capsys):
    path = tmp_path / "benchmarks" / "report.tsv"
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(SystemExit) as ended:
        main(["performance", str(tmp_path)])
    assert ended.value.code == 3
    assert f"{path}: expected a benchmark of Snakemake" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_one_message(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["performance", str(tmp_path / "none")])
    assert ended.value.code == 3
    assert "no such folder" in capsys.readouterr().err
