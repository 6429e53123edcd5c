"""The rows of tournaments, as lists and pages read them: on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import pytest

from quart_app.store.database.engine import Database
from quart_app.store.tournaments import Summary, TournamentRow, select_tournament, select_tournaments
from tests.store.samples import open_log


async def test_a_new_tournament_is_an_empty_private_draft(database: Database) -> None:
    """Until the first append says more, nobody but staff can see it, and its log is empty."""
    tournament_id = await open_log(database)
    async with database.reading() as conn:
        row = await select_tournament(conn, tournament_id)
    noon = "2026-07-01T12:00:00.000Z"
    assert row == TournamentRow(tournament_id, "9f2c41", 0, "", "draft", "private", noon, noon)


@pytest.mark.parametrize("tournament_id", [0, -1, 999, 2**31, 2**63, 10**40])
async def test_there_is_no_tournament_of_another_id(database: Database, tournament_id: int) -> None:
    """An id that nobody has, even one that no database can hold, finds nothing."""
    await open_log(database)
    async with database.reading() as conn:
        assert await select_tournament(conn, tournament_id) is None


async def test_pages_follow_one_another_newest_first(database: Database) -> None:
    """Going on before the last id of a page gives the next page, down to the oldest."""
    ids = [await open_log(database, Summary("Cup", "active", "public")) for _ in range(5)]
    pages: list[int] = []
    before_id = None
    async with database.reading() as conn:
        while page := await select_tournaments(conn, before_id=before_id, limit=2):
            pages += [row.id for row in page]
            before_id = page[-1].id
    assert pages == ids[::-1]


async def test_strangers_see_the_public_ones_only(database: Database) -> None:
    """By default private tournaments are left out."""
    public = await open_log(database, Summary("Cup", "active", "public"))
    await open_log(database, Summary("Secret cup", "active", "private"))
    async with database.reading() as conn:
        assert [row.id for row in await select_tournaments(conn)] == [public]


async def test_staff_see_all(database: Database) -> None:
    """With ``public_only`` off the private ones are listed too."""
    public = await open_log(database, Summary("Cup", "active", "public"))
    private = await open_log(database, Summary("Secret cup", "active", "private"))
    async with database.reading() as conn:
        rows = await select_tournaments(conn, public_only=False)
    assert [row.id for row in rows] == [private, public]


async def test_statuses_narrow_the_list(database: Database) -> None:
    """Only tournaments in one of the statuses are listed."""
    ids = {
        status: await open_log(database, Summary("Cup", status, "public"))
        for status in ("pending", "active", "completed")
    }
    async with database.reading() as conn:
        rows = await select_tournaments(conn, statuses=["pending", "active"])
    assert [row.id for row in rows] == [ids["active"], ids["pending"]]


async def test_no_statuses_list_nothing(database: Database) -> None:
    """An empty choice of statuses is not the same as none."""
    await open_log(database, Summary("Cup", "active", "public"))
    async with database.reading() as conn:
        assert await select_tournaments(conn, statuses=[]) == ()
