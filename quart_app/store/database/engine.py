"""The database behind one door: SQLite in a file, or PostgreSQL, with the same promises.

``Database.writing`` is one transaction, ``Database.reading`` one unchanging view. Whatever goes wrong with
the connection comes out as ``errors.Unavailable``, with its cause in the log and never in the answer.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import sqlalchemy as sa
import structlog
from sqlalchemy import event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from quart_app.errors import BadSettings, Unavailable

WAIT_SECONDS = 10.0
"""How long a caller waits: for its turn to write on SQLite, or for a free connection."""

COMMAND_SECONDS = 5.0
"""How long PostgreSQL may take to accept a connection, and to answer one statement."""

IDLE_TRANSACTION_SECONDS = 30
"""After which PostgreSQL ends a silent transaction: a machine that vanished must not keep its locks."""

# The primary result codes of SQLite that speak of the file, its locks or the disk, not of our SQL.
_SQLITE_OUTAGES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOTADB,
}

# The classes of SQLSTATE (PostgreSQL, appendix A) that speak of the server: connection, resources,
# intervention (shutdown, cancelled), system error, transaction rolled back (deadlock). And read-only, which
# is what a former primary answers after a failover, a lock not granted, and an idle transaction ended.
_POSTGRES_OUTAGE_CLASSES = {"08", "53", "57", "58", "40"}
_POSTGRES_OUTAGES = {"25006", "55P03", "25P03"}

Connection = AsyncConnection
"""What the store's functions take first; for those outside who hand it on."""

_log = structlog.get_logger(__name__)


class Database:
    """The engines of one database. ``dialect`` is ``sqlite`` or ``postgresql``, ``file`` the SQLite file.

    SQLite's driver loses updates silently when it begins transactions by itself; so it runs in autocommit
    mode with explicit BEGINs. Writers of this process queue in order and begin IMMEDIATE, readers have
    connections of their own that cannot write. PostgreSQL runs writers at READ COMMITTED, where a row lock
    and a condition in the UPDATE decide races, and readers at REPEATABLE READ, where all is of one moment.
    """

    def __init__(self, url: str) -> None:
        """Prepare for the database at a URL as ``Settings.database_url`` gives it; connects on first use.

        Raises BadSettings for a URL that cannot be read, and for a SQLite database in memory, which two
        engines could not share.
        """
        self.file = sqlite_file(url)
        self.dialect = "postgresql" if self.file is None else "sqlite"
        self._turn: asyncio.Lock | None = None
        if self.file is not None:
            self._writer = sqlite_engine(self.file, begin="BEGIN IMMEDIATE", pool_size=1, max_overflow=0)
            self._reader = sqlite_engine(self.file, begin="BEGIN", read_only=True, pool_size=4)
            self._turn = asyncio.Lock()
        else:
            self._writer = postgresql_engine(url, command_seconds=COMMAND_SECONDS)
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection whose reads all see the database at one moment, and which refuses to write.

        Raises Unavailable when the database cannot be reached or the connection is lost.
        """
        return transaction(self._reader)

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection in one transaction: committed on a clean exit, rolled back on an exception.

        Raises Unavailable when the database cannot be reached, stays locked for WAIT_SECONDS or loses the
        connection. If that happens while it commits, ``outcome_open`` is set: read again before a second try.
        """
        return self._writing()

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        async with AsyncExitStack() as stack:
            if self._turn is not None:
                try:
                    async with asyncio.timeout(WAIT_SECONDS):
                        await stack.enter_async_context(self._turn)
                except TimeoutError as error:
                    raise unavailable(error) from error
            yield await stack.enter_async_context(transaction(self._writer))

    async def close(self) -> None:
        """Close every connection that is not in use; those in use close when they are given back."""
        await self._writer.dispose()
        await self._reader.dispose()


def sqlite_file(url: str) -> Path | None:
    """The file that a SQLite URL names, None for PostgreSQL.

    Raises BadSettings for a URL that cannot be read, and for one that names no file.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise BadSettings(
            "DATABASE_URL: it cannot be read; write sqlite:///FILE or postgresql://USER@HOST:PORT/NAME"
        ) from None
    if parsed.get_backend_name() != "sqlite":
        return None
    if parsed.database in (None, "", ":memory:"):
        raise BadSettings("DATABASE_URL: SQLite needs a file; write sqlite:///var/grandstand.db, for example")
    return Path(str(parsed.database))


def sqlite_engine(
    file: Path, *, begin: str, read_only: bool = False, create: bool = False, **pool: Any
) -> AsyncEngine:
    """An engine on a SQLite file whose transactions start with the statement ``begin``.

    Only with ``create`` is a missing file made; else it is an error, as any other database that is away.
    """
    query = {"mode": "rwc" if create else "rw", "uri": "true"}
    engine = create_async_engine(
        sa.URL.create("sqlite+aiosqlite", database=f"file:{quote(str(file))}", query=query),
        connect_args={"isolation_level": None, "timeout": WAIT_SECONDS},
        pool_timeout=WAIT_SECONDS,
        hide_parameters=True,
        **pool,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        if read_only:
            cursor.execute("PRAGMA query_only = ON")
        else:
            # WAL lets readers read while somebody writes; FULL makes a confirmed result survive a power cut.
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    @event.listens_for(engine.sync_engine, "invalidate")
    def roll_back(connection: Any, *_: object) -> None:
        # SQLite keeps a closed connection, and its locks, as long as a cursor of it lives, and the cursor of
        # a cancelled task lives on in the traceback.
        connection.rollback()

    event.listen(engine.sync_engine, "handle_error", _translate)
    return engine


def postgresql_engine(url: str, *, command_seconds: float | None, **pool: Any) -> AsyncEngine:
    """An engine on PostgreSQL. ``command_seconds`` bounds each statement; None is no bound.

    The driver reads the URL itself, as libpq would: ``sslmode`` and the other parameters that platforms put
    into ``DATABASE_URL`` mean what they mean everywhere.
    """
    dsn = url.replace("postgresql+asyncpg://", "postgresql://", 1)

    async def connect(**_: object) -> Any:
        return await asyncpg.connect(
            dsn,
            timeout=COMMAND_SECONDS,
            command_timeout=command_seconds,
            server_settings={
                "application_name": "grandstand",
                "idle_in_transaction_session_timeout": str(IDLE_TRANSACTION_SECONDS * 1000),
            },
        )

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_pre_ping=True,
        hide_parameters=True,
        **{"pool_size": 5, "max_overflow": 10, "pool_timeout": WAIT_SECONDS} | pool,
    )
    event.listen(engine.sync_engine, "handle_error", _translate)
    return engine


def unavailable(error: BaseException) -> Unavailable:
    """The error to raise for an outage; its cause is logged here, without SQL or parameters."""
    cause = getattr(error, "orig", None) or error
    _log.warning("database_unavailable", error=type(cause).__name__, cause=str(cause))
    return Unavailable("The database cannot be reached right now. Please try again in a moment.")


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the engine in one transaction, committed on a clean exit. Raises Unavailable."""
    committing = False
    try:
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(engine.connect())
            except (OSError, sa.exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise unavailable(error) from error
            await stack.enter_async_context(connection.begin())
            yield connection
            committing = True
    except Unavailable as error:
        error.outcome_open |= committing
        raise


def _translate(context: ExceptionContext) -> Unavailable | None:
    """SQLAlchemy's hook for an error of the driver: what is an outage is raised as one, at its source."""
    error = context.original_exception
    if not isinstance(error, Exception):
        return None  # the task was cancelled
    # A statement that ran into its time limit leaves a connection on which nothing more should be tried.
    context.is_disconnect |= isinstance(error, OSError)
    # SQLAlchemy answers a failed ping itself, with a new connection.
    if context.is_pre_ping or not (context.is_disconnect or _is_outage(error)):
        return None
    return unavailable(error)


def _is_outage(error: BaseException) -> bool:
    sqlstate = getattr(error, "sqlstate", None) or ""
    return (
        getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_OUTAGES
        or sqlstate in _POSTGRES_OUTAGES
        or sqlstate[:2] in _POSTGRES_OUTAGE_CLASSES
    )
