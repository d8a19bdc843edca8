"""How fast maps were made, and on a GPU how much of the time it computed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Throughput:
    """Counts images and seconds of one pass; `str` gives the line for the log.

    `images`, `seconds` (wall clock, reading and writing included), `batch_size` (the largest).
    On a GPU also `gpu_seconds`, from the first to the last kernel of each batch by the GPU's own
    clock (the rest of the time it waits for the host), and `peak_bytes` of its memory; elsewhere
    both are None.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.images = 0
        self.batch_size = 0
        self.seconds = 0.0
        self.gpu_seconds = 0.0 if device.type == "cuda" else None
        self.peak_bytes: int | None = None
        self._start = time.perf_counter()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    @contextmanager
    def batch(self) -> Iterator[list]:
        """Times one batch on the GPU; give the value that it yields to `done` after the copies."""
        events: list = []
        if self.device.type != "cuda":
            yield events
            return
        stream = torch.cuda.current_stream(self.device)
        events += [torch.cuda.Event(enable_timing=True) for _ in range(2)]
        events[0].record(stream)
        yield events
        events[1].record(stream)

    def done(self, images: int, events: list) -> None:
        """Counts a batch whose maps have arrived on the host."""
        self.images += images
        self.batch_size = max(images, self.batch_size)
        self.seconds = time.perf_counter() - self._start
        if events:
            events[1].synchronize()
            self.gpu_seconds += events[0].elapsed_time(events[1]) / 1000
            self.peak_bytes = torch.cuda.max_memory_allocated(self.device)

    def finish(self) -> None:
        """Ends the time."""
        self.seconds = time.perf_counter() - self._start

    @property
    def images_per_second(self) -> float:
        """0 where nothing was done."""
        return self.images / self.seconds if self.seconds else 0.0

    @property
    def gpu_share(self) -> float | None:
        """The share of the time that the GPU computed; None without one."""
        if self.gpu_seconds is None or not self.seconds:
            return None
        return self.gpu_seconds / self.seconds

    def __str__(self) -> str:
        line = f"{self.images_per_second:.3g} images per second on {self.device}"
        line += f", up to {self.batch_size} at once"
        if self.gpu_share is not None and self.peak_bytes is not None:
            line += f"; the GPU computed {self.gpu_share:.0%} of the time"
            line += f", {self.peak_bytes / 1e9:.2f} GB of its memory at most"
        return line
