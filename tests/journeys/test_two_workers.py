"""Two workers as a spectator knows them: what is scored on one is seen on the other, on any kind of Redis."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio

from quart_app.actions import matches
from quart_app.domain.commands import StartMatch
from quart_app.settings import Settings
from tests.redis_deployments import ClusterDeployment, SentinelDeployment
from tests.server import running
from tests.services import RedisServer


@pytest_asyncio.fixture(name="redis_url", params=["server", "sentinels", "cluster"])
async def _redis_url(
    request: pytest.FixtureRequest,
    redis_server: RedisServer,
    redis_sentinels: SentinelDeployment,
    redis_cluster: ClusterDeployment,
) -> str:
    """A running Redis, of each kind."""
    deployments: dict[str, RedisServer | SentinelDeployment | ClusterDeployment] = {
        "server": redis_server,
        "sentinels": redis_sentinels,
        "cluster": redis_cluster,
    }
    deployment = deployments[request.param]
    await deployment.start()
    return deployment.url


async def test_what_one_worker_is_told_the_others_spectators_see(redis_url: str, tmp_path: Path) -> None:
    """By the bus, long before anybody looks into the log; and everyone is counted."""
    settings = Settings.for_tests(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/grandstand.db",
        redis_url=redis_url,
        degraded_poll_seconds=60,
    )
    async with running(settings) as here, running(settings) as there:
        tournament = await here.tournament()
        async with here.feed(tournament.id) as ours, there.feed(tournament.id) as theirs:
            await theirs.until("connection_established")
            await matches.start_match(here.services, tournament.id, StartMatch(match_id=1), None)
            started = [await feed.until("match_started") for feed in (ours, theirs)]
            async with asyncio.timeout(10):
                while (frame := await theirs.next_block()).event != "presence" or (
                    frame.payload["watching"] != 2
                ):
                    pass
    assert started[0] == started[1]
