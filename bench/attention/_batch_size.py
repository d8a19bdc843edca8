"""How many photographs go through the network at once: given, or found on the way."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

import torch

from bench.errors import UsageError

log = logging.getLogger("bench")

FIRST = 8
# The most that `auto` tries. On the CPU more at once is not faster; on a GPU it is, up to here.
LARGEST = {"cpu": FIRST, "cuda": 128}


@dataclass
class BatchSize:
    """`now` photographs at once; halved where memory runs out, doubled as long as it grows.

    What fits depends on the device only, so the same run takes the same sizes again.
    """

    now: int
    largest: int

    @classmethod
    def of(cls, asked: int | Literal["auto"], device: torch.device) -> BatchSize:
        """For a number, or "auto". UsageError for anything else."""
        if asked == "auto":
            return cls(FIRST, LARGEST.get(device.type, FIRST))
        if not isinstance(asked, int) or isinstance(asked, bool) or asked < 1:
            raise UsageError(f"batch_size is {asked!r}; expected auto or at least 1")
        return cls(asked, asked)

    def fitted(self, images: int) -> None:
        """A batch of so many went through."""
        if images == self.now:
            self.now = min(self.now * 2, self.largest)

    def ran_out(self, images: int) -> None:
        """There was too little memory for so many: half of them from now on.

        Raises UsageError where it was a single one.
        """
        if images == 1:
            raise UsageError(
                "out of memory with a single photograph; expected a device with more: device=cpu, "
                "fewer methods at once, or precision=bfloat16"
            )
        self.now = self.largest = images // 2
        log.warning("out of memory with %d photographs at once; going on with %d", images, self.now)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an exception of torch's means this, on a GPU or on the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)
