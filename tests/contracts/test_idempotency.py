"""Idempotency-Keys: one request does the work, every other gets its answer; on both databases alike."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from quart_app.errors import IdempotencyConflict
from quart_app.store.database.engine import Database
from quart_app.store.idempotency import (
    ANSWER_KEPT,
    CLAIM_KEPT,
    KeptAnswer,
    insert_claim,
    update_claim,
)
from tests.store.samples import NOON

ANSWER = KeptAnswer(status=201, headers={"Location": "/tournaments/7/"}, body=b'{"tournament_id":7}\x00\xff')


async def claim(
    database: Database, fingerprint: str = "post a", *, scope: str = "staff 1", now: datetime = NOON
) -> KeptAnswer | None:
    """Claim the one key that these tests use."""
    async with database.writing() as conn:
        return await insert_claim(conn, scope=scope, key="key", fingerprint=fingerprint, now=now)


async def fill(database: Database) -> None:
    """Fill in the answer."""
    async with database.writing() as conn:
        await update_claim(conn, scope="staff 1", key="key", answer=ANSWER)


async def test_the_first_claim_gets_the_work(database: Database) -> None:
    """A key that is new belongs to the caller."""
    assert await claim(database) is None


async def test_a_repeat_gets_the_same_answer(database: Database) -> None:
    """Status, headers and body come back, the body byte for byte."""
    await claim(database)
    await fill(database)
    assert await claim(database) == ANSWER


async def test_a_repeat_during_the_work_is_refused(database: Database) -> None:
    """While the first request runs, a second one is told to wait."""
    await claim(database)
    with pytest.raises(IdempotencyConflict, match="still running"):
        await claim(database)


async def test_another_request_under_the_key_is_refused(database: Database) -> None:
    """A key answers for one request only, and the sentence says what to do."""
    await claim(database)
    await fill(database)
    with pytest.raises(IdempotencyConflict, match="use a new key"):
        await claim(database, "post b")


async def test_scopes_are_apart(database: Database) -> None:
    """Somebody else's use of the same key is no repeat."""
    await claim(database)
    await fill(database)
    assert await claim(database, scope="staff 2") is None


async def test_of_many_claims_at_once_one_wins(database: Database) -> None:
    """However many send the same request in the same moment, the work is done once."""
    results = await asyncio.gather(*(claim(database) for _ in range(10)), return_exceptions=True)
    assert [type(result) for result in results].count(type(None)) == 1
    assert sum(isinstance(result, IdempotencyConflict) for result in results) == 9


@pytest.mark.parametrize(("age", "kept"), [(ANSWER_KEPT - timedelta(seconds=1), True), (ANSWER_KEPT, False)])
async def test_an_answer_is_kept_for_its_time(database: Database, age: timedelta, kept: bool) -> None:
    """It is repeated for ANSWER_KEPT; then the key is as good as new."""
    await claim(database)
    await fill(database)
    assert await claim(database, now=NOON + age) == (ANSWER if kept else None)


async def test_a_claim_whose_worker_died_is_given_up(database: Database) -> None:
    """Without an answer a claim holds for CLAIM_KEPT; then the next request gets the work."""
    await claim(database)
    assert await claim(database, now=NOON + CLAIM_KEPT) is None


async def test_a_claim_holds_while_its_request_may_live(database: Database) -> None:
    """A second before that it is still held."""
    await claim(database)
    with pytest.raises(IdempotencyConflict):
        await claim(database, now=NOON + CLAIM_KEPT - timedelta(seconds=1))
