"""Databases for tests, made quickly: a SQLite file is a copy of one that was migrated once in this
process."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from quart_app.store.database.engine import sqlite_file
from quart_app.store.database.schema import migrate


@functools.cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="grandstand-"))
    atexit.register(shutil.rmtree, folder)
    return folder / "migrated.db"


async def prepare(url: str) -> None:
    """Bring the database at ``url`` to the newest schema, as ``migrate`` does."""
    file = sqlite_file(url)
    if file is None or file.exists():
        await migrate(url)
        return
    template = _template()
    if not template.exists():
        await migrate(f"sqlite+aiosqlite:///{template}")
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(template, file)
