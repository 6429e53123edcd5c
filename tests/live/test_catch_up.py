"""Catching up by asking: the answer is what a stream would have sent, and nothing where nothing is new."""

from __future__ import annotations

import httpx
import pytest

from quart_app.actions.matches import start_match, update_score
from quart_app.actions.tournaments import change_visibility
from quart_app.domain.commands import ChangeVisibility, StartMatch, UpdateScore
from quart_app.domain.state.tournament import Tournament
from quart_app.live.streams.position import Position
from tests.server import Server
from tests.web.test_express_pages import is_express


async def ask(
    server: Server, tournament: Tournament, position: str, query: str = "", **headers: str
) -> httpx.Response:
    """What a spectator who stands there is answered."""
    token = await server.feed_token(tournament.id)
    return await server.client.get(
        f"/sse/tournaments/{tournament.id}/fragments/catch-up/?lastEventId={position}{query}",
        headers={"Authorization": f"Bearer {token}", **headers},
    )


async def begun(server: Server) -> tuple[Tournament, str, str]:
    """A tournament of four whose first match has just begun: its positions before and after."""
    tournament = await server.tournament(4)
    before = (await server.services.ledger.load(tournament.id)).position
    after = await start_match(server.services, tournament.id, StartMatch(match_id=1), None)
    return tournament, before, after.position


async def streamed(server: Server, tournament: Tournament, position: str, query: str, frames: int) -> bytes:
    """The first frames behind the welcome of a stream from there."""
    async with server.feed(tournament.id, html=True, query=f"?lastEventId={position}{query}") as feed:
        await feed.next()
        return b"".join(frame.raw + b"\n\n" for frame in await feed.take(frames))


@pytest.mark.parametrize("query", ["", "&part=match-1", "&match=1"])
async def test_the_answer_is_what_a_stream_would_send(server: Server, query: str) -> None:
    """The same bytes, after which nothing is new; on both ways."""
    tournament, before, after = await begun(server)
    answer = await ask(server, tournament, before, query)
    assert answer.status_code == 200
    assert answer.content == await streamed(server, tournament, before, query, 1)
    assert f"id: {after}\n" in answer.text
    by_quart = await ask(server, tournament, before, query, Origin=server.url)
    assert by_quart.content == answer.content
    for headers in ({}, {"Origin": server.url}):
        nothing = await ask(server, tournament, after, query, **headers)
        assert (nothing.status_code, nothing.content) == (204, b"")
        assert nothing.headers["Grandstand-Answer"] == "yes"
        assert nothing.headers["Cache-Control"] == "no-store"
        assert nothing.headers["Grandstand-Ask-After"] == "3"


async def test_a_position_moves_past_what_is_not_shown(server: Server) -> None:
    """With an id alone, as in a stream, so that the same is never looked through again."""
    tournament, _, before = await begun(server)
    goal = UpdateScore(match_id=1, participant1_score=1, participant2_score=0)
    after = (await update_score(server.services, tournament.id, goal, None)).position
    answer = await ask(server, tournament, before, "&part=match-2")
    assert answer.text == f"id: {after}\n\n"


async def test_a_position_that_is_lost_gets_everything(server: Server) -> None:
    """As in a stream: the resync and the whole page."""
    tournament, _, after = await begun(server)
    lost = str(Position("0", 3))
    answer = await ask(server, tournament, lost)
    assert answer.content == await streamed(server, tournament, lost, "", 2)
    assert answer.text.startswith("event: resync\n")
    assert f"\n\nid: {after}\n" in answer.text


async def test_who_may_not_watch_is_told_so(server: Server) -> None:
    """By the rules of the feeds."""
    tournament, before, _ = await begun(server)
    path = f"/sse/tournaments/{tournament.id}/fragments/catch-up/"
    assert (await server.client.get(f"{path}?lastEventId={before}")).status_code == 401
    for position in ("", "made-up"):
        assert (await ask(server, tournament, position)).status_code == 400
    token = await server.feed_token(tournament.id)
    await change_visibility(server.services, tournament.id, ChangeVisibility(visibility="private"), None)
    answer = await server.client.get(f"{path}?lastEventId={before}&token={token}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_who_asks_takes_no_seat_and_renders_nothing_anew(server: Server) -> None:
    """Nothing stays of a request, the way past Quart answers it, and all get the very same bytes."""
    tournament, before, after = await begun(server)
    assert (await ask(server, tournament, after)).status_code == 204
    room = server.hub.audiences[tournament.id].room
    await ask(server, tournament, before)
    built = dict(room._chunks)
    for _ in range(5):
        await ask(server, tournament, before)
    assert room._chunks == built != {}
    assert server.hub.watching(tournament.id) == 0
    token = await server.feed_token(tournament.id)
    query = f"lastEventId={before}&token={token}".encode()
    path = f"/sse/tournaments/{tournament.id}/fragments/catch-up/"
    assert await is_express(server, path, query=query)
    assert not await is_express(server, path, query=b"lastEventId=" + before.encode())
