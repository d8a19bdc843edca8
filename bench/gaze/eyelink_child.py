"""The process in which the vendor's library runs: BINDINGS RECORDING OUTPUT -> rows as JSON.

Run by bench.gaze.eyelink_edf as a script of its own, with nothing but the standard library, so
that it starts in a few hundredths of a second. A crash, a leak or chatter of the library stays in
here. Rows come in file order; eyes are 'L' and 'R', times milliseconds of the tracker's clock:

    ["start", ms, eyes, rate_hz, coordinates]   ["end", ms]      ["message", ms, latin-1 text]
    ["fixation_start", eye, ms]   ["fixation", eye, start_ms, end_ms, x, y, pupil]
    ["saccade", eye, start_ms, end_ms]   ["blink", eye, start_ms, end_ms]
"""

import ctypes
import importlib.util
import json
import os
import sys

MEMORY_LIMIT = 4 * 1024**3
OUTPUT_LIMIT = 2 * 1024**3

STARTFIX, ENDFIX, ENDSACC, ENDBLINK = 7, 8, 6, 4
MESSAGE, RECORDING_INFO, NOTHING_LEFT = 24, 30, 0
# Levels of the library's consistency check; with repair is what the vendor's converter does.
AS_IT_IS, REPAIR = 0, 2
EYES_OF_EVENT = {0: "L", 1: "R"}
EYES_OF_RECORDING = {1: "L", 2: "R", 3: "LR"}
# Bits of RECORDINGS.eflags: which coordinates the events of the block carry.
COORDINATES = ((0x0400, "GAZE"), (0x0200, "HREF"), (0x0100, "PUPIL"))


def limit_resources() -> None:
    """Caps memory and output size; where the platform cannot, the parent's clock remains."""
    try:
        import resource
    except ImportError:
        return
    for kind, limit in (
        (resource.RLIMIT_AS, MEMORY_LIMIT),
        (resource.RLIMIT_FSIZE, OUTPUT_LIMIT),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            _, hard = resource.getrlimit(kind)
            if hard != resource.RLIM_INFINITY:
                limit = min(limit, hard)
            resource.setrlimit(kind, (limit, hard))
        except (OSError, ValueError):
            continue


def load_bindings(path):
    """The module of ctypes declarations, loaded without its package, which would import numpy."""
    spec = importlib.util.spec_from_file_location("edf_bindings", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text_of(event) -> str:
    """The message's bytes, one per character; the parent decodes them."""
    if not event.message:
        return ""
    # The length is that of the text with its closing NUL; a damaged file may say anything.
    length = max(0, min(event.message.contents.len, 32767))
    address = ctypes.addressof(event.message.contents) + type(event.message.contents).c.offset
    return ctypes.string_at(address, length).removesuffix(b"\0").decode("latin-1")


def open_events(api, path, consistency):
    """(handle, error code) of the file, opened for events without samples."""
    code = ctypes.c_int(0)
    handle = api.edf_open_file(path, consistency, 1, 0, ctypes.byref(code))
    return (None if code.value else handle), code.value


def read_rows(api, path):
    """(rows, error code, byte where reading ended); no rows where the file does not open."""
    handle, code = open_events(api, path, REPAIR)
    if not handle:
        return None, code, None
    rows = []
    next_item, item_data = api.edf_get_next_data, api.edf_get_float_data
    while (kind := next_item(handle)) != NOTHING_LEFT:
        if kind in (STARTFIX, ENDFIX, ENDSACC, ENDBLINK, MESSAGE):
            event = item_data(handle).contents.fe
            if kind == MESSAGE:
                rows.append(("message", event.sttime, text_of(event)))
                continue
            eye = EYES_OF_EVENT.get(event.eye, "?")
            if kind == STARTFIX:
                rows.append(("fixation_start", eye, event.sttime))
            elif kind == ENDFIX:
                place = (event.gavx, event.gavy, event.ava)
                rows.append(("fixation", eye, event.sttime, event.entime, *place))
            else:
                name = "saccade" if kind == ENDSACC else "blink"
                rows.append((name, eye, event.sttime, event.entime))
        elif kind == RECORDING_INFO:
            info = item_data(handle).contents.rec
            if info.state:
                eyes = EYES_OF_RECORDING.get(info.eye, "")
                words = [word for bit, word in COORDINATES if info.eflags & bit]
                rows.append(("start", info.time, eyes, info.sample_rate, words[0] if words else ""))
            else:
                rows.append(("end", info.time))
    stopped_at = position_in(path)
    api.edf_close_file(handle)
    return rows, 0, stopped_at


def repaired_fixations(api, path, rows):
    """How many of the fixations in `rows` the library made up, or took away, when it repaired.

    It fills in for lost events without saying so; a second pass without repair betrays it.
    """
    handle, _ = open_events(api, path, AS_IT_IS)
    if not handle:
        return 0
    found = set()
    while (kind := api.edf_get_next_data(handle)) != NOTHING_LEFT:
        if kind == ENDFIX:
            event = api.edf_get_float_data(handle).contents.fe
            found.add((EYES_OF_EVENT.get(event.eye, "?"), event.sttime, event.entime))
    api.edf_close_file(handle)
    return len(found ^ {row[1:4] for row in rows if row[0] == "fixation"})


def position_in(path):
    """Byte at which the library stands in the file, or None where the system does not tell.

    On a damaged record the library ends as if the file did; only this position betrays it.
    """
    try:
        wanted = os.stat(path)  # noqa: PTH116
        for number in os.listdir("/proc/self/fd"):  # noqa: PTH208
            try:
                found = os.fstat(int(number))
            except OSError:
                continue
            if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
                return os.lseek(int(number), 0, os.SEEK_CUR)
    except OSError:
        return None
    return None


def main(bindings: str, recording: str, output: str) -> None:
    limit_resources()
    result = {"rows": None, "code": 0, "load_error": None, "version": ""}
    try:
        api = load_bindings(bindings)
        result["version"] = (api.edf_get_version() or b"").decode("latin-1")
    except Exception as error:  # whatever keeps the library from loading is the answer
        result["load_error"] = f"{type(error).__name__}: {error}"
    else:
        rows, code, stopped_at = read_rows(api, recording.encode("utf-8"))
        result.update(rows=rows, code=code, stopped_at=stopped_at, opened=1)
        if rows:
            repaired = repaired_fixations(api, recording.encode("utf-8"), rows)
            result.update(repaired=repaired, opened=2)
    with open(output, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib costs start-up time
        json.dump(result, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
