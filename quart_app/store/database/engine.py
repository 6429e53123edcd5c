"""The database behind one door: SQLite in a file, or PostgreSQL, with the same promises.

``Database.writing`` is one transaction, ``Database.reading`` one unchanging view. Whatever goes wrong with
the connection comes out as ``errors.Unavailable``, with its cause in the log and never in the answer.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiosqlite
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from quart_app.database_url import PostgresUrl, parse_postgres_url
from quart_app.errors import BadSettings, Unavailable
from quart_app.store.database.outages import translate
from quart_app.store.database.places import Places
from quart_app.store.database.postgresql import postgresql_engine

WAIT_SECONDS = 10.0
"""How long a caller waits: for its turn to write on SQLite, or for a free connection."""

COMMAND_SECONDS = 5.0
"""How long PostgreSQL may take to accept a connection, and to answer one statement."""

CONNECTIONS = 5
"""How many connections to PostgreSQL a worker keeps at most, unless it is told otherwise."""

_WAL_PAUSE_SECONDS = 0.02

_SQLITE_READERS = 14

_SQLITE_CACHE_KIBIBYTES = 512
"""How much of the file each connection keeps; by itself it would be four times as much. A reader's is
emptied by every write, and the system has the file in memory anyhow."""

Connection = AsyncConnection
"""What the store's functions take first; for those outside who hand it on."""


class Database:
    """The engines of one database. ``dialect`` is ``sqlite`` or ``postgresql``, ``file`` the SQLite file.

    ``connections`` is how many it has to PostgreSQL at most; a caller waits for one that is free.

    SQLite's driver loses updates silently when it begins transactions by itself; so it runs in autocommit
    mode with explicit BEGINs. Writers of this process queue in order and begin IMMEDIATE, readers have
    connections of their own that cannot write. PostgreSQL runs writers at READ COMMITTED, where a row lock
    and a condition in the UPDATE decide races, and readers at REPEATABLE READ, where all is of one moment.
    """

    def __init__(self, url: str, connections: int | None = None) -> None:
        """Prepare for the database at a URL as ``Settings.database_url`` gives it; connects on first use.

        Without a number of connections, PostgreSQL's are as many as the URL says, or CONNECTIONS. Raises
        BadSettings for a URL that cannot be read, and for a SQLite database in memory, which two engines
        could not share.
        """
        self.file = sqlite_file(url)
        self.dialect = "postgresql" if self.file is None else "sqlite"
        if self.file is not None:
            self._writer = sqlite_engine(self.file, begin="BEGIN IMMEDIATE", pool_size=1)
            self._reader = sqlite_engine(self.file, begin="BEGIN", read_only=True, pool_size=4)
            self._writers, self._readers = Places(1), Places(_SQLITE_READERS)
        else:
            parsed = server_url(url)
            self.connections = connections or parsed.connections or CONNECTIONS
            self._writer = postgresql_engine(
                parsed, self.connections, connect_seconds=COMMAND_SECONDS, command_seconds=COMMAND_SECONDS
            )
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._writers = self._readers = Places(self.connections)

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection whose reads all see the database at one moment, and which refuses to write.

        Raises Unavailable when the database cannot be reached or the connection is lost.
        """
        return transaction(self._reader, self._readers)

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection in one transaction: committed on a clean exit, rolled back on an exception.

        Raises Unavailable when the database cannot be reached, stays locked for WAIT_SECONDS or loses the
        connection. If that happens while it commits, ``outcome_open`` is set: read again before a second try.
        """
        return transaction(self._writer, self._writers)

    async def close(self) -> None:
        """Close every connection that is not in use; those in use close when they are given back."""
        await self._writer.dispose()
        await self._reader.dispose()


def sqlite_file(url: str) -> Path | None:
    """The file that a SQLite URL names, None for PostgreSQL. Raises BadSettings where it names none."""
    if not url.startswith("sqlite"):
        return None
    parsed = sa.make_url(url)
    if parsed.database in (None, "", ":memory:"):
        raise BadSettings("DATABASE_URL: SQLite needs a file; write sqlite:///var/grandstand.db, for example")
    return Path(str(parsed.database))


class _SelfClosing(sqlite3.Connection):
    """A connection that is closed when nobody holds it any more.

    Where a task is cancelled while it opens one, the driver forgets the connection, and from Python 3.13 on
    it is a warning to let one go unclosed. What the driver has once given out, it looks after itself.
    """

    def __del__(self) -> None:
        # one that could not be opened cannot be closed either
        with suppress(sqlite3.ProgrammingError):
            self.close()


def sqlite_engine(
    file: Path, *, begin: str, read_only: bool = False, create: bool = False, **pool: Any
) -> AsyncEngine:
    """An engine on a SQLite file whose transactions start with the statement ``begin``.

    Only with ``create`` is a missing file made; else it is an error, as any other database that is away.
    """
    query = {"mode": "rwc" if create else "rw", "uri": "true"}
    engine = create_async_engine(
        sa.URL.create("sqlite+aiosqlite", database=f"file:{quote(str(file))}", query=query),
        connect_args={
            "isolation_level": None,
            "timeout": WAIT_SECONDS,
            "factory": _SelfClosing,
            # what nobody holds is closed by whichever thread lets go of it last
            "check_same_thread": False,
        },
        hide_parameters=True,
        **pool,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA cache_size = -{_SQLITE_CACHE_KIBIBYTES}")
        if read_only:
            cursor.execute("PRAGMA query_only = ON")
        else:
            # WAL lets readers read while somebody writes; FULL makes a confirmed result survive a power cut.
            connection.run_async(_use_wal)
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

    event.listen(engine.sync_engine, "handle_error", translate)
    return engine


async def _use_wal(connection: aiosqlite.Connection) -> None:
    """Have a file keep a WAL, which lasts. SQLite refuses that at once, however long it may wait for all
    else, while another program does the same to a new file, or writes to it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            async with connection.execute("PRAGMA journal_mode = WAL"):
                return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            await asyncio.sleep(_WAL_PAUSE_SECONDS)


def server_url(url: str) -> PostgresUrl:
    """The URL of a PostgreSQL, taken apart. Raises BadSettings for one that cannot be read."""
    try:
        return parse_postgres_url(url)
    except ValueError as error:
        raise BadSettings(f"DATABASE_URL: {error}") from None


@asynccontextmanager
async def transaction(engine: AsyncEngine, places: Places) -> AsyncIterator[AsyncConnection]:
    """A connection of the engine in one transaction, committed on a clean exit. Raises Unavailable."""
    committing = False
    try:
        async with AsyncExitStack() as stack:
            yield await stack.enter_async_context(places.begin(engine, WAIT_SECONDS))
            committing = True
    except Unavailable as error:
        error.outcome_open |= committing
        raise
