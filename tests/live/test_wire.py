"""All three wires: the same bytes, the same end, and each where it belongs."""

from __future__ import annotations

import asyncio
import fcntl
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from quart_app.actions import matches
from quart_app.domain.commands import ConfirmResult, StartMatch, UpdateScore
from quart_app.live.streams.subscriber import Subscriber
from quart_app.live.wires.asgi import AsgiWire
from quart_app.live.wires.port import NO_DESCRIPTOR, OneByOne
from quart_app.live.wires.ring import Ring
from quart_app.live.wires.socket import SocketWire, Writes
from quart_app.settings import Settings
from quart_app.web.express.handover import ADOPTABLE_HYPERCORN
from tests.live.rings import ring_allowed
from tests.server import Server, running

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

WIRES = ("ring", "socket", "asgi")


@pytest.fixture(name="settings", params=WIRES)
def _settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings on a SQLite file of the test's own, once for each wire."""
    return Settings.for_tests(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/grandstand.db", wire=request.param
    )


@asynccontextmanager
async def raw_feed(
    server: Server, tournament_id: int, *, http: str = "1.1", after: bytes = b""
) -> AsyncIterator[Streams]:
    """A feed asked for by hand, to be read byte for byte."""
    token = await server.feed_token(tournament_id)
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    request = (
        f"GET /sse/tournaments/{tournament_id}/?token={token} HTTP/{http}\r\n"
        f"Host: {host}:{port}\r\nAccept: text/event-stream\r\n\r\n"
    )
    writer.write(request.encode() + after)
    try:
        yield reader, writer
    finally:
        writer.close()


async def settle(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether something comes to hold within a while."""
    for _ in range(int(seconds / 0.02)):
        if holds():
            return True
        await asyncio.sleep(0.02)
    return False


def subscribers_of(server: Server, tournament_id: int) -> list[Subscriber]:
    """The open streams of a tournament."""
    audience = server.hub.audiences.get(tournament_id)
    return list(audience.subscribers) if audience is not None else []


async def play_first(server: Server, tournament_id: int) -> None:
    """One match from its start to its result: four events."""
    await matches.start_match(server.services, tournament_id, StartMatch(match_id=1), None)
    score = UpdateScore(match_id=1, participant1_score=2, participant2_score=1)
    await matches.update_score(server.services, tournament_id, score, None)
    await matches.confirm_result(server.services, tournament_id, ConfirmResult(match_id=1), None)


def test_adoption_is_proved_on_the_installed_hypercorn() -> None:
    """A new version of Hypercorn is adopted from only once these tests have passed on it."""
    assert version("hypercorn") in ADOPTABLE_HYPERCORN


async def test_wire_is_the_one_that_the_settings_ask_for(server: Server) -> None:
    """HTTP/1.1 without TLS is adopted, unless the settings say otherwise."""
    tournament = await server.tournament()
    async with server.feed(tournament.id) as feed:
        await feed.next()
        (wire,) = [subscriber.wire for subscriber in subscribers_of(server, tournament.id)]
    kinds = {"ring": (SocketWire, Ring), "socket": (SocketWire, Writes), "asgi": (AsgiWire, OneByOne)}
    assert (type(wire), type(wire.fleet)) == kinds[server.settings.wire]
    metrics = (await server.client.get("/metrics")).text
    in_use = server.settings.wire == "ring" and ring_allowed()
    assert f"grandstand_ring {float(in_use)}\n" in metrics


@pytest.mark.parametrize("after", [b"X", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
async def test_who_sends_more_than_the_request_leaves_nothing_behind(server: Server, after: bytes) -> None:
    """Hypercorn would look at that once the answer is over, and a stream's never is: its task stayed."""
    tournament = await server.tournament()
    async with raw_feed(server, tournament.id) as (reader, _):
        await reader.readuntil(b"connection_established")
    await settle(lambda: not subscribers_of(server, tournament.id))
    before = len(asyncio.all_tasks())
    for _ in range(5):
        async with raw_feed(server, tournament.id, after=after) as (reader, _):
            await reader.readuntil(b"connection_established")
    await settle(lambda: not subscribers_of(server, tournament.id))
    assert await settle(lambda: len(asyncio.all_tasks()) <= before)


async def test_what_cannot_be_adopted_goes_over_asgi(server: Server) -> None:
    """An HTTP/1.0 client is served all the same."""
    tournament = await server.tournament()
    async with raw_feed(server, tournament.id, http="1.0") as (reader, _):
        await reader.readuntil(b"connection_established")
        kinds = {type(subscriber.wire) for subscriber in subscribers_of(server, tournament.id)}
    assert kinds == {AsgiWire}


async def bytes_of_a_stream(settings: Settings) -> bytes:
    """All that a client gets of one match, a heartbeat and the server's goodbye; times and draws of lots
    left out."""
    async with running(settings) as server:
        tournament = await server.tournament(name="The same")
        async with raw_feed(server, tournament.id) as (reader, _):
            await reader.readuntil(b"connection_established")
            rest = await reader.readuntil(b"event: presence")
            await play_first(server, tournament.id)
            audience = server.hub.audiences[tournament.id]
            assert await settle(
                lambda: not audience.room.head > subscribers_of(server, tournament.id)[0].cursor
            )
            audience.break_silence(time.monotonic())
            rest += await reader.readuntil(b"\r\n:\n\n")
            await server.hub.drain(2.0)
            rest += await reader.read()
    varying = rb"\d{4}-\d\d-\d\dT[\d:.]+Z|retry: \d+|[0-9a-f]{8}-(?=\d)|(?m:^[0-9a-f]+\r$)"
    return re.sub(varying, b"", rest)


async def test_all_wires_carry_the_same_bytes(tmp_path: Path) -> None:
    """Byte for byte, down to the last chunk and the close."""
    streams = [
        await bytes_of_a_stream(
            Settings.for_tests(
                database_url=f"sqlite+aiosqlite:///{tmp_path}/{wire}.db", wire=wire, heartbeat_seconds=60.0
            )
        )
        for wire in WIRES
    ]
    assert streams[0] == streams[1] == streams[2]


async def test_stream_ends_with_the_last_chunk(server: Server) -> None:
    """A client can tell a stream that ended from one that was cut."""
    tournament = await server.tournament()
    async with raw_feed(server, tournament.id) as (reader, _):
        await reader.readuntil(b"connection_established")
        await server.hub.drain(2.0)
        assert (await reader.read()).endswith(b"\r\n0\r\n\r\n")


async def test_draining_says_goodbye(server: Server) -> None:
    """The last frame of a stream that a deploy ends tells the client to come back, and when."""
    tournament = await server.tournament()
    async with server.feed(tournament.id) as feed:
        await feed.next()
        await server.hub.drain(2.0)
        goodbye = (await feed.rest())[-1]
    assert (goodbye.event, goodbye.payload, goodbye.retry is not None) == (
        "goodbye",
        {"code": 1012, "reason": "draining", "reconnect": True},
        True,
    )


async def test_client_that_vanishes_leaves_the_room(server: Server) -> None:
    """A reset connection is noticed at once."""
    tournament = await server.tournament()
    async with raw_feed(server, tournament.id) as (reader, writer):
        await reader.readuntil(b"connection_established")
        linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        assert await settle(lambda: server.hub.watching(tournament.id) == 0)


async def test_a_file_that_is_opened_in_the_place_of_a_stream_gets_nothing(server: Server) -> None:
    """Between two events a stream ends and another file takes its number: the next event is not for that."""
    (near, far), opened = socket.socketpair(), list[socket.socket]()
    tournament = await server.tournament()
    async with server.feed(tournament.id) as stays:
        await stays.next()
        async with raw_feed(server, tournament.id) as (reader, _):
            await reader.readuntil(b"connection_established")
            leaver = subscribers_of(server, tournament.id)[1]
        assert await settle(lambda: server.hub.watching(tournament.id) == 1)
        # a stream has left its audience before its file is closed: the number is waited for
        assert await settle(lambda: is_opened_at(leaver.wire.descriptor, near, opened))
        far.setblocking(False)
        try:
            await play_first(server, tournament.id)
            await stays.until("match_completed")
            with pytest.raises(BlockingIOError):
                far.recv(1)
        finally:
            for one in (near, far, *opened):
                one.close()


def is_opened_at(descriptor: int, file: socket.socket, opened: list[socket.socket]) -> bool:
    """Open the file once more under that very number, if nothing else has it; any will do for none."""
    opened.append(socket.socket(fileno=fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, max(descriptor, 0))))
    if descriptor in (NO_DESCRIPTOR, opened[-1].fileno()):
        return True
    opened.pop().close()
    return False


async def test_silent_reader_delays_nobody_and_is_cut(settings: Settings) -> None:
    """A client that never reads is closed after ``lag_seconds_max``; others get everything meanwhile."""
    async with running(replace(settings, lag_seconds_max=1.0)) as server:
        tournament = await server.tournament(name="x" * 100)
        host, port = server.url.removeprefix("http://").split(":")
        token = await server.feed_token(tournament.id)
        silent = socket.socket()
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        silent.setblocking(False)
        await asyncio.get_running_loop().sock_connect(silent, (host, int(port)))
        request = f"GET /sse/tournaments/{tournament.id}/?token={token} HTTP/1.1\r\nHost: x\r\n\r\n"
        await asyncio.get_running_loop().sock_sendall(silent, request.encode())
        assert await settle(lambda: server.hub.watching(tournament.id) == 1)
        # a megabyte of frames outside the log: more than any buffer in between takes
        victim = subscribers_of(server, tournament.id)[0]
        victim.note(b":" + b"x" * 8_000_000 + b"\n\n")
        async with server.feed(tournament.id) as feed:
            await feed.next()
            await play_first(server, tournament.id)
            frames = await feed.take(4)
            gone = await settle(lambda: victim not in subscribers_of(server, tournament.id), 8.0)
        silent.close()
    assert (len(frames), gone, victim.end and victim.end.reason) == (4, True, "lagged")


async def head_of(server: Server, tournament_id: int, more: str) -> list[bytes]:
    """The head of a feed's answer, less its date, asked for with some more headers."""
    token = await server.feed_token(tournament_id)
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    request = (
        f"GET /sse/tournaments/{tournament_id}/ HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Authorization: Bearer {token}\r\n{more}\r\n"
    )
    writer.write(request.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return sorted(line for line in head.split(b"\r\n") if not line.startswith(b"date:"))


async def test_both_ways_in_answer_with_the_same_head(server: Server) -> None:
    """A plain request goes the express way, one with an Origin through Quart: nobody can tell."""
    tournament = await server.tournament()
    express = await head_of(server, tournament.id, "")
    ordinary = await head_of(server, tournament.id, f"Origin: {server.url}\r\n")
    assert express == ordinary
