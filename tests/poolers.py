"""PgBouncer as the tests' own: a pooler in front of their PostgreSQL, in transaction mode."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess

import asyncpg

from tests.services import PostgresServer, Server, binary


@functools.cache
def knows_prepared_statements() -> bool:
    """Whether this PgBouncer can carry prepared statements between connections (1.21)."""
    told = subprocess.run([binary("pgbouncer", "pgbouncer"), "--version"], capture_output=True, text=True)
    found = re.search(r"PgBouncer (\d+)\.(\d+)", told.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= (1, 21)


class PgBouncer(Server):
    """A pooler with few connections to PostgreSQL, each lent out for one transaction. Options are those of
    pgbouncer.ini."""

    def __init__(self, postgres: PostgresServer, **options: object) -> None:
        super().__init__()
        self._postgres = postgres
        if postgres.user:  # it refuses to run as root, as PostgreSQL does
            self.user = postgres.user
            shutil.chown(self.folder, self.user, self.user)
        self.options = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "any",
            "pool_mode": "transaction",
            "default_pool_size": 4,
            "max_client_conn": 100,
        } | options

    @property
    def url(self) -> str:
        """The URL of its own console."""
        return self.through("pgbouncer")

    def through(self, url: str) -> str:
        """The URL of a database, by way of the pooler."""
        return f"postgresql+asyncpg://grandstand@127.0.0.1:{self.port}/{url.rpartition('/')[2]}"

    def command(self) -> list[str]:
        """pgbouncer with a file of settings."""
        lines = [
            "[databases]",
            f"* = host=127.0.0.1 port={self._postgres.port} user=grandstand",
            "[pgbouncer]",
            *(f"{name} = {value}" for name, value in self.options.items()),
        ]
        file = self.folder / "pgbouncer.ini"
        file.write_text("\n".join(lines))
        return [binary("pgbouncer", "pgbouncer"), str(file)]

    async def answers(self) -> None:
        """It lets a client in, as far as PostgreSQL does."""
        try:
            connection = await asyncpg.connect(self.through("postgres").replace("+asyncpg", ""))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise ConnectionError(str(error)) from error
        await connection.close()


POOLS: dict[str, dict[str, object]] = {"bare": {}}
"""The ways in which a pooler treats prepared statements: it knows none, or it keeps them."""
if knows_prepared_statements():
    POOLS = {"bare": {"max_prepared_statements": 0}, "statements": {"max_prepared_statements": 200}}
