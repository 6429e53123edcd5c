"""Staff accounts: a name is one person's, whatever its case; on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import pytest

from quart_app.errors import Conflict
from quart_app.store.database.engine import Database
from quart_app.store.staff import (
    StaffRow,
    insert_staff,
    select_all_staff,
    select_staff,
    select_staff_by_name,
    update_staff,
)
from tests.store.samples import NOON


async def add(database: Database, name: str, role: str = "scorer") -> int:
    """An account whose password is nobody's."""
    async with database.writing() as conn:
        return await insert_staff(conn, name=name, password_hash="the hash", role=role, at=NOON)


async def find(database: Database, name: str) -> StaffRow | None:
    """The account that a name finds."""
    async with database.reading() as conn:
        return await select_staff_by_name(conn, name)


async def test_an_account_is_active_and_as_it_was_added(database: Database) -> None:
    """The row holds what was given, and the moment."""
    staff_id = await add(database, "Ada", "organiser")
    async with database.reading() as conn:
        row = await select_staff(conn, staff_id)
    assert row == StaffRow(staff_id, "Ada", "the hash", "organiser", True, "2026-07-01T12:00:00.000Z")


@pytest.mark.parametrize("typed", ["zoë", "ZOË", "Zoe\u0308"])
async def test_a_name_is_found_however_it_is_typed(database: Database, typed: str) -> None:
    """Case, and the way an accent is composed, make no difference."""
    staff_id = await add(database, "Zoë")
    row = await find(database, typed)
    assert row is not None
    assert row.id == staff_id


@pytest.mark.parametrize("typed", ["Bob", "", "a" * 100_000, "\0", "Ada\0", "\ud800", "Ada'; --"])
async def test_another_name_finds_nobody(database: Database, typed: str) -> None:
    """A name that nobody has, even one that no database can hold, finds nothing."""
    await add(database, "Ada")
    assert await find(database, typed) is None


@pytest.mark.parametrize("name", ["Ada", "ada", "ADA"])
async def test_a_name_is_taken_once(database: Database, name: str) -> None:
    """A second account under the name, in any case, is refused, and the sentence names it."""
    await add(database, "Ada")
    with pytest.raises(Conflict, match=f"named {name} already"):
        await add(database, name)


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({"password_hash": "new"}, ("new", "scorer", True)),
        ({"role": "organiser"}, ("the hash", "organiser", True)),
        ({"active": False}, ("the hash", "scorer", False)),
        ({}, ("the hash", "scorer", True)),
    ],
)
async def test_an_update_changes_what_is_given(
    database: Database, change: dict[str, object], after: tuple[str, str, bool]
) -> None:
    """What is not given stays, and so does everybody else."""
    await add(database, "Bob")
    staff_id = await add(database, "Ada")
    async with database.writing() as conn:
        await update_staff(conn, staff_id, **change)  # type: ignore[arg-type]
    async with database.reading() as conn:
        ada, bob = await select_all_staff(conn)
    assert ((ada.password_hash, ada.role, ada.active), (bob.password_hash, bob.role, bob.active)) == (
        after,
        ("the hash", "scorer", True),
    )


async def test_everybody_is_listed_by_name(database: Database) -> None:
    """Capitals are not sorted before small letters."""
    for name in ("bob", "Zoe", "Ada"):
        await add(database, name)
    async with database.reading() as conn:
        assert [row.name for row in await select_all_staff(conn)] == ["Ada", "bob", "Zoe"]


async def test_a_refusal_shows_no_hash(database: Database) -> None:
    """What a log or a traceback prints of a taken name, the database's own words too, holds no hash."""
    await add(database, "Ada")
    with pytest.raises(Conflict) as raised:
        await add(database, "Ada")
    assert "the hash" not in f"{raised.value!r} {raised.value.__cause__}"


async def test_a_row_shows_no_hash(database: Database) -> None:
    """What a log or a traceback prints of an account holds no password hash."""
    await add(database, "Ada")
    assert "the hash" not in repr(await find(database, "Ada"))
