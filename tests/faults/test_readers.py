"""Clients that do not behave: they delay nobody, cost little, and get everything if they come back."""

from __future__ import annotations

import asyncio
import resource
import select
import signal
import socket
import struct
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio

from quart_app.actions.services import Services
from quart_app.actions.tournaments import create_tournament
from quart_app.domain.commands import CreateTournament
from quart_app.live.bus.local import LocalBus
from quart_app.store.database.engine import Database
from quart_app.timeline.ledger import Ledger
from tests.conformance.world import play_out
from tests.domain.strategies import entrants
from tests.faults.campaign import Campaign
from tests.faults.conftest import Campaigns
from tests.faults.deployment import Deployment
from tests.faults.spectators import JSON_KINDS, Spectator
from tests.live.listening import until
from tests.server import Frame

TCP_REPAIR = 19
"""tcp(7): a socket closed in this mode sends nothing, neither FIN nor RST. Needs CAP_NET_ADMIN."""

PROGRAM = JSON_KINDS[0]
CROWD = 2_000


@dataclass
class Crawler(Spectator):
    """Reads a byte a second of what a small buffer holds, until ``hurries``; then as everybody does."""

    receive_bytes: int | None = 4096
    hurries: bool = False

    async def read(self) -> bytes:
        """A byte, after a second."""
        if self.hurries:
            return await super().read()
        await asyncio.sleep(1.0)
        if self._held:
            piece, self._held = self._held[:1], self._held[1:]
            return piece
        return await self.receive(1)


@pytest_asyncio.fixture(scope="module", name="past")
async def _past(deployment: Deployment) -> tuple[int, str]:
    """A tournament whose log is more than any buffer takes, and the position before its first event."""
    database = Database(deployment.settings.database_url)
    services = Services(database, LocalBus(), Ledger(database))
    names = [f"{number} {'of the long name ' * 5}".strip() for number in range(1024)]
    command = CreateTournament(name="Long ago", entrants=entrants(names))
    tournament = (await create_tournament(services, command, None, generate=True)).tournament
    start = (await services.ledger.load(tournament.id)).position
    await play_out(services, tournament.id)
    await database.close()
    return tournament.id, start


@pytest.fixture(name="many_files")
def _many_files() -> Iterator[None]:
    """As many open files for these tests as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


_Spectator = TypeVar("_Spectator", bound=Spectator)


def behind(campaign: Campaign, past: tuple[int, str], maker: type[_Spectator]) -> _Spectator:
    """Somebody who has a megabyte to catch up with."""
    spectator = campaign.make(maker, PROGRAM, past[0])
    spectator.joined = spectator.position = past[1]
    return spectator


@asynccontextmanager
async def watching(spectator: Spectator) -> AsyncIterator[None]:
    """Somebody who watches something, outside the campaign's own crowd."""
    task = asyncio.create_task(spectator.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def ask_and_never_read(spectator: Spectator, position: str) -> socket.socket:
    """A connection on which all since a position is asked for, and nothing is ever read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, (spectator.host, spectator.port))
    request = (
        f"GET /sse/tournaments/{spectator.tournament_id}/?lastEventId={position} HTTP/1.1\r\n"
        f"Host: {spectator.host}\r\nAuthorization: Bearer {spectator.token}\r\n\r\n"
    )
    await loop.sock_sendall(connection, request.encode())
    return connection


@pytest.mark.serial
async def test_readers_that_do_not_read(campaigns: Campaigns, past: tuple[int, str]) -> None:
    """Some never read, some a byte a second: they are cut off, the others get everything at once, and who
    comes back and reads gets everything too."""
    async with campaigns() as campaign, AsyncExitStack() as stack:
        reader = behind(campaign, past, Spectator)
        await stack.enter_async_context(watching(reader))
        await reader.until(lambda s: len(s.held) > 4000)
        crawlers = [behind(campaign, past, Crawler) for _ in range(10)]
        for crawler in crawlers:
            crawler.token = reader.token
            await stack.enter_async_context(watching(crawler))
        silent = [await ask_and_never_read(reader, past[1]) for _ in range(20)]
        for connection in silent:
            stack.callback(connection.close)
        await asyncio.gather(*(crawler.until(lambda s: s.connections > 0) for crawler in crawlers))
        slow = silent + [crawler.connection for crawler in crawlers]
        ended = select.poll()
        for connection in slow:
            ended.register(connection, 0)  # only its end, of which is told without reading

        begun = time.monotonic()
        await campaign.play(20)
        await campaign.verdict()
        assert time.monotonic() - begun < 15
        await until(lambda: len(ended.poll(0)) == len(slow), 15)
        for crawler in crawlers:
            crawler.hurries = True
        await asyncio.gather(*(each.until(lambda s: s.position == reader.position) for each in crawlers))
        assert [crawler.held for crawler in crawlers] == [reader.held] * len(crawlers)
        assert all(crawler.connections > 1 for crawler in crawlers)


async def test_clients_that_vanish(campaigns: Campaigns) -> None:
    """Reset, or gone without a word: nobody counts them as watching for long."""
    async with campaigns() as campaign:
        there = campaign.spectators[-2]
        assert not there.kind.types
        everybody = len(campaign.spectators)
        async with AsyncExitStack() as stack:
            passers_by = [campaign.spectator(PROGRAM) for _ in range(20)]
            for passer_by in passers_by:
                await stack.enter_async_context(watching(passer_by))
            await there.until(lambda s: s.watching == everybody + len(passers_by))
            for number, passer_by in enumerate(passers_by):
                vanish(passer_by.connection, silently=number % 2 == 0)
        await campaign.play(10)
        await there.until(lambda s: s.watching == everybody)
        await campaign.verdict()


def vanish(connection: socket.socket, *, silently: bool) -> None:
    """Let it end, once closed, with a reset; or, where that may be done, without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if silently:
        with suppress(PermissionError):
            connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)


async def test_client_process_stopped_for_a_while(campaigns: Campaigns, tmp_path: Path) -> None:
    """A curl that is stopped (SIGSTOP) while things happen prints all of it once it may go on."""
    async with campaigns(crowd=[PROGRAM] * 3) as campaign:
        reader = campaign.spectators[0]
        url = f"{campaign.url}/sse/tournaments/{campaign.tournament.id}/?token={reader.token}"
        printed = tmp_path / "printed"
        with printed.open("wb") as out:
            curl = await asyncio.create_subprocess_exec("curl", "--silent", "--no-buffer", url, stdout=out)
        try:
            await until(lambda: b"connection_established" in printed.read_bytes())
            curl.send_signal(signal.SIGSTOP)
            await campaign.play(20)
            await campaign.verdict()
            curl.send_signal(signal.SIGCONT)
            last = reader.held[-1][0].encode()
            await until(lambda: b"id: %b\n" % last in printed.read_bytes())
        finally:
            curl.kill()
            await curl.wait()
        frames = [Frame.parse(raw) for raw in printed.read_bytes().split(b"\n\n")[:-1]]
        ids = [frame.id for frame in frames if frame.id and frame.event != "connection_established"]
        assert ids == [id for id, _ in reader.held]


@pytest.mark.serial
async def test_two_thousand_reconnects_in_a_second(campaigns: Campaigns, many_files: None) -> None:
    """As when a stadium's network comes back: everybody resumes at once, and misses nothing."""
    async with campaigns(crowd=[PROGRAM]) as campaign:
        token = campaign.spectators[0].token
        for _ in range(CROWD):
            spectator = campaign.spectator(PROGRAM)
            spectator.token = token
            campaign.admit(spectator)
        await asyncio.gather(*(each.until(lambda s: s.connections > 0) for each in campaign.spectators))
        await campaign.play(3)
        for spectator in campaign.spectators:
            spectator.hang_up()
        await campaign.play(10)
        await asyncio.gather(*(each.until(lambda s: s.connections > 1) for each in campaign.spectators))
        await campaign.verdict()
