"""Thousands of small tournaments on one worker: what is told to each is not told to all in one turn of the
loop, for which an event would have to wait."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace

import pytest

from quart_app.live.crowd import presence
from quart_app.live.crowd.presence import Crowd, LocalPresence
from quart_app.live.crowd.seats import Seats
from quart_app.live.streams import tending
from quart_app.live.streams.tending import Tending
from tests.live.model import SETTINGS, renew
from tests.live.test_cohort import MEMBERS, World

WORLDS = 12

AT_MOST = tending.AT_ONCE // MEMBERS + 1
"""To how many of them something may begin to be handed out in one turn."""


async def most_told_in_one_turn(
    worlds: list[World], running: Coroutine[object, object, None], told: Callable[[World], bool]
) -> int:
    """To how many of the worlds something begins to be handed out in one turn of the loop, until all were
    told. It goes on in the next where it takes long."""
    turns: Counter[int] = Counter()
    waiting = {world: len(world.fleet.writes) for world in worlds}
    run = asyncio.create_task(running)
    for turn in range(100_000):
        await asyncio.sleep(0)
        begun = [world for world, had in waiting.items() if len(world.fleet.writes) > had]
        turns[turn] = len(begun)
        for world in begun:
            del waiting[world]
        if all(map(told, worlds)):
            break
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    assert all(map(told, worlds))
    return max(turns.values())


async def test_heartbeats_that_are_due_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are when the audiences came together: after a restart, say."""
    monkeypatch.setattr(tending, "TICK_SECONDS", 0.01)
    worlds = [World() for _ in range(WORLDS)]
    timers = Tending(
        replace(SETTINGS, heartbeat_seconds=0.01), renew, lambda: [world.audience for world in worlds]
    )
    most = await most_told_in_one_turn(
        worlds, timers.run(), lambda world: world.everyone[-1][1].arrived.endswith(b"\n\n:\n\n")
    )
    assert most <= AT_MOST


async def test_totals_that_change_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they do when everybody comes at once."""
    monkeypatch.setattr(presence, "EVERY_SECONDS", 0.01)
    worlds = [World() for _ in range(WORLDS)]
    crowd = Crowd(
        LocalPresence(),
        lambda: {number: world.audience for number, world in enumerate(worlds)},
        Seats(SETTINGS),
    )
    most = await most_told_in_one_turn(
        worlds, crowd.run(), lambda world: b'"watching":150' in world.everyone[-1][1].arrived
    )
    assert most <= AT_MOST
