"""Spectators on their own sockets: each joins, reads, is cut off, and comes back with the last id it has.

They differ in how they ask (HTTP version, where token and position go, what they want to see) and in how they
read. A spectator never gives up: what it holds in the end is compared with the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from urllib.parse import parse_qs, urlsplit

from quart_app.domain.events import EVENT_TYPES, Envelope
from tests.server import Frame
from tests.web.live_page import LivePage

SILENCE_SECONDS_MAX = 20.0
"""After so long without a byte a spectator takes its stream for dead. With a heartbeat a second that is a
fault of the server's, so it is counted."""

IMPATIENT_SECONDS = 0.01


@dataclass(frozen=True)
class Kind:
    """How a spectator asks. ``types`` are the events that it wants to see, empty for all; the impatient come
    back at once, whatever they were told."""

    name: str
    http: str = "1.1"
    token_in: str = "header"
    position_in: str = "header"
    types: frozenset[str] = frozenset()
    query: str = ""
    html: bool = False
    impatient: bool = False

    def shows(self, envelope: Envelope) -> bool:
        """Whether such a spectator gets to see an event."""
        return not self.types or envelope.event.type in self.types


RESULTS = frozenset({"match_started", "match_completed"})
JSON_KINDS = (
    Kind("program"),
    Kind("query", token_in="query", position_in="query"),
    Kind("cookie", token_in="cookie"),
    Kind("old proxy", http="1.0"),
    Kind("impatient", impatient=True),
    Kind("results only", types=RESULTS, query=f"types={','.join(sorted(RESULTS))}"),
)
PAGE = Kind("page", token_in="cookie", html=True)


@dataclass
class Spectator:
    """Somebody who watches. ``held`` is what they have of the log since ``joined``: ids and data."""

    host: str
    port: int
    tournament_id: int
    kind: Kind
    chance: Random
    joined: str | None = None
    position: str | None = None
    held: list[tuple[str, bytes]] = field(default_factory=list)
    swaps: list[str] = field(default_factory=list)
    page: str = ""
    watching: int = 0
    connections: int = 0
    cuts: int = 0
    silences: int = 0
    goodbyes: list[int] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    retry_seconds: float = 0.2
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    token: str | None = None
    receive_bytes: int | None = None
    asked: bool = False  # whether a request is out on the present connection
    _connect: str = ""  # where the page says that its feed is
    _socket: socket.socket | None = None
    _held: bytes = b""

    async def run(self) -> None:
        """Watch, and come back, until cancelled."""
        while True:
            try:
                await self._watch()
            except TimeoutError:
                self.silences += 1
            except OSError:
                pass
            finally:
                self.leave()
            self.cuts += 1
            rest = IMPATIENT_SECONDS if self.kind.impatient else self.retry_seconds
            await asyncio.sleep(rest * self.chance.uniform(0.5, 1.0))

    async def read(self) -> bytes:
        """Some bytes of the stream; who reads slowly does it here. Empty at its end."""
        if self._held:
            piece, self._held = self._held, b""
            return piece
        return await self.receive(65536)

    async def receive(self, size: int) -> bytes:
        """What the kernel has, at most so many bytes."""
        if self._socket is None:
            raise ConnectionError("left")
        return await asyncio.get_running_loop().sock_recv(self._socket, size)

    @property
    def connection(self) -> socket.socket:
        """The connection on which they watch."""
        assert self._socket is not None
        return self._socket

    def hang_up(self) -> None:
        """Break the connection off, as a change of network does; the spectator comes back."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def leave(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _watch(self) -> None:
        async with asyncio.timeout(SILENCE_SECONDS_MAX):
            if self.token is None:
                self.token = json.loads(await self._post_for_token())["token"]
            if self.kind.html and not self.page:
                await self._load_page()
            status, headers = await self._ask("GET", self._path(), self._headers(), http=self.kind.http)
        if status != 200:
            if status == 401:
                self.token = None
            elif status not in (429, 503):
                self.odd.append(f"status {status}")
            return
        self.connections += 1
        self.changed.set()
        async for raw in self._blocks(chunked=headers.get("transfer-encoding") == "chunked"):
            self._take(Frame.parse(raw))
            self.changed.set()

    def _take(self, frame: Frame) -> None:
        if frame.retry is not None:
            self.retry_seconds = frame.retry / 1000
        if frame.event == "presence":
            self.watching = frame.payload["watching"]
        elif frame.event == "connection_established":
            if frame.payload["resume"]["lost"]:
                self.odd.append(f"lost at {self.position}: {frame.payload['resume']['reason']}")
            elif self.joined is None:
                self.joined = frame.payload["position"]
        elif frame.event == "token":
            self.token = frame.payload["token"]
        elif frame.event == "goodbye":
            self.goodbyes.append(frame.payload["code"])
        elif frame.event in EVENT_TYPES:
            data = (frame.data or "").encode().partition(b'"data":')[2].removesuffix(b"}")
            self.held.append((frame.id or "", data))
        elif frame.event is not None:
            self.odd.append(f"{frame.event} at {self.position}")
        elif frame.data is not None:
            self.swaps.append(frame.data)
        if frame.id is not None:
            self.position = frame.id

    async def _blocks(self, *, chunked: bool) -> AsyncIterator[bytes]:
        held = b""
        async for piece in self._chunks() if chunked else self._pieces():
            held += piece
            *whole, held = held.split(b"\n\n")
            for raw in whole:
                if raw != b":":
                    yield raw

    async def _pieces(self) -> AsyncIterator[bytes]:
        while piece := await self._read():
            yield piece

    async def _chunks(self) -> AsyncIterator[bytes]:
        """The body of a chunked answer (RFC 9112, 7.1), chunk after chunk as far as each has come."""
        held = b""
        while True:
            while b"\r\n" not in held:
                held += await self._read_more()
            size, _, held = held.partition(b"\r\n")
            missing = int(size, 16)
            if not missing:
                return
            while missing:
                if not held:
                    held = await self._read_more()
                yield held[:missing]
                held, missing = held[missing:], max(0, missing - len(held))
            while len(held) < 2:
                held += await self._read_more()
            held = held[2:]

    async def _read_more(self) -> bytes:
        piece = await self._read()
        if not piece:
            raise ConnectionResetError("cut within a chunk")
        return piece

    async def _read(self) -> bytes:
        async with asyncio.timeout(SILENCE_SECONDS_MAX):
            return await self.read()

    async def _body(self) -> bytes:
        return b"".join([piece async for piece in self._pieces()])

    async def _post_for_token(self) -> bytes:
        path = f"/api/tournaments/{self.tournament_id}/feed-token/"
        status, _ = await self._ask("POST", path, {"Content-Length": "0"}, http="1.0")
        body = await self._body()
        if status != 200:
            raise ConnectionError(f"no token: {status}")
        return body

    async def _load_page(self) -> None:
        path = f"/tournaments/{self.tournament_id}/"
        status, headers = await self._ask("GET", path, {}, http="1.0")
        raw = await self._body()
        if status != 200:
            raise ConnectionError(f"no page: {status}")
        if len(raw) < int(headers["content-length"]):
            raise ConnectionResetError("cut within the page")
        page = raw.decode()
        self._connect = LivePage(page).feed
        self.page, self.position = page, parse_qs(urlsplit(self._connect).query)["lastEventId"][0]

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], http: str = "1.1"
    ) -> tuple[int, dict[str, str]]:
        """Send a request on a connection of its own; gives the status and the headers of the answer."""
        self.leave()
        self._held, self.asked = b"", False
        self._socket = socket.socket()
        self._socket.setblocking(False)
        if self.receive_bytes is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_bytes)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self._socket, (self.host, self.port))
        lines = [f"{method} {path} HTTP/{http}", f"Host: {self.host}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        await loop.sock_sendall(self._socket, "\r\n".join([*lines, "", ""]).encode())
        self.asked = True
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = await self.receive(65536)
            if not piece:
                raise ConnectionResetError("cut before the answer")
            answer += piece
        raw, _, self._held = answer.partition(b"\r\n\r\n")
        head = raw.decode().split("\r\n")
        fields = (line.partition(": ") for line in head[1:] if line)
        return int(head[0].split()[1]), {name.lower(): value for name, _, value in fields}

    def _path(self) -> str:
        kind = self.kind
        if kind.html:
            return self._connect
        parts = [kind.query] if kind.query else []
        if kind.token_in == "query":
            parts.append(f"token={self.token}")
        if self.position is not None and kind.position_in == "query":
            parts.append(f"lastEventId={self.position}")
        feed = f"/sse/tournaments/{self.tournament_id}/"
        return feed + (f"?{'&'.join(parts)}" if parts else "")

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "text/event-stream"}
        if self.kind.token_in == "header":
            headers["Authorization"] = f"Bearer {self.token}"
        elif self.kind.token_in == "cookie":
            headers["Cookie"] = f"feed_token={self.token}"
        if self.position is not None and self.kind.position_in == "header":
            headers["Last-Event-ID"] = self.position
        if self.kind.http == "1.0":
            headers["Connection"] = "close"
        return headers

    async def until(self, holds: Callable[[Spectator], bool], seconds: float = 40.0) -> None:
        """Wait until something holds of this spectator; fails when it does not in time."""
        try:
            async with asyncio.timeout(seconds):
                while not holds(self):
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            raise AssertionError(f"it never came to hold of {self.told()}") from None

    def told(self) -> str:
        """The spectator in a few words, for a failure."""
        return (
            f"{self.kind.name} at {self.position}: {len(self.held)} events, {self.connections} connections, "
            f"{self.cuts} cuts, {self.silences} silences, {self.odd}"
        )


def differences(spectator: Spectator, log: Sequence[Envelope], fresh_page: str) -> str | None:
    """In what a spectator's holdings differ from the log that they should be; None where they do not."""
    joined = int((spectator.joined or "-0").rpartition("-")[2])
    if spectator.odd or spectator.silences:
        return spectator.told()
    if spectator.kind.html:
        page = LivePage(spectator.page)
        for swap in spectator.swaps:
            page.receive(swap)
        differing = page.differences(LivePage(fresh_page))
        return f"{spectator.told()}: the page differs in {differing}" if differing else None
    shown = [(each.id, each.data) for each in log[joined:] if spectator.kind.shows(each)]
    if spectator.held == shown:
        return None
    pairs = zip(spectator.held, shown, strict=False)
    first = next((index for index, (one, other) in enumerate(pairs) if one != other), None)
    has, due = ([id for id, _ in events] for events in (spectator.held, shown))
    return f"{spectator.told()}: differs from {first} on; it has {has} and should have {due}"
