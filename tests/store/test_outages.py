"""What an operator is told when PostgreSQL cannot be used: the cause, by name; and which host is taken."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from quart_app.errors import Unavailable
from quart_app.store.database import engine
from quart_app.store.database.engine import Database
from tests.certificates import Authority
from tests.poolers import PgBouncer
from tests.services import PostgresServer, free_port

RULES = """
host all locked all scram-sha-256
host all stranger all reject
host all all all trust
"""


@pytest_asyncio.fixture(scope="module", name="secured")
async def _secured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    """A PostgreSQL with TLS, which lets nobody in without a password, or not at all, or but two at once.

    By its own choice it is read-only, as one is that follows another.
    """
    server = PostgresServer(
        Authority(tmp_path_factory.mktemp("authority")), default_transaction_read_only="on"
    )
    try:
        await server.start()
        await server.execute(
            server.url,
            "SET default_transaction_read_only = off",
            "CREATE ROLE locked LOGIN PASSWORD 'right'",
            "CREATE ROLE stranger LOGIN",
            "CREATE ROLE few LOGIN CONNECTION LIMIT 1",
        )
        (server.folder / "data" / "pg_hba.conf").write_text(RULES)
        await server.execute(server.url, "SELECT pg_reload_conf()")
        yield server
    finally:
        await server.close()


async def ask(url: str, statement: str = "SELECT 1") -> Any:
    """The answer to a statement."""
    database = Database(url)
    try:
        async with database.reading() as conn:
            return (await conn.execute(sa.text(statement))).scalar_one()
    finally:
        await database.close()


async def cause(url: str) -> str:
    """What an operator is told."""
    with pytest.raises(Unavailable) as raised:
        await ask(url)
    assert raised.value.detail == "The database cannot be reached right now. Please try again in a moment."
    return str(raised.value.cause)


@pytest.mark.parametrize(
    ("who", "name", "query", "told"),
    [
        ("locked:wrong-secret", "postgres", "", "wrong user or password"),
        ("locked", "postgres", "", "wrong user or password"),
        ("nobody", "postgres", "", "wrong user or password"),
        ("stranger", "postgres", "", "the server does not let this client in"),
        ("grandstand", "nothing", "", "no such database"),
        ("grandstand", "postgres", "sslmode=verify-full", "the certificate is not trusted"),
        ("grandstand", "postgres", "channel_binding=require", "the certificate is not trusted"),
        (
            "grandstand",
            "postgres",
            "target_session_attrs=standby",
            "no host is what target_session_attrs asks",
        ),
        ("grandstand", "postgres", "options=-c%20no_such_thing%3D1", "PostgreSQL has no such setting"),
        (
            "grandstand",
            "postgres",
            "statement_timeout=99999d",
            "PostgreSQL does not take the value of a setting",
        ),
    ],
)
async def test_the_cause_is_named(
    secured: PostgresServer, who: str, name: str, query: str, told: str
) -> None:
    """What does not go away by waiting is told apart, and what PostgreSQL says of it is there, too."""
    said = await cause(f"postgresql+asyncpg://{who}@127.0.0.1:{secured.port}/{name}?{query}")
    assert said.startswith(f"The database cannot be used, see DATABASE_URL: {told}")
    assert "secret" not in said


async def test_causes_outside_the_server_are_named(postgres_server: PostgresServer) -> None:
    """No server there, no such host, one without TLS, one that says nothing."""
    await postgres_server.start()
    plain = postgres_server.url
    assert "the connection is refused" in await cause(f"postgresql+asyncpg://a@127.0.0.1:{free_port()}/cup")
    assert "the name is not resolved" in await cause("postgresql+asyncpg://a@nowhere.invalid/cup")
    assert "do not agree on TLS" in await cause(f"{plain}?sslmode=require")
    assert "do not agree on TLS" in await cause(f"{plain}?channel_binding=require")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        assert "no answer in time" in await cause(
            f"postgresql+asyncpg://a@127.0.0.1:{port}/cup?connect_timeout=1"
        )


async def test_causes_behind_a_pooler_are_named(postgres_server: PostgresServer) -> None:
    """It has one code for all of them, and tells them apart in words."""
    await postgres_server.start()
    pooler = PgBouncer(postgres_server, pool_mode="statement")
    try:
        await pooler.start()
        assert "no such database" in await cause(pooler.through("/nothing"))
        assert "transaction or session mode" in await cause(pooler.through(postgres_server.url))
    finally:
        await pooler.close()


async def test_a_full_pooler_is_named(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PostgreSQL itself."""
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0.5)
    await postgres_server.start()
    pooler = PgBouncer(postgres_server, max_client_conn=1)
    try:
        await pooler.start()
        only = Database(pooler.through(postgres_server.url))
        async with only.reading():
            assert "too many connections" in await cause(pooler.through(postgres_server.url))
        await only.close()
    finally:
        await pooler.close()


async def test_a_full_server_is_named(secured: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some patience; and as soon as it has one left, it is used."""
    monkeypatch.setattr(engine, "WAIT_SECONDS", 1.5)
    url = secured.url.replace("grandstand@", "few@")
    other = Database(url)
    async with other.reading():
        assert "too many connections" in await cause(url)
        monkeypatch.setattr(engine, "WAIT_SECONDS", 10)
        waiting = asyncio.create_task(ask(url, "SELECT 7"))
        await asyncio.sleep(0.2)
    await other.close()
    assert await waiting == 7


async def test_all_in_use_is_named(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who gets none of our own is not told that the server is away."""
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0.2)
    database = Database(await postgres_server.fresh_database(), connections=1)
    async with database.reading():
        with pytest.raises(Unavailable) as raised:
            async with database.writing():
                pass
    await database.close()
    assert "all connections of this worker are in use" in str(raised.value.cause)


async def test_an_authority_that_is_named_is_trusted(secured: PostgresServer) -> None:
    """A certificate that it vouches for is as good as a binding of the channel."""
    assert secured.authority is not None
    for query in ("sslmode=verify-full", "sslmode=verify-ca", "channel_binding=require"):
        url = f"{secured.url}?{query}&sslrootcert={secured.authority.file}"
        assert await ask(url, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") is True


async def test_the_first_host_that_answers_is_taken(
    postgres_server: PostgresServer, secured: PostgresServer
) -> None:
    """One that is gone, and one that hangs, do not keep us from the next."""
    await postgres_server.start()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        hosts = ",".join(
            f"127.0.0.1:{port}" for port in (free_port(), mute.getsockname()[1], postgres_server.port)
        )
        url = f"postgresql+asyncpg://grandstand@{hosts}/postgres?connect_timeout=1"
        assert await ask(url, "SHOW port") == str(postgres_server.port)


@pytest.mark.parametrize(
    ("wanted", "second"),
    [
        ("any", False),
        ("read-write", True),
        ("primary", False),
        ("read-only", False),
        ("prefer-standby", False),
    ],
)
async def test_the_host_is_what_is_asked_for(
    postgres_server: PostgresServer, secured: PostgresServer, wanted: str, second: bool
) -> None:
    """After a failover the one that takes writes is found, wherever it stands in the list."""
    await postgres_server.start()
    hosts = f"127.0.0.1:{secured.port},127.0.0.1:{postgres_server.port}"
    url = f"postgresql+asyncpg://grandstand@{hosts}/postgres?target_session_attrs={wanted}"
    assert await ask(url, "SHOW port") == str((postgres_server if second else secured).port)


async def test_each_host_that_fails_is_told_of(secured: PostgresServer) -> None:
    """With why."""
    gone = free_port()
    hosts = f"127.0.0.1:{gone},127.0.0.1:{secured.port}"
    told = await cause(f"postgresql+asyncpg://grandstand@{hosts}/postgres?target_session_attrs=read-write")
    assert f"127.0.0.1:{gone}: the connection is refused" in told
    assert "no host is what target_session_attrs asks for" in told


async def test_keepalives_are_the_kernels(postgres_server: PostgresServer) -> None:
    """As the URL says; on by themselves."""
    plain = await postgres_server.fresh_database()

    async def option(query: str, level: int, name: int) -> int:
        database = Database(f"{plain}?{query}")
        async with database.reading() as conn:
            driver: Any = (await conn.get_raw_connection()).driver_connection
            value = driver._transport.get_extra_info("socket").getsockopt(level, name)
        await database.close()
        return int(value)

    keepalive, idle = (socket.SOL_SOCKET, socket.SO_KEEPALIVE), (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
    assert await option("", *keepalive) == 1
    assert await option("keepalives=0", *keepalive) == 0
    assert await option("keepalives_idle=33", *idle) == 33
    assert await option("tcp_user_timeout=4000", socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 4000


async def test_options_of_the_url_reach_the_server(postgres_server: PostgresServer) -> None:
    """The name of the program, and what is no setting."""
    plain = await postgres_server.fresh_database()
    assert await ask(f"{plain}?application_name=hall", "SHOW application_name") == "hall"
    assert await ask(f"{plain}?fallback_application_name=hall", "SHOW application_name") == "hall"
    assert await ask(plain, "SHOW application_name") == "grandstand"
    assert await ask(f"{plain}?options=-e", "SHOW datestyle") == "ISO, DMY"


async def test_a_socket_file_is_connected_to(postgres_server: PostgresServer) -> None:
    """On one machine, and as Cloud SQL has it."""
    await postgres_server.start()
    url = f"postgresql://grandstand@/postgres?host={postgres_server.folder}&port={postgres_server.port}"
    assert await ask(url, "SELECT inet_client_addr() IS NULL") is True
