"""RedisBus when Redis fails: late perhaps, lost never, and nobody has to wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Collection, Iterator, MutableMapping
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import structlog.testing
from redis.asyncio import Redis

from quart_app.domain.events import Envelope
from quart_app.live.bus import redis as redis_bus
from quart_app.live.bus.hints import EVENTS_MAX, MESSAGE_BYTES_MAX
from quart_app.live.bus.links import POLL_SECONDS, SILENT_POLLS_MAX
from quart_app.live.bus.port import StaffChanged
from quart_app.live.bus.redis import ANNOUNCE_SECONDS_MAX, NOTICES_CHANNEL, TOURNAMENT_CHANNEL, RedisBus
from tests.live.listening import Recorder, envelope, listening, until
from tests.services import RedisServer


@pytest_asyncio.fixture(name="here")
async def _here(redis_server: RedisServer) -> AsyncIterator[RedisBus]:
    """The bus of the worker that listens."""
    bus = RedisBus(redis_server.url)
    yield bus
    await bus.close()


@pytest_asyncio.fixture(name="there")
async def _there(redis_server: RedisServer) -> AsyncIterator[RedisBus]:
    """The bus of another worker."""
    bus = RedisBus(redis_server.url)
    yield bus
    await bus.close()


@pytest_asyncio.fixture(name="redis")
async def _redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    """A client of the test's own."""
    async with Redis.from_url(redis_server.url) as client:
        yield client


@pytest.fixture(autouse=True, name="lines")
def _lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@contextlib.contextmanager
def paused(server: RedisServer) -> Iterator[None]:
    """Redis stopped (SIGSTOP) inside the block: its connections stay open, and nothing answers."""
    server.pause()
    try:
        yield
    finally:
        server.resume()


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


def _message(**changes: object) -> bytes:
    event = {
        "tournament_id": 7,
        "epoch": "9f2c41",
        "seq": 1,
        "type": "score_updated",
        "version": 1,
        "data": msgspec.Raw(envelope(7, 1).data),
        "at": "2026-11-24T12:00:00Z",
    }
    return msgspec.json.encode({"sender": "x", "head": 1, "events": [event | changes]})


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff\xfe",
        b"garbage",
        b'{"sender":"\xff","head":2,"events":[]}',
        b"null",
        b"{}",
        b"[" * 5000,
        b'{"sender":"x","head":"one"}',
        _message(type="match_abandoned"),
        _message(version=99),
        _message(data={"tournament_id": 7}),
        _message(tournament_id=8),
        _message(seq=5),
        _message(data=msgspec.Raw(b"[" * 5000 + b"]" * 5000)),
    ],
    ids=lambda message: repr(message[:40]),
)
async def test_a_message_that_cannot_be_read_makes_its_tournament_suspect(
    redis: Redis, here: RedisBus, there: RedisBus, lines: list[MutableMapping[str, Any]], message: bytes
) -> None:
    """Garbage, or what a newer version says, is logged once, and the log is read instead."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        for _ in range(3):
            await redis.publish(f"{TOURNAMENT_CHANNEL}7", message)
        await there.announce([envelope(7, 2)])
        await until(lambda: recorder.calls)
    assert (recorder.suspects, recorder.heads(7)) == ([{7}] * 3, [2])
    assert len([line for line in lines if line["event"] == "bus_message_unreadable"]) == 1


async def test_a_message_with_more_fields_is_read(redis: Redis, here: RedisBus) -> None:
    """A newer version may say more without being misunderstood by an older one."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        await redis.publish(f"{TOURNAMENT_CHANNEL}7", b'{"sender":"x","head":9,"events":[],"new":1}')
        await until(lambda: recorder.calls)
    assert recorder.calls == [(7, 9, ())]


@pytest.mark.parametrize(
    "message", [b"garbage", b'{"sender":"\xff"}', b'{"sender":"x","notice":{"type":"from_the_future"}}']
)
async def test_a_notice_that_cannot_be_read_is_passed_over(
    redis: Redis, here: RedisBus, there: RedisBus, message: bytes
) -> None:
    """The next one is heard."""
    recorder = Recorder()
    async with listening(here, recorder):
        await redis.publish(NOTICES_CHANNEL, message)
        await there.notify(StaffChanged(staff_id=3))
        await until(lambda: recorder.notices)
    assert recorder.notices == [StaffChanged(staff_id=3)]


async def test_a_big_batch_is_a_bare_hint(here: RedisBus, there: RedisBus) -> None:
    """What would make a big message is read from the log instead."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        await there.announce([envelope(7, 1, updated_at="x" * MESSAGE_BYTES_MAX), envelope(7, 2)])
        await until(lambda: recorder.calls)
    assert recorder.calls == [(7, 2, ())]


async def test_a_burst_arrives_whole_or_is_hinted_at(here: RedisBus, there: RedisBus) -> None:
    """Events announced together travel together; whichever way, the head is heard and the order kept."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        await asyncio.gather(*(there.announce([envelope(7, seq)]) for seq in range(1, 1001)))
        await until(lambda: 1000 in recorder.heads(7))
    seqs = [each.seq for each in recorder.envelopes(7)]
    assert seqs == sorted(set(seqs))


async def test_announcements_out_of_order_lose_no_head(here: RedisBus, there: RedisBus) -> None:
    """Two posts that announce in the wrong order leave the higher head standing."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        await asyncio.gather(*(there.announce([envelope(7, seq)]) for seq in (3, 2, 1)))
        await until(lambda: recorder.calls)
    assert max(recorder.heads(7)) == 3


async def test_closing_waits_only_a_moment_for_a_paused_redis(redis_server: RedisServer) -> None:
    """A worker that stops is not held up by a Redis that hangs."""
    bus = RedisBus(redis_server.url)
    with paused(redis_server):
        await bus.announce([envelope(7, 1)])
        began = time.monotonic()
        await bus.close()
        waited = time.monotonic() - began
    assert waited < ANNOUNCE_SECONDS_MAX + 0.3


async def test_a_worker_that_only_writes_is_heard(redis_server: RedisServer, here: RedisBus) -> None:
    """A script that announces, closes and ends has said what it had to say."""
    recorder = Recorder()
    async with listening(here, recorder):
        await here.subscribe(7)
        script = RedisBus(redis_server.url)
        await script.announce([envelope(7, 1)])
        await script.close()
        await until(lambda: recorder.calls)
    assert recorder.heads(7) == [1]


async def test_redis_is_told_of_a_room_that_was_left(redis: Redis, here: RedisBus) -> None:
    """A worker is sent only what somebody there watches, however many rooms it once had."""
    async with listening(here, Recorder()):
        await asyncio.gather(*(here.subscribe(room) for room in range(1, 51)))
        await asyncio.gather(*(here.unsubscribe(room) for room in range(1, 50)))
        await here.subscribe(51)
        channels = await redis.pubsub_channels(f"{TOURNAMENT_CHANNEL}*")
    assert sorted(channels) == [f"{TOURNAMENT_CHANNEL}{room}".encode() for room in (50, 51)]


async def test_one_connection_hears_and_one_publishes(redis: Redis, here: RedisBus) -> None:
    """However many rooms there are, a worker holds two connections."""
    before = len(await redis.client_list())
    async with listening(here, Recorder()):
        await asyncio.gather(*(here.subscribe(room) for room in range(1, 51)))
        await asyncio.gather(*(here.announce([envelope(room, 1)]) for room in range(1, 51)))
        during = len(await redis.client_list())
    assert during - before == 2


class Reader(Recorder):
    """A listener as the hub is one: it knows of each log how far it read, and rereads what it doubts."""

    def __init__(self, log: dict[int, int]) -> None:
        super().__init__()
        self.log = log
        self.positions = dict.fromkeys(log, 0)

    def heard(self, tournament_id: int, head_seq: int, envelopes: tuple[Envelope, ...]) -> None:
        """Follow on without a gap, or read the log."""
        position = self.positions[tournament_id]
        if envelopes and envelopes[0].seq <= position + 1:
            self.positions[tournament_id] = max(position, head_seq)
        elif head_seq > position:
            self.positions[tournament_id] = self.log[tournament_id]

    def suspect(self, tournament_ids: Collection[int]) -> None:
        """Read the logs."""
        for tournament_id in tournament_ids:
            self.positions[tournament_id] = self.log[tournament_id]


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_to_redis_every_worker_ends_at_the_head(
    redis_server: RedisServer, here: RedisBus, there: RedisBus, seed: int
) -> None:
    """Killed, paused, emptied of its clients, in any order: in the end all workers know all logs."""
    chance = random.Random(seed)
    log = dict.fromkeys(range(1, 6), 0)
    readers = [Reader(log), Reader(log)]

    async def play() -> None:
        while True:
            bus = chance.choice((here, there))
            tournament_id = chance.choice(list(log))
            log[tournament_id] += 1
            await bus.announce([envelope(tournament_id, log[tournament_id])])
            await asyncio.sleep(chance.uniform(0, 0.01))

    async with listening(here, readers[0]), listening(there, readers[1]):
        await asyncio.gather(*(bus.subscribe(room) for bus in (here, there) for room in log))
        playing = asyncio.create_task(play())
        for _ in range(8):
            await asyncio.sleep(chance.uniform(0, 0.2))
            fault = chance.choice(("kill", "pause", "pubsub", "normal"))
            if fault == "kill":
                async with redis_server.away():
                    await asyncio.sleep(chance.uniform(0, 0.3))
            elif fault == "pause":
                with paused(redis_server):
                    await asyncio.sleep(chance.uniform(0, 1))
            else:
                async with Redis.from_url(redis_server.url) as redis:
                    await redis.client_kill_filter(_type=fault, skipme=True)
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing
        await until(lambda: all(reader.positions == log for reader in readers))
    assert sum(log.values()) > 20
