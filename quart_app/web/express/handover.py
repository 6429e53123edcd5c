"""The handover: how an open response becomes a stream of the hub's.

Quart, or the express way, routes a request, checks its token and answers with a ``StreamResponse``; from
there on the stream is the hub's. Where the connection behind it is one that is known by type, it is taken
over from Hypercorn; everything else, and every proxy's HTTP/2, goes on over ASGI. Nothing outside this folder
knows what Hypercorn and h11 are like inside.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import socket
from collections.abc import Awaitable, Callable
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
    HTTPScope,
)
from quart import Request, Response
from quart.asgi import ASGIHTTPConnection
from quart.typing import ResponseTypes
from quart.utils import encode_headers

from quart_app.live.wires.asgi import AsgiWire
from quart_app.live.wires.port import Fleet, Wire
from quart_app.live.wires.socket import SocketWire, bound, reset

HYPERCORN = version("hypercorn")

ADOPTABLE_HYPERCORN = ("0.18.0",)
"""The versions of Hypercorn that a handover was proved on; with any other the streams go through ASGI."""

FLUSH_TURNS = 20
"""How many turns of the loop the head of the answer gets to leave."""


class StreamResponse(Response):
    """An answer whose body is a stream: ``admit`` lets the wire into the hub, and returns at once.

    ``fleet`` is what writes to its socket with others; without one it is not taken over from the server.
    """

    def __init__(
        self, admit: Callable[[Wire], Awaitable[None]], *, fleet: Fleet | None, **options: Any
    ) -> None:
        super().__init__(b"", **options)
        self.admit = admit
        self.fleet = fleet
        self.timeout = None  # the framework would cut any response after a minute
        del self.headers["Content-Length"]


class Handover:
    """Taking one connection over from Hypercorn, in four steps: ``recognise`` it, ``adopt`` its socket, let
    the hub have the wire, and ``release`` Hypercorn's side, which frees all that it holds of the request.

    What a client has sent behind its request is passed over, as what it sends later is: no answer could
    follow a stream.
    """

    def __init__(self, server: TCPServer) -> None:
        self._server = server

    @classmethod
    def behind(cls, send: ASGISendCallable) -> Handover | None:
        """The connection behind an ASGI ``send``; None where it is not HTTP/1.1 on a proven Hypercorn."""
        if HYPERCORN not in ADOPTABLE_HYPERCORN:
            return None
        # Quart 0.23 wraps what it hands on, and says what it has wrapped
        stream = getattr(inspect.unwrap(send), "__self__", None)
        http = getattr(stream.send, "__self__", None) if type(stream) is HTTPStream else None
        server = getattr(http.send, "__self__", None) if type(http) is H11Protocol else None
        known = isinstance(server, TCPServer) and type(server.protocol) is ProtocolWrapper
        return cls(server) if known and server is not None else None

    def recognise(self) -> bool:
        """Whether it can be adopted: no TLS, and the whole request read."""
        http = self._server.protocol.protocol
        if type(http) is not H11Protocol or http.ssl or type(http.connection) is not h11.Connection:
            return False
        return http.connection.their_state is h11.DONE

    async def adopt(self, fleet: Fleet) -> SocketWire | None:
        """A wire of the fleet on a duplicate of the socket, once the head of the answer is out; None where it
        does not leave."""
        theirs = self._server.writer.transport
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
            _, wire = await loop.connect_accepted_socket(lambda: SocketWire(descriptor, fleet), ours)
        except BaseException:
            ours.close()
            raise
        return wire

    async def release(self) -> None:
        """Let Hypercorn take the connection for closed. To be done last: it ends the present task."""
        transport = self._server.writer.transport
        self._server.writer = cast(asyncio.StreamWriter, _Gone())
        transport.abort()
        await self.deafen()

    async def deafen(self) -> None:
        """Let Hypercorn pass over what the client sends from now on, and read on until it leaves.

        Where anything stands behind the request, Hypercorn looks at it once the answer is over, and until
        then does not read: it would not notice that the client has left, and keep its task for ever.
        """
        http = cast(H11Protocol, self._server.protocol.protocol)
        http.connection = cast(h11.Connection, _Deaf(http.connection))
        await http.can_read.set()

    def bound(self) -> None:
        """Bound what a silent reader of a stream over ASGI may pin in the kernel."""
        connection = self._server.writer.get_extra_info("socket")
        with contextlib.suppress(OSError, ValueError):  # it has left; the first write will show it
            if connection is not None:
                bound(connection)

    def reset(self) -> None:
        """Close the connection now, whatever is unsent."""
        reset(self._server.writer.transport)


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


class StreamConnection(ASGIHTTPConnection):
    """Quart's HTTP connection, which hands the wire of a ``StreamResponse`` over, and ends with its answer.

    Of itself Quart 0.23 goes on to listen to the client after an answer that was given up: what had then to
    be cut would hang until the client leaves.
    """

    _listening: asyncio.Task[None] | None = None

    async def handle_messages(self, *messages: Any, **others: Any) -> None:
        """Listen to the client until it leaves, or the request is over."""
        self._listening = asyncio.current_task()
        await super().handle_messages(*messages, **others)

    async def handle_request(self, request: Request, send: ASGISendCallable) -> None:
        """Answer, and listen no more."""
        try:
            await super().handle_request(request, send)
        finally:
            # let go of it as well: how it ended holds its frames, and these this connection
            listening, self._listening = self._listening, None
            if listening is not None:
                listening.cancel()
            # why there is no such page holds its frames, and these the request
            request.routing_exception = None

    async def _send_response(self, send: ASGISendCallable, response: ResponseTypes) -> None:
        if isinstance(response, StreamResponse):
            await open_stream(response, self.scope, send, None)
        else:
            await super()._send_response(send, response)


async def open_stream(
    response: StreamResponse, scope: HTTPScope, send: ASGISendCallable, receive: ASGIReceiveCallable | None
) -> None:
    """Send the head of the answer and let the hub have the wire.

    With ``receive`` nobody else watches whether the client leaves. Returns when the stream has ended, or at
    once where the connection was taken over. Raises what admitting raises.
    """
    start = {"status": response.status_code, "headers": encode_headers(response.headers)}
    await send(cast(HTTPResponseStartEvent, {"type": "http.response.start", **start}))
    handover = Handover.behind(send)
    wire = None
    if handover is not None and response.fleet is not None and scope["http_version"] == "1.1":
        wire = await handover.adopt(response.fleet) if handover.recognise() else None
    if handover is None or wire is None:
        await _carry(response, send, receive, handover)
        return
    try:
        await response.admit(wire)
    except BaseException:
        wire.abort()
        raise
    finally:
        await handover.release()


async def _carry(
    response: StreamResponse,
    send: ASGISendCallable,
    receive: ASGIReceiveCallable | None,
    handover: Handover | None,
) -> None:
    """Carry the stream over ASGI, to its end."""

    async def send_body(body: bytes, more: bool) -> None:
        await send(HTTPResponseBodyEvent(type="http.response.body", body=body, more_body=more))

    if handover is not None:
        await handover.deafen()
        handover.bound()
    wire = AsgiWire(send_body, handover.reset if handover is not None else lambda: None)
    await response.admit(wire)
    watching = asyncio.ensure_future(_abort_when_gone(wire, receive)) if receive else None
    try:
        await wire.run()
    finally:
        if watching is not None:
            watching.cancel()


async def _abort_when_gone(wire: AsgiWire, receive: ASGIReceiveCallable) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    wire.abort()
