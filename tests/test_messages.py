"""What a verb says while it works: for people, for machines, for the log of its job."""

import json
import logging
import os
import signal
import subprocess
import sys
import time

import pytest

from bench.cli import main
from bench.messages import Messages, progress


@pytest.fixture
def events(capsys):
    """A function: the events that the error stream got."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def _fixations(tiny, folder, *words):
    outputs = ("--output", folder / "f.parquet", "--recordings", folder / "r.json")
    main(
        [str(word) for word in ("fixations", "--dataset", tiny / "dataset.yaml", *outputs, *words)]
    )


def test_with_json_everything_said_is_a_line_of_json(tiny, tmp_path, events):
    _fixations(tiny, tmp_path, "--json")
    found = events()
    assert found[0]["event"] == "start"
    assert found[-1]["event"] == "end"
    assert found[-1]["exit_code"] == 0
    assert found[-1]["seconds"] >= 0
    assert any(event["event"] == "message" for event in found)
    assert {event["verb"] for event in found} == {"fixations"}


def test_an_error_is_an_event_with_the_exit_code_that_follows(tmp_path, events):
    with pytest.raises(SystemExit):
        main(["check-config", str(tmp_path / "none.yaml"), "--json"])
    message, end = events()[1:]
    assert message["level"] == "error"
    assert "none.yaml" in message["text"]
    assert end["exit_code"] == 3


def test_progress_counts_to_the_end_even_where_it_is_quick(events):
    messages = Messages("score", quiet=False, json_lines=True)
    assert list(progress(range(3), "maps", unit="map", total=3)) == [0, 1, 2]
    messages.close(0)
    last = [event for event in events() if event["event"] == "progress"][-1]
    assert (last["done"], last["total"], last["unit"]) == (3, 3, "map")


@pytest.mark.parametrize("quiet", [True, None], ids=["quiet", "no verb"])
def test_progress_is_silent_where_nobody_listens(quiet, capsys):
    if quiet:
        messages = Messages("score", quiet=True, json_lines=False)
    assert list(progress(range(3), "maps", unit="map")) == [0, 1, 2]
    if quiet:
        messages.close(0)
    assert capsys.readouterr().err == ""
    assert not logging.getLogger("bench").handlers


def test_the_log_of_a_job_says_what_was_done_and_what_it_cost(tiny, tmp_path):
    _fixations(tiny, tmp_path, "--log", tmp_path / "logs" / "fixations.log")
    *said, last = (tmp_path / "logs" / "fixations.log").read_text().splitlines()
    assert "fixations" in said[-1]
    assert last.startswith("done: seconds ")
    assert os.name == "nt" or "memory_gb" in last


def test_a_fault_of_ours_is_shown_once_and_stands_in_the_log_of_its_job(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("bench.stages.shards.chosen_dataset", lambda arguments: 1 / 0)
    log = tmp_path / "shards.log"
    words = ["--dataset", "d.yaml", "--size", "3", "--output", str(tmp_path / "s.csv")]
    with pytest.raises(ZeroDivisionError):
        main(["shards", *words, "--log", str(log)])
    *said, last = log.read_text().splitlines()
    assert any(line.startswith("Traceback") for line in said)
    assert last == "bench shards: ZeroDivisionError: division by zero"
    assert capsys.readouterr().err == ""  # Python itself shows it, as it does here to pytest


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_terminated_verb_ends_with_the_code_that_its_last_event_says(monkeypatch, events):
    def terminated(arguments):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)

    monkeypatch.setattr("bench.stages.shards.chosen_dataset", terminated)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            main(["shards", "--dataset", "d.yaml", "--size", "3", "--output", "s.csv", "--json"])
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 143
    assert events()[-1]["exit_code"] == 143


@pytest.mark.skipif(os.name == "nt", reason="no pipe breaks like this on Windows")
def test_a_reader_that_has_seen_enough_is_no_traceback():
    command = f"{sys.executable} -m bench list | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", "141")
