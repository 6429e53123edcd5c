"""Everything at once: one fault after the other strikes by chance while a tournament is played."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

from tests.faults.conftest import Campaigns, until_ready
from tests.faults.deployment import Deployment
from tests.faults.test_database import ENDING
from tests.services import PostgresServer, RedisServer

PAUSE_SECONDS = 0.05
"""Between two wishes, so that the script lasts as long as the storm."""


async def test_storm(
    campaigns: Campaigns,
    deployment: Deployment,
    redis_server: RedisServer,
    postgres_server: PostgresServer,
) -> None:
    """Whatever breaks, in whatever order: who watches to the end holds exactly the log."""
    async with campaigns() as campaign:
        chance = campaign.chance

        async def redis_killed() -> None:
            async with redis_server.away():
                await asyncio.sleep(chance.uniform(0.1, 1.0))

        async def redis_paused() -> None:
            redis_server.pause()
            await asyncio.sleep(chance.uniform(0.1, 1.5))
            redis_server.resume()

        async def redis_emptied() -> None:
            async with Redis.from_url(redis_server.url) as operator:
                await operator.flushall()
                await operator.execute_command("CLIENT", "KILL", "TYPE", "pubsub")  # type: ignore[no-untyped-call]

        async def postgresql_restarted() -> None:
            async with postgres_server.away():
                await asyncio.sleep(chance.uniform(0.0, 0.5))

        async def connections_ended() -> None:
            await postgres_server.execute(campaign.database_url, ENDING)

        async def worker_killed() -> None:
            os.kill(chance.choice(deployment.workers()), signal.SIGKILL)

        async def worker_stopped() -> None:
            os.kill(chance.choice(deployment.workers()), signal.SIGTERM)

        async def network_lost() -> None:
            for spectator in campaign.spectators:
                if chance.random() < 0.7:
                    spectator.hang_up()

        faults: list[Callable[[], Awaitable[None]]] = [
            redis_killed,
            redis_paused,
            redis_emptied,
            postgresql_restarted,
            connections_ended,
            worker_killed,
            worker_stopped,
            network_lost,
        ]
        chance.shuffle(faults)
        over = asyncio.Event()

        async def play() -> None:
            while not over.is_set():
                await campaign.play(1)
                await asyncio.sleep(PAUSE_SECONDS)

        playing = asyncio.create_task(play())
        for strike in faults:
            await asyncio.sleep(chance.uniform(0.1, 0.5))
            await strike()
        over.set()
        await playing
        await until_ready(deployment)
        await campaign.play(5)
        await campaign.verdict()
