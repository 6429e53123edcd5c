"""Those who leave take their connection with them: no task and no open file of it stays behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from typing import Any, cast

import pytest
import uvloop
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from quart import Quart

from quart_app.live.streams.join import Join
from quart_app.live.wires.asgi import AsgiWire
from quart_app.live.wires.socket import SocketWire
from quart_app.web.express.doorstep import Caller
from quart_app.web.express.leaving import PromptServer
from tests.live.listening import until
from tests.live.test_wire import settle
from tests.server import Server

VISITORS = 20

PAGE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def ask(server: Server, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which this is sent."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    return reader, writer


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The head of an answer, when its body has come too."""
    head = await reader.readuntil(b"\r\n\r\n")
    size = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(size.partition(b":")[2]))
    return head


@pytest.mark.parametrize("manner", ["close", "reset", "half"])
async def test_who_has_left_is_forgotten(server: Server, manner: str) -> None:
    """With FIN, by a reset, or by ending its own side alone, when it might have asked for more."""
    before = len(asyncio.all_tasks())
    visitors = [await ask(server, PAGE) for _ in range(VISITORS)]
    for reader, _ in visitors:
        assert (await answer(reader)).startswith(b"HTTP/1.1 200")
    assert len(asyncio.all_tasks()) >= before + VISITORS
    for _, writer in visitors:
        if manner == "close":
            writer.close()
        elif manner == "reset":
            writer.transport.abort()
        else:
            writer.write_eof()
    await until(lambda: len(asyncio.all_tasks()) <= before, 10)
    if manner == "half":
        for reader, writer in visitors:
            assert await reader.read() == b""
            writer.close()


@pytest.fixture(name="no_collector")
def _no_collector() -> Iterator[None]:
    """Python's collector does not come by."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


WELCOME = b"connection_established"
STREAM = b"GET /sse/tournaments/1/?token=TOKEN HTTP/1.1\r\nHost: HOST\r\n"
ASKED = {
    "a page": (PAGE, b"</html>"),
    "no page": (b"GET /nothing/ HTTP/1.1\r\nHost: HOST\r\n\r\n", b"</html>"),
    "a stream": (STREAM + b"\r\n", WELCOME),
    "a stream that was taken over": (STREAM + b"Origin: http://HOST\r\n\r\n", WELCOME),
    "a stream over ASGI": (STREAM + b"Connection: close\r\n\r\n", WELCOME),
}
"""What is asked for, and the end of what is waited for."""

NO_REQUEST = b"nothing\r\n\r\n"


async def come_and_go(server: Server, request: bytes, awaited: bytes, manner: str = "close") -> None:
    """Some visitors, who leave when they have what they asked for."""
    before = len(asyncio.all_tasks())
    host = server.url.removeprefix("http://").encode()
    request = request.replace(b"HOST", host).replace(b"TOKEN", (await server.feed_token(1)).encode())
    visitors = [await ask(server, request) for _ in range(VISITORS)]
    for reader, _ in visitors:
        await reader.readuntil(awaited)
    for _, writer in visitors:
        if manner == "close":
            writer.close()
        else:
            writer.transport.abort()
    await until(lambda: len(asyncio.all_tasks()) <= before, 10)


@pytest.mark.parametrize("manner", ["close", "reset"])
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.usefixtures("no_collector")
async def test_nothing_of_a_connection_is_left_for_the_collector(
    server: Server, asked: str, manner: str
) -> None:
    """It spares what is old, so it would come too late."""
    await server.tournament()
    parts = (Caller, SocketWire, AsgiWire, Join)

    def held() -> int:
        return sum(type(each) in parts for each in gc.get_objects())

    before = held()
    left_behind = PromptServer.left_behind
    await come_and_go(server, *ASKED[asked], manner)
    # a few may be held: by a thread of the database, say, until it does something else
    assert await settle(lambda: PromptServer.left_behind < left_behind + VISITORS / 2)
    assert await settle(lambda: held() < before + VISITORS / 2)


@pytest.mark.usefixtures("no_collector")
async def test_what_is_left_all_the_same_is_counted(server: Server) -> None:
    """Until the collector has come by: h11 keeps why it understood nothing."""
    await server.tournament()
    before = PromptServer.left_behind
    await come_and_go(server, NO_REQUEST, b"400")
    assert await settle(lambda: PromptServer.left_behind > before + VISITORS / 2)
    gc.collect()
    assert PromptServer.left_behind < before + VISITORS / 2


async def test_who_stays_may_ask_again(server: Server) -> None:
    """The connection stands open between two questions."""
    reader, writer = await ask(server, PAGE)
    await answer(reader)
    await asyncio.sleep(0.1)
    writer.write(PAGE)
    assert (await answer(reader)).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_who_ends_its_own_side_while_it_waits(server: Server) -> None:
    """What has been asked ends, and nothing waits for more."""
    before = len(asyncio.all_tasks())
    visitors = [await ask(server, PAGE) for _ in range(VISITORS)]
    for _, writer in visitors:
        writer.write_eof()
    await until(lambda: len(asyncio.all_tasks()) <= before, 10)
    for _, writer in visitors:
        writer.close()


async def test_who_has_left_before_anybody_came_to_them_is_no_error(app: Quart) -> None:
    """On uvloop a connection that is closed has no socket that could be asked."""

    async def leave() -> list[BaseException]:
        failures: list[BaseException] = []
        served = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.abort()
            await asyncio.sleep(0.05)  # the loop closes it a turn later
            loop = asyncio.get_running_loop()
            server = PromptServer(cast(Any, app), loop, Config(), WorkerContext(None), {}, reader, writer)
            try:
                await server
            except BaseException as error:
                failures.append(error)
            served.set()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
            _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
            await asyncio.wait_for(served.wait(), 10)
            writer.close()
        return failures

    def on_uvloop() -> list[BaseException]:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(leave())

    assert await asyncio.to_thread(on_uvloop) == []
