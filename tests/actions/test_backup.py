"""Backup and restore, on both databases and from one to the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from quart_app.actions import staff, tournaments
from quart_app.actions.services import Services
from quart_app.actions.upkeep import backup
from quart_app.actions.upkeep.restore import restore
from quart_app.domain.commands import CreateTournament, EntrantLine
from quart_app.errors import Conflict, MalformedRequest
from quart_app.live.bus.local import LocalBus
from quart_app.show.projections import everything
from quart_app.store.database.engine import Database
from quart_app.store.database.schema import migrate
from quart_app.store.event_log import select_events
from quart_app.timeline.ledger import Ledger
from tests.services import PostgresServer

CUP = CreateTournament(name="Cup", entrants=tuple(EntrantLine(name=name) for name in "abcd"))


def services_of(database: Database) -> Services:
    """What the actions need, on a database."""
    return Services(database, LocalBus(), Ledger(database))


async def some_history(services: Services) -> int:
    """A tournament and an account; gives the tournament's id."""
    await staff.add_staff(services, "anna", "correct horse battery", "organiser")
    return (await tournaments.create_tournament(services, CUP, None, generate=True)).tournament.id


async def log_of(services: Services, tournament_id: int) -> list[tuple[int, bytes]]:
    """The log, less its epoch."""
    async with services.database.reading() as connection:
        return [(each.seq, each.data) for each in await select_events(connection, tournament_id)]


async def test_restored_log_is_the_same_under_a_new_epoch(database: Database, tmp_path: Path) -> None:
    """Byte for byte the events of before; another epoch, so that nobody mistakes an old id."""
    services = services_of(database)
    tournament_id = await some_history(services)
    before, log = await services.ledger.load(tournament_id), await log_of(services, tournament_id)
    await backup.backup(services, tmp_path / "all.gz")
    await tournaments.create_tournament(services, CUP, None)
    await restore(services, tmp_path / "all.gz", everything, replace=True)
    after = await services.ledger.load(tournament_id)
    assert (await log_of(services, tournament_id), after.tournament, after.epoch == before.epoch) == (
        log,
        before.tournament,
        False,
    )


async def test_backup_of_one_database_restores_into_the_other(
    database: Database, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """SQLite to PostgreSQL and back; ids go on after the restored ones."""
    services = services_of(database)
    tournament_id = await some_history(services)
    await backup.backup(services, tmp_path / "all.gz")
    if database.dialect == "sqlite":
        url = await postgres_server.fresh_database(migrated=True)
    else:
        url = f"sqlite+aiosqlite:///{tmp_path}/other.db"
        await migrate(url)
    other = services_of(Database(url))
    try:
        await restore(other, tmp_path / "all.gz", everything, replace=False)
        log = await log_of(other, tournament_id)
        new = (await tournaments.create_tournament(other, CUP, None)).tournament
        anna = await staff.authenticate(other, "anna", "correct horse battery")
    finally:
        await other.database.close()
    assert (log, new.id, anna.role) == (await log_of(services, tournament_id), tournament_id + 1, "organiser")


async def test_restore_over_something_needs_to_be_asked_for(database: Database, tmp_path: Path) -> None:
    """Nothing is deleted by mistake."""
    services = services_of(database)
    await some_history(services)
    await backup.backup(services, tmp_path / "all.gz")
    with pytest.raises(Conflict, match="--replace"):
        await restore(services, tmp_path / "all.gz", everything, replace=False)


@pytest.mark.parametrize("damage", ["cut", "garbage", "absent"])
async def test_damaged_backup_changes_nothing(database: Database, tmp_path: Path, damage: str) -> None:
    """Half a file, or none of ours, is refused, and what was there is still there."""
    services = services_of(database)
    tournament_id = await some_history(services)
    file = tmp_path / "all.gz"
    await backup.backup(services, file)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-40])
    elif damage == "garbage":
        file.write_bytes(b"not a backup")
    else:
        file.unlink()
    with pytest.raises(MalformedRequest, match=r"all\.gz"):
        await restore(services, file, everything, replace=True)
    assert (await services.ledger.load(tournament_id)).tournament.seq == 3
