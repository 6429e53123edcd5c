"""Staff accounts. A name is taken once whatever its case; an organiser may do all that a scorer may."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_app.domain.events import rfc3339
from quart_app.errors import Conflict
from quart_app.store.tables import staff

ORGANISER: Final = "organiser"
SCORER: Final = "scorer"
ROLES: Final = (ORGANISER, SCORER)


@dataclass(frozen=True, slots=True)
class StaffRow:
    """An account. ``created_at`` is RFC 3339 text; one that is not ``active`` may not sign in."""

    id: int
    name: str
    password_hash: str = field(repr=False)
    role: str
    active: bool
    created_at: str


async def insert_staff(
    conn: AsyncConnection, *, name: str, password_hash: str, role: str, at: datetime
) -> int:
    """Add an account, active from now on, and give its id. Raises Conflict when the name is taken."""
    values = {
        "name": name,
        "name_key": name_key(name),
        "password_hash": password_hash,
        "role": role,
        "active": True,
        "created_at": rfc3339(at),
    }
    try:
        return int((await conn.execute(staff.insert().values(values).returning(staff.c.id))).scalar_one())
    except sa.exc.IntegrityError as error:
        # Every other column has its value, so only the name can be in the way.
        raise Conflict(f"There is a staff account named {name} already; choose another name.") from error


async def select_staff(conn: AsyncConnection, staff_id: int, *, lock: bool = False) -> StaffRow | None:
    """The account with an id, None if there is none. With ``lock`` it stays as it is until the commit."""
    return await _select_one(conn, staff.c.id == staff_id, lock=lock)


async def select_staff_by_name(conn: AsyncConnection, name: str) -> StaffRow | None:
    """The account with a name, in whatever case it is written; None if there is none."""
    return await _select_one(conn, staff.c.name_key == name_key(name))


async def select_all_staff(conn: AsyncConnection) -> tuple[StaffRow, ...]:
    """Every account, active or not, by name."""
    return tuple(StaffRow(*row) for row in await conn.execute(_ROWS.order_by(staff.c.name_key)))


async def select_standings(conn: AsyncConnection, staff_ids: Collection[int]) -> dict[int, tuple[str, bool]]:
    """The role of each of these accounts, and whether it is active, by its id."""
    rows = await conn.execute(
        sa.select(staff.c.id, staff.c.role, staff.c.active).where(staff.c.id.in_(staff_ids))
    )
    return {row.id: (row.role, row.active) for row in rows}


async def update_staff(
    conn: AsyncConnection,
    staff_id: int,
    *,
    password_hash: str | None = None,
    role: str | None = None,
    active: bool | None = None,
) -> None:
    """Change what is given and leave the rest."""
    wishes = {"password_hash": password_hash, "role": role, "active": active}
    changes = {column: value for column, value in wishes.items() if value is not None}
    if changes:
        await conn.execute(staff.update().where(staff.c.id == staff_id).values(changes))


def name_key(name: str) -> str:
    """What two names have in common that are the same to a person: case and the form of accents aside.

    Any text has a key that a database can be asked for, even one that it could not hold as a name.
    """
    storable = name.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", storable).casefold())


async def _select_one(
    conn: AsyncConnection, condition: sa.ColumnElement[bool], *, lock: bool = False
) -> StaffRow | None:
    query = _ROWS.where(condition)
    row = (await conn.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else StaffRow(*row)


_ROWS = sa.select(
    staff.c.id, staff.c.name, staff.c.password_hash, staff.c.role, staff.c.active, staff.c.created_at
)
