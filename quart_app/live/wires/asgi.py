"""The wire over ASGI ``send``, for every server and protocol that there is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from quart_app.live.wires.port import NO_DESCRIPTOR, ONE_BY_ONE, Block
from quart_app.live.wires.socket import nobody

SendBody = Callable[[bytes, bool], Awaitable[None]]
"""Brings a piece of the body to the server, and says whether more follows; returns once it has room again."""


class AsgiWire:
    """A wire over ASGI ``send``, which returns once the server has room for more.

    Made in the task that then carries the bytes with ``run``.
    """

    fleet = ONE_BY_ONE
    descriptor = NO_DESCRIPTOR

    def __init__(self, send: SendBody, reset: Callable[[], None]) -> None:
        self._send = send
        self._reset = reset
        self._unsent: Block | None = None
        self._closing = False
        self._woken = asyncio.Event()
        self._carrier = asyncio.current_task()
        self._on_drain: Callable[[], None] = nobody
        self._on_closed: Callable[[], None] = nobody

    @property
    def full(self) -> bool:
        """Whether the last write is still on its way into the server."""
        return self._unsent is not None

    def attach(self, on_drain: Callable[[], None], on_closed: Callable[[], None]) -> None:
        """Call ``on_drain`` each time the server has taken a write, ``on_closed`` at the end."""
        self._on_drain, self._on_closed = on_drain, on_closed

    def write(self, block: Block) -> None:
        """Hand one write to the carrier."""
        self._unsent = block
        self._woken.set()

    def close(self) -> None:
        """Let the carrier end once nothing is unsent."""
        self._closing = True
        self._woken.set()

    def abort(self) -> None:
        """Stop the carrier, even within a ``send`` that a silent reader holds up.

        The connection is reset where it can be found; what the server holds for it would stay otherwise.
        """
        if self._carrier is not None:
            self._carrier.cancel()
        self._reset()

    async def run(self) -> None:
        """Carry writes to the server, one at a time, to the end. Cancelled when the client leaves."""
        try:
            while True:
                await self._woken.wait()
                self._woken.clear()
                if self._unsent is not None:
                    await self._send(self._unsent.raw, True)
                    self._unsent = None
                    self._on_drain()
                elif self._closing:
                    await self._send(b"", False)
                    return
        finally:
            self._end()

    def _end(self) -> None:
        """As ``SocketWire._end``; and the carrier, which may have been cancelled, holds its frames, and these
        the wire."""
        self._carrier = None
        told, self._on_drain, self._on_closed = self._on_closed, nobody, nobody
        told()
