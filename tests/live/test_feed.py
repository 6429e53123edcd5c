"""The feed, against a real server on a real port."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from quart_app.actions import matches, staff
from quart_app.actions.services import utc_now
from quart_app.domain.commands import ConfirmResult, StartMatch, UpdateScore
from quart_app.readers import SecretKey
from quart_app.settings import Settings
from tests.feed_contract import CONTRACT
from tests.server import PASSWORD, Server, logged, open_feed, running


async def play_first(server: Server, tournament_id: int) -> None:
    """One match from its start to its result: the four events."""
    start = StartMatch(match_id=1)
    score = UpdateScore(match_id=1, participant1_score=2, participant2_score=1)
    await matches.start_match(server.services, tournament_id, start, None)
    await matches.update_score(server.services, tournament_id, score, None)
    await matches.confirm_result(server.services, tournament_id, ConfirmResult(match_id=1), None)


async def test_welcome_comes_first_and_says_where_the_client_stands(server: Server) -> None:
    """``connection_established`` is the first frame of a fresh join and carries the id of the head."""
    tournament = await server.tournament()
    async with server.feed(tournament.id) as feed:
        welcome = await feed.next()
    assert (welcome.event, welcome.id) == ("connection_established", welcome.payload["head"])


async def test_welcome_has_the_keys_of_the_contract(server: Server) -> None:
    """The welcome tells position, receipt, heartbeat and expiry."""
    tournament = await server.tournament()
    async with server.feed(tournament.id) as feed:
        welcome = await feed.next()
    assert welcome.payload.keys() == {
        "tournament_id",
        "position",
        "head",
        "resume",
        "heartbeat_seconds",
        "expires_at",
    }


async def test_answer_has_the_headers_that_keep_a_stream_flowing(server: Server) -> None:
    """An event stream that no proxy holds back, stores or squeezes."""
    tournament = await server.tournament()
    async with server.feed(tournament.id) as feed:
        headers = feed.response.headers
    assert (
        headers["content-type"],
        headers["cache-control"],
        headers["x-accel-buffering"],
    ) == ("text/event-stream", "no-cache, no-transform", "no")


@pytest.mark.parametrize(("position", "event"), list(enumerate(CONTRACT)))
async def test_event_has_exactly_the_keys_of_the_contract(server: Server, position: int, event: str) -> None:
    """Each of the four events of play comes under its name with exactly its keys."""
    tournament = await server.tournament()
    async with server.feed(tournament.id) as feed:
        await feed.next()
        await play_first(server, tournament.id)
        frame = (await feed.take(4))[position]
    assert (frame.event, frame.payload.keys()) == (event, CONTRACT[event])


async def test_two_clients_get_identical_bytes(server: Server) -> None:
    """Every client of a tournament gets the same log, byte for byte."""
    tournament = await server.tournament()
    async with server.feed(tournament.id) as one, server.feed(tournament.id) as other:
        await one.next()
        await other.next()
        await play_first(server, tournament.id)
        assert [f.raw for f in await one.take(4)] == [f.raw for f in await other.take(4)]


async def test_two_tournaments_never_mix(server: Server) -> None:
    """What happens in one tournament is not heard in another."""
    here, elsewhere = await server.tournament(), await server.tournament()
    async with server.feed(here.id) as feed:
        await feed.next()
        await play_first(server, elsewhere.id)
        assert await feed.silence(0.4)


async def test_client_that_leaves_is_gone_from_the_room(server: Server) -> None:
    """After a disconnect nobody is in the room."""
    tournament = await server.tournament()
    async with server.feed(tournament.id) as feed:
        await feed.next()
    for _ in range(100):
        if not server.hub.watching(tournament.id):
            break
        await asyncio.sleep(0.01)
    assert server.hub.watching(tournament.id) == 0


async def test_silence_is_broken_by_a_comment(settings: Settings) -> None:
    """After ``heartbeat_seconds`` without a frame a comment goes out."""
    async with running(replace(settings, heartbeat_seconds=0.5)) as server:
        tournament = await server.tournament()
        async with server.feed(tournament.id) as feed:
            await feed.next()
            async with asyncio.timeout(3):
                while not (await feed.next_block()).raw.startswith(b":"):
                    pass  # how many watch may come in between


async def refusal(server: Server, tournament_id: int, token: str | None) -> httpx.Response:
    """The feed's answer to somebody with this token, or none."""
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return await server.client.get(f"/sse/tournaments/{tournament_id}/", headers=headers)


def forged(server: Server, tournament_id: int, key: SecretKey | None = None, **changes: Any) -> str:
    """A spectator's token, changed or signed by somebody else."""
    signer = key or server.settings.secret_keys[0]
    now = utc_now()
    claims = {
        "iss": "grandstand",
        "aud": "grandstand:feed",
        "sub": "spectator",
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=5)).timestamp()),
        "jti": "a-token-of-the-test",
        "tid": tournament_id,
        "role": "spectator",
    }
    return jwt.encode(claims | changes, signer.secret, algorithm="HS256", headers={"kid": signer.kid})


async def test_forgery_without_a_flaw_is_let_in(server: Server) -> None:
    """The forger of these tests can make a valid token, so that each refusal is for its own flaw."""
    tournament = await server.tournament()
    url = f"{server.url}/sse/tournaments/{tournament.id}/"
    async with open_feed(url, {"Authorization": f"Bearer {forged(server, tournament.id)}"}) as feed:
        assert feed.response.status_code == 200


STRANGER = SecretKey("test", "x" * 64)


@pytest.mark.parametrize(
    ("flaw", "make"),
    [
        ("none at all", lambda server, id: None),
        ("malformed", lambda server, id: "not.a.token"),
        ("bad signature", lambda server, id: forged(server, id, STRANGER)),
        ("expired", lambda server, id: forged(server, id, exp=int(utc_now().timestamp()) - 1)),
        ("another audience", lambda server, id: forged(server, id, aud="grandstand:api")),
        ("without an end", lambda server, id: forged(server, id, exp=None)),
    ],
)
async def test_bad_token_gets_401(server: Server, flaw: str, make: Any) -> None:
    """A missing, malformed, badly signed, expired or wrong-audience token is refused as RFC 6750 says."""
    tournament = await server.tournament()
    answer = await refusal(server, tournament.id, make(server, tournament.id))
    assert (answer.status_code, answer.headers.get("www-authenticate", "")[:6]) == (401, "Bearer"), flaw


async def test_token_of_another_tournament_gets_403(server: Server) -> None:
    """A token opens the feeds of its own tournament only."""
    here, elsewhere = await server.tournament(), await server.tournament()
    answer = await refusal(server, here.id, await server.feed_token(elsewhere.id))
    assert answer.status_code == 403


async def test_unknown_tournament_gets_404(server: Server) -> None:
    """A tournament that is not there is 404, as a problem document."""
    answer = await refusal(server, 999, forged(server, 999))
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_disabled_user_gets_401(server: Server) -> None:
    """The feed token of somebody who was disabled opens nothing any more."""
    tournament = await server.tournament()
    bearer = await server.sign_in("anna")
    path = f"/api/tournaments/{tournament.id}/feed-token/"
    token = (await server.client.post(path, headers=bearer)).json()["token"]
    server.client.cookies.clear()
    anna = await staff.authenticate(server.services, "anna", PASSWORD)
    await staff.change_staff(server.services, anna.id, active=False)
    assert (await refusal(server, tournament.id, token)).status_code == 401


@pytest.mark.parametrize("way", ["header", "cookie", "query"])
async def test_token_is_taken_from_header_cookie_and_query(server: Server, way: str) -> None:
    """A program sends a header, our page a cookie, a plain EventSource elsewhere a query."""
    tournament = await server.tournament()
    token = await server.feed_token(tournament.id)
    url = f"{server.url}/sse/tournaments/{tournament.id}/"
    headers = {"header": {"Authorization": f"Bearer {token}"}, "cookie": {"Cookie": f"feed_token={token}"}}
    async with open_feed(url + (f"?token={token}" if way == "query" else ""), headers.get(way, {})) as feed:
        assert (await feed.next()).event == "connection_established"


async def test_failing_bus_fails_no_action_and_the_event_arrives(server: Server) -> None:
    """With every announcement lost, the action succeeds and open streams get the event from the log."""
    tournament = await server.tournament()
    async with server.feed(tournament.id) as feed:
        await feed.next()
        await server.services.bus.unsubscribe(tournament.id)
        await play_first(server, tournament.id)
        assert len(logged(await feed.take(4))) == 4
