"""Limits: over one, the answer is 429 (or 503 from a full worker) with ``Retry-After``."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from quart_app.settings import Settings
from tests.server import PASSWORD, Server, running
from tests.services import RedisServer


async def second_stream(settings: Settings, server: Server) -> tuple[int, bool]:
    """The answer to one more stream while another is open."""
    tournament = await server.tournament()
    token = await server.feed_token(tournament.id)
    async with server.feed(tournament.id) as feed:
        await feed.next()
        headers = {"Authorization": f"Bearer {token}"}
        async with server.client.stream(
            "GET", f"/sse/tournaments/{tournament.id}/", headers=headers
        ) as answer:
            return answer.status_code, "retry-after" in answer.headers


@pytest.mark.parametrize(
    ("limit", "status"),
    [
        ("limit_streams_per_address", 429),
        ("limit_streams_per_tournament", 429),
        ("limit_streams_per_worker", 503),
    ],
)
async def test_one_stream_too_many_is_refused(settings: Settings, limit: str, status: int) -> None:
    """Streams are limited by address, tournament and worker."""
    changes: dict[str, Any] = {limit: 1}
    async with running(replace(settings, **changes)) as server:
        assert await second_stream(settings, server) == (status, True)


async def test_stream_that_has_ended_frees_its_seat(settings: Settings) -> None:
    """Only open streams count."""
    async with running(replace(settings, limit_streams_per_address=1)) as server:
        tournament = await server.tournament()
        for _ in range(3):
            async with server.feed(tournament.id) as feed:
                await feed.next()
            for _ in range(200):
                if not server.hub.watching(tournament.id):
                    break
                await server.client.get("/healthz")
        async with server.feed(tournament.id) as feed:
            assert feed.response.status_code == 200


async def test_connecting_too_often_is_refused(settings: Settings) -> None:
    """Opening feeds is limited by the second and address."""
    async with running(replace(settings, limit_connects_per_address=3)) as server:
        tournament = await server.tournament()
        path = f"/api/tournaments/{tournament.id}/feed-token/"
        answers = [await server.client.post(path) for _ in range(12)]
    waits = [int(answer.headers["retry-after"]) for answer in answers if answer.status_code == 429]
    assert min(waits) >= 1


async def test_feed_that_is_refused_counts_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The express way leaves a refusal to Quart, which knows that the connect has been counted."""
    async with running(settings) as server:
        tournament, other = await server.tournament(), await server.tournament()
        headers = {"Authorization": f"Bearer {await server.feed_token(tournament.id)}"}
        limits = server.context.limits
        connect, counted = limits.connect, []

        async def count(address: str) -> None:
            counted.append(address)
            await connect(address)

        monkeypatch.setattr(limits, "connect", count)
        answer = await server.client.get(f"/sse/tournaments/{other.id}/", headers=headers)
    assert (answer.status_code, len(counted)) == (403, 1)


async def test_connect_over_the_limit_opens_no_room(settings: Settings) -> None:
    """The limit comes before anything that costs more, such as to read a log."""
    async with running(replace(settings, limit_connects_per_address=2)) as server:
        ids = [(await server.tournament()).id for _ in range(12)]
        tokens = [server.context.tokens.issue_feed(tid, staff=None)[0] for tid in ids]
        answers = []
        for tid, token in zip(ids, tokens, strict=True):
            headers = {"Authorization": f"Bearer {token}"}
            answers.append(
                (await server.client.head(f"/sse/tournaments/{tid}/", headers=headers)).status_code
            )
        opened = [tid in server.hub.audiences for tid in ids]
    assert (429 in answers, opened) == (True, [status == 200 for status in answers])


async def test_guessing_a_password_is_refused(settings: Settings) -> None:
    """Tries to sign in under one name are limited, even with the right password in the end."""
    async with running(replace(settings, limit_logins_per_name=3)) as server:
        await server.sign_in("anna")
        wrong = {"username": "anna", "password": "wrong"}
        for _ in range(2):
            await server.client.post("/api/token/", json=wrong)
        right = {"username": "Anna ", "password": PASSWORD}
        answer = await server.client.post("/api/token/", json=right)
    assert (answer.status_code, "retry-after" in answer.headers) == (429, True)


async def test_login_form_says_so_beside_the_fields(settings: Settings) -> None:
    """A person who tries too often gets the form back, with the reason."""
    async with running(replace(settings, limit_logins_per_name=1)) as server:
        form = {"name": "anna", "password": "x"}
        await server.client.post("/staff/login/", data=form)
        answer = await server.client.post("/staff/login/", data=form)
    assert (answer.status_code, "too often" in answer.text, 'value="anna"' in answer.text) == (
        429,
        True,
        True,
    )


async def test_posts_of_a_staff_member_are_limited(settings: Settings) -> None:
    """A runaway program is stopped, with the time to wait."""
    async with running(replace(settings, limit_posts_per_staff=2)) as server:
        headers = await server.sign_in("anna")
        tournament = await server.tournament()
        path = f"/api/tournaments/{tournament.id}/matches/1/start/"
        answers = [(await server.client.post(path, headers=headers, json={})).status_code for _ in range(3)]
    assert answers == [200, 409, 429]


async def test_streams_of_one_address_are_counted_over_all_workers(
    settings: Settings, redis_server: RedisServer
) -> None:
    """An address that fills its seats at one worker gets none at another either, about a second later."""
    shared = replace(settings, redis_url=redis_server.url, limit_streams_per_address=2)
    async with running(shared) as here, running(shared) as there:
        tournament = await here.tournament()
        token = await here.feed_token(tournament.id)
        headers = {"Authorization": f"Bearer {token}"}
        path = f"/sse/tournaments/{tournament.id}/"
        async with (
            here.feed(tournament.id) as one,
            here.feed(tournament.id) as two,
            there.feed(tournament.id),
        ):
            await one.next()
            await two.next()
            refused = False
            for _ in range(40):
                async with there.client.stream("GET", path, headers=headers) as answer:
                    refused = answer.status_code == 429
                if refused:
                    break
                await asyncio.sleep(0.1)
    assert refused


async def test_spelling_a_name_differently_earns_no_further_tries(settings: Settings) -> None:
    """What names one account counts as one name: full-width letters, say."""
    async with running(replace(settings, limit_logins_per_name=3)) as server:
        await server.sign_in("olga")
        names = ("\uff4flga", "o\uff4cga", "ol\uff47a", "olg\uff41", "OLGA")
        answers = [
            (
                await server.client.post("/api/token/", json={"username": name, "password": "wrong one"})
            ).status_code
            for name in names
        ]
    assert answers == [401, 401, 429, 429, 429]


async def test_a_token_tells_nothing_of_other_tournaments(server: Server) -> None:
    """A private one, one that does not exist: the same answer, and no log is read for it."""
    own, private = await server.tournament(), await server.tournament(visibility="private")
    headers = {"Authorization": f"Bearer {await server.feed_token(own.id)}"}
    answers = [
        await server.client.get(f"/sse/tournaments/{tid}/", headers=headers) for tid in (private.id, 999)
    ]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].content == answers[1].content
    assert not server.hub.audiences


async def test_a_filter_names_only_so_many(server: Server) -> None:
    """A view of its own for everybody, each with a thousand ids, would fill the memory."""
    tournament = await server.tournament()
    headers = {"Authorization": f"Bearer {await server.feed_token(tournament.id)}"}
    query = "&".join(f"match={number}" for number in range(201))
    answer = await server.client.get(f"/sse/tournaments/{tournament.id}/?{query}", headers=headers)
    assert (answer.status_code, "match" in answer.text) == (422, True)
