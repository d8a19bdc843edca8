"""What the jobs of a data set cost: time, memory, speed, on which machine; for performance.html.

All of it differs between two equal runs, so it has a page of its own, and no rule knows that page.
Read from Snakemake's benchmark files and the jobs' logs, which share their names. No name of a user
or a machine is in it: the home folder is "~".
"""

from __future__ import annotations

import csv
import getpass
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench import __version__
from bench.errors import DataError

PACKAGES = (
    *("torch", "torchvision", "numpy", "scipy", "pandas", "h5py", "scikit-image", "pillow"),
    *("snakemake", "jinja2", "matplotlib", "seaborn"),
)
SLOWEST = 10
# Rules whose names are more than the first word of a benchmark's; all others are one word.
OF_TWO_WORDS = ("fit_cam", "join_maps", "join_scores")
# The line of bench.attention._throughput.Throughput in the log of a job of maps.
SPEED = re.compile(
    r"^(?P<images>\d+) images, (?P<what>.*): (?P<per_second>\S+) images per second on "
    r"(?P<device>[^,\s]+), up to (?P<batch_size>\d+) at once"
    r"(?:; the GPU computed (?P<gpu_share>\S+) of the time, (?P<gpu_memory>\S+ GB))?",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Job:
    """One job's latest run; a number is None where it was too short to be measured.

    name: its benchmark file's without ending, and behind it the shard, where it is a shard's.
    network: "" for jobs of the whole data set. seconds: wall clock; cpu_seconds of all its
    processes; memory_mb: the most that was resident. ended: UTC. speed: what its log says of the
    maps, by the names in SPEED.
    """

    stage: str
    name: str
    network: str
    seconds: float | None
    cpu_seconds: float | None
    memory_mb: float | None
    ended: str
    speed: dict[str, str]


@dataclass(frozen=True)
class Stage:
    """The jobs of one rule together; share: of all CPU seconds, None where none was measured."""

    name: str
    jobs: int
    seconds: float
    cpu_seconds: float
    share: float | None
    memory_mb: float


def read_jobs(folder: Path) -> list[Job]:
    """The jobs of a folder of results, the longest first, by its benchmarks/*.tsv.

    Raises DataError for a file that is no benchmark of Snakemake.
    """
    places = ("benchmarks", "*/benchmarks", "*/shards/*/benchmarks")
    paths = [path for place in places for path in sorted(folder.glob(f"{place}/**/*.tsv"))]
    jobs = [job for path in paths for job in _read(path, folder)]
    return sorted(jobs, key=lambda job: (-(job.seconds or 0.0), job.network, job.name))


def stages(jobs: Iterable[Job]) -> list[Stage]:
    """The jobs rule by rule, the one with the most CPU seconds first."""
    grouped: dict[str, list[Job]] = {}
    for job in jobs:
        grouped.setdefault(job.stage, []).append(job)
    total = sum(job.cpu_seconds or 0.0 for group in grouped.values() for job in group)
    found = []
    for name, group in grouped.items():
        cpu = sum(job.cpu_seconds or 0.0 for job in group)
        found.append(
            Stage(
                name=name,
                jobs=len(group),
                seconds=sum(job.seconds or 0.0 for job in group),
                cpu_seconds=cpu,
                share=cpu / total if total else None,
                memory_mb=max(job.memory_mb or 0.0 for job in group),
            )
        )
    return sorted(found, key=lambda stage: (-stage.cpu_seconds, stage.name))


def performance_text(title: str, jobs: list[Job], command: str) -> dict[str, Any]:
    """Everything on the page, by the names of template/performance.html.j2.

    title: the data set's. command: that of the workflow, "" where it is not known.
    """
    return {
        "title": title,
        "jobs": jobs,
        "stages": stages(jobs),
        "slowest": jobs[:SLOWEST],
        "longest": max((job.seconds or 0.0 for job in jobs), default=0.0),
        "cpu_seconds": sum(job.cpu_seconds or 0.0 for job in jobs),
        "seconds_total": sum(job.seconds or 0.0 for job in jobs),
        "memory_mb": max((job.memory_mb or 0.0 for job in jobs), default=0.0),
        "maps": [job for job in jobs if job.speed],
        "machine": machine(),
        "versions": _versions(),
        "command": without_names(command),
    }


def machine() -> list[tuple[str, str]]:
    """(property, text) of this machine, without its name."""
    used = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return [
        ("Processor", _processor()),
        ("Cores", f"{os.cpu_count()}, of them for this process {used}"),
        ("Memory", _memory()),
        ("GPU", _gpus()),
        ("System", _system()),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
    ]


def without_names(text: str) -> str:
    """The text with "~" for the home folder, and without the names of user and machine.

    The user "root" is no person, and stays.
    """
    text = re.sub(rf"{re.escape(str(Path.home()))}(?=[/\\\s'\"\],}}:]|$)", "~", text)
    names = {"USER": _user(), "HOST": platform.node()}
    for instead, name in names.items():
        if name and name not in ("root", "localhost"):
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", instead, text)
    return text


def _read(path: Path, folder: Path) -> list[Job]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
        ended = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable as a table ({error}).") from None
    if not rows or "s" not in rows[0]:
        raise DataError(f"{path}: expected a benchmark of Snakemake, with a column 's'. Delete it.")
    parts = path.relative_to(folder).parts
    log = Path(*("logs" if part == "benchmarks" else part for part in parts)).with_suffix(".log")
    said = (folder / log).read_text(encoding="utf-8") if (folder / log).is_file() else ""
    speed = SPEED.search(said)
    return [
        Job(
            stage=next(
                (stage for stage in OF_TWO_WORDS if path.stem.startswith(stage)),
                path.stem.split("_")[0],
            ),
            name=path.stem + (f", shard {parts[2]}" if "shards" in parts else ""),
            network="" if parts[0] == "benchmarks" else parts[0],
            seconds=_number(row["s"]),
            cpu_seconds=_number(row.get("cpu_time")),
            memory_mb=_number(row.get("max_rss")),
            ended=f"{ended:%Y-%m-%d %H:%M}",
            speed={} if speed is None else {k: v or "" for k, v in speed.groupdict().items()},
        )
        for row in rows
    ]


def _number(text: str | None) -> float | None:
    """The number; None for what Snakemake writes where it could not measure ("-", "NA")."""
    try:
        return float(text or "")
    except ValueError:
        return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return ""


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", path.read_text(), re.MULTILINE)
        if found:
            return f"{found[1]} ({platform.machine()})"
    return platform.processor() or platform.machine() or "not known"


def _memory() -> str:
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on this system
        return "not known"
    return f"{size / 2**30:.1f} GiB"


def _gpus() -> str:
    """The GPUs' names and memory, as NVIDIA's own tool says; without an import of torch."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return "none that nvidia-smi knows"
    asked = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "nvidia-smi does not answer"
    return "; ".join(line.strip() for line in done.stdout.splitlines()) or "none"


def _system() -> str:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:  # no such file on this system
        name = ""
    return ", ".join(filter(None, [name, f"{platform.system()} {platform.release()}"]))


def _versions() -> list[tuple[str, str]]:
    found = [("attention-bench", __version__)]
    for name in PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue  # it serves none of this installation's jobs
    return found
