"""The sum of all workers' connections is told at the start, beside what PostgreSQL gives."""

from __future__ import annotations

from typing import Any

from structlog.testing import capture_logs

from quart_app.settings import Settings
from quart_app.store.database.budget import tell_budget
from tests.poolers import PgBouncer
from tests.services import PostgresServer


async def told(url: str, **settings: Any) -> list[dict[str, Any]]:
    """The lines that are logged."""
    with capture_logs() as logs:
        await tell_budget(Settings.for_tests(database_url=url, redis_url="redis://a", **settings))
    return [dict(line) for line in logs]


async def test_the_sum_is_told(postgres_server: PostgresServer) -> None:
    """Of the server's 200 connections, 3 are kept for its administrators."""
    url = await postgres_server.fresh_database()
    line = {"event": "database_connections", "log_level": "info", "server_gives": 197, "pooler": False}
    assert await told(url, workers=4) == [line | {"workers": 4, "each": 5, "most": 20}]
    assert await told(url, workers=2, database_connections=9) == [
        line | {"workers": 2, "each": 9, "most": 18}
    ]
    assert await told(f"{url}?connection_limit=2") == [line | {"workers": 1, "each": 2, "most": 2}]


async def test_too_much_is_a_warning(postgres_server: PostgresServer) -> None:
    """Whether the database, the user or the whole server has fewer."""
    url = await postgres_server.fresh_database()
    await postgres_server.execute(url, f"ALTER DATABASE {url.rpartition('/')[2]} CONNECTION LIMIT 12")
    (line,) = await told(url, workers=3)
    assert (line["log_level"], line["most"], line["server_gives"]) == ("warning", 15, 12)
    await postgres_server.execute(url, "CREATE ROLE narrow LOGIN CONNECTION LIMIT 4")
    (line,) = await told(url.replace("grandstand@", "narrow@"))
    assert (line["log_level"], line["most"], line["server_gives"]) == ("warning", 5, 4)


async def test_a_pooler_is_no_reason_to_warn(postgres_server: PostgresServer) -> None:
    """It has fewer connections than clients by design."""
    url = await postgres_server.fresh_database()
    pooler = PgBouncer(postgres_server)
    try:
        await pooler.start()
        (line,) = await told(pooler.through(url), workers=50)
    finally:
        await pooler.close()
    assert (line["log_level"], line["most"], line["pooler"]) == ("info", 250, True)


async def test_sqlite_has_none_to_tell() -> None:
    """Its file has no limit."""
    assert await told("sqlite+aiosqlite:///none.db", workers=2) == []
