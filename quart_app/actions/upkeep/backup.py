"""Backup and restore: the logs and accounts as one compressed file, for either database.

A restored log may lack events that a client has already seen, so every restored tournament begins under a
new epoch: an id of before the restore is then unknown, and its holder gets the whole state.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import msgspec

from quart_app.actions.services import Services
from quart_app.errors import Conflict, MalformedRequest
from quart_app.store import archive
from quart_app.timeline.ledger import new_epoch

VERSION = 1


class BackupHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of a backup."""

    grandstand_backup: int
    created_at: str


class BackupBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Any other line: some rows of a table. The last one is of the table ``end`` and has none."""

    table: str
    rows: list[dict[str, Any]]


END = "end"


async def backup(services: Services, file: Path) -> int:
    """Write everything to ``file``, from one unchanging view of the database; gives the number of rows.

    The file appears under its name only once it is whole. Raises OSError, and Unavailable.
    """
    unfinished = file.with_name(file.name + ".unfinished")
    rows = 0
    with gzip.open(unfinished, "wb") as out:
        _write(out, BackupHead(VERSION, services.clock().isoformat()))
        async with services.database.reading() as connection:
            async for table, batch in archive.select_archive(connection):
                rows += len(batch)
                _write(out, BackupBatch(table, batch))
        _write(out, BackupBatch(END, []))
    unfinished.replace(file)
    return rows


async def restore(services: Services, file: Path, *, replace: bool) -> int:
    """Put back what ``backup`` wrote, in one transaction; gives the number of rows.

    With ``replace`` what is there is deleted first. Raises Conflict where something is there without it, and
    MalformedRequest for a file that is no whole backup; then nothing has changed. Running workers notice the
    new epochs by themselves and bring everyone who watches to the restored state.
    """
    rows = 0
    try:
        with gzip.open(file, "rb") as lines:
            head = msgspec.json.decode(lines.readline(), type=BackupHead)
            if head.grandstand_backup != VERSION:
                raise MalformedRequest(f"{file} was written by another version of this program.")
            async with services.database.writing() as connection:
                if replace:
                    await archive.delete_archive(connection)
                elif not await archive.select_is_empty(connection):
                    raise Conflict("The database is not empty; say --replace to delete what is there.")
                whole = False
                for line in lines:
                    batch = msgspec.json.decode(line, type=BackupBatch)
                    if whole := batch.table == END:
                        break
                    if batch.table == "tournaments":
                        batch.rows[:] = [{**row, "epoch": new_epoch()} for row in batch.rows]
                    await archive.insert_archive(connection, batch.table, batch.rows)
                    rows += len(batch.rows)
                if not whole:
                    raise MalformedRequest(f"{file} is cut off; nothing was restored.")
                await archive.update_numbering(connection)
    except (OSError, EOFError, zlib.error, msgspec.DecodeError, KeyError) as error:
        raise MalformedRequest(f"{file} cannot be read as a backup of this program: {error}.") from error
    return rows


def _write(out: gzip.GzipFile, line: msgspec.Struct) -> None:
    out.write(msgspec.json.encode(line) + b"\n")
