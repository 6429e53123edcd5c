"""What the door to the database promises besides the data: errors that a caller can handle, and recovery."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
from structlog.testing import capture_logs

from quart_app.errors import BadSettings, Unavailable
from quart_app.store.database import engine
from quart_app.store.database.engine import Database
from quart_app.store.database.schema import migrate
from quart_app.store.event_log import append_events
from tests.services import PostgresServer, free_port
from tests.store.samples import NOON, SUMMARY, append, open_log, read_head, score

COUNT_FOR_LONG = sa.text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) FROM n"
)
LOGGED = {"event": "database_unavailable", "log_level": "warning"}


@pytest_asyncio.fixture(name="postgres")
async def _postgres(postgres_server: PostgresServer) -> AsyncIterator[Database]:
    """A database on PostgreSQL."""
    database = Database(await postgres_server.fresh_database(migrated=True))
    yield database
    await database.close()


@pytest_asyncio.fixture(name="impatient")
async def _impatient(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Database]:
    """A database on PostgreSQL that gives up after a second."""
    monkeypatch.setattr(engine, "COMMAND_SECONDS", 1.0)
    database = Database(await postgres_server.fresh_database(migrated=True))
    yield database
    await database.close()


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    """Where the SQLite database of these tests is."""
    return tmp_path / "grandstand.db"


@pytest_asyncio.fixture(name="sqlite")
async def _sqlite(file: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """A database on SQLite that gives up after half a second."""
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0.5)
    url = f"sqlite+aiosqlite:///{file}"
    await migrate(url)
    database = Database(url)
    yield database
    await database.close()


@pytest.fixture(name="notes")
def _notes(tmp_path: Path) -> Path:
    """A file that is no database."""
    file = tmp_path / "notes.txt"
    file.write_text("Ada beat Bob 3–1 in the final. " * 100)
    return file


async def begin_and_hang(database: Database, tournament_id: int, begun: asyncio.Event) -> None:
    """Append an event, and never commit."""
    async with database.writing() as conn:
        events = [score(tournament_id, 1, 1)]
        await append_events(conn, tournament_id, 0, events, at=NOON, actor_id=None, summary=SUMMARY)
        begun.set()
        await asyncio.Event().wait()


async def pragma(database: Database, name: str) -> object:
    """A setting of the connection that writes."""
    async with database.writing() as conn:
        return (await conn.execute(sa.text(f"PRAGMA {name}"))).scalar_one()


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///",
        "sqlite+aiosqlite:///:memory:",
    ],
)
def test_a_url_that_cannot_work_is_a_bad_setting(url: str) -> None:
    """It is refused at once, naming the variable and the form that works."""
    with pytest.raises(BadSettings, match=r"DATABASE_URL: .*sqlite:///"):
        Database(url)


async def test_a_reader_cannot_write(database: Database) -> None:
    """``reading`` refuses to write, as a read-only database does: nothing bypasses the one way to do it."""
    async with database.reading() as conn:
        with pytest.raises(Unavailable):
            await conn.execute(sa.text("DELETE FROM events"))


async def test_a_cancelled_writer_leaves_nothing(database: Database) -> None:
    """A task that is cancelled in mid-transaction, as when a client leaves, writes nothing, blocks nobody."""
    tournament_id = await open_log(database)
    begun = asyncio.Event()
    task = asyncio.create_task(begin_and_hang(database, tournament_id, begun))
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])
    await append(database, tournament_id, 0, score(tournament_id, 1, 2))
    assert await read_head(database, tournament_id) == 1


async def test_a_writer_cancelled_in_a_statement_blocks_nobody(database: Database) -> None:
    """The lock is free at once, though the cancelled task's traceback still holds the statement's cursor."""
    tournament_id = await open_log(database)
    begun = asyncio.Event()

    async def append_and_count() -> None:
        async with database.writing() as conn:
            events = [score(tournament_id, 1, 1)]
            await append_events(conn, tournament_id, 0, events, at=NOON, actor_id=None, summary=SUMMARY)
            begun.set()
            await conn.execute(COUNT_FOR_LONG)

    task = asyncio.create_task(append_and_count())
    await begun.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])
    async with asyncio.timeout(5):
        await append(database, tournament_id, 0, score(tournament_id, 1, 2))


async def test_writers_cancelled_at_any_moment_block_nobody(database: Database) -> None:
    """Whenever a writer is cancelled – waiting, beginning, appending, committing – the next one can write."""
    tournament_id = await open_log(database)
    cancelled = []
    for step in range(40):
        head = await read_head(database, tournament_id)
        task = asyncio.create_task(append(database, tournament_id, head, score(tournament_id, 1, step)))
        await asyncio.sleep(step / 5_000)
        task.cancel()
        await asyncio.wait([task])
        cancelled.append(task)
    async with asyncio.timeout(5):
        assert await open_log(database) > tournament_id


@pytest.mark.parametrize("query", ["sslmode=disable", "sslmode=prefer&application_name=stage"])
async def test_a_url_may_have_the_parameters_of_libpq(postgres_server: PostgresServer, query: str) -> None:
    """What platforms append to DATABASE_URL is understood."""
    database = Database(f"{await postgres_server.fresh_database(migrated=True)}?{query}")
    assert await open_log(database) == 1
    await database.close()


async def test_a_dead_server_is_unavailable(postgres: Database, postgres_server: PostgresServer) -> None:
    """Reading and writing raise Unavailable while PostgreSQL is away, pooled connections or not."""
    await open_log(postgres)
    async with postgres_server.away():
        for transaction in (postgres.reading, postgres.writing):
            with pytest.raises(Unavailable):
                async with transaction():
                    pass


async def test_a_server_that_is_back_is_used(postgres: Database, postgres_server: PostgresServer) -> None:
    """After the outage the same Database works, without an error for the first caller."""
    tournament_id = await open_log(postgres)
    async with postgres_server.away():
        with pytest.raises(Unavailable):
            await read_head(postgres, tournament_id)
    await append(postgres, tournament_id, 0, score(tournament_id, 1, 1))
    assert await read_head(postgres, tournament_id) == 1


async def test_a_restart_between_two_requests_is_not_felt(
    postgres: Database, postgres_server: PostgresServer
) -> None:
    """Pooled connections that died meanwhile are replaced unseen."""
    tournament_id = await open_log(postgres)
    async with postgres_server.away():
        pass
    assert await read_head(postgres, tournament_id) == 0


async def test_a_crash_in_mid_append_leaves_nothing(
    postgres: Database, postgres_server: PostgresServer
) -> None:
    """A transaction that PostgreSQL dies under raises Unavailable and is gone."""
    tournament_id = await open_log(postgres)

    async def append_over_a_crash() -> None:
        async with postgres.writing() as conn:
            events = [score(tournament_id, 1, 1)]
            await append_events(conn, tournament_id, 0, events, at=NOON, actor_id=None, summary=SUMMARY)
            await postgres_server.kill()

    try:
        with pytest.raises(Unavailable):
            await append_over_a_crash()
    finally:
        await postgres_server.start()
    assert await read_head(postgres, tournament_id) == 0


async def test_a_hanging_server_is_unavailable(impatient: Database, postgres_server: PostgresServer) -> None:
    """A PostgreSQL that takes the statement and never answers is given up after COMMAND_SECONDS."""
    tournament_id = await open_log(impatient)
    postgres_server.pause()
    try:
        with pytest.raises(Unavailable):
            async with asyncio.timeout(10):
                await read_head(impatient, tournament_id)
    finally:
        postgres_server.resume()


async def test_a_server_that_stopped_hanging_is_used(
    impatient: Database, postgres_server: PostgresServer
) -> None:
    """Afterwards the same Database works."""
    tournament_id = await open_log(impatient)
    postgres_server.pause()
    try:
        with pytest.raises(Unavailable):
            await append(impatient, tournament_id, 0, score(tournament_id, 1, 1))
    finally:
        postgres_server.resume()
    head = await read_head(impatient, tournament_id)
    assert (await append(impatient, tournament_id, head, score(tournament_id, 1, 2)))[0].seq == head + 1


async def test_a_statement_that_hangs_is_unavailable(impatient: Database) -> None:
    """A lock that somebody keeps, a query that never ends: given up after COMMAND_SECONDS."""
    with pytest.raises(Unavailable):
        async with impatient.reading() as conn:
            await conn.execute(sa.text("SELECT pg_sleep(20)"))


async def test_a_full_pool_is_unavailable(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller that gets no connection for WAIT_SECONDS is told so."""
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0.2)
    database = Database(await postgres_server.fresh_database(migrated=True))
    release = asyncio.Event()

    async def occupy() -> None:
        async with database.reading():
            await release.wait()

    tasks = [asyncio.create_task(occupy()) for _ in range(30)]
    results, _ = await asyncio.wait(tasks, timeout=2, return_when=asyncio.FIRST_EXCEPTION)
    release.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    await database.close()
    assert results
    assert {type(outcome) for outcome in outcomes} == {type(None), Unavailable}


async def test_an_outage_is_logged_with_its_cause() -> None:
    """The log says what the driver said; the caller is told to try again, and no more."""
    port = free_port()
    database = Database(f"postgresql+asyncpg://ada:secret@127.0.0.1:{port}/cup")
    with capture_logs() as logs, pytest.raises(Unavailable) as raised:
        async with database.reading():
            pass
    await database.close()
    reason = "the connection is refused"
    assert logs == [LOGGED | {"reason": reason, "error": "ConnectionRefusedError", "cause": logs[0]["cause"]}]
    assert str(port) in logs[0]["cause"]
    assert reason in str(raised.value.cause)
    assert raised.value.detail == "The database cannot be reached right now. Please try again in a moment."


async def test_no_secret_is_logged(impatient: Database, postgres_server: PostgresServer) -> None:
    """Neither the password of the URL nor the values of a statement reach the log or an error's text."""
    url = postgres_server.url.replace("grandstand@", "ada:secret-of-ada@")
    stranger = Database(url)
    told: list[object] = []
    with capture_logs() as logs:
        try:
            async with stranger.reading():
                pass
        except Unavailable as error:
            told += [error, error.__cause__]
        try:
            async with impatient.writing() as conn:
                await conn.execute(sa.text("SELECT pg_sleep(:n), :it"), {"n": 20, "it": "secret-of-ada"})
        except Unavailable as error:
            told += [error, error.__cause__]
    await stranger.close()
    assert len(told) == 4
    assert "secret-of-ada" not in repr(logs) + repr(told)


async def test_a_locked_file_is_unavailable(sqlite: Database, file: Path) -> None:
    """When another program keeps SQLite's write lock for WAIT_SECONDS, a writer is told so."""
    with sqlite3.connect(file) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await open_log(sqlite)
    other.close()


async def test_a_lock_that_is_released_is_waited_for(sqlite: Database, file: Path) -> None:
    """A writer waits for another program's lock, and then writes."""
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    task = asyncio.create_task(open_log(sqlite))
    await asyncio.sleep(0.2)
    other.rollback()
    other.close()
    assert await task == 1


async def test_a_stuck_writer_is_unavailable_to_the_next(sqlite: Database) -> None:
    """When a writer of this program never ends, the next one is told so after WAIT_SECONDS."""
    tournament_id = await open_log(sqlite)
    begun = asyncio.Event()
    stuck = asyncio.create_task(begin_and_hang(sqlite, tournament_id, begun))
    await begun.wait()
    with pytest.raises(Unavailable):
        await open_log(sqlite)
    stuck.cancel()
    await asyncio.wait([stuck])


async def test_a_file_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    """A missing SQLite file is an outage."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/gone.db")
    for transaction in (database.reading, database.writing):
        with pytest.raises(Unavailable):
            async with transaction():
                pass
    await database.close()


async def test_a_file_that_is_no_database_is_unavailable(notes: Path) -> None:
    """A file of something else is no reason for a traceback."""
    database = Database(f"sqlite+aiosqlite:///{notes}")
    with pytest.raises(Unavailable):
        await open_log(database)
    await database.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 500),
        ("cache_size", -512),
    ],
)
async def test_sqlite_is_set_up_for_results(sqlite: Database, name: str, value: object) -> None:
    """Readers beside a writer, a sync (2 is FULL) before a commit is told, references checked, patience,
    and little kept of the file by each connection."""
    assert await pragma(sqlite, name) == value
