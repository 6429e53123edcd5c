"""What every bus promises, tried on both: LocalBus, and RedisBus on every real deployment of Redis.

``here`` is the worker that listens. ``there`` is where things are announced: another worker's bus on Redis,
the same one where there is only one process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from quart_app.live.bus.local import LocalBus
from quart_app.live.bus.port import Bus, StaffChanged
from quart_app.live.bus.redis import RedisBus
from tests.live.listening import Deaf, Recorder, envelope, listening, until
from tests.redis_deployments import ClusterDeployment, SentinelDeployment
from tests.services import RedisServer


@dataclass
class Pair:
    """Two workers, or one twice."""

    here: Bus
    there: Bus


@pytest_asyncio.fixture(name="pair", params=["local", "redis", "sentinels", "cluster"])
async def _pair(
    request: pytest.FixtureRequest,
    redis_server: RedisServer,
    redis_sentinels: SentinelDeployment,
    redis_cluster: ClusterDeployment,
) -> AsyncIterator[Pair]:
    """Buses on which nobody listens yet: the test runs once on each kind."""
    if request.param == "local":
        bus = LocalBus()
        yield Pair(bus, bus)
        return
    deployments: dict[str, RedisServer | SentinelDeployment | ClusterDeployment] = {
        "redis": redis_server,
        "sentinels": redis_sentinels,
        "cluster": redis_cluster,
    }
    deployment = deployments[request.param]
    await deployment.start()
    here, there = RedisBus(deployment.url), RedisBus(deployment.url)
    yield Pair(here, there)
    await here.close()
    await there.close()


async def test_only_subscribed_tournaments_are_heard(pair: Pair) -> None:
    """A worker is not bothered with tournaments that nobody there watches."""
    recorder = Recorder()
    async with listening(pair.here, recorder):
        await pair.here.subscribe(7)
        await pair.there.announce([envelope(8, 1)])
        await pair.there.announce([envelope(7, 1)])
        await until(lambda: recorder.calls)
    assert {tournament_id for tournament_id, _, _ in recorder.calls} == {7}


async def test_envelopes_arrive_as_they_were_announced(pair: Pair) -> None:
    """Place, time, actor, event and the very bytes of its data survive the way."""
    recorder = Recorder()
    announced = [envelope(7, 57, updated_at='“ä"\\\n\u2028🏆'), envelope(7, 58)]
    async with listening(pair.here, recorder):
        await pair.here.subscribe(7)
        await pair.there.announce(announced)
        await until(lambda: recorder.calls)
    assert recorder.calls == [(7, 58, tuple(announced))]


async def test_what_is_announced_here_is_heard_at_once(pair: Pair) -> None:
    """Those connected to the worker that took the score wait for no other machine, and hear it once."""
    recorder = Recorder()
    async with listening(pair.here, recorder):
        await pair.here.subscribe(7)
        announcing = asyncio.create_task(pair.here.announce([envelope(7, 1)]))
        await asyncio.sleep(0)
        assert recorder.heads(7) == [1]
        await announcing
        await pair.there.announce([envelope(7, 2)])
        await until(lambda: 2 in recorder.heads(7))
    assert recorder.heads(7) == [1, 2]


async def test_nothing_is_missed_after_subscribe_returns(pair: Pair) -> None:
    """A room that subscribes, then reads the log, then listens, has no hole in between."""
    recorder = Recorder()
    async with listening(pair.here, recorder):
        for tournament_id in range(1, 101):
            await pair.here.subscribe(tournament_id)
            await pair.there.announce([envelope(tournament_id, 1)])
        await until(lambda: recorder.heads(100))
    assert [head for tournament_id in range(1, 101) for head in recorder.heads(tournament_id)] == [1] * 100


async def test_many_rooms_may_subscribe_at_once(pair: Pair) -> None:
    """A thousand rooms opening together are all heard, and none of them waits long."""
    recorder = Recorder()
    rooms = range(1, 1001)
    async with listening(pair.here, recorder):
        async with asyncio.timeout(5):
            await asyncio.gather(*(pair.here.subscribe(room) for room in rooms))
        await asyncio.gather(*(pair.there.announce([envelope(room, 1)]) for room in rooms))
        await until(lambda: len(recorder.calls) >= len(rooms))
    assert sorted(tournament_id for tournament_id, _, _ in recorder.calls) == list(rooms)


async def test_subscribing_twice_is_subscribing(pair: Pair) -> None:
    """A second subscription neither doubles what is heard, nor needs a second end."""
    recorder = Recorder()
    async with listening(pair.here, recorder):
        await pair.here.subscribe(7)
        await pair.here.subscribe(7)
        await pair.here.subscribe(8)
        await pair.there.announce([envelope(7, 1)])
        await until(lambda: recorder.calls)
        await pair.here.unsubscribe(7)
        await pair.there.announce([envelope(7, 2)])
        await pair.there.announce([envelope(8, 1)])
        await until(lambda: recorder.heads(8))
    assert recorder.heads(7) == [1]


async def test_unsubscribe_stops_it(pair: Pair) -> None:
    """Once a room is left, nothing of it is heard."""
    recorder = Recorder()
    async with listening(pair.here, recorder):
        await pair.here.subscribe(7)
        await pair.here.subscribe(8)
        await pair.here.unsubscribe(7)
        await pair.there.announce([envelope(7, 1)])
        await pair.there.announce([envelope(8, 1)])
        await until(lambda: recorder.heads(8))
    assert recorder.heads(7) == []


async def test_a_room_left_and_entered_again_is_heard(pair: Pair) -> None:
    """However quickly rooms come and go, the last wish counts."""
    recorder = Recorder()
    async with listening(pair.here, recorder):
        for _ in range(20):
            await asyncio.gather(pair.here.subscribe(7), pair.here.unsubscribe(7), pair.here.subscribe(7))
        await pair.there.announce([envelope(7, 1)])
        await until(lambda: recorder.calls)
    assert recorder.heads(7) == [1]


async def test_a_notice_reaches_every_worker(pair: Pair) -> None:
    """A disabled member of staff is news everywhere, whatever a worker subscribed to; here too."""
    recorders = {bus: Recorder() for bus in (pair.here, pair.there)}
    async with asyncio.TaskGroup() as tasks:
        runs = [tasks.create_task(bus.run(recorder)) for bus, recorder in recorders.items()]
        await until(lambda: all(bus.connected for bus in recorders))
        await pair.there.notify(StaffChanged(staff_id=3))
        await until(lambda: all(recorder.notices for recorder in recorders.values()))
        for run in runs:
            run.cancel()
    assert [recorder.notices for recorder in recorders.values()] == [[StaffChanged(staff_id=3)]] * len(
        recorders
    )


async def test_a_listener_with_a_bug_fails_nobody(pair: Pair) -> None:
    """The caller of announce and notify does not see it, and what comes next is told all the same."""
    deaf = Deaf()
    async with listening(pair.here, deaf):
        await pair.here.subscribe(7)
        await pair.here.notify(StaffChanged(staff_id=3))
        await pair.here.announce([envelope(7, 1)])
        await pair.there.announce([envelope(7, 2)])
        await until(lambda: 2 in deaf.heads(7))
    assert (deaf.notices, deaf.heads(7)) == ([StaffChanged(staff_id=3)], [1, 2])


async def test_announcing_needs_nobody_who_listens(pair: Pair) -> None:
    """A program that only writes, and one that starts to listen later, may announce; nothing is nothing."""
    await pair.here.subscribe(7)
    await pair.here.announce([envelope(7, 1)])
    await pair.here.announce([])
    await pair.here.notify(StaffChanged(staff_id=3))


async def test_who_begins_to_listen_is_told_to_read(pair: Pair) -> None:
    """What was announced before is lost to the bus, so all that is subscribed is suspect; again each time."""
    recorder = Recorder()
    await pair.here.subscribe(7)
    await pair.here.subscribe(8)
    for _ in range(2):
        async with listening(pair.here, recorder):
            await until(lambda: recorder.suspects)
    assert recorder.suspects == [{7, 8}, {7, 8}]


async def test_connected_says_whether_it_is_heard(pair: Pair) -> None:
    """Before and after ``run`` the log has to be polled, and in between it need not be."""
    states = [pair.here.connected]
    async with listening(pair.here, Recorder()):
        states.append(pair.here.connected)
    states.append(pair.here.connected)
    assert states == [False, True, False]
