"""What a worker does not need any more it gives back."""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

import pytest

from quart_app.serving import memory

PIECES, PIECE_BYTES = 20_000, 2000
KEPT_OF = 100
"""Of so many pieces one is kept, so that what is free is never the end of the heap."""


def resident_bytes() -> int:
    """What this process has of the machine's memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def test_what_a_crowd_took_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though what others need lies between it."""
    monkeypatch.setattr(memory, "GIVE_BACK_SECONDS", 0.05)
    crowd = [bytes(PIECE_BYTES) for _ in range(PIECES)]
    at_most = resident_bytes()
    kept = crowd[::KEPT_OF]
    del crowd
    giving = asyncio.create_task(memory.give_memory_back())
    try:
        async with asyncio.timeout(5):
            while at_most - resident_bytes() < PIECES * sys.getsizeof(kept[0]) / 2:  # noqa: ASYNC110 - the system sets no event
                await asyncio.sleep(0.05)
    finally:
        giving.cancel()
    assert len(kept) == PIECES / KEPT_OF
