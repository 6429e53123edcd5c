"""What goes wrong with a database: which errors are outages, and what an operator is told of one."""

from __future__ import annotations

import re
import socket
import sqlite3
import ssl

import asyncpg
import structlog
from sqlalchemy.engine.interfaces import ExceptionContext

from quart_app.errors import Unavailable

# The primary result codes of SQLite that speak of the file, its locks or the disk, not of our SQL.
_SQLITE_OUTAGES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOTADB,
}

# The classes of SQLSTATE (PostgreSQL, appendix A) that speak of the server: connection, resources,
# intervention (shutdown, cancelled), system error, transaction rolled back (deadlock). And read-only, which
# is what a former primary answers after a failover, a lock not granted, and an idle transaction ended.
_POSTGRES_OUTAGE_CLASSES = {"08", "53", "57", "58", "40"}
_POSTGRES_OUTAGES = {"25006", "55P03", "25P03"}


class NoPlace(TimeoutError):
    """No connection of ours was given back in time."""


BEGINNING = "grandstand_beginning"
"""The option of a statement before which nothing was done in its transaction."""

FULL = "too many connections"

# By SQLSTATE, as PostgreSQL gives it; poolers have one for all, 08P01, so what they say counts first.
_SAID = {
    r"no more connections|client connections exceeded|max clients|MaxClients": FULL,
    r"pg_hba\.conf": "the server does not let this client in, or not without TLS",
    r"no such user|authentication failed": "wrong user or password",
    r"no such database|database .* does not exist": "no such database",
    r"unsupported startup parameter": "the pooler does not take a parameter",
    r"rejected SSL upgrade|SSL required|SSL exchange": "the server and DATABASE_URL do not agree on TLS",
    r"statement pooling": "the pooler must be in transaction or session mode",
}
_STATES = {
    "28P01": "wrong user or password",
    "28000": "wrong user or password",
    "3D000": "no such database",
    "53300": FULL,
    "57P03": "the server is starting or stopping",
    "42704": "PostgreSQL has no such setting",
    "22023": "PostgreSQL does not take the value of a setting",
    "55P02": "a setting cannot be changed by us",
    "42501": "the user lacks a right",
    "25006": "the server is read-only",
}
_TYPES: dict[type[BaseException], str] = {
    NoPlace: "all connections of this worker are in use",
    asyncpg.TargetServerAttributeNotMatched: "no host is what target_session_attrs asks for",
    ssl.SSLCertVerificationError: "the certificate is not trusted",
    ssl.SSLError: "TLS failed",
    socket.gaierror: "the name is not resolved",
    ConnectionRefusedError: "the connection is refused",
    TimeoutError: "no answer in time",
}

_log = structlog.get_logger(__name__)


def unavailable(error: BaseException) -> Unavailable:
    """The error to raise for an outage; its cause is logged here, without SQL or parameters.

    A caller is told to try again, and no more; ``cause`` is for who has set the database up.
    """
    reason, said = reason_of(error), _said(error)
    _log.warning("database_unavailable", reason=reason, error=type(_origin(error)).__name__, cause=said)
    told = Unavailable("The database cannot be reached right now. Please try again in a moment.")
    told.cause = f"The database cannot be used, see DATABASE_URL: {reason}" + (f" ({said})" if said else "")
    return told


def reason_of(error: BaseException) -> str:
    """What is wrong, in a few words for an operator."""
    origin = _origin(error)
    for words, reason in _SAID.items():
        if re.search(words, str(origin)):
            return reason
    state = _STATES.get(getattr(origin, "sqlstate", None) or "")
    return state or next((each for kind, each in _TYPES.items() if isinstance(origin, kind)), "it failed")


def translate(context: ExceptionContext) -> Unavailable | None:
    """SQLAlchemy's hook for an error of the driver: what is an outage is raised as one, at its source."""
    error = context.original_exception
    if not isinstance(error, Exception):
        return None  # the task was cancelled
    statement = context.execution_context
    beginning = statement is not None and statement.execution_options.get(BEGINNING, False)
    # A statement that ran into its time limit leaves a connection on which nothing more should be tried, and
    # one on which nothing can be begun is no better.
    context.is_disconnect |= isinstance(error, OSError) or (beginning and _is_outage(error))
    # Who only connects or begins may try again.
    if context.connection is None or beginning or not (context.is_disconnect or _is_outage(error)):
        return None
    return unavailable(error)


def _is_outage(error: BaseException) -> bool:
    sqlstate = getattr(error, "sqlstate", None) or ""
    return (
        getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_OUTAGES
        or sqlstate in _POSTGRES_OUTAGES
        or sqlstate[:2] in _POSTGRES_OUTAGE_CLASSES
    )


def _origin(error: BaseException) -> BaseException:
    """The driver's own error, in SQLAlchemy's that hold each other."""
    while inner := getattr(error, "orig", None):
        error = inner
    return error


def _said(error: BaseException) -> str:
    """What the driver says; of several hosts, what each said."""
    origin = _origin(error)
    return "; ".join([*getattr(origin, "__notes__", ()), str(origin)]).rstrip("; ")
