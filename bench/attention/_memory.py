"""The allocator of a long attention run: memory that was freed stays with the process."""

from __future__ import annotations

import ctypes
import os

# mallopt's names, from malloc.h, and the values for them.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST = 2**31 - 1
LARGEST_FROM_HEAP = 2**30


def keep_freed_memory() -> bool:
    """Makes this process keep what it frees, for its next tensors; False where that cannot be set.

    glibc gives every tensor of 32 MB and more back to the system when it is freed, and the next one
    is handed to the process page by page again: at batch size 8 a third of the time of a network
    with large activations. This is a setting of the whole process, so a program calls it, not the
    library. Variables MALLOC_*_ of the environment have the last word. Only glibc knows the
    setting; it concerns the processor's memory, not a GPU's.
    """
    if any(name.startswith("MALLOC_") and name.endswith("_") for name in os.environ):
        return False
    try:
        if not os.confstr("CS_GNU_LIBC_VERSION"):
            return False
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, ValueError):  # another C library
        return False
    settings = {M_MMAP_THRESHOLD: LARGEST_FROM_HEAP, M_TRIM_THRESHOLD: LARGEST}
    return all(mallopt(option, value) == 1 for option, value in settings.items())
