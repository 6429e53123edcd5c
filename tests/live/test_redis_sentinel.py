"""Redis behind sentinels: whoever is master, all workers meet there, and what they share is shared there."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import pytest_asyncio
import structlog.testing
from redis.exceptions import ReadOnlyError

from quart_app.errors import TooManyRequests
from quart_app.live.bus.port import StaffChanged
from quart_app.live.bus.redis import NOTICES_CHANNEL, RedisBus
from quart_app.live.bus.servers import FAILURES, LOOK_SECONDS_MAX, RedisServers
from quart_app.live.crowd.presence import RedisPresence
from quart_app.settings import Settings
from quart_app.web.doors.limits import Limits
from tests.live.listening import envelope, hear_each_other, until, workers
from tests.redis_deployments import SentinelDeployment, SentinelServer, ask, sentinel_url, sooner_or_later
from tests.services import RedisServer

FAILOVER_SECONDS = 60.0
ROOMS = (7, 8)


@pytest_asyncio.fixture(name="deployment")
async def _deployment(redis_sentinels: SentinelDeployment) -> SentinelDeployment:
    """A master, a replica and three sentinels, all well, whatever was done to them before."""
    await redis_sentinels.start()
    return redis_sentinels


@pytest.fixture(autouse=True, name="lines")
def _lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged."""
    with structlog.testing.capture_logs() as lines:
        yield lines


async def listeners(server: RedisServer) -> int:
    """How many workers hear this server."""
    return int((await ask(server, "PUBSUB", "NUMSUB", NOTICES_CHANNEL))[1])


async def test_workers_meet_again_at_the_new_master(deployment: SentinelDeployment) -> None:
    """A master that is killed costs a reread; its return, as a replica, costs nothing."""
    master = await deployment.master()
    async with workers(deployment.url, ROOMS) as both:
        async with master.away():
            await until(lambda: all(worker.suspects for worker in both), FAILOVER_SECONDS)
            await hear_each_other(both, ROOMS, 1)
        await deployment.settled()
        await hear_each_other(both, ROOMS, 2)
        left = await listeners(master)
    assert ([worker.suspects for worker in both], left) == ([[set(ROOMS)]] * 2, 0)


async def test_workers_leave_a_master_that_is_demoted(deployment: SentinelDeployment) -> None:
    """The old master is alive and takes whatever is published, but nobody talks to it any more."""
    old = await deployment.master()
    (new,) = (server for server in deployment.servers if server is not old)

    async def demoted() -> bool:
        await deployment.settled()
        # Sentinels on a machine that stalls may change their minds, and promote the old one again.
        if await deployment.master() is old:
            await ask(deployment.sentinels[0], "SENTINEL", "FAILOVER", deployment.service)
            return False
        return (await listeners(old), await listeners(new)) == (0, 2)

    async with workers(deployment.url, ROOMS) as both:
        await sooner_or_later(demoted, "workers that have left a demoted master")
        await until(lambda: all(worker.suspects and worker.bus.connected for worker in both))
        await hear_each_other(both, ROOMS, 1)


@pytest.mark.serial
async def test_a_sentinel_that_hangs_holds_nobody_up(deployment: SentinelDeployment) -> None:
    """Two of three that agree are enough."""
    servers = RedisServers(deployment.url)
    deployment.sentinels[0].pause()
    try:
        began = time.monotonic()
        await servers.look()
        waited = time.monotonic() - began
    finally:
        deployment.sentinels[0].resume()
        await servers.aclose()
    assert waited < LOOK_SECONDS_MAX / 2


@pytest.mark.serial
async def test_nothing_that_is_announced_meanwhile_is_lost(deployment: SentinelDeployment) -> None:
    """While there is no master nobody waits; afterwards the others are told, or reread."""
    master = await deployment.master()
    async with workers(deployment.url, ROOMS) as (here, there), master.away():
        await until(lambda: not here.bus.connected)
        began = time.monotonic()
        for seq in range(1, 6):
            await there.bus.announce([envelope(7, seq)])
        await there.bus.notify(StaffChanged(staff_id=3))
        waited = time.monotonic() - began
        await until(lambda: 5 in here.heads(7) or here.suspects, FAILOVER_SECONDS)
        await until(lambda: here.bus.connected and there.bus.connected)
        await hear_each_other((here, there), ROOMS, 6)
    assert waited < 1


async def test_a_program_that_only_writes_finds_the_new_master(deployment: SentinelDeployment) -> None:
    """Nobody tells it of the failover, since it does not listen: it looks again when it cannot publish."""
    program = RedisBus(deployment.url)
    await program.announce([envelope(7, 1)])
    master = await deployment.master()
    async with workers(deployment.url, ROOMS) as (here, _), master.away():
        await until(lambda: here.suspects, FAILOVER_SECONDS)
        await program.announce([envelope(7, 2)])
        await until(lambda: 2 in here.heads(7))
    await program.close()


async def test_what_workers_share_is_shared_at_the_new_master(deployment: SentinelDeployment) -> None:
    """The number of viewers and the limits follow."""
    settings = Settings.for_tests(redis_url=deployment.url, limit_posts_per_staff=1)
    limits = (Limits(settings), Limits(settings))
    presences = (RedisPresence(deployment.url), RedisPresence(deployment.url))
    staff = itertools.count()

    async def shared() -> bool:
        totals = [await presence.totals({"tournament:7": 2, "tournament:8": 0}) for presence in presences]
        staff_id = next(staff)
        await limits[0].post(staff_id)
        with contextlib.suppress(TooManyRequests):
            await limits[1].post(staff_id)
            return False
        return totals[1] == {"tournament:7": 4, "tournament:8": 0}

    try:
        await sooner_or_later(shared, "what workers share")
        master = await deployment.master()
        async with master.away():
            assert not await shared()
            await sooner_or_later(shared, "what workers share")
    finally:
        for closing in (*(each.close() for each in limits), *(each.close() for each in presences)):
            await closing


async def test_a_server_that_only_a_sentinel_takes_for_the_master_is_refused(
    deployment: SentinelDeployment,
) -> None:
    """A sentinel that was cut off may name a replica: to publish there would reach nobody."""
    master = await deployment.master()
    (replica,) = (server for server in deployment.servers if server is not master)
    mistaken = SentinelServer("mistaken", replica)
    servers = RedisServers(sentinel_url("mistaken", [mistaken]))
    try:
        await mistaken.start()
        with pytest.raises(ReadOnlyError):
            await servers.look()
    finally:
        await servers.aclose()
        await mistaken.close()


async def test_most_of_the_sentinels_are_believed() -> None:
    """One that was cut off together with an old master is outvoted by the others."""
    old, new = RedisServer(), RedisServer()
    sentinels = [SentinelServer("main", master) for master in (old, new, new)]
    servers = RedisServers(sentinel_url("main", sentinels))
    try:
        for server in (old, new, *sentinels):
            await server.start()
        found = [(await servers.look()).servers[0] for _ in range(20)]
    finally:
        await servers.aclose()
        for server in (*sentinels, old, new):
            await server.close()
    assert {each.connection_pool.connection_kwargs["port"] for each in found} == {new.port}


async def test_a_master_that_was_replaced_is_left_though_nothing_fails() -> None:
    """Cut off from its sentinels, an old master serves on and ends no connection: they are asked again."""
    old, new = RedisServer(), RedisServer()
    sentinel = SentinelServer("main", old)
    try:
        for server in (old, new, sentinel):
            await server.start()
        async with workers(sentinel_url("main", [sentinel]), ROOMS) as both:
            await hear_each_other(both, ROOMS, 1)
            await ask(sentinel, "SENTINEL", "REMOVE", "main")
            await ask(sentinel, "SENTINEL", "MONITOR", "main", "127.0.0.1", new.port, 1)
            await until(lambda: all(worker.suspects for worker in both))
            await hear_each_other(both, ROOMS, 2)
            assert (await listeners(old), await listeners(new)) == (0, 2)
    finally:
        for server in (sentinel, old, new):
            await server.close()


async def test_servers_and_sentinels_get_each_their_own_password() -> None:
    """The URL's password is for the servers, ``sentinel_password`` for the sentinels."""
    master = RedisServer()
    sentinel = SentinelServer("main", master)
    url = f"redis+sentinel://:m%2F1@127.0.0.1:{sentinel.port}/main?sentinel_password=s%2F2"
    servers = RedisServers(url)
    try:
        await master.start()
        await sentinel.start()
        for server, password in ((master, "m/1"), (sentinel, "s/2")):
            await ask(server, "ACL", "SETUSER", "default", "resetpass", f">{password}")
        (found,) = (await servers.look()).servers
        assert await found.publish("channel", "message") == 0
    finally:
        await servers.aclose()
        await sentinel.close()
        await master.close()


@pytest.mark.parametrize("service", ["grandstand", "another"])
async def test_where_no_sentinel_knows_a_master_redis_is_away(
    deployment: SentinelDeployment, service: str
) -> None:
    """Sentinels that are gone, and a name that they do not know, are failures like any other."""
    nobody = f"redis+sentinel://127.0.0.1:1/{service}"
    url = nobody if service == deployment.service else deployment.url.replace(deployment.service, service)
    servers = RedisServers(url)
    with pytest.raises(FAILURES):
        await servers.look()
    await servers.aclose()
