"""Refresh tokens: each is spent once, for the next of its family; a second try betrays a theft.

Rotation with reuse detection, as RFC 9700 section 4.14.2 advises. Only ids (``jti``) are kept, never a token.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_app.domain.events import rfc3339
from quart_app.store.tables import refresh_tokens as tokens


@dataclass(frozen=True, slots=True)
class Spent:
    """What a token was good for. ``reused`` says that it had been spent before.

    Then two parties hold it and one of them stole it: delete the family, commit, and refuse the caller.
    """

    family: str
    staff_id: int
    reused: bool


async def insert_refresh_token(
    conn: AsyncConnection, *, jti: str, family: str, staff_id: int, expires_at: datetime
) -> None:
    """Record a token that was issued. A family is all that descends from one login."""
    await conn.execute(
        tokens.insert().values(jti=jti, family=family, staff_id=staff_id, expires_at=rfc3339(expires_at))
    )


async def update_spent(conn: AsyncConnection, jti: str, now: datetime) -> Spent | None:
    """Spend a token; of two callers at once, one gets it ``reused``. Expired tokens are deleted on the way.

    None for a token that was never recorded, has expired, or whose family is deleted.
    """
    moment = rfc3339(now)
    await conn.execute(tokens.delete().where(tokens.c.expires_at <= moment))
    spent = await conn.execute(
        tokens.update()
        .where(tokens.c.jti == jti, tokens.c.spent_at.is_(None))
        .values(spent_at=moment)
        .returning(tokens.c.family, tokens.c.staff_id)
    )
    if row := spent.one_or_none():
        return Spent(row.family, row.staff_id, reused=False)
    found = await conn.execute(sa.select(tokens.c.family, tokens.c.staff_id).where(tokens.c.jti == jti))
    row = found.one_or_none()
    return None if row is None else Spent(row.family, row.staff_id, reused=True)


async def delete_family(conn: AsyncConnection, family: str) -> None:
    """Forget every token of a family, so that none of them can be spent any more."""
    await conn.execute(tokens.delete().where(tokens.c.family == family))


async def delete_staff_tokens(conn: AsyncConnection, staff_id: int) -> None:
    """Forget every token of a staff member: after a new password, or when the account is disabled."""
    await conn.execute(tokens.delete().where(tokens.c.staff_id == staff_id))
