"""An iterator that runs in a thread of its own, one item ahead of whoever reads it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Generator[T]) -> Iterator[T]:
    """The items in their order; an exception of the iterator is raised here.

    While one item is being used (maps are written), the next is being made (the network runs).
    Leaving early stops the thread at its next item and closes `items`.
    """
    made: queue.Queue[tuple[bool, T | BaseException | None]] = queue.Queue(maxsize=1)
    left = threading.Event()

    def hand_over(more: bool, value: T | BaseException | None) -> bool:
        while not left.is_set():
            try:
                made.put((more, value), timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not hand_over(True, item):
                    break
            else:
                hand_over(False, None)
        except BaseException as error:  # raised again by the reader
            hand_over(False, error)
        finally:
            items.close()

    thread = threading.Thread(target=work, name="attend", daemon=True)
    thread.start()
    try:
        while True:
            more, value = made.get()
            if more:
                yield value
            elif value is not None:
                raise value
            else:
                return
    finally:
        left.set()
        thread.join()
