"""Memory that a worker takes once, and not more and more of, though thousands of streams come and go."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Of mallopt(3)."""

GIVE_BACK_SECONDS = 60.0

LEFT_BEHIND_MAX = 500
"""Each connection that holds itself keeps some 40 KiB."""

LOOK_SECONDS = 60.0
"""How often it is looked how many are left behind; and so, how far apart two sweeps are at least."""

SWEEP_SECONDS = 3600.0
"""After how long the collector looks at everything in any case."""

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


def calm_the_collector(*, sparing: bool) -> None:
    """Keep Python's cyclic collector from walking over every open stream again and again: at twenty thousand
    streams all of them wait for a second, or a good part of it.

    ``sparing``, it looks at everything once or twice while it is young, and then no more: what is let go of
    is freed without it, unless it holds itself. That must be rare, and be looked after (``sweep``). Otherwise
    it only comes by more rarely than by itself.
    """
    gc.collect()
    gc.freeze()
    if not sparing:
        # no higher: every connection leaves Hypercorn's circle behind, and they pile up
        gc.set_threshold(20_000, 5, 5)
        return
    gc.set_threshold(10_000, 1, 5)
    if _spare not in gc.callbacks:
        gc.callbacks.append(_spare)


def _spare(phase: str, told: Mapping[str, int]) -> None:
    """Set apart what has outlived a collection of more than the youngest; what was made right before it is
    among that, once."""
    if phase == "stop" and told["generation"] > 0:
        gc.freeze()


async def sweep(left_behind: Callable[[], int]) -> None:
    """Let the collector look at what it spares, when that is due: everybody waits meanwhile.

    ``left_behind`` tells how many connections are over, and not free.
    """
    swept = time.monotonic()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if left_behind() >= LEFT_BEHIND_MAX or time.monotonic() - swept > SWEEP_SECONDS:
            gc.unfreeze()
            gc.collect()
            swept = time.monotonic()
