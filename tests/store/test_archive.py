"""What a restore does to the tables, while others write."""

from __future__ import annotations

import asyncio

from quart_app.errors import LostRace
from quart_app.store.archive import delete_archive
from quart_app.store.database.engine import Database
from tests.store.samples import append, open_log, score


async def test_writers_and_a_deletion_do_not_meet(database: Database) -> None:
    """Who writes while all is deleted waits, and finds his tournament gone; neither ends in an error."""
    over = asyncio.Event()

    async def write() -> None:
        while not over.is_set():
            tournament_id = await open_log(database)
            for seq in range(5):
                try:
                    await append(database, tournament_id, seq, score(tournament_id, 1, seq))
                except LostRace:
                    break

    async def delete() -> None:
        try:
            for _ in range(30):
                async with database.writing() as conn:
                    await delete_archive(conn)
        finally:
            over.set()

    await asyncio.gather(delete(), *(write() for _ in range(3)))
