"""The tables, as the newest migration leaves them.

Times are RFC 3339 text in UTC with milliseconds and ``Z``, the very text of the wire, on both databases: such
texts sort as the moments they name. An event's ``data`` is text for the same reason: what a feed sends is
byte for byte what the log holds, and a JSON column of PostgreSQL would reorder it.
"""

from __future__ import annotations

import sqlalchemy as sa


class Number(sa.TypeDecorator[int]):
    """An integer of 32 bits that may be compared with any integer, as an id in somebody's request may be.

    What is beyond it is looked for at its ends, where no row is; the drivers would refuse it with an error.
    """

    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: sa.Dialect) -> int | None:
        """The nearest number that the database can hold."""
        return value if value is None else max(-(2**31), min(value, 2**31 - 1))


metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

tournaments = sa.Table(
    "tournaments",
    metadata,
    sa.Column("id", Number, primary_key=True),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("head_seq", Number, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("visibility", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("updated_at", sa.Text, nullable=False),
    sa.Index(None, "status", "id"),
    # An id is part of a feed's address: never give one out again, even after a row was deleted by hand.
    sqlite_autoincrement=True,
)
"""A row a tournament: where its log stands (``epoch``, ``head_seq``) and what the lists show of it."""

events = sa.Table(
    "events",
    metadata,
    sa.Column("tournament_id", Number, sa.ForeignKey(tournaments.c.id), primary_key=True),
    sa.Column("seq", Number, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("version", Number, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    # No foreign key: the log outlives the accounts of those who wrote it.
    sa.Column("actor_id", Number),
)
"""The log: only ever appended to, ``seq`` 1, 2, 3 … for each tournament."""

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("id", Number, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False, unique=True),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
"""Accounts. ``name_key`` is the name without case, so that it is taken only once and found in any case."""

refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    sa.Column("jti", sa.Text, primary_key=True),
    sa.Column("family", sa.Text, nullable=False, index=True),
    sa.Column("staff_id", Number, sa.ForeignKey(staff.c.id, ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("expires_at", sa.Text, nullable=False, index=True),
    sa.Column("spent_at", sa.Text),
)
"""Refresh tokens by their id; a spent one is kept until it expires, to recognise its reuse."""

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("claimed_at", sa.Text, nullable=False, index=True),
    sa.Column("status", sa.Integer),
    sa.Column("headers", sa.Text),
    sa.Column("body", sa.LargeBinary),
)
"""Idempotency-Keys: claimed by the first request, filled with its answer (``status`` and on) afterwards."""
