"""The wire that writes to its own socket, and what is set on the socket of every feed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import struct
from array import array
from collections.abc import Callable, Sequence
from typing import cast

from quart_app.live.wires.port import Block, Fleet, Headed, Wire

SEND_BUFFER_BYTES = 64 * 1024
"""What a reader that has gone silent may pin in the kernel (which doubles it for its own book-keeping)."""

KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPIDLE", 0), 60),
    (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPINTVL", 0), 15),
    (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPCNT", 0), 4),
    # unacknowledged data for this long, in milliseconds: the peer is gone without a FIN
    (socket.IPPROTO_TCP, getattr(socket, "TCP_USER_TIMEOUT", 0), 60_000),
)

NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER (socket(7)): on, for no second."""

LAST = Block(b"")
"""The empty chunk ends an HTTP body."""

NOT_NOW = frozenset({errno.EAGAIN, errno.ECANCELED, errno.EINTR, errno.ENOBUFS, errno.ENOMEM})
"""With which the kernel says that it has taken nothing, but may later."""


def nobody() -> None:
    """Nobody is attached yet."""


class SocketWire(asyncio.Protocol):
    """A wire that writes to its own socket: HTTP/1.1 chunks by hand, straight into the kernel.

    What the kernel does not take goes to the transport, which makes the wire full until it has left. There
    is no task and no buffer per stream. ``head``, the head of the answer where nobody else has sent it, goes
    out with the first block, as one.
    """

    __slots__ = ("_closing", "_head", "_on_closed", "_on_drain", "_transport", "descriptor", "fleet", "full")

    def __init__(self, descriptor: int, fleet: Fleet, head: bytes = b"") -> None:
        self.full = False
        self.fleet = fleet
        self.descriptor = descriptor
        self._head = head
        self._closing = False
        self._transport: asyncio.Transport | None = None
        self._on_drain: Callable[[], None] = nobody
        self._on_closed: Callable[[], None] = nobody

    def attach(self, on_drain: Callable[[], None], on_closed: Callable[[], None]) -> None:
        """Call ``on_drain`` each time what the kernel did not take has left, ``on_closed`` at the end."""
        self._on_drain, self._on_closed = on_drain, on_closed
        if self._transport is None:
            self._end()  # the client left before anybody could attach

    def write(self, block: Block) -> None:
        """Write a block as one HTTP chunk."""
        if self._transport is None or self._closing:
            return
        if self._head:
            block, self._head = Headed(self._head, block), b""
        try:
            sent = os.write(self.descriptor, block.chunk)
        except OSError as error:
            sent = -(error.errno or errno.EIO)
        if sent != len(block.chunk):
            self.took(block, sent)

    def took(self, block: Block, sent: int) -> bool:
        """The kernel has taken only so many bytes of a block, or none and said why: an errno below 0.

        Gives whether it may be written more all the same.
        """
        transport, data = self._transport, block.chunk
        if transport is None or self._closing:
            return False
        if -sent in NOT_NOW:
            sent = 0
        if not 0 <= sent < len(data):
            transport.abort()  # the client has gone; connection_lost will tell
            return False
        transport.write(data[sent:])
        # it tries at once, and a quick reader may have made room by now: then nothing will drain later
        self.full = transport.get_write_buffer_size() > 0
        return not self.full

    def close(self) -> None:
        """Write the last chunk and close once all is out."""
        if self._transport is None or self._closing:
            return
        self.write(LAST)
        self._closing = True
        self._transport.close()

    def abort(self) -> None:
        """Close now."""
        if self._transport is not None:
            reset(self._transport)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Any unsent byte makes the wire full, and none makes it free."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=0)

    def resume_writing(self) -> None:
        """All that was unsent has left."""
        self.full = False
        self._on_drain()

    def data_received(self, data: bytes) -> None:
        """A client has nothing to say on a stream; what it says is passed over."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The stream has ended, whoever ended it. The descriptor is not ours any more."""
        self._transport = None
        self._end()

    def _end(self) -> None:
        """Tell that the stream has ended, and let go of who was told: holding each other, both would stay in
        memory until Python's collector comes by, which is rarely."""
        told, self._on_drain, self._on_closed = self._on_closed, nobody, nobody
        told()


class Writes:
    """The fleet of sockets without a ring: one ``write`` after another."""

    at_once = 64

    def write(
        self, wires: Sequence[Wire], descriptors: array[int], start: int, stop: int, block: Block
    ) -> list[int]:
        """As ``Fleet`` says."""
        data, write, unwell = block.chunk, os.write, []
        size = len(data)
        for place, descriptor in enumerate(descriptors[start:stop], start):
            try:
                sent = write(descriptor, data)
            except OSError as error:
                sent = -(error.errno or errno.EIO)
            if sent != size and not cast(SocketWire, wires[place]).took(block, sent):
                unwell.append(place)
        return unwell


WRITES = Writes()


def bound(connection: socket.socket) -> None:
    """Bound what a feed's silent reader may pin in the kernel, and have a peer noticed that is gone.

    Raises OSError or ValueError for a connection that is closed already.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    for level, option, value in KEEPALIVE:
        if option:
            connection.setsockopt(level, option, value)


def reset(transport: asyncio.BaseTransport) -> None:
    """Close with a reset: else the kernel would keep what a silent reader does not take."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError, ValueError):  # the client was quicker, and it is closed
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    cast(asyncio.Transport, transport).abort()
