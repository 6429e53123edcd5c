"""Backup: the logs and accounts as one compressed file, for either database; ``restore`` reads it."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import msgspec

from quart_app.actions.services import Services
from quart_app.store import archive

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


def _write(out: gzip.GzipFile, line: msgspec.Struct) -> None:
    out.write(msgspec.json.encode(line) + b"\n")
