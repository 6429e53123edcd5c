"""Limits: over one, the answer is 429 (or 503 from a full worker) with ``Retry-After``."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from quart_app.errors import TooManyRequests
from quart_app.settings import Settings
from quart_app.web.doors import limits
from quart_app.web.doors.callers import caller_of
from quart_app.web.doors.limits import ASKED_AT_ONCE, Limits, Second
from tests.live.test_login_limits import sign_in_from
from tests.server import Server, running
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


def test_a_second_slides() -> None:
    """What came in the last second of the clock counts for as much of it as is not a second ago yet."""
    now = 100.9
    second = Second(10, lambda: now)

    def come(times: int) -> int:
        came = 0
        for _ in range(times):
            if not second.full("anna"):
                second.count("anna")
                came += 1
        return came

    passed = [come(15)]
    for later in (101.0, 101.25, 101.5, 102.25, 104.0):
        now = later
        passed.append(come(15))
    assert passed == [10, 0, 3, 2, 7, 10]
    assert not second.full("berta")


async def test_feed_that_is_refused_counts_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The express way counts what it answers, and leaves a refusal to Quart uncounted."""
    async with running(settings) as server:
        tournament, other = await server.tournament(), await server.tournament()
        headers = {"Authorization": f"Bearer {await server.feed_token(tournament.id)}"}
        limits = server.context.limits
        connect, counted = limits.connect, []

        def count(address: str) -> None:
            counted.append(address)
            connect(address)

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


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.9", "203.0.113.9", True),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.8", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("203.0.113.9", "203.0.113.8", False),
        ("", "", True),
    ],
)
def test_what_counts_as_one_caller(one: str, other: str, same: bool) -> None:
    """A /64 is one caller, since its holder has all of it; IPv4 is IPv4, however it is written."""
    assert (caller_of(one) == caller_of(other)) is same


async def test_a_network_of_ipv6_is_one_caller_to_every_limit(settings: Settings) -> None:
    """Logins, connects and open streams are counted by the /64."""
    proxied = replace(
        settings,
        trusted_proxies=1,
        limit_logins_per_address=5,
        limit_connects_per_address=4,  # a second: a busy machine may ask no more than a dozen times
        limit_streams_per_address=2,
    )
    async with running(proxied) as server:
        tournament = await server.tournament()
        path = f"/sse/tournaments/{tournament.id}/"
        feed = {"Authorization": f"Bearer {await server.feed_token(tournament.id)}"}
        async with contextlib.AsyncExitStack() as open_ones:
            streams = []
            for number in range(4):
                headers = feed | {"X-Forwarded-For": f"2001:db8::{number}"}
                stream = server.client.stream("GET", path, headers=headers)
                streams.append((await open_ones.enter_async_context(stream)).status_code)
        logins = [
            await sign_in_from(server, f"2001:db8::{number:x}", {"username": f"u{number}", "password": "x"})
            for number in range(30)
        ]
        tokens = await asyncio.gather(
            *(
                server.client.post(f"/api/tournaments/{tournament.id}/feed-token/", headers=headers)
                for headers in ({"X-Forwarded-For": f"2001:db8::1:{number:x}"} for number in range(80))
            )
        )
    refused = any(answer.status_code == 429 for answer in tokens)
    assert (streams, logins.count(401), refused) == ([200, 200, 429, 429], 5, True)


@pytest.mark.serial
async def test_windows_slide(settings: Settings) -> None:
    """Who keeps what is left for the end of a second gets no second portion right after it."""
    async with running(replace(settings, limit_connects_per_address=10)) as server:
        tournament = await server.tournament()
        path = f"/api/tournaments/{tournament.id}/feed-token/"

        async def passed(times: int) -> int:
            answers = await asyncio.gather(*(server.client.post(path) for _ in range(times)))
            return sum(answer.status_code == 200 for answer in answers)

        await passed(1)
        await asyncio.sleep(0.85)
        begun = time.monotonic()
        late = await passed(15)
        await asyncio.sleep(0.2)
        # at most what comes free while we ask; a window that jumped would let 20 pass
        assert late + await passed(15) <= 10 + 10 * (time.monotonic() - begun)


@pytest.mark.parametrize(
    "limit", ["limit_streams_per_address", "limit_streams_per_tournament", "limit_streams_per_worker"]
)
async def test_no_limit_on_streams_gives_way_to_a_herd(settings: Settings, limit: str) -> None:
    """Of two hundred who come in the same moment no more are let in than there are seats; and who leaves, or
    never begins, gives the seat back."""
    changes: dict[str, Any] = {limit: 20}
    async with running(replace(settings, **changes)) as server:
        tournament = await server.tournament()
        headers = {"Authorization": f"Bearer {await server.feed_token(tournament.id)}"}
        path = f"/sse/tournaments/{tournament.id}/"
        crowd = httpx.AsyncClient(base_url=server.url, limits=httpx.Limits(), timeout=20)
        async with crowd, contextlib.AsyncExitStack() as open_ones:
            herd = [
                open_ones.enter_async_context(crowd.stream("GET", path, headers=headers)) for _ in range(200)
            ]
            statuses = [answer.status_code for answer in await asyncio.gather(*herd)]
        assert statuses.count(200) == 20
        for _ in range(30):  # a HEAD is checked like a stream, and begins none
            await server.client.head(path, headers=headers)
        for _ in range(200):
            if not server.hub.seats.taken:
                break
            await asyncio.sleep(0.02)
        assert server.hub.seats.taken == 0


async def test_posts_of_a_staff_member_are_limited(settings: Settings) -> None:
    """A runaway program is stopped, with the time to wait."""
    async with running(replace(settings, limit_posts_per_staff=2)) as server:
        headers = await server.sign_in("anna")
        tournament = await server.tournament()
        path = f"/api/tournaments/{tournament.id}/matches/1/start/"
        answers = [(await server.client.post(path, headers=headers, json={})).status_code for _ in range(3)]
    assert answers == [200, 409, 429]


async def test_hundreds_of_posts_at_once_are_counted_by_all_workers_over_a_few_connections(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is refused a connection, which would make the worker count alone: another one knows of each."""
    monkeypatch.setattr(limits, "SHARED_SECONDS_MAX", 10.0)
    settings = Settings.for_tests(redis_url=redis_server.url, limit_posts_per_staff=301)
    here, there = Limits(settings), Limits(settings)
    redis = Redis.from_url(redis_server.url)
    try:
        before = len(await redis.client_list())
        await asyncio.gather(*(here.post(4711) for _ in range(300)))
        assert len(await redis.client_list()) - before <= ASKED_AT_ONCE
        await there.post(4711)
        with pytest.raises(TooManyRequests):
            await there.post(4711)
    finally:
        await here.close()
        await there.close()
        await redis.aclose()


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


async def test_a_token_tells_nothing_of_other_tournaments(server: Server) -> None:
    """A private one, one that does not exist: the same answer, and no log is read for it."""
    own, private = await server.tournament(), await server.tournament(visibility="private")
    headers = {"Authorization": f"Bearer {await server.feed_token(own.id)}"}
    answers = [
        await server.client.get(f"/sse/tournaments/{tid}/", headers=headers) for tid in (private.id, 999)
    ]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].content == answers[1].content
    assert not [tid for tid in server.hub.audiences if tid > 0]


async def test_a_filter_names_only_so_many(server: Server) -> None:
    """A view of its own for everybody, each with a thousand ids, would fill the memory."""
    tournament = await server.tournament()
    headers = {"Authorization": f"Bearer {await server.feed_token(tournament.id)}"}
    query = "&".join(f"match={number}" for number in range(201))
    answer = await server.client.get(f"/sse/tournaments/{tournament.id}/?{query}", headers=headers)
    assert (answer.status_code, "match" in answer.text) == (422, True)
