"""A database comes to the newest schema, once, however it starts; or it is refused with a plain sentence."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from quart_app.errors import DatabaseBehind, Unavailable
from quart_app.store.database import schema
from quart_app.store.database.engine import Database
from quart_app.store.database.schema import migrate, require_current
from quart_app.store.tables import metadata
from tests.services import PostgresServer
from tests.store.samples import append, open_log, read_log, score

NEXT_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = {head!r}

def upgrade() -> None:
    op.create_table("novelties", sa.Column("id", sa.Integer, primary_key=True))
    {then}
"""


@pytest_asyncio.fixture(name="empty_url", params=["sqlite", "postgresql"])
async def _empty_url(request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer) -> str:
    """A database that nobody has migrated: an empty one, or a file that is not there, nor is its folder."""
    if request.param == "postgresql":
        return await postgres_server.fresh_database()
    return f"sqlite+aiosqlite:///{tmp_path}/a folder/ünï & 100%.db"


async def verdict(url: str) -> str:
    """What ``require_current`` says: the sentence of its refusal, or that it is fine."""
    database = Database(url)
    try:
        await require_current(database)
    except DatabaseBehind as error:
        return error.detail
    finally:
        await database.close()
    return "fine"


def newer_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str = "pass") -> None:
    """From here on this program is one migration newer."""
    head = ScriptDirectory(str(schema.MIGRATIONS)).get_current_head()
    migrations = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, migrations)
    (migrations / "versions" / "v9999.py").write_text(NEXT_MIGRATION.format(head=head, then=then))
    monkeypatch.setattr(schema, "MIGRATIONS", migrations)


async def test_a_migrated_database_is_current(empty_url: str) -> None:
    """After ``migrate`` an empty database is fit for use."""
    await migrate(empty_url)
    assert await verdict(empty_url) == "fine"


async def test_asking_again_and_again_keeps_nothing(database: Database) -> None:
    """A server that is probed every few seconds does not fill its memory of statements with the answer."""
    kept = database._reader.sync_engine._compiled_cache
    assert kept is not None
    await require_current(database)
    before = len(kept)
    for _ in range(3):
        await require_current(database)
    assert len(kept) == before


async def test_the_migrations_make_the_tables(database: Database) -> None:
    """The schema that the migrations leave is the one that the queries are written against."""
    async with database.reading() as conn:
        differences = await conn.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )
    assert differences == []


async def test_migrating_again_keeps_everything(database: Database, database_url: str) -> None:
    """A second ``migrate`` finds nothing to do and touches no event."""
    tournament_id = await open_log(database)
    appended = await append(database, tournament_id, 0, score(tournament_id, 1, 1))
    await migrate(database_url)
    assert await read_log(database, tournament_id) == appended


async def test_tasks_that_migrate_at_once_agree(empty_url: str) -> None:
    """Several ``migrate`` of one database in one program are as good as one."""
    await asyncio.gather(*(migrate(empty_url) for _ in range(4)))
    assert await verdict(empty_url) == "fine"


async def test_who_comes_while_another_makes_the_file_waits(tmp_path: Path) -> None:
    """Until a SQLite file has a WAL, whoever asks for one is refused at once while somebody writes."""
    file = tmp_path / "grandstand.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        migrating = asyncio.create_task(migrate(f"sqlite+aiosqlite:///{file}"))
        await asyncio.sleep(0.2)
        assert not migrating.done()
        other.rollback()
        await migrating
    assert await verdict(f"sqlite+aiosqlite:///{file}") == "fine"


async def test_processes_that_migrate_at_once_agree(empty_url: str) -> None:
    """Several programs that start at once on an empty database all start."""
    code = (
        "import asyncio, sys; from quart_app.store.database.schema import migrate; "
        "asyncio.run(migrate(sys.argv[1]))"
    )

    async def run() -> int:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, empty_url)
        return await process.wait()

    assert set(await asyncio.gather(*(run() for _ in range(4)))) == {0}
    assert await verdict(empty_url) == "fine"


async def test_an_unmigrated_database_names_the_fix(empty_url: str) -> None:
    """A database that is not there, or empty, is refused with the command that helps."""
    assert "run `python -m quart_app migrate`" in await verdict(empty_url)


async def test_asking_makes_no_file(tmp_path: Path) -> None:
    """Only ``migrate`` makes a SQLite file: a mistyped path must not come to look like an empty database."""
    url = f"sqlite+aiosqlite:///{tmp_path}/typo.db"
    database = Database(url)
    for transaction in (database.reading, database.writing):
        with pytest.raises(Unavailable):
            async with transaction():
                pass
    await database.close()
    assert "is not there yet" in await verdict(url)


async def test_an_older_database_names_the_fix(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that lacks a migration is refused with the command that helps."""
    newer_program(tmp_path, monkeypatch)
    sentence = await verdict(database_url)
    assert sentence == (
        "The database is older than this program: run `python -m quart_app migrate`, then start again."
    )


async def test_an_older_database_is_brought_up(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``migrate`` runs what is missing on top of what is there."""
    newer_program(tmp_path, monkeypatch)
    await migrate(database_url)
    assert await verdict(database_url) == "fine"


async def test_a_migration_that_fails_leaves_nothing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a broken migration did before it broke is taken back, so that a corrected one can run."""
    newer_program(tmp_path, monkeypatch, then="raise ZeroDivisionError")
    with pytest.raises(ZeroDivisionError):
        await migrate(database_url)
    database = Database(database_url)
    async with database.reading() as conn:
        names = await conn.run_sync(lambda sync: sa.inspect(sync).get_table_names())
    await database.close()
    assert "novelties" not in names


@pytest.mark.parametrize("ask", [verdict, migrate])
async def test_a_newer_database_is_left_alone(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: object
) -> None:
    """A database that a newer program has migrated is refused, by ``migrate`` too, with what helps."""
    with monkeypatch.context() as newer:
        newer_program(tmp_path, newer)
        await migrate(database_url)
    if ask is migrate:
        with pytest.raises(DatabaseBehind, match="newer version of this program"):
            await migrate(database_url)
    else:
        assert "newer version of this program" in await verdict(database_url)


async def test_migrating_a_database_that_is_away(postgres_server: PostgresServer) -> None:
    """Without a server there is a plain error, and no traceback of a driver."""
    url = await postgres_server.fresh_database()
    async with postgres_server.away():
        with pytest.raises(Unavailable):
            await migrate(url)
