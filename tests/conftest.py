"""What tests of every room share: real servers, a database of each kind, settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from quart import Quart

from quart_app.app import create_app
from quart_app.settings import Settings
from quart_app.store.database.engine import Database
from quart_app.store.database.schema import migrate
from tests.redis_deployments import ClusterDeployment, SentinelDeployment
from tests.server import Server, running
from tests.services import PostgresServer, RedisServer


@pytest_asyncio.fixture(scope="session", name="redis_server")
async def _redis_server() -> AsyncIterator[RedisServer]:
    """A running Redis."""
    server = RedisServer()
    try:
        await server.start()
        yield server
    finally:
        await server.close()


@pytest_asyncio.fixture(scope="session", name="redis_sentinels")
async def _redis_sentinels() -> AsyncIterator[SentinelDeployment]:
    """A Redis watched over by sentinels, which runs from its first ``start`` on."""
    deployment = SentinelDeployment()
    try:
        yield deployment
    finally:
        await deployment.close()


@pytest_asyncio.fixture(scope="session", name="redis_cluster")
async def _redis_cluster() -> AsyncIterator[ClusterDeployment]:
    """A cluster of Redis, which runs from its first ``start`` on."""
    deployment = ClusterDeployment()
    try:
        yield deployment
    finally:
        await deployment.close()


@pytest_asyncio.fixture(scope="session", name="postgres_server")
async def _postgres_server() -> AsyncIterator[PostgresServer]:
    """A PostgreSQL that starts with the first ``fresh_database``."""
    server = PostgresServer()
    try:
        yield server
    finally:
        await server.close()


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    """Settings on a SQLite file of the test's own, not there yet."""
    return Settings.for_tests(database_url=f"sqlite+aiosqlite:///{tmp_path}/grandstand.db")


@pytest_asyncio.fixture(name="database_url", params=["sqlite", "postgresql"])
async def _database_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer
) -> AsyncIterator[str]:
    """The URL of a migrated, empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "postgresql":
        url = await postgres_server.fresh_database(migrated=True)
        yield url
        await postgres_server.drop(url)
    else:
        url = f"sqlite+aiosqlite:///{tmp_path}/contract.db"
        await migrate(url)
        yield url


@pytest_asyncio.fixture(name="database")
async def _database(database_url: str) -> AsyncIterator[Database]:
    """A migrated, empty database, closed afterwards: the test runs once on each kind."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest_asyncio.fixture(name="server")
async def _server(settings: Settings) -> AsyncIterator[Server]:
    """The whole application on a real port, on a SQLite file of its own."""
    async with running(settings) as server:
        yield server


@pytest_asyncio.fixture(name="app")
async def _app(settings: Settings) -> AsyncIterator[Quart]:
    """The application with its lifespan run, for ``app.test_client()``, on a SQLite file of its own."""
    await migrate(settings.database_url)
    app = create_app(settings)
    async with app.test_app():
        yield app
