"""Idempotency-Keys: a POST that is sent twice is done once, and both times gets the same answer.

A request claims its key in the transaction of what it does, and fills its answer in there too; so one that
failed has left no claim. A ``scope`` keeps callers apart, so that nobody is shown another's answer. Callers
bound the length of ``key`` (an index entry takes some 2,000 bytes).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_app.domain.events import rfc3339
from quart_app.errors import IdempotencyConflict, IdempotencyKeyReused
from quart_app.store.tables import idempotency_keys as keys

ANSWER_KEPT = timedelta(hours=24)
"""How long an answer is repeated; after that the key is as good as new."""

CLAIM_KEPT = timedelta(minutes=1)
"""How long a claim without an answer holds: longer than any request lives, so its worker has died."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What the first request was answered. ``body`` is the exact bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def insert_claim(
    conn: AsyncConnection, *, scope: str, key: str, fingerprint: str, now: datetime
) -> KeptAnswer | None:
    """Claim a key for the request with this ``fingerprint`` (a digest of method, path and body).

    None means that the key is the caller's: do the work, then ``update_claim``. An KeptAnswer
    is the one to repeat. Raises IdempotencyKeyReused when the key was used for another request,
    IdempotencyConflict while its first one is still running. Records that are too old are deleted on the way.
    """
    await conn.execute(
        keys.delete().where(
            sa.or_(
                keys.c.claimed_at <= rfc3339(now - ANSWER_KEPT),
                sa.and_(keys.c.status.is_(None), keys.c.claimed_at <= rfc3339(now - CLAIM_KEPT)),
            )
        )
    )
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    claimed = await conn.execute(
        dialect.insert(keys)
        .values(scope=scope, key=key, fingerprint=fingerprint, claimed_at=rfc3339(now))
        .on_conflict_do_nothing()
        .returning(keys.c.key)
    )
    if claimed.one_or_none() is not None:
        return None
    kept = await select_answer(conn, scope=scope, key=key, fingerprint=fingerprint)
    if kept is None:
        raise IdempotencyConflict("The first request with this Idempotency-Key is still running; try later.")
    return kept


async def select_answer(
    conn: AsyncConnection, *, scope: str, key: str, fingerprint: str
) -> KeptAnswer | None:
    """What the request with this key was answered, None where it was not yet.

    Raises IdempotencyKeyReused when the key was used for another request.
    """
    row = (await conn.execute(sa.select(keys).where(_is(scope, key)))).one_or_none()
    if row is not None and row.fingerprint != fingerprint:
        raise IdempotencyKeyReused(
            "This Idempotency-Key was used for a different request; use a new key for each request."
        )
    if row is None or row.status is None:
        return None
    return KeptAnswer(row.status, json.loads(row.headers), row.body)


async def update_claim(conn: AsyncConnection, *, scope: str, key: str, answer: KeptAnswer) -> None:
    """Fill in the answer of a claimed key."""
    await conn.execute(
        keys.update()
        .where(_is(scope, key))
        .values(status=answer.status, headers=json.dumps(dict(answer.headers)), body=answer.body)
    )


def _is(scope: str, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(keys.c.scope == scope, keys.c.key == key)
