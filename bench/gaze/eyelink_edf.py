"""EyeLink .edf: the vendor's library, in a child process per file, events only.

The library segfaults on some damaged files, gives wrong data when two threads call it, prints to
stdout and leaks a handle per failed open; a process of its own contains all of that. It is reached
through the ctypes bindings of the package eyelinkio (extra `eyelink`); eyelinkio's own reader is
not used, because it gives up the tracker's clock and the gaps between blocks.
"""

from __future__ import annotations

import importlib.util
import json
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.errors import DataError
from bench.gaze.events import Events, Fixation, position

CHILD = Path(__file__).with_name("eyelink_child.py")
SECONDS_PER_FILE = 60.0
SECONDS_PER_MB = 2.0
# Zeros after a truncated file let the library read up to the cut.
SALVAGE_PADDING = bytes(4096)
# Sound recordings hold no run of even 16 zero bytes (6 real files looked at).
HOLE = bytes(1024)
ASC_WAY = "convert it with SR Research's edf2asc and pass the .asc"


def read_eyelink_edf(path: Path, *, salvage: bool = False) -> tuple[Events, str]:
    """The events of an EyeLink .edf and the name and version of the reader.

    With `salvage`, a file that the library refuses is read from a copy with 4 KiB of zeros at its
    end, which lets it read a truncated recording up to the cut. The original is never changed.

    Raises DataError where eyelinkio is missing or does not load, and where the library cannot
    open the file, dies, or exceeds 60 s + 2 s/MB or 4 GiB.
    """
    bindings = _bindings(path)
    padded = False
    try:
        result, log_lines = _run_child(path, bindings, padded=False)
    except DataError:
        if not salvage:
            raise
        result, log_lines = {"rows": None, "load_error": None}, 0
    if salvage and result["rows"] is None and not result["load_error"]:
        padded = True
        result, log_lines = _run_child(path, bindings, padded=True)
    if result["load_error"]:
        raise DataError(
            f"{path.name}: eyelinkio is installed, but its library does not load here "
            f"({result['load_error']}). {ASC_WAY[0].upper()}{ASC_WAY[1:]}."
        )
    if result["rows"] is None:
        hint = (
            "Copy it again from the tracker's host PC."
            if salvage
            else "Copy it again from the tracker's host PC, or recover the complete trials with "
            "--salvage (salvage=True)."
        )
        raise DataError(
            f"{path.name}: the EyeLink library cannot open it (code {result['code']}): it is "
            f"truncated or damaged. {hint}"
        )
    events = _replay(result["rows"])
    if repaired := result.get("repaired"):
        events.errors.append(
            f"the EyeLink library had to make up the start or end of {repaired} fixation(s), which "
            "is lost in the file: it is damaged"
        )
    if padded:
        events.cuts.append("the file is truncated; read up to the cut (salvage)")
    _judge_extent(path, None if padded else result.get("stopped_at"), events)
    # One line is printed on every open; a sound file gives no other.
    if (more := log_lines - result.get("opened", 1)) > 0:
        events.warnings.append(
            f"the EyeLink library wrote {more} log line(s) more than usual: the file may be damaged"
        )
    return events, f"edfapi {result['version'].split()[0]}, eyelinkio"


def library_version() -> str:
    """The version of the vendor's library as it loads here; DataError says why it does not."""
    with tempfile.TemporaryDirectory(prefix="bench-edf-") as folder:
        empty = Path(folder, "empty.edf")
        empty.touch()
        result, _ = _run_child(empty, _bindings(empty), padded=False)
    if result["load_error"]:
        raise DataError(f"eyelinkio's library does not load: {result['load_error']}")
    return f"edfapi {result['version'].split()[0]}"


def _judge_extent(path: Path, stopped_at: int | None, events: Events) -> None:
    """What betrays a file that the library reads "successfully", but not to its end.

    Zeros up to the end are a cut like any other: a crashed host PC leaves them.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        size, hole, content = len(raw), raw.find(HOLE), _content_bytes(raw)
    if size - content >= len(HOLE):
        events.cuts.append(
            f"the file holds nothing but zeros from byte {content} of {size} on: it broke off there"
        )
    elif stopped_at is not None and stopped_at < size:
        events.errors.append(
            f"the EyeLink library stopped at byte {stopped_at} of {size} without saying so: the "
            "file is damaged there"
        )
    if 0 <= hole < content:
        events.errors.append(f"a hole of zeros at byte {hole}: the file is damaged there")


def _content_bytes(raw: mmap.mmap) -> int:
    """The length of the file without the zeros at its end."""
    end = len(raw)
    while end:
        start = max(0, end - (1 << 20))
        if kept := raw[start:end].rstrip(b"\0"):
            return start + len(kept)
        end = start
    return 0


def _bindings(path: Path) -> Path:
    spec = importlib.util.find_spec("eyelinkio")
    if spec is None or spec.origin is None:
        raise DataError(
            f"{path.name}: an EyeLink EDF needs the package eyelinkio, which is not installed. "
            f"Install it (attention-bench[eyelink]), or {ASC_WAY}."
        )
    bindings = Path(spec.origin).parent / "edf" / "_edf2py.py"
    if not bindings.is_file():
        raise DataError(
            f"{path.name}: the installed eyelinkio has no {bindings.name}, expected version "
            f"0.3. Install attention-bench[eyelink], or {ASC_WAY}."
        )
    return bindings


def _ascii_name(path: Path, folder: Path, padded: bool) -> Path:
    """The recording under an ASCII name in `folder`, for the library cannot open others.

    The child works in that folder, whose own path may have other letters, and gets the bare name.
    """
    named = folder / "recording.edf"
    if padded:
        with path.open("rb") as source, named.open("wb") as copy:
            shutil.copyfileobj(source, copy)
            copy.write(SALVAGE_PADDING)
        return named
    try:
        named.symlink_to(path.resolve())
    except OSError:  # Windows without the right to make links
        shutil.copyfile(path, named)
    return named


def _run_child(path: Path, bindings: Path, *, padded: bool) -> tuple[dict, int]:
    """What the child wrote, and the number of lines that the library printed."""
    with tempfile.TemporaryDirectory(prefix="bench-edf-") as folder:
        recording = _ascii_name(path, Path(folder), padded)
        return _child_result(path, bindings, recording, Path(folder))


def _child_result(path: Path, bindings: Path, recording: Path, folder: Path) -> tuple[dict, int]:
    output, log = folder / "events.json", folder / "log.txt"
    limit_s = SECONDS_PER_FILE + SECONDS_PER_MB * path.stat().st_size / 1e6
    files = [str(bindings.resolve()), recording.name, str(output.resolve())]
    command = [sys.executable, "-I", "-S", str(CHILD), *files]
    try:
        with log.open("wb") as file:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                timeout=limit_s,
                cwd=folder,
            )
    except subprocess.TimeoutExpired:
        raise DataError(
            f"{path.name}: the EyeLink library did not finish within {limit_s:.0f} s; the child "
            f"process was ended. The file is probably damaged: copy it again, or {ASC_WAY}."
        ) from None
    if done.returncode < 0:
        raise DataError(
            f"{path.name}: reader died (signal {-done.returncode}): the EyeLink library crashes "
            "on this file, so it is damaged. Copy it again from the tracker's host PC."
        )
    if done.returncode or not output.is_file():
        raise DataError(
            f"{path.name}: the EyeLink reader failed ({_last_line(log)}). "
            f"Copy the file again, or {ASC_WAY}."
        )
    result = json.loads(output.read_text(encoding="ascii"))
    return result, _count_lines(log)


def _replay(rows: list[list]) -> Events:
    events = Events()
    for kind, *values in rows:
        if kind == "message":
            events.message(float(values[0]), values[1].encode("latin-1"))
        elif kind == "fixation":
            eye, start_ms, end_ms, x, y, pupil = values
            events.end_fixation(
                Fixation(
                    eye,
                    len(events.blocks),
                    float(start_ms),
                    float(end_ms),
                    position(x),
                    position(y),
                    position(pupil),
                )
            )
        elif kind == "fixation_start":
            events.start_fixation(values[0], float(values[1]))
        elif kind == "saccade":
            events.saccade(values[0], float(values[1]), float(values[2]))
        elif kind == "blink":
            events.blink(values[0], float(values[1]), float(values[2]))
        elif kind == "start":
            start_ms, eyes, rate_hz, coordinates = values
            block = events.start_block(float(start_ms), eyes)
            block.rate_hz = rate_hz if rate_hz > 0 else None
            block.coordinates = coordinates
        else:
            events.end_block(float(values[0]))
    events.finish()
    return events


def _count_lines(log: Path) -> int:
    with log.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def _last_line(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 2000))
        lines = file.read().decode("utf-8", errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "without a message"
