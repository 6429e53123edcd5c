"""What a worker does not need any more it gives back."""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from quart_app.serving import memory
from tests.live.listening import until

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


@pytest.fixture(name="sparing")
def _sparing() -> Iterator[None]:
    """The collector spares what is old; afterwards it is as it was."""
    thresholds = gc.get_threshold()
    memory.calm_the_collector(sparing=True)
    yield
    gc.callbacks.remove(memory._spare)
    gc.unfreeze()
    gc.set_threshold(*thresholds)


class Ring:
    """An object that holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.usefixtures("sparing")
async def test_what_stays_is_looked_at_while_it_is_young_and_then_no_more() -> None:
    """However much of it there is: nobody waits for that again and again."""
    before = gc.get_freeze_count()
    gc.collect(0)
    assert gc.get_freeze_count() == before
    crowd = [[number] for number in range(100_000)]
    spared = gc.get_freeze_count() - before
    assert len(crowd) - 30_000 < spared
    assert sum(map(len, map(gc.get_objects, (0, 1, 2)))) < 30_000 + 1_000
    rings = [weakref.ref(Ring()) for _ in range(30_000)]
    assert sum(ring() is not None for ring in rings) < 15_000  # what dies young is found as ever


@pytest.mark.usefixtures("sparing")
@pytest.mark.parametrize("why", ["many are left behind", "it is long ago"])
async def test_what_has_died_old_is_found_when_it_is_due(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    """And not before."""
    many = why == "many are left behind"
    monkeypatch.setattr(memory, "LOOK_SECONDS", 0.01)
    left_behind = 0
    ring = Ring()
    gc.collect()
    old = weakref.ref(ring)
    del ring
    sweeping = asyncio.create_task(memory.sweep(lambda: left_behind))
    try:
        await asyncio.sleep(0.1)
        gc.collect()
        assert old() is not None
        if many:
            left_behind = memory.LEFT_BEHIND_MAX
        else:
            monkeypatch.setattr(memory, "SWEEP_SECONDS", 0.0)
        await until(lambda: old() is None)
    finally:
        sweeping.cancel()
