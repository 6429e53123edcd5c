"""Every client that we did not write gets along with the feed, as far as its specification lets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import httpx
import pytest
import pytest_asyncio

from quart_app.actions.services import Services
from quart_app.actions.tournaments import create_tournament
from quart_app.domain.commands import CreateTournament
from quart_app.live.bus.local import LocalBus
from quart_app.live.streams import frames
from quart_app.live.streams.join import End
from quart_app.live.streams.subscriber import Subscriber
from quart_app.settings import Settings
from quart_app.store.database.engine import Database
from quart_app.store.database.schema import migrate
from quart_app.timeline.ledger import Ledger
from tests.conformance.clients import REFUSALS, Client
from tests.conformance.conftest import CLIENTS, PROGRAMS
from tests.conformance.htmx import page_of
from tests.conformance.sessions import Event, Feed, Session
from tests.conformance.world import act, log_after, play_out, position_of
from tests.domain.strategies import entrants, players
from tests.faults.deployment import Deployment
from tests.live.listening import until
from tests.server import Server

BIG = 1_000_000
"""What counts as a big catch-up, in bytes."""


async def feed_of(server: Server, tournament_id: int) -> Feed:
    """A tournament's feed, with a fresh token for it."""
    return Feed(server.url, tournament_id, await server.feed_token(tournament_id))


async def resuming(server: Server, tournament_id: int) -> Feed:
    """A feed for somebody who has all that there is now."""
    token = await server.feed_token(tournament_id)
    position = await position_of(server.services, tournament_id)
    page = await page_of(Feed(server.url, tournament_id, token))
    return Feed(server.url, tournament_id, token, position, page=page)


def streams(server: Server, tournament_id: int) -> list[Subscriber]:
    """The open streams of a tournament."""
    return list(server.hub.audiences[tournament_id].subscribers)


def written_after(stream: Subscriber, moment: float) -> bool:
    """Whether anything was written to a stream since (monotonic)."""
    return stream.last_write > moment


async def test_fresh_join(server: Server, client: Client) -> None:
    """Who joins afresh gets what happens from then on: nothing from before, and everything after."""
    tournament = await server.tournament(8)
    await act(server.services, tournament.id)
    start = await position_of(server.services, tournament.id)
    async with client.follow(await feed_of(server, tournament.id)) as session:
        await session.until_open()
        await act(server.services, tournament.id)
        await session.until_holds(await log_after(server.services, tournament.id, start))


async def test_resume(server: Server, client: Client) -> None:
    """Who names a position gets all after it; cut off while more happens, it comes back to the rest, once."""
    tournament = await server.tournament(8)
    feed = await resuming(server, tournament.id)
    await act(server.services, tournament.id)
    async with client.follow(feed) as session:
        await session.until_holds(await log_after(server.services, tournament.id, feed.position or ""))
        for stream in streams(server, tournament.id):
            stream.cut(End.CLIENT)
        await act(server.services, tournament.id)
        await session.until_holds(await log_after(server.services, tournament.id, feed.position or ""))


async def test_silence(server: Server, client: Client) -> None:
    """Three heartbeats long nothing happens; then the next event comes on the very same stream."""
    tournament = await server.tournament(4)
    start = await position_of(server.services, tournament.id)
    async with client.follow(await feed_of(server, tournament.id)) as session:
        await session.until_open()
        (stream,) = streams(server, tournament.id)
        for _ in range(3):
            last = stream.last_write
            await until(partial(written_after, stream, last))
        if client.hears_comments:
            await session.until(lambda: session.comments >= 3)
        await act(server.services, tournament.id, 1)
        await session.until(lambda: streams(server, tournament.id) == [stream])
        await session.until_holds(await log_after(server.services, tournament.id, start))
        assert session.opened == 1


@pytest_asyncio.fixture(scope="module", name="far_behind")
async def _far_behind(server: Server) -> Feed:
    """A feed at a position that a megabyte of events has followed since."""
    names = [f"{number} {'of the long name ' * 5}" for number in range(1024)]
    command = CreateTournament(name="Everybody", entrants=entrants(name.strip() for name in names))
    tournament = (await create_tournament(server.services, command, None, generate=True)).tournament
    feed = await resuming(server, tournament.id)
    await play_out(server.services, tournament.id)
    return feed


async def test_big_catch_up(server: Server, client: Client, far_behind: Feed) -> None:
    """A client that has missed a megabyte gets it, whole and in order."""
    log = await log_after(server.services, far_behind.tournament_id, far_behind.position or "")
    assert sum(len(event.data) for event in log) > BIG
    async with client.follow(far_behind) as session:
        await session.until_holds(log)


@pytest.mark.parametrize("name", PROGRAMS)
async def test_lines_of_data(server: Server, clients: Mapping[str, Client], name: str) -> None:
    """Data of several lines comes out as one text: with empty lines, spaces and colons, as it went in."""
    tournament = await server.tournament(4)
    text = "first\n\n  third: with spaces\n:fourth\ndata: fifth\n"
    async with clients[name].follow(await feed_of(server, tournament.id)) as session:
        await session.until_open()
        (stream,) = streams(server, tournament.id)
        head = await position_of(server.services, tournament.id)
        stream.note(frames.frame(text, id=head))
        await session.until_holds([Event(head, "message", text)])


@asynccontextmanager
async def refused_with(status: int, server: Server) -> AsyncIterator[tuple[Feed, AsyncExitStack]]:
    """A feed that refuses with this status; closing the stack ends the cause of 429 and 503."""
    tournament, other, third = [await server.tournament(2) for _ in range(3)]
    token: str | None = await server.feed_token(other.id if status == 403 else tournament.id)
    async with AsyncExitStack() as occupied:
        taken = {429: [tournament], 503: [other, third]}.get(status, [])
        for each in taken:
            await (await occupied.enter_async_context(server.feed(each.id))).next()
        yield Feed(server.url, tournament.id, None if status == 401 else token), occupied


@pytest.mark.parametrize("status", REFUSALS)
async def test_refusal(small_server: Server, client: Client, status: int) -> None:
    """A refused client learns of it, and gives up, renews its token or asks again, as it is made to."""
    async with refused_with(status, small_server) as (feed, cause), client.follow(feed) as session:
        await session.until_refused()
        assert not client.tells_status or session.refusals[0] == status
        if session.retry_after is not None:
            assert session.retry_after.isdigit() == (status in (429, 503))
        if status in client.gives_up_on:
            await session.until_stopped()
        elif status in client.renews_on:
            await session.until_open()
        elif status in (401, 403):
            await session.until(lambda: session.tries >= 2)
        else:
            await cause.aclose()
            await session.until_open()


@pytest_asyncio.fixture(scope="module", name="restarted")
async def _restarted(
    tmp_path_factory: pytest.TempPathFactory, clients: Mapping[str, Client]
) -> AsyncIterator[Mapping[str, str]]:
    """What went wrong with each client while its server was killed, and then stopped in good order; both
    times staff were busy before it came back on its port."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('restart')}/grandstand.db"
    await migrate(url)
    settings = Settings.for_tests(database_url=url)
    deployment = Deployment(settings)
    failures: dict[str, str] = {}
    database = Database(url)
    services = Services(database, LocalBus(), Ledger(database))
    try:
        await deployment.start()
        command = CreateTournament(name="Restarted", entrants=players(16))
        tournament = (await create_tournament(services, command, None, generate=True)).tournament
        start = await position_of(services, tournament.id)
        async with AsyncExitStack() as stack:
            sessions: dict[str, Session] = {}
            for name, client in clients.items():
                feed = await tokened(deployment, tournament.id)
                sessions[name] = await stack.enter_async_context(client.follow(feed))
            await asyncio.gather(*(session.until_open() for session in sessions.values()))
            for end in (deployment.kill, deployment.stop):
                await end()
                await act(services, tournament.id, 10)
                await deployment.start()
                log = await log_after(services, tournament.id, start)
                held = [session.until_holds(log) for session in sessions.values()]
                results = await asyncio.gather(*held, return_exceptions=True)
                failed = {name: each for name, each in zip(sessions, results, strict=True) if each}
                failures |= {name: f"{end.__name__}: {each!r}" for name, each in failed.items()}
        yield failures
    finally:
        await database.close()
        await deployment.close()


async def tokened(deployment: Deployment, tournament_id: int) -> Feed:
    """A tournament's feed on a deployment, with a token that the deployment gave."""
    async with httpx.AsyncClient(base_url=deployment.url) as caller:
        answer = await caller.post(f"/api/tournaments/{tournament_id}/feed-token/")
    return Feed(deployment.url, tournament_id, answer.json()["token"])


@pytest.mark.parametrize("name", CLIENTS)
def test_server_restart(restarted: Mapping[str, str], name: str) -> None:
    """Killed or stopped, once the server is back every client has what happened meanwhile."""
    assert name not in restarted, restarted[name]
