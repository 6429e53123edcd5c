"""Redis as a cluster: tournaments are heard whichever shard has them, and wherever their slot moves."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import pytest_asyncio
import structlog.testing

from quart_app.errors import TooManyRequests
from quart_app.live.bus import links as redis_links
from quart_app.live.bus.port import StaffChanged
from quart_app.live.bus.redis import TOURNAMENT_CHANNEL
from quart_app.live.bus.servers import FAILURES, RedisServers
from quart_app.live.crowd.presence import RedisPresence, shelf
from quart_app.live.crowd.seats import tournament_seat
from quart_app.settings import Settings
from quart_app.web.doors.limits import Limits
from tests.live.listening import envelope, hear_each_other, until, workers
from tests.redis_deployments import ClusterDeployment, ask, sooner_or_later
from tests.services import RedisServer

FAILOVER_SECONDS = 60.0
FAILOVER_TAKES_SECONDS = 2.0
ROOMS = range(1, 31)
"""Enough to have some on every shard."""


@pytest_asyncio.fixture(name="cluster")
async def _cluster(redis_cluster: ClusterDeployment) -> ClusterDeployment:
    """Three masters with a replica each, all well, whatever was done to them before."""
    await redis_cluster.start()
    return redis_cluster


@pytest.fixture(autouse=True, name="lines")
def _lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged."""
    with structlog.testing.capture_logs() as lines:
        yield lines


async def channels(cluster: ClusterDeployment) -> list[int]:
    """How many tournaments are heard on each server that hears any."""
    found = [
        await ask(server, "PUBSUB", "SHARDCHANNELS", f"{TOURNAMENT_CHANNEL}*") for server in cluster.servers
    ]
    return [len(each) for each in found if each]


async def test_tournaments_are_spread_over_the_masters(cluster: ClusterDeployment) -> None:
    """Each channel is heard on one shard only, by sharded pub/sub, so that more masters carry more."""
    async with workers(cluster.url, ROOMS) as both:
        await hear_each_other(both, ROOMS, 1)
        spread = await channels(cluster)
    assert (len(spread), sum(spread)) == (3, len(ROOMS))


async def test_a_room_that_was_left_is_unsubscribed(cluster: ClusterDeployment) -> None:
    """Leaving is not mistaken for a slot that moves away, and its server is told."""
    async with workers(cluster.url, ROOMS) as both:
        for _ in range(3):
            await asyncio.gather(*(worker.bus.unsubscribe(room) for worker in both for room in ROOMS))
            await asyncio.gather(*(worker.bus.subscribe(room) for worker in both for room in ROOMS))
        await asyncio.gather(*(worker.bus.unsubscribe(room) for worker in both for room in ROOMS[1:]))
        await hear_each_other(both, ROOMS[:1], 1)
        await asyncio.gather(*(worker.bus.subscribe(100) for worker in both))
        await sooner_or_later(lambda: _are(cluster, 2), "two rooms")
        assert [worker.suspects for worker in both] == [[], []]


async def _are(cluster: ClusterDeployment, rooms: int) -> bool:
    return sum(await channels(cluster)) == rooms


async def test_a_slot_that_moves_is_followed(
    cluster: ClusterDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server says so, long before we would look: all is reread, and heard where it is now."""
    monkeypatch.setattr(redis_links, "POLL_SECONDS", 10 * FAILOVER_SECONDS)
    async with workers(cluster.url, ROOMS) as both:
        await cluster.move(f"{TOURNAMENT_CHANNEL}{ROOMS[0]}")
        await until(lambda: all(worker.suspects for worker in both), FAILOVER_SECONDS)
        await cluster.settled()
        await until(lambda: all(worker.bus.connected for worker in both), FAILOVER_SECONDS)
        await hear_each_other(both, ROOMS, 1)


async def test_a_master_that_hands_over_is_left(cluster: ClusterDeployment) -> None:
    """It lives on as a replica, but nobody listens there."""
    channel = f"{TOURNAMENT_CHANNEL}{ROOMS[0]}"
    master = await cluster.owner(channel)

    async def handed_over() -> bool:
        await cluster.settled()
        if await cluster.owner(channel) is not master:
            return True
        # on a machine that stalls a failover may come to nothing, and then it is asked for again
        await ask(await cluster.replica(master), "CLUSTER", "FAILOVER")
        await asyncio.sleep(FAILOVER_TAKES_SECONDS)
        return False

    async with workers(cluster.url, ROOMS) as both:
        await sooner_or_later(handed_over, "a master that has handed over")
        await until(lambda: all(worker.suspects for worker in both), FAILOVER_SECONDS)
        await until(lambda: all(worker.bus.connected for worker in both), FAILOVER_SECONDS)
        await hear_each_other(both, ROOMS, 1)
        left = await ask(master, "PUBSUB", "SHARDCHANNELS")
    assert left == []


async def test_a_replica_that_takes_over_is_heard(cluster: ClusterDeployment) -> None:
    """A master is killed: nobody waits meanwhile, and afterwards every tournament is reread and heard."""
    async with workers(cluster.url, ROOMS) as both:
        here, there = both
        master = await cluster.owner(f"{TOURNAMENT_CHANNEL}{ROOMS[0]}")
        async with master.away():
            await until(lambda: not here.bus.connected)
            async with asyncio.timeout(2):
                for room in ROOMS:
                    await there.bus.announce([envelope(room, 1)])
                await there.bus.notify(StaffChanged(staff_id=3))
            await until(lambda: all(worker.suspects for worker in both), FAILOVER_SECONDS)
            await until(lambda: all(worker.bus.connected for worker in both), FAILOVER_SECONDS)
            await hear_each_other(both, ROOMS, 2)
        assert set(ROOMS) in here.suspects


async def test_what_workers_share_is_shared_on_every_shard(cluster: ClusterDeployment) -> None:
    """The numbers of viewers and the limits add up, also once a master has been replaced."""
    settings = Settings.for_tests(redis_url=cluster.url, limit_posts_per_staff=1)
    limits = (Limits(settings), Limits(settings))
    presences = (RedisPresence(cluster.url), RedisPresence(cluster.url))
    seats = [tournament_seat(room) for room in ROOMS]
    staff = itertools.count()

    async def shared() -> bool:
        totals = [await presence.totals(dict.fromkeys(seats, 2)) for presence in presences]
        refused = 0
        for staff_id in itertools.islice(staff, 10):
            await limits[0].post(staff_id)
            try:
                await limits[1].post(staff_id)
            except TooManyRequests:
                refused += 1
        return totals[1] == dict.fromkeys(seats, 4) and refused == 10

    try:
        await sooner_or_later(shared, "what workers share")
        master = await cluster.owner(shelf(seats[0]))
        async with master.away():
            assert not await shared()
            await sooner_or_later(shared, "what workers share")
    finally:
        for closing in (*(each.close() for each in limits), *(each.close() for each in presences)):
            await closing


async def test_one_shard_that_is_away_leaves_the_other_totals_right(cluster: ClusterDeployment) -> None:
    """Only the viewers of tournaments on that shard are counted by each worker alone."""
    presences = (RedisPresence(cluster.url), RedisPresence(cluster.url))
    rooms = [tournament_seat(number) for number in range(101, 131)]
    counts = dict.fromkeys(rooms, 2)
    for presence in presences:
        await presence.totals(counts)
    master = await cluster.owner(shelf(rooms[0]))
    lost = {room for room in rooms if await cluster.owner(shelf(room)) is master}
    replica = await cluster.replica(master)
    # which knows them as well, and on a busy machine would have taken over before it is asked
    await ask(replica, "CONFIG", "SET", "cluster-replica-no-failover", "yes")
    master.pause()
    try:
        totals = await presences[0].totals(counts)
    finally:
        master.resume()
        await ask(replica, "CONFIG", "SET", "cluster-replica-no-failover", "no")
        for presence in presences:
            await presence.close()
    assert totals == {room: 2 if room in lost else 4 for room in rooms}


async def test_any_member_leads_to_the_others(cluster: ClusterDeployment) -> None:
    """A URL that names one node is enough, even once that node has gone."""
    first = await cluster.owner("any")
    servers = RedisServers(f"redis+cluster://127.0.0.1:{first.port}")
    try:
        await servers.look()
        async with first.away():
            await sooner_or_later(lambda: _without(servers, first.port), "a layout without it")
    finally:
        await servers.aclose()


async def _without(servers: RedisServers, port: int) -> bool:
    layout = await servers.look()
    return port not in {server.connection_pool.connection_kwargs["port"] for server in layout.servers}


async def test_what_is_no_cluster_is_away(redis_server: RedisServer) -> None:
    """A server that is in no cluster is a failure like any other."""
    servers = RedisServers(f"redis+cluster://127.0.0.1:{redis_server.port}")
    with pytest.raises(FAILURES):
        await servers.look()
    await servers.aclose()
