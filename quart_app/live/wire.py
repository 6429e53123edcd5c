"""The wire: where a subscriber's bytes leave the program.

``Wire`` is the port that the hub writes to. ``AsgiWire`` brings the bytes out through the ASGI server,
whatever that is. ``StreamConnection`` is how Quart hands an open response over: routes, tokens and errors
stay Quart's, and once a route has answered with a ``StreamResponse``, the stream is the hub's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

from hypercorn.typing import ASGISendCallable, HTTPResponseBodyEvent, HTTPResponseStartEvent
from quart import Response
from quart.asgi import ASGIHTTPConnection
from quart.typing import ResponseTypes
from quart.utils import encode_headers


class Wire(Protocol):
    """One way to one client. Bytes go out in order; nothing is queued but what one ``write`` brought."""

    @property
    def full(self) -> bool:
        """Whether what was written has not left yet; then write nothing more until ``on_drain`` is called."""
        ...

    def attach(self, on_drain: Callable[[], None]) -> None:
        """Name who is to be told, without arguments, each time the wire is free again."""
        ...

    def write(self, data: bytes) -> None:
        """Send bytes. Only allowed while not ``full``."""
        ...

    def close(self) -> None:
        """End the stream in good order once everything written is out."""
        ...

    def abort(self) -> None:
        """End the stream now, whatever is still unsent."""
        ...

    async def run(self) -> None:
        """Carry bytes until the stream is closed or aborted. Cancelled when the client leaves."""
        ...


class AsgiWire:
    """A wire over ASGI ``send``, which returns once the server has room for more."""

    def __init__(self, send: ASGISendCallable) -> None:
        self._send = send
        self._unsent = b""
        self._closing = False
        self._woken = asyncio.Event()
        self._carrier: asyncio.Task[Any] | None = None
        self._on_drain: Callable[[], None] = lambda: None

    @property
    def full(self) -> bool:
        """Whether the last write is still on its way into the server."""
        return bool(self._unsent)

    def attach(self, on_drain: Callable[[], None]) -> None:
        """Call ``on_drain`` each time the server has taken a write."""
        self._on_drain = on_drain

    def write(self, data: bytes) -> None:
        """Hand one write to the carrier."""
        self._unsent = data
        self._woken.set()

    def close(self) -> None:
        """Let the carrier end once nothing is unsent."""
        self._closing = True
        self._woken.set()

    def abort(self) -> None:
        """Stop the carrier, even within a ``send`` that a silent reader holds up."""
        if self._carrier is not None:
            self._carrier.cancel()

    async def run(self) -> None:
        """Carry writes to the server, one at a time."""
        self._carrier = asyncio.current_task()
        while True:
            await self._woken.wait()
            self._woken.clear()
            if self._unsent:
                await send_body(self._send, self._unsent, more=True)
                self._unsent = b""
                self._on_drain()
            elif self._closing:
                return


async def send_body(send: ASGISendCallable, body: bytes, *, more: bool) -> None:
    """One body message of ASGI."""
    await send(HTTPResponseBodyEvent(type="http.response.body", body=body, more_body=more))


class StreamResponse(Response):
    """An answer whose body is a stream that ``serve`` carries on, for as long as it takes."""

    def __init__(self, serve: Callable[[Wire], Awaitable[None]], **options: Any) -> None:
        super().__init__(b"", **options)
        self.serve = serve
        self.timeout = None  # the framework would cut any response after a minute
        del self.headers["Content-Length"]


class StreamConnection(ASGIHTTPConnection):
    """Quart's HTTP connection, which lets a ``StreamResponse`` have the wire."""

    async def _send_response(self, send: ASGISendCallable, response: ResponseTypes) -> None:
        if not isinstance(response, StreamResponse):
            await super()._send_response(send, response)
            return
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
        await response.serve(AsgiWire(send))
        await send_body(send, b"", more=False)
