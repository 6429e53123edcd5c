"""What tests of every room share: real servers, a database of each kind, settings."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import argon2
import pytest
import pytest_asyncio
from hypothesis import settings as hypothesis_settings
from quart import Quart
from werkzeug.routing import Rule

from quart_app.app import create_app
from quart_app.auth import passwords
from quart_app.settings import Settings
from quart_app.store.database.engine import Database
from tests.databases import prepare
from tests.redis_deployments import ClusterDeployment, SentinelDeployment
from tests.server import Server, running
from tests.services import PostgresServer, RedisServer

# hypothesis searches without a stop-watch, and in CI the same examples in every run
hypothesis_settings.register_profile("here", deadline=None)
hypothesis_settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis_settings.load_profile("ci" if os.environ.get("CI") else "here")


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
        await prepare(url)
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
    await prepare(settings.database_url)
    app = create_app(settings)
    async with app.test_app():
        yield app


HASHED_FOR_REAL = {"test_passwords.py", "test_accounts.py"}
"""The tests of the hashing itself."""


@pytest.fixture(autouse=True)
def _cheap_hashing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere a password is hashed as cheaply as argon2 can: hundreds of tests sign somebody in."""
    if request.path.name in HASHED_FOR_REAL:
        return
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_ARGON2", cheap)
    nobodys = passwords._NOBODYS.replace("m=19456,t=2", "m=8,t=1")
    monkeypatch.setattr(passwords, "_NOBODYS", nobodys)


@pytest.fixture(autouse=True, scope="session")
def _routes_compiled_once() -> Iterator[None]:
    """An app is made for nearly every test, and to compile its hundred routes takes most of the making."""
    compiled: dict[tuple[str, str, bool], Any] = {}
    compile_builder = Rule._compile_builder

    def compiled_once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, str(rule.endpoint), append_unknown)
        if rule.defaults or key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compiled_once)
        yield


LONG = {"browser", "faults", "journeys", "conformance", "live", "test_openapi.py"}
"""The rooms whose files take long, and a file that does."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that in the end no lane is waited for; from each room in turn, so that
    not every lane has a browser at the same time. The tests of a file stay together."""
    turns: dict[Path, int] = {}
    rooms: Counter[Path] = Counter()
    for item in items:
        if item.path not in turns:
            turns[item.path] = 0 if item.path.name in LONG else rooms[item.path.parent]
            rooms[item.path.parent] += 1
    items.sort(
        key=lambda item: (
            LONG.isdisjoint((item.path.parent.name, item.path.name)),
            turns[item.path],
            item.path.parent,
        )
    )


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: to look through it for garbage again and again took a
    tenth of the time."""
    gc.collect()
    gc.freeze()
