"""Everything worth keeping, as rows that either database can give and take.

Accounts, tournaments and their logs. Refresh tokens and idempotency keys are left out: their holders sign in
or ask again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_app.store import tables

BATCH_ROWS = 500

ARCHIVED: Mapping[str, sa.Table] = {
    "staff": tables.staff,
    "tournaments": tables.tournaments,
    "events": tables.events,
}
"""The tables by name, each after those that it refers to."""


async def select_archive(conn: AsyncConnection) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """Every row of every archived table, in batches with its name, so that they can be put back in order."""
    for name, table in ARCHIVED.items():
        query = sa.select(table).order_by(*table.primary_key)
        if table is not tables.staff:
            # ids below 0 are the server's own
            query = query.where((table.c.id if table is tables.tournaments else table.c.tournament_id) > 0)
        result = await conn.stream(query)
        async for batch in result.mappings().partitions(BATCH_ROWS):
            yield name, [dict(row) for row in batch]


async def select_is_empty(conn: AsyncConnection) -> bool:
    """Whether there is no tournament and no account; what the server has for its own use does not count."""
    for table in (tables.tournaments, tables.staff):
        if (await conn.execute(sa.select(table.c.id).where(table.c.id > 0).limit(1))).first() is not None:
            return False
    return True


async def insert_archive(conn: AsyncConnection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put back a batch. Raises KeyError for a table that is not archived."""
    if rows:
        await conn.execute(ARCHIVED[name].insert(), [dict(row) for row in rows])


async def update_numbering(conn: AsyncConnection) -> None:
    """Let the next account and tournament get ids that nobody has, nor had before the restore."""
    if conn.dialect.name != "postgresql":
        return  # SQLite counts on from the greatest id that it ever gave
    for name in ("staff", "tournaments"):
        await conn.execute(
            sa.text(
                f"SELECT setval('{name}_id_seq', greatest("  # noqa: S608 - names of ours
                f"(SELECT coalesce(max(id), 0) + 1 FROM {name}), "
                f"(SELECT last_value + is_called::int FROM {name}_id_seq)), false)"
            )
        )


async def delete_archive(conn: AsyncConnection) -> None:
    """Empty the archived tables, and what refers to them. Who writes waits until this is committed."""
    if conn.dialect.name == "postgresql":
        # Else a row could appear that refers to one which is gone by then. In the order in which a write
        # takes them, so that nobody waits for us while we wait for him.
        await conn.execute(
            sa.text(
                "LOCK TABLE idempotency_keys, tournaments, events, staff, refresh_tokens IN EXCLUSIVE MODE"
            )
        )
    for table in (
        tables.idempotency_keys,
        tables.refresh_tokens,
        tables.events,
        tables.tournaments,
        tables.staff,
    ):
        await conn.execute(table.delete())
