"""Redis away: killed, hanging, emptied, or dropping its clients. It is a hint; nothing may depend on it."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from tests.faults.conftest import OVER_ONE_WIRE, Campaigns
from tests.services import RedisServer

pytestmark = OVER_ONE_WIRE


async def test_redis_killed_and_restarted(campaigns: Campaigns, redis_server: RedisServer) -> None:
    """While it is away events come from the log, also to those who come back to a worker that lags behind."""
    async with campaigns() as campaign:
        await campaign.play(campaign.chance.randint(5, 15))
        async with redis_server.away():
            for _ in range(10):
                await campaign.play(3)
                for spectator in campaign.spectators:
                    spectator.hang_up()
        await campaign.play(10)
        await campaign.verdict()


async def test_redis_paused(campaigns: Campaigns, redis_server: RedisServer) -> None:
    """A Redis that hangs, with all connections open, is as good as away."""
    async with campaigns() as campaign:
        await campaign.play(campaign.chance.randint(5, 15))
        redis_server.pause()
        await campaign.play(15)
        await campaign.verdict()
        redis_server.resume()
        await campaign.play(10)
        await campaign.verdict()


async def test_redis_flushed(campaigns: Campaigns, redis_server: RedisServer) -> None:
    """Nothing that is kept in Redis is missed."""
    async with campaigns() as campaign, Redis.from_url(redis_server.url) as operator:
        for _ in range(3):
            await campaign.play(campaign.chance.randint(3, 8))
            await operator.flushall()
        await campaign.play(5)
        await campaign.verdict()


@pytest.mark.parametrize("kind", ["pubsub", "normal"])
async def test_redis_drops_its_clients(campaigns: Campaigns, redis_server: RedisServer, kind: str) -> None:
    """A worker that is thrown out comes back, and knows that it may have missed something."""
    async with campaigns() as campaign, Redis.from_url(redis_server.url) as operator:
        for _ in range(6):
            await campaign.play(campaign.chance.randint(2, 5))
            await operator.execute_command("CLIENT", "KILL", "TYPE", kind)  # type: ignore[no-untyped-call]
        await campaign.play(3)
        await campaign.verdict()
