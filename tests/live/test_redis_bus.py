"""RedisBus when Redis fails: late perhaps, lost never, and nobody has to wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import MutableMapping
from typing import Any

import pytest
from redis.asyncio import Redis

from quart_app.live.bus import redis as redis_bus
from quart_app.live.bus.hints import EVENTS_MAX
from quart_app.live.bus.links import POLL_SECONDS, SILENT_POLLS_MAX
from quart_app.live.bus.port import StaffChanged
from quart_app.live.bus.redis import ANNOUNCE_SECONDS_MAX, RedisBus
from tests.live.listening import Recorder, envelope, listening, until
from tests.live.redis_pair import _here, _lines, _redis, _there, paused  # noqa: F401 - fixtures
from tests.services import RedisServer


async def test_a_restart_of_redis_is_made_up_for(
    redis_server: RedisServer, here: RedisBus, there: RedisBus
) -> None:
    """It is noticed, what may have been missed is suspect, and hearing goes on."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        await here.subscribe(8)
        async with redis_server.away():
            await until(lambda: not here.connected)
        await until(lambda: here.connected)
        await there.announce([envelope(7, 1)])
        await until(lambda: recorder.calls)
    assert (recorder.suspects, recorder.calls) == ([{7, 8}], [(7, 1, (envelope(7, 1),))])


async def test_a_dropped_connection_is_made_up_for(redis: Redis, here: RedisBus, there: RedisBus) -> None:
    """A server that kills its subscribers, as it does with slow ones, costs a reread and no more."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        for killed in range(1, 4):
            await redis.client_kill_filter(_type="pubsub")
            await until(lambda: len(recorder.suspects) == killed)  # noqa: B023 - called before the next turn
        await there.announce([envelope(7, 1)])
        await until(lambda: recorder.calls)
    assert (recorder.suspects, recorder.heads(7)) == ([{7}] * 3, [1])


async def test_a_publisher_whose_connection_was_dropped_tries_again(
    redis: Redis, here: RedisBus, there: RedisBus
) -> None:
    """What was announced into a dead connection is announced anew."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        for seq in range(1, 6):
            await there.announce([envelope(7, seq)])
            await redis.client_kill_filter(_type="normal", skipme=True)
        await until(lambda: 5 in recorder.heads(7))


@pytest.mark.serial
async def test_a_silent_redis_counts_as_away(redis_server: RedisServer) -> None:
    """A paused Redis, or a cable pulled, keeps the connection open, but is noticed, as is its end."""
    states: list[bool] = []
    bus = RedisBus(redis_server.url, on_state=states.append)
    recorder = Recorder()
    async with listening(bus, recorder):
        await bus.subscribe(7)
        with paused(redis_server):
            began = time.monotonic()
            await until(lambda: not bus.connected)
            assert time.monotonic() - began < (SILENT_POLLS_MAX + 1) * POLL_SECONDS + 0.5
            await asyncio.sleep(max(0.0, 5 - (time.monotonic() - began)))
            assert not bus.connected
        await until(lambda: bus.connected)
        await until(lambda: recorder.suspects)
    await bus.close()
    assert (states, recorder.suspects) == ([True, False, True, False], [{7}])


async def test_a_quiet_redis_does_not_count_as_away(here: RedisBus) -> None:
    """Where nothing happens for long, the connection is kept and nothing is suspect."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        await asyncio.sleep((SILENT_POLLS_MAX + 1.5) * POLL_SECONDS)
    assert recorder.suspects == []


async def test_a_pause_of_this_process_is_not_blamed_on_redis(here: RedisBus, there: RedisBus) -> None:
    """After the loop itself stood still, what Redis sent meanwhile is read, and the connection kept."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        await there.announce([envelope(7, 1)])
        time.sleep((SILENT_POLLS_MAX + 0.5) * POLL_SECONDS)  # noqa: ASYNC251 - that is the point
        await there.announce([envelope(7, 2)])
        await until(lambda: 2 in recorder.heads(7))
    assert recorder.suspects == []


@pytest.mark.serial
async def test_nobody_waits_long_for_a_paused_redis(redis_server: RedisServer, there: RedisBus) -> None:
    """The first post that meets it waits its half second, those after it not at all."""
    await there.announce([envelope(7, 1)])
    waits = []
    with paused(redis_server):
        for seq in range(2, 8):
            began = time.monotonic()
            await there.announce([envelope(7, seq)])
            waits.append(time.monotonic() - began)
    assert waits[0] < ANNOUNCE_SECONDS_MAX + 0.2
    assert sum(waits[1:]) < 0.1


@pytest.mark.serial
async def test_nobody_waits_long_for_a_dead_redis(redis_server: RedisServer, there: RedisBus) -> None:
    """Where nothing listens at all, no post waits noticeably."""
    async with redis_server.away():
        began = time.monotonic()
        for seq in range(1, 21):
            await there.announce([envelope(7, seq)])
        waited = time.monotonic() - began
    assert waited < 0.2


async def test_an_outage_costs_the_log_two_lines(
    redis_server: RedisServer, here: RedisBus, lines: list[MutableMapping[str, Any]]
) -> None:
    """A warning when it begins and a line when it is over, for each direction, and no traceback."""
    async with listening(here, Recorder()):
        await here.announce([envelope(7, 1)])
        async with redis_server.away():
            await until(lambda: not here.connected)
            for seq in range(2, 12):
                await here.announce([envelope(7, seq)])
                await asyncio.sleep(0.05)
        await until(lambda: here.state == "ok")
    told = [(line["log_level"], line["event"], line.get("exc_info")) for line in lines]
    assert sorted(told) == [
        ("info", "bus_announce_recovered", None),
        ("info", "bus_connected", None),
        ("info", "bus_connected", None),
        ("warning", "bus_announce_failed", None),
        ("warning", "bus_disconnected", None),
    ]


async def test_a_redis_that_comes_and_goes_does_not_fill_the_log(
    redis: Redis, here: RedisBus, lines: list[MutableMapping[str, Any]]
) -> None:
    """However often its connections are cut in a few seconds, the log tells of it once."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        for killed in range(1, 11):
            await redis.client_kill_filter(_type="pubsub")
            await until(lambda: len(recorder.suspects) == killed)  # noqa: B023 - called before the next turn
    assert [line["event"] for line in lines] == ["bus_connected", "bus_disconnected", "bus_connected"]


async def test_a_bug_is_logged_with_its_traceback(
    there: RedisBus, lines: list[MutableMapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody expects to fail is ours to mend, and no warning about Redis."""
    bug = KeyError("a bug of ours")

    def fail(*_: object) -> bytes:
        raise bug

    with monkeypatch.context() as broken:
        broken.setattr(redis_bus, "encode_hint", fail)
        await there.announce([envelope(7, 1)])
        await until(lambda: lines)
    await until(lambda: len(lines) == 2)
    assert [(line["log_level"], line.get("exc_info")) for line in lines] == [("error", bug), ("info", None)]


async def test_what_redis_missed_is_hinted_at_when_it_is_back(
    redis_server: RedisServer, here: RedisBus, there: RedisBus
) -> None:
    """The last event before a long silence is not lost to other workers: they hear where the log stands."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        async with redis_server.away():
            await there.announce([envelope(7, 1)])
            await there.announce([envelope(7, 2)])
            await there.notify(StaffChanged(staff_id=3))
        await until(lambda: 2 in recorder.heads(7) or {7} in recorder.suspects)
        await until(lambda: here.connected)
        await there.announce([envelope(7, 3)])
        await until(lambda: 3 in recorder.heads(7))


async def test_a_long_outage_costs_little_memory(redis_server: RedisServer, there: RedisBus) -> None:
    """What waits for Redis is bounded for each tournament, however much is announced meanwhile."""
    async with redis_server.away():
        for seq in range(1, 5001):
            await there.announce([envelope(7, seq)])
        (head, waiting), *_ = there._outbox.hints.values()
    assert head == 5000
    assert len(waiting) <= EVENTS_MAX


async def test_this_process_hears_itself_while_redis_is_away(
    redis_server: RedisServer, here: RedisBus
) -> None:
    """Spectators on the worker that takes the scores notice nothing of a dead Redis."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        async with redis_server.away():
            await until(lambda: not here.connected)
            await here.announce([envelope(7, 1)])
            await here.notify(StaffChanged(staff_id=3))
            heard = (recorder.calls.copy(), recorder.notices.copy())
    assert heard == ([(7, 1, (envelope(7, 1),))], [StaffChanged(staff_id=3)])


@pytest.mark.serial
async def test_a_subscription_made_while_redis_is_away_is_kept(
    redis_server: RedisServer, here: RedisBus, there: RedisBus
) -> None:
    """It returns at once, is suspect as soon as Redis is back, and heard from then on."""
    recorder = Recorder()
    async with listening(here, recorder):
        async with redis_server.away():
            await until(lambda: not here.connected)
            began = time.monotonic()
            await here.subscribe(7)
            waited = time.monotonic() - began
        await until(lambda: recorder.suspects)
        await there.announce([envelope(7, 1)])
        await until(lambda: recorder.calls)
    assert waited < 0.1
    assert (recorder.suspects, recorder.heads(7)) == ([{7}], [1])


@pytest.mark.serial
async def test_a_subscription_that_is_confirmed_late_is_suspect(
    redis_server: RedisServer, here: RedisBus
) -> None:
    """Who did not wait for a slow Redis may have missed something, and is told so."""
    recorder = Recorder()
    async with listening(here, recorder):
        with paused(redis_server):
            began = time.monotonic()
            await here.subscribe(7)
            waited = time.monotonic() - began
        await until(lambda: recorder.suspects)
    assert waited < 1.3
    assert recorder.suspects == [{7}]


async def test_it_can_start_before_redis(redis_server: RedisServer, here: RedisBus, there: RedisBus) -> None:
    """A worker that comes up first waits for Redis without an error to its caller."""
    recorder = Recorder()
    async with redis_server.away():
        run = asyncio.create_task(here.run(recorder))
        await here.subscribe(7)
        await asyncio.sleep(0.3)
        assert not run.done()
    await until(lambda: here.connected)
    await there.announce([envelope(7, 1)])
    await until(lambda: recorder.calls)
    run.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await run


async def test_those_who_leave_while_subscribing_cost_nobody_the_connection(
    here: RedisBus, there: RedisBus
) -> None:
    """A caller cancelled in the middle of a subscription does not tear the others' connection down."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        for round_ in range(20):
            visitors = [asyncio.create_task(here.subscribe(100 + each)) for each in range(20)]
            for _ in range(round_ % 5):
                await asyncio.sleep(0)
            for visitor in visitors:
                visitor.cancel()
            await asyncio.wait(visitors)
            await asyncio.gather(*(here.unsubscribe(100 + each) for each in range(20)))
        await there.announce([envelope(7, 1)])
        await until(lambda: recorder.heads(7))
    assert recorder.suspects == []
