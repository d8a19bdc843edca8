"""Work on several cores, with the results of one: in order, and a few at a time in memory."""

from __future__ import annotations

import atexit
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeVar

from bench.errors import DataError

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2  # pieces of work per process that are under way or wait for the reader


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int = 1
) -> Iterator[Result]:
    """Yields function(item) for each item in order, worked out by up to `jobs` processes.

    With one job, or one item, no process is started. Function, items and results go from process to
    process, so they must be what pickle knows; no more than a few results wait for the reader.
    What the function raises is raised here; DataError where a process dies.
    """
    waiting = iter(items)
    first = list(islice(waiting, AHEAD * jobs))
    jobs = min(jobs, len(first))
    if jobs <= 1:
        yield from map(function, chain(first, waiting))
        return
    try:
        with processes(jobs) as pool:
            running = deque(pool.submit(function, item) for item in first)
            while running:
                result = running.popleft().result()
                running.extend(pool.submit(function, item) for item in islice(waiting, 1))
                yield result
    except BrokenProcessPool:
        raise DataError(
            "a process died while several worked at once (out of memory?). Try --jobs 1."
        ) from None


@contextmanager
def processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes to submit work to; what has not begun when the block is left is never done.

    They end with this process, whatever ends it, and leave an interrupt from the keyboard to it.
    """
    pool = _started(jobs)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


class ProcessDied(Exception):  # noqa: N818 - a state, which the caller puts into words
    """The process that did the work is gone: killed, or crashed."""


def apart(function: Callable[[Item], Result], item: Item) -> Result:
    """function(item) in a process of its own, for a library that may crash; one serves all calls.

    What the function raises is raised here. ProcessDied where the process dies; the next call
    gets another.
    """
    try:
        return _process_apart().submit(function, item).result()
    except BrokenProcessPool:
        _process_apart.cache_clear()
        raise ProcessDied from None


@cache
def _process_apart() -> ProcessPoolExecutor:
    pool = _started(1)
    atexit.register(pool.shutdown)  # before the interpreter takes apart what its thread needs
    return pool


def _started(jobs: int) -> ProcessPoolExecutor:
    """Spawned: a forked process inherits the locks of numpy's, HDF5's and Arrow's threads, and the
    vendor's library for recordings bears neither a fork nor threads."""
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_depend)


def _depend() -> None:
    """Lets a process of the pool end with the one that started it.

    By itself it would wait for work for ever once that one was killed: it holds both ends of the
    queue that work comes through.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent_process().join()
    os._exit(1)


def pieces(items: Iterable[Item], size: int) -> list[list[Item]]:
    """The items in lists of `size`, the last one shorter.

    >>> pieces("abcde", 2)
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    rest = iter(items)
    return list(iter(lambda: list(islice(rest, size)), []))
