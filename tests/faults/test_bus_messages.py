"""Hints that get lost, come twice, late or spoilt on their way: each is only a reason to look at the log."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.databases import prepare
from tests.faults.campaign import campaign
from tests.faults.conftest import fault_settings, until_ready
from tests.faults.deployment import Deployment
from tests.faults.meddler import TRICKS, meddling_with
from tests.live.listening import until
from tests.services import RedisServer


async def test_messages_lost_repeated_reordered_and_garbled(
    seed: int, redis_server: RedisServer, tmp_path: Path
) -> None:
    """With half of all messages tampered with, nobody misses anything or gets anything twice; here from a
    database that is a file."""
    await redis_server.start()
    database_url = f"sqlite+aiosqlite:///{tmp_path}/grandstand.db"
    await prepare(database_url)
    async with meddling_with(redis_server.port, Random(seed)) as (meddler, redis_url):
        deployment = Deployment(fault_settings(database_url, redis_url, "socket"), workers=2)
        try:
            await deployment.start()
            await until_ready(deployment)
            async with campaign(seed, deployment.url, database_url) as played:
                meddler.meddling = True
                await played.play(50)
                await until(lambda: all(meddler.played[trick] for trick in TRICKS))
                await played.verdict()
        finally:
            await deployment.close()
