"""Refresh tokens are spent once, and a reuse is noticed: on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest_asyncio

from quart_app.store.database.engine import Database
from quart_app.store.refresh_tokens import (
    Spent,
    delete_family,
    delete_staff_tokens,
    insert_refresh_token,
    update_spent,
)
from quart_app.store.staff import insert_staff
from tests.store.samples import NOON

DAY = timedelta(days=1)


@pytest_asyncio.fixture(name="staff_id")
async def _staff_id(database: Database) -> int:
    async with database.writing() as conn:
        return await insert_staff(conn, name="Ada", password_hash="hash", role="scorer", at=NOON)


async def issue(database: Database, staff_id: int, jti: str, family: str = "family") -> None:
    """Record a token that lives for a day."""
    async with database.writing() as conn:
        await insert_refresh_token(conn, jti=jti, family=family, staff_id=staff_id, expires_at=NOON + DAY)


async def spend(database: Database, jti: str, now: datetime = NOON) -> Spent | None:
    """Spend a token in a transaction of its own."""
    async with database.writing() as conn:
        return await update_spent(conn, jti, now)


async def test_a_token_tells_its_family_and_owner(database: Database, staff_id: int) -> None:
    """The first spending gives both."""
    await issue(database, staff_id, "one")
    assert await spend(database, "one") == Spent("family", staff_id, reused=False)


async def test_a_second_spending_is_a_reuse(database: Database, staff_id: int) -> None:
    """It is told apart from an unknown token, with the family to end."""
    await issue(database, staff_id, "one")
    await spend(database, "one")
    assert await spend(database, "one") == Spent("family", staff_id, reused=True)


async def test_of_many_at_once_one_gets_it(database: Database, staff_id: int) -> None:
    """However many try a token in the same moment, one spends it and the others reuse it."""
    await issue(database, staff_id, "one")
    spent = await asyncio.gather(*(spend(database, "one") for _ in range(10)))
    assert sorted(each.reused for each in spent if each) == [False] + [True] * 9


async def test_an_unknown_token_is_none(database: Database, staff_id: int) -> None:
    """A token that was never recorded is worth nothing."""
    await issue(database, staff_id, "one")
    assert await spend(database, "two") is None


async def test_an_expired_token_is_none(database: Database, staff_id: int) -> None:
    """At the very moment of its expiry a token is worth nothing."""
    await issue(database, staff_id, "one")
    assert await spend(database, "one", NOON + DAY) is None


async def test_a_token_lives_until_it_expires(database: Database, staff_id: int) -> None:
    """A millisecond earlier it is still good."""
    await issue(database, staff_id, "one")
    assert await spend(database, "one", NOON + DAY - timedelta(milliseconds=1)) is not None


async def test_a_dead_family_has_no_tokens(database: Database, staff_id: int) -> None:
    """After ``delete_family`` none of its tokens can be spent; other families live on."""
    for jti, family in (("one", "family"), ("two", "family"), ("other", "others")):
        await issue(database, staff_id, jti, family)
    async with database.writing() as conn:
        await delete_family(conn, "family")
    left = [jti for jti in ("one", "two", "other") if await spend(database, jti)]
    assert left == ["other"]


async def test_a_staff_member_can_lose_all_tokens(database: Database, staff_id: int) -> None:
    """After ``delete_staff_tokens`` none of theirs can be spent; other people's can."""
    async with database.writing() as conn:
        bob = await insert_staff(conn, name="Bob", password_hash="hash", role="scorer", at=NOON)
    await issue(database, staff_id, "one")
    await issue(database, bob, "two", "others")
    async with database.writing() as conn:
        await delete_staff_tokens(conn, staff_id)
    assert [jti for jti in ("one", "two") if await spend(database, jti)] == ["two"]
