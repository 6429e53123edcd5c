"""The doorstep: where connections are met before Hypercorn makes anything for them.

Most who come, and nearly all who come at once, send one plain request for a stream. Who does, and needs no
other answer, is let in here, on the connection as the loop accepted it, if need be when their room is open.
Everybody else goes on to Hypercorn, with what they have sent, as if nobody had met them.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, cast

import h11
from hypercorn.config import Config
from hypercorn.typing import HTTPScope
from hypercorn.utils import build_and_validate_headers
from quart import Response
from quart.utils import encode_headers

from quart_app.live.wires.port import Fleet, Wire
from quart_app.live.wires.socket import SocketWire, bound
from quart_app.show.paths import inside
from quart_app.web.doors.context import Context
from quart_app.web.doors.proxies import believed
from quart_app.web.doors.security import transport_headers
from quart_app.web.express import plain
from quart_app.web.express.handover import ADOPTABLE_HYPERCORN, HYPERCORN
from quart_app.web.express.plain import PlainRequest

EXTENSION = "grandstand-doorstep"

AT_ONCE = 20
"""How many are let in before others get their turn: some milliseconds."""

PLAINEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Entrance:
    """A stream that may begin: the route that it counts as, the headers of its answer and their scheme, what
    has to be done before, if anything, and then ``enter``.

    That gives what lets the wire into the hub, to be called at once; None where it is refused after all.
    """

    route: str
    headers: Mapping[str, str]
    scheme: str
    waits_for: asyncio.Future[Any] | None
    enter: Callable[[], Callable[[Wire], None] | None]


FindEntrance = Callable[[Context, re.Match[str], HTTPScope], Entrance | None]
"""Looks at what a GET asks for, by its scope; None where it is no stream, or not for anybody."""

Protocols = Callable[[], asyncio.Protocol]


class Doorstep:
    """The doorstep of one server, with a table of the entrances to streams."""

    def __init__(self, parts: Context, table: Mapping[re.Pattern[str], FindEntrance]) -> None:
        self._parts = parts
        self._table = table
        self.callers: set[Caller] = set()
        self._turns: deque[Callable[[], None]] = deque()
        self.patience_seconds = 0.0
        self._open = parts.fleet is not None and HYPERCORN in ADOPTABLE_HYPERCORN
        self._heads = Heads(parts)

    @cached_property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Kept, as asking for it is a system call on Python 3.11."""
        return asyncio.get_running_loop()

    @contextlib.contextmanager
    def before(self, config: Config) -> Iterator[None]:
        """Meet those who come to the server that Hypercorn starts inside, in this task, by ``config``."""
        loop, task = self.loop, asyncio.current_task()
        create_server = loop.create_server
        self._heads.config = config
        self.patience_seconds = config.keep_alive_timeout

        async def met(protocols: Protocols, *args: Any, **options: Any) -> asyncio.Server:
            ours = asyncio.current_task() is task and options.get("ssl") is None
            meeting = (lambda: self._meet(protocols)) if ours else protocols
            return await create_server(meeting, *args, **options)

        loop.create_server = met  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            loop.create_server = create_server  # type: ignore[method-assign]

    def close(self) -> None:
        """Let nobody stand here any more: Hypercorn is about to stop, and waits for those that it knows."""
        self._open = False
        for caller in list(self.callers):
            caller.hand_on()

    def _meet(self, protocols: Protocols) -> asyncio.Protocol:
        return Caller(self, protocols) if self._open else protocols()

    def way(self, data: bytes) -> Callable[[socket.socket], Entrance | None] | None:
        """What finds the entrance that these bytes, the first of a connection, ask for; None where what they
        lead to is for Hypercorn to say."""
        request = plain.read(data)
        if request is None:
            return None
        for pattern, find in self._table.items():
            path = pattern.fullmatch(inside(request.path))
            if path is not None:
                return partial(self._find, partial(find, self._parts, path), request)
        return None

    def _find(
        self,
        find: Callable[[HTTPScope], Entrance | None],
        request: PlainRequest,
        connection: socket.socket,
    ) -> Entrance | None:
        try:
            scope = request.scope(connection.getpeername()[:2])
        except OSError:
            return None  # the client has left
        if self._parts.settings.trusted_proxies:
            scope = believed(scope, self._parts.settings.trusted_proxies)
        return find(scope)

    def queue(self, turn: Callable[[], None]) -> None:
        """Do this when it is its turn: of thousands a few at a time, so that nobody else waits for all."""
        if not self._turns:
            self.loop.call_soon(self._go_on)
        self._turns.append(turn)

    def _go_on(self) -> None:
        for _ in range(min(AT_ONCE, len(self._turns))):
            self.loop.call_soon(self._turns.popleft())
        if self._turns:
            self.loop.call_soon(self._go_on)

    def let_in(self, transport: asyncio.Transport, connection: socket.socket, entrance: Entrance) -> bool:
        """Begin the stream; gives whether the connection is the hub's now."""
        admit = entrance.enter()
        if admit is None:
            return False
        try:
            bound(connection)
        except OSError:
            return False  # it has left already, and Hypercorn will see to that
        self._parts.metrics.http_requests.labels("GET", entrance.route, "200").inc()
        head = self._heads.head(entrance.headers, entrance.scheme)
        wire = SocketWire(connection.fileno(), cast(Fleet, self._parts.fleet), head)
        transport.set_protocol(wire)
        wire.connection_made(transport)
        try:
            admit(wire)
        except BaseException:
            wire.abort()
            raise
        return True


class Heads:
    """The heads of answers, byte for byte as Hypercorn writes them: by its own functions, once a second."""

    config: Config

    def __init__(self, parts: Context) -> None:
        self._parts = parts
        self._second = 0
        self._built: dict[tuple[object, ...], bytes] = {}

    def head(self, headers: Mapping[str, str], scheme: str) -> bytes:
        """The head of an open stream's answer over ``scheme``."""
        second = int(time.time())
        if second != self._second:
            self._second, self._built = second, {}
        key = (scheme, *headers.items())
        if key not in self._built:
            self._built[key] = self._build(headers, scheme)
        return self._built[key]

    def _build(self, headers: Mapping[str, str], scheme: str) -> bytes:
        response = Response(b"", headers=dict(headers))
        del response.headers["Content-Length"]
        response.headers.update(transport_headers(scheme, self._parts.settings))
        ours = build_and_validate_headers(encode_headers(response.headers))
        connection = h11.Connection(h11.SERVER)
        connection.receive_data(PLAINEST)
        connection.next_event()
        start = h11.Response(status_code=200, headers=[*ours, *self.config.response_headers("h11")])
        return connection.send(start) or b""


class Caller(asyncio.Protocol):
    """Somebody who is connected, and of whom nothing is known yet but what they have said."""

    __slots__ = ("_connection", "_doorstep", "_patience", "_protocols", "_said", "_transport")

    _transport: asyncio.Transport
    _patience: asyncio.TimerHandle

    def __init__(self, doorstep: Doorstep, protocols: Protocols) -> None:
        self._doorstep = doorstep
        self._protocols = protocols
        self._said = b""
        self._connection: socket.socket | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a word, as long as Hypercorn would."""
        self._transport = cast(asyncio.Transport, transport)
        self._doorstep.callers.add(self)
        seconds = self._doorstep.patience_seconds
        self._patience = self._doorstep.loop.call_later(seconds, self._transport.close)

    def data_received(self, data: bytes) -> None:
        """The first words decide: who says more while they wait has said too much."""
        self._patience.cancel()
        way = None if self._said else self._doorstep.way(data)
        self._said += data
        if way is None:
            self.hand_on()
        else:
            self._doorstep.queue(partial(self._knock, way))

    def eof_received(self) -> bool | None:
        """That, too, is for Hypercorn."""
        return self.hand_on().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone before anything was decided."""
        self._leave()

    def _knock(self, way: Callable[[socket.socket], Entrance | None]) -> None:
        """Enter now, when that can be done, or elsewhere."""
        if self not in self._doorstep.callers:
            return
        # what the transport itself gives is slow to ask much of, and keeps what it has told
        theirs = self._transport.get_extra_info("socket")
        self._connection = socket.socket(theirs.family, theirs.type, theirs.proto, theirs.fileno())
        entrance = way(self._connection)
        if entrance is None:
            self.hand_on()
        elif entrance.waits_for is None:
            self.enter(entrance)
        else:
            entrance.waits_for.add_done_callback(partial(self._called, entrance))

    def _called(self, entrance: Entrance, done: asyncio.Future[Any]) -> None:
        if not done.cancelled():
            done.exception()  # that is told by Hypercorn
        self._doorstep.queue(partial(self.enter, entrance))

    def enter(self, entrance: Entrance) -> None:
        """Become a stream, unless they have gone elsewhere meanwhile."""
        if self._connection is None:
            return
        if self._doorstep.let_in(self._transport, self._connection, entrance):
            self._leave()
        else:
            self.hand_on()

    def hand_on(self) -> asyncio.Protocol:
        """Let Hypercorn have the connection, as if it had just been made, and what was said."""
        self._leave()
        protocol = self._protocols()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if self._said:
            protocol.data_received(self._said)
        return protocol

    def _leave(self) -> None:
        self._patience.cancel()
        self._doorstep.callers.discard(self)
        if self._connection is not None:
            self._connection.detach()
            self._connection = None
