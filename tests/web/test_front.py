"""The front page: live scores and winners, its feed from the state of a page on, and how little it asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from quart_app.actions.matches import confirm_result, start_match, update_score
from quart_app.actions.tournaments import change_visibility
from quart_app.domain.commands import ChangeVisibility, ConfirmResult, StartMatch, UpdateScore
from quart_app.live.rooms.lobby import LOOK_SECONDS
from tests.server import Feed, Server, open_feed
from tests.web.live_page import LivePage

PATH = "/sse/tournaments/fragments/"


async def page_of(server: Server) -> LivePage:
    """The front page."""
    return LivePage((await server.client.get("/")).text)


@asynccontextmanager
async def following(server: Server, path: str = PATH, **headers: str) -> AsyncIterator[Feed]:
    """The open feed of the front page."""
    async with open_feed(
        server.url + path, {name.replace("_", "-"): text for name, text in headers.items()}
    ) as feed:
        yield feed


async def score(server: Server, tid: int, first: int, second: int) -> None:
    """A score of the first match."""
    command = UpdateScore(match_id=1, participant1_score=first, participant2_score=second)
    await update_score(server.services, tid, command, None)


async def test_the_front_page_follows_what_is_played(server: Server) -> None:
    """From its own position on it holds what a new one would; a score costs one small frame."""
    tid = (await server.tournament(2, name="Cup")).id
    await server.tournament(64, name="Other cup")
    page = await page_of(server)
    async with following(server, page.feed) as feed:
        assert (await feed.next()).event == "connection_established"
        await start_match(server.services, tid, StartMatch(match_id=1), None)
        page.receive((await feed.next()).data or "")
        await score(server, tid, 2, 1)
        frame = await feed.next()
        page.receive(frame.data or "")
        assert "Being played Cup 1 live Final, 0 of 1 played P1 2 – 1 P2" in page.document.text()
        assert len(frame.raw) < 1500
        await confirm_result(server.services, tid, ConfirmResult(match_id=1), None)
        page.receive((await feed.next()).data or "")
        assert "Finished Cup Winner P1" in page.document.text()
        assert page.differences(await page_of(server)) == []
        await change_visibility(server.services, tid, ChangeVisibility(visibility="private"), None)
        page.receive((await feed.next()).data or "")
        assert "Winner P1" not in page.document.text()


async def test_who_comes_back_gets_what_was_missed(server: Server) -> None:
    """Once; from a position of another worker, or of one that is no more, everything."""
    tid = (await server.tournament(2, name="Cup")).id
    page = await page_of(server)
    position = page.feed.rpartition("=")[2]
    await start_match(server.services, tid, StartMatch(match_id=1), None)
    await score(server, tid, 1, 0)
    fresh = await page_of(server)
    async with following(server, Last_Event_ID=position) as feed:
        welcome, missed = await feed.take(2)
        assert welcome.payload["resume"]["lost"] is False
        page.receive(missed.data or "")
        assert (missed.id, page.differences(fresh)) == (fresh.feed.rpartition("=")[2], [])
    async with following(server, Last_Event_ID="0badc0de-7") as feed:
        welcome, resync, whole = await feed.take(3)
        assert (welcome.payload["resume"]["reason"], resync.event) == ("unknown_epoch", "resync")
        assert 'hx-target="#front"' in (whole.data or "")
    assert (await server.client.get(PATH, headers={"Last-Event-ID": "x"})).status_code == 400


async def test_a_page_that_no_stream_reaches_asks(server: Server) -> None:
    """For what a stream would have brought, and gets nothing where nothing is new."""
    tid = (await server.tournament(2, name="Cup")).id
    page = await page_of(server)
    path, _, query = page.feed.partition("?")
    assert (await server.client.get(f"{path}catch-up/?{query}")).status_code == 204
    await start_match(server.services, tid, StartMatch(match_id=1), None)
    await asyncio.sleep(LOOK_SECONDS)
    news = await server.client.get(f"{path}catch-up/?{query}")
    assert (news.status_code, news.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    for block in news.text.split("\n\n"):
        page.receive("\n".join(line[6:] for line in block.split("\n") if line.startswith("data: ")))
    assert "Being played Cup 1 live Final, 0 of 1 played P1 0 – 0 P2" in page.document.text()
    assert (await server.client.get(f"{path}catch-up/")).status_code == 400


async def test_no_champion_is_said(server: Server) -> None:
    """Of a tournament that has ended without one."""
    tournament = await server.tournament(2, name="Cup")
    nobody = ConfirmResult(match_id=1, walkover=True)
    await confirm_result(server.services, tournament.id, nobody, None)
    assert "Finished Cup No champion" in (await page_of(server)).document.text()


async def test_however_many_look_one_reads(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty who open the page at once share two readings, and a tournament that stands still is not read."""
    tid = (await server.tournament(4)).id
    await page_of(server)
    lobby, loads = server.hub.lobby, 0
    load_on = type(server.services.ledger).load_on

    async def counted(*arguments: object) -> object:
        nonlocal loads
        loads += arguments[-1] == tid
        return await load_on(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(type(server.services.ledger), "load_on", counted)
    before = lobby._begun
    await asyncio.gather(*(lobby.look() for _ in range(40)))
    assert (lobby._begun - before, loads) == (2, 0)


async def test_nobody_looks_where_nobody_follows(server: Server) -> None:
    """The lists are read while a stream is open, and no longer; a drained server says so."""
    await server.tournament(2)
    async with following(server) as feed:
        await feed.next()
        assert server.hub.subscribers == 1
        begun = server.hub.lobby._begun
        async with asyncio.timeout(10):
            while server.hub.lobby._begun == begun:  # noqa: ASYNC110 - nobody is told of a look
                await asyncio.sleep(0.1)
        await server.hub.drain(1)
        assert (await feed.until("goodbye")).payload["reason"] == "draining"
    assert (await server.client.get(PATH)).status_code == 503
