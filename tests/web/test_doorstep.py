"""The doorstep: whoever is met there gets what Hypercorn would have sent them, to the byte."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from quart_app.settings import Settings
from quart_app.web.express import doorstep
from quart_app.web.express.doorstep import Caller, Entrance
from tests.live.test_wire import settle
from tests.server import Server, running

LOOPS = (asyncio.new_event_loop, uvloop.new_event_loop)

VARYING = re.compile(
    rb"(?m)^date: .*\r$|retry: \d+|^[0-9a-f]+\r$|[0-9a-f]{8}-(?=\d)|\d{4}-\d\d-\d\dT[\d:.]+Z"
)
"""What is another every time: the date, draws of lots, and the lengths of chunks that hold them."""

# Where they are met, and by what they are asked for: PATH, HOST, TOKEN and POSITION are the running server's.
ON_THE_DOORSTEP = {
    "as a browser asks": "GET PATH HTTP/1.1\r\nHost: HOST\r\nCookie: feed_token=TOKEN\r\n"
    "Accept: text/event-stream\r\nConnection: keep-alive\r\nAccept-Encoding: gzip, br\r\n\r\n",
    "in the address": "GET PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "by a bearer": "GET PATH HTTP/1.1\r\nhost: HOST\r\nAUTHORIZATION: bearer TOKEN\r\n\r\n",
    "the fragments": "GET PATHfragments/?token=TOKEN&page=2 HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "an old page": "GET PATHfragments/?token=TOKEN HTTP/1.1\r\nHost: HOST\r\n"
    "Referer: http://HOST/tournaments/1/\r\n\r\n",
    "a resume": "GET PATH?token=TOKEN&lastEventId=POSITION HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "filtered": "GET PATH?token=TOKEN&match=1&types=score_updated HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "letters in hiding": "GET /sse/tourn%61ments/1/?token=TOKEN HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "twice the same header": "GET PATH HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer TOKEN\r\n"
    "Authorization: Bearer another\r\n\r\n",
}
BY_HYPERCORN = {
    "a lost position": "GET PATH?token=TOKEN&lastEventId=01234567-1 HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "no token": "GET PATH HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "a bad token": "GET PATH?token=x.y.z HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "the second of two tokens is good": "GET PATH HTTP/1.1\r\nHost: HOST\r\n"
    "Authorization: Bearer another\r\nAuthorization: Bearer TOKEN\r\n\r\n",
    "another tournament": "GET /sse/tournaments/2/?token=TOKEN HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "a bad filter": "GET PATH?token=TOKEN&match=x HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "from a foreign page": "GET PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nOrigin: http://other\r\n\r\n",
    "from our page": "GET PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST\r\n\r\n",
    "to catch up": "GET PATHfragments/catch-up/?token=TOKEN&lastEventId=x HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "the head only": "HEAD PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "a post": "POST PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n",
    "another page": "GET /robots.txt HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "to be closed": "GET PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
    "an old version": "GET PATH?token=TOKEN HTTP/1.0\r\nHost: HOST\r\n\r\n",
    "an absolute target": "GET http://HOSTPATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "a length": "GET PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n",
    "an expectation": "GET PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nExpect: 100-continue\r\n\r\n",
    "two at once": 2 * "GET PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "no host": "GET PATH?token=TOKEN HTTP/1.1\r\nAccept: */*\r\n\r\n",
    "two hosts": "GET PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n",
    "a folded header": "GET PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nX: a\r\n b\r\n\r\n",
    "bare line feeds": "GET PATH?token=TOKEN HTTP/1.1\nHost: HOST\n\n",
    "a zero byte": "GET PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nX: \0\r\n\r\n",
    "too long": f"GET PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nX: {'x' * 9000}\r\n\r\n",
    "far too long, and no end": f"GET PATH?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nX: {'x' * 70_000}",
    "TLS": "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "no HTTP": "EHLO example.org\r\n",
}


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    """Settings on a SQLite file of the test's own, with room for all who come at once."""
    return Settings.for_tests(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/door.db", limit_connects_per_address=1000
    )


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[bytes, bool]]:
    """Who is let in on the doorstep, True, or handed on, by what they had said."""
    met: dict[bytes, bool] = {}
    enter, hand_on = Caller.enter, Caller.hand_on

    def entering(caller: Caller, entrance: Entrance) -> None:
        enter(caller, entrance)
        met.setdefault(caller._said, True)

    def handing_on(caller: Caller) -> asyncio.Protocol:
        met[caller._said] = False
        return hand_on(caller)

    with monkeypatch.context() as patched:
        patched.setattr(Caller, "enter", entering)
        patched.setattr(Caller, "hand_on", handing_on)
        yield met


async def answer(server: Server, *pieces: bytes, seconds: float = 0.5, pause: float = 0.03) -> bytes:
    """What comes in answer to a request in pieces until there is silence; of a stream, its first chunk."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    read = b""
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
        while data := await asyncio.wait_for(reader.read(65536), seconds):
            read += data
    except TimeoutError:
        read += b"(open)"
    except ConnectionResetError:
        read += b"(reset)"
    writer.close()
    if b"text/event-stream" in read:
        read = read.partition(b"\n\n")[0]
    return VARYING.sub(b"", read)


async def feed_request(server: Server, request: str = ON_THE_DOORSTEP["in the address"]) -> bytes:
    """A request for a feed of the server's first tournament."""
    token = await server.feed_token(1)
    host = server.url.removeprefix("http://")
    named = request.replace("PATH", "/sse/tournaments/1/").replace("HOST", host).replace("TOKEN", token)
    return named.encode("latin-1")


@pytest.mark.parametrize("new_loop", LOOPS)
def test_nobody_can_tell_where_they_were_met(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """A request that comes whole, and one whose first byte comes alone, which is for Hypercorn."""
    requests = ON_THE_DOORSTEP | BY_HYPERCORN

    async def ask() -> tuple[dict[str, bytes], dict[str, bytes], dict[str, bool]]:
        async with running(settings) as server:
            await server.tournament()
            async with server.feed(1) as keeps_it_open:
                position = str((await keeps_it_open.next()).id).encode()
                sent = {name: await feed_request(server, request) for name, request in requests.items()}
                sent = {name: data.replace(b"POSITION", position) for name, data in sent.items()}
                with watched(monkeypatch) as met:
                    whole = await asyncio.gather(*(answer(server, data) for data in sent.values()))
                pieces = await asyncio.gather(
                    *(answer(server, data[:1], data[1:20], data[20:]) for data in sent.values())
                )
        where = {name: met.get(data, False) for name, data in sent.items()}
        return dict(zip(sent, whole, strict=True)), dict(zip(sent, pieces, strict=True)), where

    with asyncio.Runner(loop_factory=new_loop) as runner:
        whole, pieces, where = runner.run(ask())
    assert where == dict.fromkeys(ON_THE_DOORSTEP, True) | dict.fromkeys(BY_HYPERCORN, False)
    assert whole == pieces
    assert all(whole[name].startswith(b"HTTP/1.1 200 ") for name in ON_THE_DOORSTEP)
    assert whole["a bad token"].startswith(b"HTTP/1.1 401 ")
    assert whole["bare line feeds"].startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 400 "))


async def test_one_byte_after_another_is_for_hypercorn(settings: Settings) -> None:
    """However slowly somebody speaks."""
    async with running(settings) as server:
        await server.tournament()
        data = await feed_request(server)
        letters = (data[place : place + 1] for place in range(len(data)))
        slow, quick = await asyncio.gather(answer(server, *letters, pause=0.002), answer(server, data))
    assert slow == quick
    assert slow.startswith(b"HTTP/1.1 200 ")


async def test_staff_are_for_hypercorn(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are looked up first; a spectator is not, not even the first one."""
    async with running(settings) as server:
        await server.tournament()
        login = await server.sign_in("Ana")
        given_to_staff = await server.client.post("/api/tournaments/1/feed-token/", headers=login)
        server.client.cookies.clear()
        request = (
            f"GET /sse/tournaments/1/?token={given_to_staff.json()['token']} HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        with watched(monkeypatch) as met:
            for data in (await feed_request(server), await feed_request(server), request.encode()):
                assert (await answer(server, data)).startswith(b"HTTP/1.1 200 ")
    assert list(met.values())[-3:] == [True, True, False]


@pytest.mark.parametrize("without", ["asgi", "hypercorn"])
async def test_nobody_is_met_where_a_stream_cannot_be_taken_over(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    """By the settings, or with a Hypercorn on which it was not proved."""
    if without == "hypercorn":
        monkeypatch.setattr(doorstep, "ADOPTABLE_HYPERCORN", ("0.0.0",))
    with watched(monkeypatch) as met:
        async with running(replace(settings, wire="asgi" if without == "asgi" else "socket")) as server:
            await server.tournament()
            async with server.feed(1) as feed:
                await feed.next()
    assert met == {}


async def test_a_met_stream_counts_like_any_other(settings: Settings) -> None:
    """In the metrics, and against the limits, by the word of the trusted proxy; it leaves when it ends."""
    settings = replace(settings, trusted_proxies=1, limit_streams_per_address=1)
    async with running(settings) as server:
        await server.tournament()
        request = (await feed_request(server))[:-2] + b"X-Forwarded-For: ADDRESS\r\n\r\n"

        async def come(address: bytes) -> bytes:
            return await answer(server, request.replace(b"ADDRESS", address), seconds=1.5)

        came = [
            asyncio.create_task(come(address)) for address in (b"192.0.2.1", b"192.0.2.1", b"2001:db8::1")
        ]
        assert await settle(lambda: server.hub.watching(1) == 2)
        metrics = (await server.client.get("/metrics")).text
        answers = [await each for each in came]
        assert await settle(lambda: (server.hub.watching(1), server.hub.seats.taken) == (0, 0))
    assert sorted(each[9:12] for each in answers) == [b"200", b"200", b"429"]
    route = 'route="/sse/tournaments/<int:tournament_id>/"'
    assert re.search(rf'grandstand_http_requests_total{{method="GET",{route},status="200"}} 2\.0', metrics)


async def test_a_proxys_word_counts_for_the_scheme(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked for over https has the headers of that."""
    async with running(replace(settings, trusted_proxies=1)) as server:
        await server.tournament()
        async with server.feed(1) as keeps_it_open:
            await keeps_it_open.next()
            data = (await feed_request(server))[:-2] + b"X-Forwarded-Proto: https\r\n\r\n"
            with watched(monkeypatch) as met:
                whole = await answer(server, data)
            pieces = await answer(server, data[:1], data[1:])
    assert (met, whole) == ({data: True}, pieces)
    assert b"\r\ncross-origin-opener-policy: same-origin\r\n" in whole


async def test_who_comes_over_ipv6_is_met_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on every address of both kinds has one socket, of the newer family."""
    async with running(replace(settings, host="::", limit_streams_per_address=1)) as server:
        await server.tournament()
        async with server.feed(1) as keeps_it_open:
            await keeps_it_open.next()
            assert (await answer(server, await feed_request(server)))[9:12] == b"429"
        with watched(monkeypatch) as met:
            assert (await answer(server, await feed_request(server)))[9:12] == b"200"
    assert list(met.values())[-1:] == [True]


async def test_connects_are_limited_on_the_doorstep(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many a second from one address; the token's counts as well."""
    async with running(replace(settings, limit_connects_per_address=4)) as server:
        await server.tournament()
        # all of it within one second, however long it takes
        monkeypatch.setattr(server.context.limits._connects, "_clock", lambda: 0.0)
        data = await feed_request(server)
        answers = await asyncio.gather(*(answer(server, data) for _ in range(8)))
    assert sorted(each[9:12] for each in answers) == [b"200"] * 3 + [b"429"] * 5


async def test_below_a_base_path(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the proxy takes it off or not."""
    async with running(replace(settings, base_path="/cup")) as server:
        await server.tournament()
        token = await server.feed_token(1)
        with watched(monkeypatch) as met:
            for path in ("/sse/tournaments/1/", "/sse/tournaments/1/", "/cup/sse/tournaments/1/"):
                data = f"GET {path}?token={token} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
                assert (await answer(server, data)).startswith(b"HTTP/1.1 200 ")
    assert list(met.values()) == [True, True]
