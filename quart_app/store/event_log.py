"""The log: append events under a number each, read them forward. The log is the truth."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_app.domain.events import (
    BracketUpdated,
    Envelope,
    Event,
    UnknownEvent,
    decode_event,
    encode_event,
    rfc3339,
)
from quart_app.errors import LostRace
from quart_app.store.tables import events as log
from quart_app.store.tables import tournaments
from quart_app.store.tournaments import Summary

OUTSIDE = 0
"""Who is asked for where no member of staff did it: their ids begin at 1."""


async def append_events(
    conn: AsyncConnection,
    tournament_id: int,
    expected_seq: int,
    events: Sequence[Event],
    *,
    at: datetime,
    actor_id: int | None,
    summary: Summary,
    epoch: str | None = None,
) -> tuple[Envelope, ...]:
    """Append the events after ``expected_seq``, all or none, and say what the lists shall show now.

    Of two writers who saw the same head only one finds it unmoved, whatever the database, so no number is
    skipped or used twice. ``epoch`` is that of the log which they were decided on; None for who has just
    begun it. Without events nothing is written. Raises LostRace when the head or the log is another.
    """
    if not events:
        return ()
    moment = rfc3339(at)
    raised = await conn.execute(
        tournaments.update()
        .where(
            tournaments.c.id == tournament_id,
            tournaments.c.head_seq == expected_seq,
            sa.true() if epoch is None else tournaments.c.epoch == epoch,
        )
        .values(
            head_seq=expected_seq + len(events),
            name=summary.name,
            status=summary.status,
            visibility=summary.visibility,
            updated_at=moment,
        )
        .returning(tournaments.c.epoch)
    )
    epoch = raised.scalar_one_or_none()
    if epoch is None:
        raise LostRace("The tournament has changed in the meantime. Please reload and try again.")
    envelopes = tuple(
        Envelope(
            tournament_id=tournament_id,
            epoch=epoch,
            seq=seq,
            event=event,
            data=encode_event(event),
            at=moment,
            actor_id=actor_id,
        )
        for seq, event in enumerate(events, expected_seq + 1)
    )
    await conn.execute(
        log.insert(),
        [
            {
                "tournament_id": tournament_id,
                "seq": envelope.seq,
                "type": envelope.event.type,
                "version": envelope.event.version,
                "data": envelope.data.decode(),
                "at": moment,
                "actor_id": actor_id,
            }
            for envelope in envelopes
        ],
    )
    return envelopes


async def select_events(
    conn: AsyncConnection, tournament_id: int, after: int = 0, limit: int | None = None
) -> tuple[Envelope, ...]:
    """The tournament's events with a seq above ``after``, in order, at most ``limit`` of them.

    Raises domain.events.UnknownEvent for one that a newer program wrote.
    """
    return await _select(
        conn, _ROWS.where(log.c.tournament_id == tournament_id, log.c.seq > after).limit(limit)
    )


async def select_latest(
    conn: AsyncConnection, tournament_id: int, before: int, limit: int, actor_id: int | None = None
) -> tuple[Envelope, ...]:
    """The tournament's newest events with a seq below ``before``, newest first: those of one actor, of
    nobody of the staff (``OUTSIDE``), or of all. What only repeats another event is left out. Raises
    UnknownEvent as ``select_events`` does."""
    query = _ROWS.where(
        log.c.tournament_id == tournament_id, log.c.seq < before, log.c.type != BracketUpdated.type
    )
    if actor_id is not None:
        query = query.where(log.c.actor_id == (None if actor_id == OUTSIDE else actor_id))
    return await _select(conn, query.order_by(None).order_by(log.c.seq.desc()).limit(limit))


async def select_events_at(
    conn: AsyncConnection, tournament_id: int, seqs: Collection[int]
) -> tuple[Envelope, ...]:
    """The tournament's events with these seqs, in order. Raises UnknownEvent as ``select_events`` does."""
    return await _select(conn, _ROWS.where(log.c.tournament_id == tournament_id, log.c.seq.in_(seqs)))


async def _select(conn: AsyncConnection, query: sa.Select[Any]) -> tuple[Envelope, ...]:
    return tuple(map(_envelope, await conn.execute(query)))


def _envelope(row: sa.Row[Any]) -> Envelope:
    try:
        event = decode_event(row.type, row.version, row.data)
    except UnknownEvent as error:
        error.cause = f"event {row.seq}: {error.cause}"
        raise
    return Envelope(
        tournament_id=row.tournament_id,
        epoch=row.epoch,
        seq=row.seq,
        event=event,
        data=row.data.encode(),
        at=row.at,
        actor_id=row.actor_id,
    )


class Head(NamedTuple):
    """Where a log stands, and when it was last written to (RFC 3339)."""

    epoch: str
    seq: int
    at: str


async def select_heads(conn: AsyncConnection, tournament_ids: Collection[int]) -> dict[int, Head]:
    """Where the logs stand: each id that exists."""
    columns = tournaments.c.id, tournaments.c.epoch, tournaments.c.head_seq, tournaments.c.updated_at
    found = await conn.execute(sa.select(*columns).where(tournaments.c.id.in_(tournament_ids)))
    return {tournament_id: Head(*head) for tournament_id, *head in found}


_ROWS = sa.select(log, tournaments.c.epoch).join(tournaments).order_by(log.c.seq)
