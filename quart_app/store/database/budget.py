"""How many connections the workers may take together, beside what the server has to give."""

from __future__ import annotations

import sqlalchemy as sa
import structlog

from quart_app.settings import Settings
from quart_app.store.database.engine import Database

_ALLOWED = sa.text(
    """
    SELECT least(
        current_setting('max_connections')::int
            - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', true)::int, 0),
        nullif(rolconnlimit, -1),
        nullif(datconnlimit, -1)
    ), pg_backend_pid()
    FROM pg_roles, pg_database WHERE rolname = session_user AND datname = current_database()
    """
)

_log = structlog.get_logger(__name__)


async def tell_budget(settings: Settings) -> None:
    """Log the sum of all workers' connections to PostgreSQL, as a warning where the server gives fewer.

    Behind a pooler it is the pooler's own limit that counts, which it does not tell. Raises Unavailable.
    """
    if settings.sqlite_path is not None:
        return
    database = Database(settings.database_url, settings.database_connections)
    try:
        async with database.reading() as conn:
            allowed, pid = (await conn.execute(_ALLOWED)).one()
            driver = (await conn.get_raw_connection()).driver_connection
            # a pooler has many servers behind one connection, and so an id of its own
            pooled = driver is not None and driver.get_server_pid() != pid
    finally:
        await database.close()
    most = settings.workers * database.connections
    tell = _log.warning if most > allowed and not pooled else _log.info
    tell(
        "database_connections",
        workers=settings.workers,
        each=database.connections,
        most=most,
        server_gives=allowed,
        pooler=pooled,
    )
