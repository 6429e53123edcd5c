"""PostgreSQL restarted in mid-append: a wish is carried out once, or refused and carried out later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.faults.campaign import Campaign, eventually
from tests.faults.conftest import OVER_ONE_WIRE, Campaigns
from tests.live.listening import until
from tests.services import PostgresServer

pytestmark = OVER_ONE_WIRE

WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE 'UPDATE tournaments%'
"""
ENDING = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@asynccontextmanager
async def append_under_way(campaign: Campaign) -> AsyncIterator[asyncio.Task[None]]:
    """The next wish, whose append waits for a lock in the middle of its transaction."""
    dsn = campaign.database_url.replace("+asyncpg", "")
    holder, watcher = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    try:
        await holder.execute("BEGIN")
        await holder.execute("SELECT 1 FROM tournaments WHERE id = $1 FOR UPDATE", campaign.tournament.id)
        playing = asyncio.create_task(campaign.play(1))

        async def is_waiting() -> bool:
            return bool(await watcher.fetchval(WAITING))

        await eventually(is_waiting)
        yield playing
    finally:
        holder.terminate()
        watcher.terminate()


async def test_postgresql_killed_in_mid_append(campaigns: Campaigns, postgres_server: PostgresServer) -> None:
    """Streams stay open, posts are refused with 503 for the while, and nothing is lost or done twice."""
    async with campaigns() as campaign:
        await campaign.play(campaign.chance.randint(3, 10))
        connections = sum(spectator.connections for spectator in campaign.spectators)
        async with append_under_way(campaign) as playing:
            async with postgres_server.away():
                await until(lambda: campaign.retries)
            await playing
        await campaign.play(10)
        await campaign.verdict()
        assert sum(spectator.connections for spectator in campaign.spectators) == connections


async def test_postgresql_ends_all_connections(campaigns: Campaigns, postgres_server: PostgresServer) -> None:
    """As an administrator's restart or a failover does, again and again while staff are busy."""
    async with campaigns() as campaign:
        playing = asyncio.create_task(campaign.play(25))
        while not playing.done():
            await postgres_server.execute(campaign.database_url, ENDING)
            await asyncio.wait({playing}, timeout=campaign.chance.uniform(0.05, 0.3))
        await playing
        await campaign.verdict()
