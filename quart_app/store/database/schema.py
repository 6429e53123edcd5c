"""The schema's version: bring a database to this program's, or say plainly that it is not there.

Alembic runs as a library: no configuration file, one transaction for all that is missing, and one migration
at a time however many processes start at once.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from quart_app.errors import DatabaseBehind
from quart_app.store.database.engine import (
    COMMAND_SECONDS,
    Database,
    server_url,
    sqlite_engine,
    sqlite_file,
    transaction,
)
from quart_app.store.database.places import Places
from quart_app.store.database.postgresql import postgresql_engine

MIGRATIONS = Path(__file__).parents[1] / "migrations"

# Any number will do that no other program on the same PostgreSQL database takes for an advisory lock.
_MIGRATION_LOCK = 0x6772616E64


async def migrate(url: str) -> None:
    """Bring the database at ``url`` to the newest schema; makes a SQLite file and its folder.

    Safe to run again, and from several processes at once: the later ones wait and find nothing to do. Raises
    Unavailable when the database cannot be reached, and DatabaseBehind when a newer program has migrated it.
    """
    file = sqlite_file(url)
    if file is None:
        engine = postgresql_engine(server_url(url), 1, connect_seconds=COMMAND_SECONDS, command_seconds=None)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        engine = sqlite_engine(file, begin="BEGIN IMMEDIATE", create=True)
    try:
        async with transaction(engine, Places(1)) as conn:
            if file is None:
                await conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            await conn.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def require_current(database: Database) -> None:
    """Raise DatabaseBehind, with a sentence that names the fix, unless the schema is the one needed here.

    Raises Unavailable when the database cannot be reached.
    """
    scripts = ScriptDirectory(str(MIGRATIONS))
    if database.file is not None and not database.file.exists():
        raise _behind("is not there yet")
    async with database.reading() as conn:
        revision = await conn.run_sync(_revision)
    if revision is None:
        raise _behind("is empty")
    _require_known(scripts, revision)
    if revision != scripts.get_current_head():
        raise _behind("is older than this program")


def _upgrade(connection: sa.Connection) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    _require_known(ScriptDirectory.from_config(config), _revision(connection))
    command.upgrade(config, "head")


def _revision(connection: sa.Connection) -> str | None:
    # Alembic builds its statement anew each time: kept, those of a probed server would crowd out all others.
    uncached = connection.execution_options(compiled_cache=None)
    return MigrationContext.configure(uncached).get_current_revision()


def _require_known(scripts: ScriptDirectory, revision: str | None) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        raise DatabaseBehind(
            "The database was migrated by a newer version of this program: install that version, "
            "or restore a backup made by this one."
        )


def _behind(state: str) -> DatabaseBehind:
    return DatabaseBehind(f"The database {state}: run `python -m quart_app migrate`, then start again.")
