"""How many watch, added up over workers that share a Redis."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from quart_app.live.crowd import presence
from quart_app.live.crowd.presence import RedisPresence
from quart_app.live.crowd.seats import tournament_seat
from tests.services import RedisServer

_numbers = itertools.count(1_000_000)


@pytest.fixture(name="seats")
def _seats() -> list[str]:
    """Of tournaments that nobody else has, so many that some share a shelf, and some do not."""
    return [tournament_seat(number) for number in itertools.islice(_numbers, 40)]


@pytest_asyncio.fixture(name="workers")
async def _workers(redis_server: RedisServer) -> AsyncIterator[list[RedisPresence]]:
    workers = [RedisPresence(redis_server.url) for _ in range(3)]
    yield workers
    for worker in workers:
        await worker.close()


async def test_everyone_gets_the_sums(workers: list[RedisPresence], seats: list[str]) -> None:
    """Also of what is on nobody's shelf but one, and who has nobody is told of the others."""
    one, other, third = workers
    await one.totals({seat: number for number, seat in enumerate(seats)})
    assert await other.totals(dict.fromkeys(seats, 100)) == {
        seat: 100 + number for number, seat in enumerate(seats)
    }
    assert await third.totals({seats[3]: 0, seats[30]: 0}) == {seats[3]: 103, seats[30]: 130}


async def test_who_says_that_nobody_is_left_counts_no_more(
    workers: list[RedisPresence], seats: list[str]
) -> None:
    """At once, not after a while; the others stay."""
    one, other, _ = workers
    await one.totals(dict.fromkeys(seats, 2))
    await one.totals(dict.fromkeys(seats, 2) | {seats[0]: 0})
    assert await other.totals(dict.fromkeys(seats, 1)) == dict.fromkeys(seats, 3) | {seats[0]: 1}


async def test_a_worker_that_has_fallen_silent_fades(
    workers: list[RedisPresence], seats: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And comes back with its next word."""
    monkeypatch.setattr(presence, "FADE_SECONDS", 0)
    one, other, _ = workers
    await one.totals({seats[0]: 2})
    await asyncio.sleep(1.1)  # Redis' clock is read in whole seconds
    assert await other.totals({seats[0]: 1}) == {seats[0]: 1}
    await one.totals({seats[0]: 2})
    await other.totals({seats[0]: 1})
    monkeypatch.setattr(presence, "FADE_SECONDS", 5)
    assert await one.totals({seats[0]: 2}) == {seats[0]: 3}
