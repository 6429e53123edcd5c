"""Who has to wait on the doorstep: for a word, for their room to be opened, or for the server's end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from quart_app.errors import Unavailable
from quart_app.live.rooms.audience import Audience
from quart_app.live.wires.socket import reset
from quart_app.serving import server as serving
from quart_app.settings import Settings
from quart_app.web.express import doorstep
from quart_app.web.express.doorstep import Caller
from tests.live.test_wire import settle
from tests.server import running
from tests.web.test_doorstep import LOOPS, answer, feed_request, watched


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    """Settings on a SQLite file of the test's own, with room for all who come at once."""
    return Settings.for_tests(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/door.db", limit_connects_per_address=1000
    )


@pytest.mark.parametrize("fails", [False, True])
async def test_whose_room_is_being_opened_wait_on_the_doorstep(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """All of them, as long as it takes, but who says more or no more. Where it cannot be opened Hypercorn
    says so to each."""
    monkeypatch.setattr(serving, "KEEP_ALIVE_SECONDS", 0.3)
    crowd = 2 * doorstep.AT_ONCE + 1
    async with running(settings) as server:
        await server.tournament()
        reading, go_on = server.hub._reading, asyncio.Event()
        read = reading.read

        async def wait_and_read(audience: Audience) -> None:
            await go_on.wait()
            if fails:
                raise Unavailable("The log cannot be read.", 1)
            await read(audience)

        monkeypatch.setattr(reading, "read", wait_and_read)
        sent = [await feed_request(server) for _ in range(crowd + 2)]
        with watched(monkeypatch) as met:
            came = [asyncio.create_task(answer(server, data, seconds=3.0)) for data in sent[:crowd]]
            came.append(asyncio.create_task(answer(server, sent[-2], b"more", seconds=3.0)))
            _, left = await asyncio.open_connection(*server.url.removeprefix("http://").split(":"))
            left.write(sent[-1])
            await asyncio.sleep(0.3)
            reset(left.transport)
            await asyncio.sleep(0.1)
            assert met == {sent[-2] + b"more": False}
            go_on.set()
            answers = await asyncio.gather(*came)
    assert {each[9:12] for each in answers} == {b"503" if fails else b"200"}
    assert all(met[data] is not fails for data in sent[:crowd])


@pytest.mark.parametrize("new_loop", LOOPS)
def test_who_only_says_one_thing_is_answered_and_gone(
    settings: Settings, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """A client that closes its side behind the request gets the beginning of the stream, and its end."""

    async def ask() -> tuple[bytes, int]:
        async with running(settings) as server:
            await server.tournament()
            async with server.feed(1) as keeps_it_open:
                await keeps_it_open.next()
                host, _, port = server.url.removeprefix("http://").partition(":")
                reader, writer = await asyncio.open_connection(host, int(port))
                writer.write(await feed_request(server))
                writer.write_eof()
                read = await asyncio.wait_for(reader.read(), 5)
                writer.close()
                await settle(lambda: server.hub.watching(1) == 1)
                return read, server.hub.watching(1)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        read, watching = runner.run(ask())
    assert read.startswith(b"HTTP/1.1 200 ")
    assert b"connection_established" in read
    assert watching == 1


@pytest.mark.parametrize("new_loop", LOOPS)
def test_who_says_nothing_is_kept_as_long_as_at_hypercorn(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """Whether they were met on the doorstep or have asked for something before; who speaks in time is let
    in."""
    monkeypatch.setattr(serving, "KEEP_ALIVE_SECONDS", 0.8)

    async def come() -> tuple[tuple[float, float], bytes]:
        async with running(settings) as server:
            await server.tournament()
            host, _, port = server.url.removeprefix("http://").partition(":")

            async def patience(word: bytes) -> float:
                reader, writer = await asyncio.open_connection(host, int(port))
                writer.write(word)
                if word:
                    await reader.readuntil(b"\r\n\r\n")
                began = time.monotonic()
                await asyncio.wait_for(reader.read(), 5)
                writer.close()
                return time.monotonic() - began

            waited = await asyncio.gather(
                patience(b""), patience(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            )
            reader, writer = await asyncio.open_connection(host, int(port))
            await asyncio.sleep(0.3)
            writer.write(await feed_request(server))
            answered = await reader.readuntil(b"\r\n")
            await asyncio.sleep(0.8)
            answered += await reader.readuntil(b"event: connection_established")
            writer.close()
        return waited, answered

    with asyncio.Runner(loop_factory=new_loop) as runner:
        waited, answered = runner.run(come())
    assert all(0.7 < each < 2.5 for each in waited)
    assert answered.startswith(b"HTTP/1.1 200 \r\n")


@pytest.mark.parametrize("new_loop", LOOPS)
def test_who_says_nothing_keeps_no_server_from_stopping(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """They are handed on to Hypercorn then, which closes them; who has left by itself is not."""
    handed_on: list[Caller] = []
    hand_on = Caller.hand_on

    def noting(caller: Caller) -> asyncio.Protocol:
        handed_on.append(caller)
        return hand_on(caller)

    async def come() -> tuple[float, bytes]:
        async with running(settings) as server:
            host, _, port = server.url.removeprefix("http://").partition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            gone = await asyncio.open_connection(host, int(port))
            await asyncio.sleep(0.05)
            reset(gone[1].transport)
            await asyncio.sleep(0.05)
            monkeypatch.setattr(Caller, "hand_on", noting)
            began = time.monotonic()
        took = time.monotonic() - began
        end = await asyncio.wait_for(reader.read(), 1)
        writer.close()
        return took, end

    with asyncio.Runner(loop_factory=new_loop) as runner:
        took, end = runner.run(come())
    assert (len(handed_on), end, took < 2) == (1, b"", True)
