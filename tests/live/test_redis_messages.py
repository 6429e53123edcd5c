"""The bus over Redis: what its messages say, how they are read, and who ends where."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Collection, MutableMapping
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from quart_app.domain.events import Envelope
from quart_app.live.bus.hints import MESSAGE_BYTES_MAX
from quart_app.live.bus.port import StaffChanged
from quart_app.live.bus.redis import ANNOUNCE_SECONDS_MAX, NOTICES_CHANNEL, TOURNAMENT_CHANNEL, RedisBus
from tests.live.listening import Recorder, envelope, listening, until
from tests.live.redis_pair import _here, _lines, _redis, _there, paused  # noqa: F401 - fixtures
from tests.services import RedisServer


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


@pytest.mark.serial
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
