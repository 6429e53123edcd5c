"""The row of each tournament: where its log stands, and what the lists show of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_app.domain.events import rfc3339
from quart_app.store.tables import events, tournaments

ARCHIVED = "archived"
DELETED = "deleted"
"""What stands for the status of a tournament that no list shows, unless it is asked for by this name."""


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


async def insert_tournament(
    conn: AsyncConnection, *, epoch: str, at: datetime, tournament_id: int | None = None
) -> int:
    """Open a log, empty and private, and give its id. The first append says what it is.

    The id is the next one, unless the caller brings one: ids below 0 are for the server's own use, and no
    list shows them.
    """
    moment = rfc3339(at)
    chosen = {} if tournament_id is None else {"id": tournament_id}
    insert = tournaments.insert().values(
        epoch=epoch,
        head_seq=0,
        name="",
        status="draft",
        visibility="private",
        created_at=moment,
        updated_at=moment,
        **chosen,
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
    private_only: bool = False,
    before_id: int | None = None,
    limit: int = 50,
) -> tuple[TournamentRow, ...]:
    """A page of tournaments, newest first: of ``statuses`` (None: any that a list shows), with ids below
    ``before_id``."""
    query = _ROWS.where(tournaments.c.id > 0).order_by(tournaments.c.id.desc()).limit(limit)
    if statuses is not None:
        query = query.where(tournaments.c.status.in_(statuses))
    else:
        query = query.where(tournaments.c.status.not_in((ARCHIVED, DELETED)))
    if public_only:
        query = query.where(tournaments.c.visibility == "public")
    if private_only:
        query = query.where(tournaments.c.visibility != "public")
    if before_id is not None:
        query = query.where(tournaments.c.id < before_id)
    return tuple(TournamentRow(*row) for row in await conn.execute(query))


async def select_every_epoch(conn: AsyncConnection) -> dict[int, str]:
    """The epoch of every log, by tournament; the server's own are among them."""
    found = await conn.execute(sa.select(tournaments.c.id, tournaments.c.epoch))
    return {row.id: row.epoch for row in found}


async def update_epoch(conn: AsyncConnection, tournament_id: int, *, epoch: str, new_epoch: str) -> bool:
    """Name the log's incarnation anew, and say whether it still had the name ``epoch``."""
    renamed = await conn.execute(
        tournaments.update()
        .where(tournaments.c.id == tournament_id, tournaments.c.epoch == epoch)
        .values(epoch=new_epoch)
    )
    return renamed.rowcount == 1


async def delete_own_tournaments(conn: AsyncConnection, *, before: datetime) -> None:
    """Delete what the server made for its own use and has not written to since ``before``, with its log."""
    stale = sa.and_(tournaments.c.id < 0, tournaments.c.updated_at < rfc3339(before))
    ids = sa.select(tournaments.c.id).where(stale)
    await conn.execute(events.delete().where(events.c.tournament_id.in_(ids)))
    await conn.execute(tournaments.delete().where(stale))


_ROWS = sa.select(tournaments)
