"""Logs for the tests of the store: opened, appended to, and written by many at once.

Run as a module (`python -m tests.store.samples URL TOURNAMENT_ID FIRST LAST EACH`) it is another process,
whose writers FIRST to LAST (not included) append EACH events.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

from quart_app.domain.events import Envelope, Event, ScoreUpdated
from quart_app.errors import LostRace
from quart_app.store.database.engine import Database
from quart_app.store.event_log import append_events, select_events, select_heads
from quart_app.store.tournaments import Summary, insert_tournament

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
SUMMARY = Summary(name="Village cup", status="active", visibility="public")


def score(tournament_id: int, match_id: int, points: int) -> ScoreUpdated:
    """A small event that can be told from others by its match and its points."""
    return ScoreUpdated(
        tournament_id=tournament_id,
        match_id=match_id,
        participant1_score=points,
        participant2_score=0,
        updated_at="2026-07-01T12:00:00.000Z",
        updated_by=None,
    )


async def open_log(database: Database, summary: Summary | None = None) -> int:
    """A new tournament with an empty log, or with one event and a summary; its id."""
    async with database.writing() as conn:
        tournament_id = await insert_tournament(conn, epoch="9f2c41", at=NOON)
        if summary is not None:
            await append_events(
                conn,
                tournament_id,
                0,
                [score(tournament_id, 1, 0)],
                at=NOON,
                actor_id=None,
                summary=summary,
            )
    return tournament_id


async def append(
    database: Database, tournament_id: int, expected_seq: int, *events: Event
) -> tuple[Envelope, ...]:
    """Append events in a transaction of their own."""
    async with database.writing() as conn:
        return await append_events(
            conn, tournament_id, expected_seq, events, at=NOON, actor_id=None, summary=SUMMARY
        )


async def read_log(database: Database, tournament_id: int) -> tuple[Envelope, ...]:
    """The whole log."""
    async with database.reading() as conn:
        return await select_events(conn, tournament_id)


async def read_head(database: Database, tournament_id: int) -> int:
    """Where the log stands."""
    async with database.reading() as conn:
        return (await select_heads(conn, [tournament_id]))[tournament_id][1]


async def write_at_once(database: Database, tournament_id: int, writers: Iterable[int], each: int) -> None:
    """Let every writer append ``each`` events of its own, one by one, all at once; a lost race is retried.

    They read the head in their transaction, and losers wait a moment, both as the actions do.
    """

    async def write(writer: int) -> None:
        points = 0
        while points < each:
            events = [score(tournament_id, writer, points)]
            try:
                async with database.writing() as conn:
                    head = (await select_heads(conn, [tournament_id]))[tournament_id].seq
                    await append_events(
                        conn, tournament_id, head, events, at=NOON, actor_id=writer, summary=SUMMARY
                    )
            except LostRace:
                await asyncio.sleep(random.uniform(0, 0.05))
                continue
            points += 1

    async with asyncio.TaskGroup() as group:
        for writer in writers:
            group.create_task(write(writer))


async def _main(url: str, tournament_id: int, first: int, last: int, each: int) -> None:
    database = Database(url)
    await write_at_once(database, tournament_id, range(first, last), each)
    await database.close()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], *map(int, sys.argv[2:])))
