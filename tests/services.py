"""The real servers that tests talk to: Redis and PostgreSQL, on free ports, in folders of their own.

A server is started by the first test that uses it and serves the whole run. Tests may kill or pause it; one
that does leaves it running (`away`, or `start` in a `finally`).
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from quart_app.store.database.schema import migrate
from tests.certificates import Authority

START_SECONDS = 30.0

_reserved = contextlib.ExitStack()
atexit.register(_reserved.close)


def free_port() -> int:
    """A port of this machine's loopback for a server that is about to start.

    It stays reserved while the tests run: nobody else is given it, neither as a server nor as a client, but
    whoever asks for it may listen on it.
    """
    reserved = _reserved.enter_context(socket.socket())
    reserved.bind(("127.0.0.1", 0))
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return int(reserved.getsockname()[1])


def binary(name: str, package: str) -> str:
    """Where a program is. Fails the test, naming the Debian package, where it is not installed."""
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(versions, key=lambda path: float(path.parts[4]), default=None)
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin") or (newest and str(newest))
    if not found:
        pytest.fail(f"{name} is not installed; on Debian: apt-get install {package}", pytrace=False)
    return found


class Server(ABC):
    """A server process of the tests' own. ``port`` stays the same when it is started again."""

    user: str | None = None
    farewell = signal.SIGTERM

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="grandstand-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._paused = False

    @property
    def running(self) -> bool:
        """Whether the process is there and not paused."""
        return self._process is not None and self._process.poll() is None and not self._paused

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect to."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command line of the server."""

    @abstractmethod
    async def answers(self) -> None:
        """Return when the server answers a client; raise OSError or TimeoutError while it does not."""

    async def start(self) -> None:
        """Run and answer, whether it was killed, paused or never started."""
        self.resume()
        if not self.running or self._process is None:
            self._process = self._run()
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self._is_answering():
                    if self._process.poll() is not None:
                        pytest.fail(f"{self.command()[0]} ended at once:\n{self.log()}", pytrace=False)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(
                f"{self.command()[0]} did not answer in {START_SECONDS} s:\n{self.log()}", pytrace=False
            )

    async def kill(self) -> None:
        """End it and its children with SIGKILL, as a crash does."""
        # Paused first, it makes no further child behind our back; only when all are gone may it start again.
        self.pause()
        pids = self._pids()
        self._signal(signal.SIGKILL)
        self._paused = False
        if self._process is not None:
            self._process.wait()
        while any(_lives(pid) for pid in pids):  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(0.005)

    @contextlib.asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Killed inside, running again after."""
        await self.kill()
        try:
            yield
        finally:
            await self.start()

    def pause(self) -> None:
        """Let it and its children hang (SIGSTOP): connections stay open, and nothing is answered."""
        self._signal(signal.SIGSTOP)
        self._paused = True

    def resume(self) -> None:
        """Let it go on after a pause."""
        if self._paused:
            self._signal(signal.SIGCONT)
            self._paused = False

    async def close(self) -> None:
        """End it for good, and forget its data."""
        self.resume()
        if self._process is not None:
            self._process.send_signal(self.farewell)
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, 10)
        await self.kill()
        shutil.rmtree(self.folder)

    def log(self, *, without: str | None = None) -> str:
        """The last lines that the server wrote, less those with this in them."""
        lines = (self.folder / "log").read_text().splitlines()
        return "\n".join([line for line in lines if without is None or without not in line][-20:])

    def _run(self) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                self.command(), stdout=log, stderr=log, cwd=self.folder, user=self.user, group=self.user
            )

    async def _is_answering(self) -> bool:
        try:
            async with asyncio.timeout(1):
                await self.answers()
        except OSError:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _pids(self) -> list[int]:
        """The process and its children; none when it is not there."""
        if self._process is None or self._process.poll() is not None:
            return []
        parent = self._process.pid
        children = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(_state(stat)[1]) == parent:
                    children.append(int(stat.parent.name))
        return [parent, *children]


def _state(stat: Path) -> list[str]:
    """State, parent and so on: what follows "pid (name)" in /proc/<pid>/stat, proc(5)."""
    return stat.read_text().rpartition(")")[2].split()


def _lives(pid: int) -> bool:
    """Whether there is such a process, and not only its ending to be read by its parent."""
    try:
        return _state(Path(f"/proc/{pid}/stat"))[0] not in "ZX"
    except OSError:
        return False


class RedisServer(Server):
    """redis-server, keeping nothing on disk: what it held is gone after a kill, as a cache's would be.

    With an authority it speaks TLS only. Further options are those of redis.conf, with an underscore for each
    hyphen.
    """

    # Asked to end, a master would wait for its replicas, which end as well.
    farewell = signal.SIGKILL

    def __init__(self, authority: Authority | None = None, **options: object) -> None:
        super().__init__()
        self.authority = authority
        self.options: dict[str, object] = {"port": self.port, "bind": "127.0.0.1"}
        if authority is not None:
            self.options |= {
                "port": 0,
                "tls-port": self.port,
                "tls-cert-file": authority.certificate,
                "tls-key-file": authority.key,
                "tls-ca-cert-file": authority.file,
                "tls-auth-clients": "no",
                "tls-replication": "yes",
                "tls-cluster": "yes",
            }
        self.options |= {name.replace("_", "-"): value for name, value in options.items()}

    @property
    def url(self) -> str:
        """The URL of its first database."""
        if self.authority is not None:
            return f"rediss://127.0.0.1:{self.port}/0?ssl_ca_certs={self.authority.file}"
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        """redis-server on the loopback, without persistence."""
        options = {"save": "", "appendonly": "no"} | self.options
        flags = [text for option, value in options.items() for text in (f"--{option}", str(value))]
        return [binary("redis-server", "redis-server"), *flags]

    async def answers(self) -> None:
        """It answers PING."""
        context = self.authority and self.authority.context()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context)
        try:
            writer.write(b"PING\r\n")
            if await reader.readline() != b"+PONG\r\n":
                raise ConnectionError("still loading")
        finally:
            writer.close()


class PostgresServer(Server):
    """A PostgreSQL cluster that trusts everybody on this machine, and does not wait for the disk.

    With an authority it speaks TLS, too. Further options are those of postgresql.conf.
    """

    # Immediate shutdown: nobody is waited for, and what is about to be deleted is not written first.
    farewell = signal.SIGQUIT

    def __init__(self, authority: Authority | None = None, **options: object) -> None:
        super().__init__()
        self.authority = authority
        self.options = options
        self._numbers = count(1)
        self._template: str | None = None
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root; its package brings a user.
            binary("initdb", "postgresql")
            self.user = "postgres"
            account = pwd.getpwnam(self.user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)

    @property
    def url(self) -> str:
        """The URL of the cluster's own database; tests take one from ``fresh_database``."""
        return self._url("postgres")

    def command(self) -> list[str]:
        """postgres on the loopback, with its socket in its own folder."""
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "max_connections": 200,
            # Safe against a kill of its processes, which is all that tests do; not against a power cut.
            "fsync": "off",
            "full_page_writes": "off",
        } | self.options
        if self.authority is not None:
            options |= {
                "ssl": "on",
                "ssl_cert_file": self._own(self.authority.certificate),
                "ssl_key_file": self._own(self.authority.key),
            }
        flags = [text for option, value in options.items() for text in ("-c", f"{option}={value}")]
        return [binary("postgres", "postgresql"), "-D", str(self.folder / "data"), *flags]

    def _own(self, file: Path) -> Path:
        """A copy that only the server may read: of a key it takes no other."""
        copy = self.folder / file.name
        shutil.copyfile(file, copy)
        copy.chmod(0o600)
        if self.user:
            shutil.chown(copy, self.user, self.user)
        return copy

    async def answers(self) -> None:
        """It lets a client in."""
        try:
            connection = await asyncpg.connect(self._dsn("postgres"))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise ConnectionError(str(error)) from error
        await connection.close()

    async def start(self) -> None:
        """Run and answer; the first time, make the cluster."""
        if not (self.folder / "data").exists():
            flags = ["--username=grandstand", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
            made = await asyncio.to_thread(
                subprocess.run,
                [binary("initdb", "postgresql"), f"--pgdata={self.folder / 'data'}", *flags],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                user=self.user,
                group=self.user,
            )
            if made.returncode:
                pytest.fail(f"initdb failed:\n{made.stdout.decode()}", pytrace=False)
        await super().start()

    async def fresh_database(self, *, migrated: bool = False) -> str:
        """The URL of a new database, empty or with the newest schema; starts the server if need be."""
        if not self.running:
            await self.start()
        if migrated and self._template is None:
            name = await self._create(template=None)
            await migrate(self._url(name))
            self._template = name
        return self._url(await self._create(template=self._template if migrated else None))

    async def drop(self, url: str) -> None:
        """Forget a database, whoever is still connected: a whole run's would fill gigabytes."""
        if not self.running:
            await self.start()
        await self.execute(self.url, f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    async def execute(self, url: str, *statements: str) -> None:
        """Run SQL in a database, outside the project's own code."""
        connection = await asyncpg.connect(self._dsn(url.rpartition("/")[2]))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def _create(self, *, template: str | None) -> str:
        name = f"test_{next(self._numbers)}"
        await self.execute(self.url, f"CREATE DATABASE {name} TEMPLATE {template or 'template1'}")
        return name

    def _url(self, name: str) -> str:
        return f"postgresql+asyncpg://grandstand@127.0.0.1:{self.port}/{name}"

    def _dsn(self, name: str) -> str:
        return self._url(name).replace("+asyncpg", "")
