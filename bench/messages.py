"""What a verb says while it works: messages, progress, and at its end what it cost.

People read messages and a bar on the error stream, with --quiet problems only. With --json the same
come as lines of JSON: {"event": "start" | "message" | "progress" | "end", "verb": ..., ...}. A
job's log (--log) gets the messages and, as its last line, seconds and memory.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from bench.errors import UsageError

SECONDS_BETWEEN_EVENTS = 1.0  # of progress
Item = TypeVar("Item")
log = logging.getLogger("bench")


class EventLines(logging.StreamHandler):
    """Writes each message as a line of JSON, and events beside the messages."""

    def __init__(self, verb: str) -> None:
        super().__init__(sys.stderr)
        self.verb = verb

    def format(self, record: logging.LogRecord) -> str:
        """The message as an event; what a message's level means is in `level`."""
        level = record.levelname.lower()
        return self._line("message", level=level, text=record.getMessage())

    def event(self, kind: str, **values: Any) -> None:
        """Writes one event."""
        self.stream.write(self._line(kind, **values) + self.terminator)
        self.flush()

    def _line(self, kind: str, **values: Any) -> str:
        return json.dumps({"event": kind, "verb": self.verb} | values, ensure_ascii=False)


class Messages:
    """The messages of one verb, until `close`, which says what it cost."""

    def __init__(self, verb: str, *, quiet: bool, json_lines: bool) -> None:
        log.setLevel(logging.DEBUG)
        self._started = time.perf_counter()
        self._events = EventLines(verb) if json_lines else None
        shown = self._events or logging.StreamHandler()
        shown.setLevel(logging.WARNING if quiet else logging.INFO)
        log.addHandler(shown)
        if self._events:
            self._events.event("start")

    def keep_in(self, file: Path | None) -> None:
        """Writes the messages to the log of a job too; UsageError where it cannot be written."""
        if file is None:
            return
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            log.addHandler(logging.FileHandler(file, mode="w", encoding="utf-8"))
        except OSError as error:
            reason = f"{file}: cannot be written ({error.strerror}). Name another file."
            raise UsageError(reason) from None

    def close(self, exit_code: int) -> None:
        """Says what the verb cost, to its log and as an event, and ends the messages."""
        cost = {"seconds": round(time.perf_counter() - self._started, 1)} | used()
        if exit_code == 0:
            log.debug("done: %s", ", ".join(f"{name} {value}" for name, value in cost.items()))
        if self._events:
            self._events.event("end", exit_code=exit_code, **cost)
        for handler in list(log.handlers):
            log.removeHandler(handler)
            if isinstance(handler, logging.FileHandler):
                handler.close()


def used() -> dict[str, float]:
    """CPU seconds and the peak of memory in GB, this process and its children; {} on Windows."""
    try:
        import resource
    except ImportError:
        return {}
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = 1e9 if sys.platform == "darwin" else 1e6  # bytes there, kB elsewhere
    return {
        "cpu_seconds": round(sum(usage.ru_utime + usage.ru_stime for usage in usages), 1),
        "memory_gb": round(max(usage.ru_maxrss for usage in usages) / unit, 2),
    }


def progress(
    items: Iterable[Item], what: str, *, unit: str, total: int | None = None
) -> Iterator[Item]:
    """The items, with a bar on a terminal, or with events, while they are worked on.

    Silent where no verb listens: under --quiet, and for those who call the package from Python.
    """
    from tqdm import tqdm

    listening = [handler for handler in log.handlers if handler.level == logging.INFO]
    events = next((handler for handler in listening if isinstance(handler, EventLines)), None)
    if events is None:
        disable = None if listening else True  # None: where it is no terminal
        yield from tqdm(items, what, total, unit=unit, disable=disable)
        return
    said = time.perf_counter()
    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        if time.perf_counter() - said > SECONDS_BETWEEN_EVENTS:
            said = time.perf_counter()
            events.event("progress", what=what, done=done, total=total, unit=unit)
    events.event("progress", what=what, done=done, total=total, unit=unit)
