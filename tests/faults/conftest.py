"""The deployment that the campaigns run on: two workers, a real Redis and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
import pytest_asyncio

from quart_app.settings import Settings
from tests.faults.campaign import Campaign, campaign
from tests.faults.deployment import Deployment
from tests.services import PostgresServer, RedisServer

READY_IN_A_ROW = 12
"""So many answers in a row come from both workers, but for one time in two thousand."""

Campaigns = Callable[..., AbstractAsyncContextManager[Campaign]]


@pytest.fixture(scope="session", name="seed")
def _seed() -> int:
    """The seed of all chance: that of GRANDSTAND_FAULT_SEED, else a new one, which a failure shows."""
    return int(os.environ.get("GRANDSTAND_FAULT_SEED") or secrets.randbelow(1_000_000))


@pytest.fixture(autouse=True)
def _tell_seed(seed: int) -> None:
    """Let every failure show how it is repeated."""
    logging.getLogger(__name__).warning("GRANDSTAND_FAULT_SEED=%d", seed)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a failure show what the deployment said, less the streams that ended."""
    report = yield
    deployment = getattr(item, "funcargs", {}).get("deployment")
    if report.failed and deployment is not None:
        report.sections.append(("log of the deployment", deployment.log(without="feed_closed")))
    return report


def fault_settings(database_url: str, redis_url: str, wire: str) -> Settings:
    """Settings with quick timers."""
    return Settings.for_tests(
        wire=wire,
        database_url=database_url,
        redis_url=redis_url,
        heartbeat_seconds=1.0,
        retry_seconds=0.3,
        degraded_poll_seconds=0.3,
        lag_seconds_max=2.0,
        drain_seconds=3.0,
    )


OVER_ONE_WIRE = pytest.mark.parametrize("deployment", ["ring"], indirect=True, scope="package")
"""For what goes wrong behind the hub, of which neither wire knows anything."""


@pytest_asyncio.fixture(scope="package", name="deployment", params=["ring", "asgi"])
async def _deployment(
    request: pytest.FixtureRequest, redis_server: RedisServer, postgres_server: PostgresServer
) -> AsyncIterator[Deployment]:
    """Two workers, running; everything once over each wire, unless it says ``OVER_ONE_WIRE``."""
    await redis_server.start()
    url = await postgres_server.fresh_database(migrated=True)
    deployment = Deployment(fault_settings(url, redis_server.url, request.param), workers=2)
    try:
        await deployment.start()
        yield deployment
    finally:
        await deployment.close()


@pytest_asyncio.fixture(name="campaigns")
async def _campaigns(
    seed: int, deployment: Deployment, redis_server: RedisServer, postgres_server: PostgresServer
) -> AsyncIterator[Campaigns]:
    """Campaigns on the deployment, which is whole when one begins; what a test has broken is mended after."""
    await until_ready(deployment)

    def begin(**options: Any) -> AbstractAsyncContextManager[Campaign]:
        return campaign(seed, deployment.url, deployment.settings.database_url, **options)

    try:
        yield begin
    finally:
        await redis_server.start()
        await postgres_server.start()
        await deployment.start()


async def until_ready(deployment: Deployment) -> None:
    """Wait until all workers say that they are ready, and hear the bus."""
    in_a_row = 0
    async with asyncio.timeout(40), httpx.AsyncClient(base_url=deployment.url, timeout=5) as operator:
        while in_a_row < READY_IN_A_ROW:
            try:
                answer = await operator.get("/readyz", headers={"Connection": "close"})
                ready = answer.status_code == 200 and answer.json()["status"] == "ok"
            except httpx.TransportError:
                ready = False
            in_a_row = in_a_row + 1 if ready else 0
            if not ready:
                await asyncio.sleep(0.1)
