"""The row of each tournament: where its log stands, and what the lists show of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_app.domain.events import rfc3339
from quart_app.store.tables import tournaments


@dataclass(frozen=True, slots=True)
class Summary:
    """What the lists show; ``append_events`` writes it in the same transaction as the events."""

    name: str
    status: str
    visibility: str


@dataclass(frozen=True, slots=True)
class TournamentRow:
    """A tournament without its log. ``head_seq`` 0 is the empty log; the times are RFC 3339 text."""

    id: int
    epoch: str
    head_seq: int
    name: str
    status: str
    visibility: str
    created_at: str
    updated_at: str


async def insert_tournament(conn: AsyncConnection, *, epoch: str, at: datetime) -> int:
    """Open a log, empty and private, and give its id. The first append says what it is."""
    moment = rfc3339(at)
    insert = tournaments.insert().values(
        epoch=epoch,
        head_seq=0,
        name="",
        status="draft",
        visibility="private",
        created_at=moment,
        updated_at=moment,
    )
    return int((await conn.execute(insert.returning(tournaments.c.id))).scalar_one())


async def select_tournament(conn: AsyncConnection, tournament_id: int) -> TournamentRow | None:
    """The tournament's row, None if there is none."""
    found = await conn.execute(_ROWS.where(tournaments.c.id == tournament_id))
    row = found.one_or_none()
    return None if row is None else TournamentRow(*row)


async def select_tournaments(
    conn: AsyncConnection,
    *,
    statuses: Sequence[str] | None = None,
    public_only: bool = True,
    before_id: int | None = None,
    limit: int = 50,
) -> tuple[TournamentRow, ...]:
    """A page of tournaments, newest first: of ``statuses`` (None: any), with ids below ``before_id``."""
    query = _ROWS.order_by(tournaments.c.id.desc()).limit(limit)
    if statuses is not None:
        query = query.where(tournaments.c.status.in_(statuses))
    if public_only:
        query = query.where(tournaments.c.visibility == "public")
    if before_id is not None:
        query = query.where(tournaments.c.id < before_id)
    return tuple(TournamentRow(*row) for row in await conn.execute(query))


async def update_epoch(conn: AsyncConnection, tournament_id: int, epoch: str) -> None:
    """Start a new incarnation of the log, after it was restored or cut: older event ids mean nothing now."""
    await conn.execute(tournaments.update().where(tournaments.c.id == tournament_id).values(epoch=epoch))


_ROWS = sa.select(tournaments)
