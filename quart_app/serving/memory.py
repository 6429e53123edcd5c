"""Memory that a worker takes once, and not more and more of, though thousands of streams come and go."""

from __future__ import annotations

import asyncio
import ctypes
import gc
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Of mallopt(3)."""

GIVE_BACK_SECONDS = 60.0

_LARGE_BYTES = 2**20
"""From what size on a piece stands for itself. glibc would raise it to that of the largest let go of."""

_SPARE_BYTES = 4 * 2**20
"""How much may be free at the end of the heap, so that it does not shrink and grow with every burst."""


def keep_one_heap() -> None:
    """Let all threads allocate from one heap, and large pieces stand for themselves and go when they are let
    go of; where the C library is not glibc, nothing.

    Otherwise each thread of the database has a heap of its own, full of holes, and the 19 MiB in which a
    password is hashed stay with each thread that has hashed one. To be called before there are threads.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _SPARE_BYTES)


async def give_memory_back() -> None:
    """Every minute, give back to the system what of the heap is free, though it lies between what is not:
    what a crowd took that has left, or a busy moment. Where the C library is not glibc, do nothing."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while trim is not None:
        await asyncio.sleep(GIVE_BACK_SECONDS)
        await asyncio.to_thread(trim, 0)


def calm_the_collector() -> None:
    """Keep Python's cyclic collector from walking over every open stream again and again.

    With thousands of streams its default thresholds cost a fifth of the processor. They must not be too
    high either: every connection leaves Hypercorn's circles behind, those of a stream over ASGI when they
    are old, and a soak shows how they pile up.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 5, 5)
