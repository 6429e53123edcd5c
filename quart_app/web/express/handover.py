"""The wire: where a subscriber's bytes leave the program.

``Wire`` is the port that the hub writes to. ``AsgiWire`` brings the bytes out through the ASGI server,
whatever that is. ``SocketWire`` writes to the socket itself: a connection that ``adopt`` took over from
Hypercorn, which frees its side. Both put the same bytes on the wire.

``StreamConnection`` is how Quart hands an open response over: routes, tokens and errors stay Quart's, and
once a route has answered with a ``StreamResponse``, the stream is the hub's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, cast

import h11
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.typing import (
    ASGIReceiveCallable,
    ASGISendCallable,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
)
from quart import Response
from quart.asgi import ASGIHTTPConnection
from quart.typing import ResponseTypes
from quart.utils import encode_headers

from quart_app.live.wires.asgi import AsgiWire
from quart_app.live.wires.port import Wire
from quart_app.live.wires.socket import SocketWire, bound, reset

HYPERCORN = version("hypercorn")

ADOPTABLE_HYPERCORN = ("0.18.0",)
"""The versions of Hypercorn that ``adopt`` was proved on; with any other the streams go through ASGI."""

FLUSH_TURNS = 20
"""How many turns of the loop the head of the answer gets to leave."""


class _Gone:
    """What Hypercorn holds in place of the writer of an adopted connection: nothing it does has an effect."""

    def write(self, data: bytes) -> None:
        """Pass over."""

    async def drain(self) -> None:
        """Return at once."""

    def write_eof(self) -> None:
        """Leave the connection open: it is not Hypercorn's any more."""

    def close(self) -> None:
        """Leave the connection open."""

    async def wait_closed(self) -> None:
        """Return at once."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """A connection taken over: its wire, and what makes Hypercorn let go of it, to be called last."""

    wire: SocketWire
    release: Callable[[], Awaitable[None]]


async def adopt(send: ASGISendCallable, http_version: str) -> Adopted | None:
    """Take the connection over from Hypercorn, once the head of the answer is out; None where it cannot be.

    Only what is recognised by type is taken: HTTP/1.1 without TLS on a proven version of Hypercorn, with
    nothing unsent. Everything else goes on over ASGI. What a client has sent behind its request is passed
    over, as what it sends later is: no answer could follow a stream.
    """
    server = _recognise(send) if http_version == "1.1" else None
    if server is None:
        return None
    theirs = server.writer.transport
    for _ in range(FLUSH_TURNS):
        if not theirs.get_write_buffer_size():
            break
        await asyncio.sleep(0)
    if theirs.get_write_buffer_size() or theirs.is_closing():
        return None
    try:
        ours = socket.socket(fileno=os.dup(theirs.get_extra_info("socket").fileno()))
    except OSError:
        return None  # no more files may be opened: over ASGI the stream needs no second one
    try:
        ours.setblocking(False)
        bound(ours)
        descriptor = ours.fileno()
        loop = asyncio.get_running_loop()
        _, wire = await loop.connect_accepted_socket(lambda: SocketWire(descriptor), ours)
    except BaseException:
        ours.close()
        raise

    async def release() -> None:
        server.writer = cast(asyncio.StreamWriter, _Gone())
        theirs.abort()
        await _hear_no_more(server)

    return Adopted(wire, release)


def _server_behind(send: ASGISendCallable) -> TCPServer | None:
    """Hypercorn's end of the HTTP/1.1 connection behind an ASGI ``send``, None if it is anything else."""
    if HYPERCORN not in ADOPTABLE_HYPERCORN:
        return None
    stream = getattr(send, "__self__", None)
    http = getattr(stream.send, "__self__", None) if type(stream) is HTTPStream else None
    server = getattr(http.send, "__self__", None) if type(http) is H11Protocol else None
    return server if type(server) is TCPServer and type(server.protocol) is ProtocolWrapper else None


class _Deaf:
    """What Hypercorn has in place of a connection on which a stream has begun: it hears nothing more."""

    def __init__(self, connection: object) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def receive_data(self, data: bytes) -> None:
        """Pass over."""

    def next_event(self) -> object:
        """There is nothing."""
        return h11.NEED_DATA

    def start_next_cycle(self) -> None:
        """Raises h11.LocalProtocolError: no request follows a stream."""
        raise h11.LocalProtocolError("no request follows a stream")


async def _hear_no_more(server: TCPServer) -> None:
    """Let Hypercorn pass over what the client sends from now on, and read on until it leaves.

    Where anything stands behind the request, Hypercorn looks at it once the answer is over, and until then
    does not read: it would not notice that the client has left, and keep its task for ever.
    """
    http = cast(H11Protocol, server.protocol.protocol)
    http.connection = cast(h11.Connection, _Deaf(http.connection))
    await http.can_read.set()


def _recognise(send: ASGISendCallable) -> TCPServer | None:
    """The same if it can be adopted: no TLS, and the whole request read."""
    server = _server_behind(send)
    http = server.protocol.protocol if server is not None else None
    if type(http) is not H11Protocol or http.ssl or type(http.connection) is not h11.Connection:
        return None
    return server if http.connection.their_state is h11.DONE else None


def _asgi_wire(send: ASGISendCallable) -> AsgiWire:
    async def send_body(body: bytes, more: bool) -> None:
        await send(HTTPResponseBodyEvent(type="http.response.body", body=body, more_body=more))

    def reset_connection() -> None:
        server = _server_behind(send)
        if server is not None:
            reset(server.writer.transport)

    return AsgiWire(send_body, reset_connection)


class StreamResponse(Response):
    """An answer whose body is a stream: ``admit`` lets the wire into the hub, and returns at once."""

    def __init__(self, admit: Callable[[Wire], Awaitable[None]], *, adopt: bool, **options: Any) -> None:
        super().__init__(b"", **options)
        self.admit = admit
        self.adopt = adopt
        self.timeout = None  # the framework would cut any response after a minute
        del self.headers["Content-Length"]


EXPRESS = "grandstand.express"
"""The app's extension that answers a plain request for a feed from its ASGI scope, or gives None."""


class StreamConnection(ASGIHTTPConnection):
    """Quart's HTTP connection, which lets a ``StreamResponse`` have the wire."""

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer the request: a plain one for a feed by the express way, any other as Quart does."""
        express = self.app.extensions.get(EXPRESS)
        if express is not None and self.scope["path"].startswith("/sse/") and _recognise(send) is not None:
            response = await express(self.scope)
            if response is not None:
                await self._open(send, response, receive)
                return
        await super().__call__(receive, send)

    async def _send_response(self, send: ASGISendCallable, response: ResponseTypes) -> None:
        if not isinstance(response, StreamResponse):
            await super()._send_response(send, response)
            return
        await self._open(send, response, None)

    async def _open(
        self, send: ASGISendCallable, response: StreamResponse, receive: ASGIReceiveCallable | None
    ) -> None:
        """Let the hub have the wire. With ``receive`` nobody else watches whether the client leaves."""
        await send(
            cast(
                HTTPResponseStartEvent,
                {
                    "type": "http.response.start",
                    "status": response.status_code,
                    "headers": encode_headers(response.headers),
                },
            )
        )
        adopted = await adopt(send, self.scope["http_version"]) if response.adopt else None
        if adopted is None:
            server = _server_behind(send)
            if server is not None:
                await _hear_no_more(server)
                connection = server.writer.get_extra_info("socket")
                with contextlib.suppress(OSError, ValueError):  # it has left; the first write will show it
                    if connection is not None:
                        bound(connection)
            carried = _asgi_wire(send)
            await response.admit(carried)
            watching = asyncio.ensure_future(_abort_when_gone(carried, receive)) if receive else None
            try:
                await carried.run()
            finally:
                if watching is not None:
                    watching.cancel()
            return
        try:
            await response.admit(adopted.wire)
        except BaseException:
            adopted.wire.abort()
            raise
        finally:
            # last, because Hypercorn takes the connection for closed then, and ends this task
            await adopted.release()


async def _abort_when_gone(wire: AsgiWire, receive: ASGIReceiveCallable) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    wire.abort()
