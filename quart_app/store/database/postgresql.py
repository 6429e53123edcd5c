"""Connections to PostgreSQL, directly or by way of a pooler that lends each out for one transaction.

So nothing is left on a connection between two transactions: settings are made with each, locks end with it,
and statements have no name, by which another connection would not know them.
"""

from __future__ import annotations

import random
import socket
from functools import partial
from typing import Any
from urllib.parse import urlencode

import asyncpg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from quart_app.database_url import Host, PostgresUrl
from quart_app.store.database.outages import BEGINNING, FULL, reason_of, translate

IDLE_TRANSACTION_SECONDS = 30
"""After which PostgreSQL ends a silent transaction: a machine that vanished must not keep its locks."""

CONNECT_FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the driver raises when it cannot connect."""

_KEEPALIVES = {
    "keepalives_idle": "TCP_KEEPIDLE",
    "keepalives_interval": "TCP_KEEPINTVL",
    "keepalives_count": "TCP_KEEPCNT",
    "tcp_user_timeout": "TCP_USER_TIMEOUT",
}


def postgresql_engine(
    url: PostgresUrl,
    connections: int,
    *,
    connect_seconds: float,
    command_seconds: float | None,
) -> AsyncEngine:
    """An engine with so many connections at most.

    ``connect_seconds`` is how long each host may take to let us in, unless the URL says otherwise, and
    ``command_seconds`` bounds each statement; None is no bound.
    """
    seconds = float(url.parameters.get("connect_timeout", connect_seconds))
    options = {
        # With a name, a statement would be unknown on the next connection that a pooler lends, or taken.
        # Those that SQLAlchemy keeps have none: the driver sends their text again, with the values.
        "statement_cache_size": 0,
        "timeout": seconds,
        "command_timeout": command_seconds,
        "dsn": f"postgresql://?{urlencode(url.driver_parameters)}",
        "ssl": url.tls(),
        "user": url.user,
        "password": url.password,
        "database": url.database,
        "server_settings": dict(url.startup),
    }
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(_connect, url, options),
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
    )
    event.listen(engine.sync_engine, "handle_error", translate)
    idle = {"idle_in_transaction_session_timeout": f"{IDLE_TRANSACTION_SECONDS}s"}
    settings = sa.select(*(sa.func.set_config(*each, True) for each in (idle | dict(url.session)).items()))
    settings = settings.execution_options(**{BEGINNING: True})

    @event.listens_for(engine.sync_engine, "begin")
    def prepare(connection: sa.Connection) -> None:
        connection.execute(settings)

    return engine


async def _connect(url: PostgresUrl, options: dict[str, Any], **_: object) -> Any:
    """A connection to the first host that lets us in and is what ``target_session_attrs`` asks for.

    Raises what one of them did, with the others' failures as notes.
    """
    hosts: list[Host | tuple[None, None]] = [*url.hosts] or [(None, None)]
    if url.parameters.get("load_balance_hosts") == "random":
        random.shuffle(hosts)
    wanted = url.parameters.get("target_session_attrs")
    # a standby if there is one among all hosts, else any of them
    rounds = ["standby", "any"] if wanted == "prefer-standby" else [wanted]
    failures: list[tuple[str, Exception]] = []
    for attributes in rounds:
        for host, port in hosts:
            try:
                connection = await asyncpg.connect(
                    **options, host=host, port=port, target_session_attrs=attributes
                )
            except asyncpg.InvalidAuthorizationSpecificationError:
                raise  # nor will the others let us in
            except CONNECT_FAILURES as error:
                failures.append((f"{host}:{port}", error))
            else:
                _keep_alive(connection, url)
                return connection
    # one that is full is worth waiting for, whatever the others are
    *others, (_place, last) = sorted(failures, key=lambda each: reason_of(each[1]) == FULL)
    for place, failure in others:
        last.add_note(f"{place}: {reason_of(failure)}")
    raise last


def _keep_alive(connection: Any, url: PostgresUrl) -> None:
    """Let the kernel find out that the other end has vanished, as the URL says, or by its own rules."""
    wire = connection._transport.get_extra_info("socket")  # the driver has no other way to its socket
    if wire is None or wire.family == socket.AF_UNIX:
        return
    if url.parameters.get("keepalives") != "0":
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for parameter, option in _KEEPALIVES.items():
        value = int(url.parameters.get(parameter, 0))
        if value and hasattr(socket, option):
            wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
