"""Write performance.html: time and memory of every job, the machine and the command.

The workflow calls it at the end of a run, also of a failed one; no rule knows its pages.
"""

from __future__ import annotations

import argparse
import csv
import logging
from pathlib import Path

from bench.errors import BenchError, DataError
from bench.files import written_whole
from bench.stages._inputs import read_json

log = logging.getLogger("bench")

FIELDS = ("stage", "network", "name", "seconds", "cpu_seconds", "memory_mb", "ended")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folders of results, and the command that made them."""
    parser.add_argument(
        "folders", nargs="+", type=Path, metavar="FOLDER", help="results, like results/demo"
    )
    parser.add_argument("--command", default="", metavar="TEXT", help="what started the workflow")


def run(arguments: argparse.Namespace) -> None:
    """Writes performance.html, and the jobs as performance.csv, in each folder with benchmarks."""
    from bench.report.page import render
    from bench.report.performance import performance_text, read_jobs

    failed: list[BenchError] = []
    for folder in arguments.folders:
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder. Expected results, like results/demo.")
        try:
            jobs = read_jobs(folder)
        except BenchError as error:  # the other folders get their pages all the same
            failed.append(error)
            continue
        if not jobs:
            log.info("%s: no benchmark in it, so no page", folder)
            continue
        summary = folder / "recordings.json"
        title = read_json(summary, "label")["label"] if summary.is_file() else folder.name
        page = render("performance.html.j2", **performance_text(title, jobs, arguments.command))
        with written_whole(folder / "performance.html") as path:
            path.write_text(page, encoding="utf-8")
        with (
            written_whole(folder / "performance.csv") as path,
            path.open("w", encoding="utf-8", newline="") as stream,
        ):
            table = csv.writer(stream, lineterminator="\n")
            table.writerow(FIELDS)
            table.writerows([getattr(job, name) for name in FIELDS] for job in jobs)
        log.info("%s: %d jobs", folder / "performance.html", len(jobs))
    if failed:
        raise failed[0]
