"""The wire: where a subscriber's bytes leave the program.

``Wire`` is the port that the hub writes to. ``asgi.AsgiWire`` brings the bytes out through the ASGI server,
whatever that is; ``socket.SocketWire`` writes to a socket itself. Both put the same bytes on the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Wire(Protocol):
    """One way to one client. Bytes go out in order; nothing is queued but what one ``write`` brought."""

    @property
    def full(self) -> bool:
        """Whether what was written has not left yet; then write nothing more until ``on_drain`` is called."""
        ...

    def attach(self, on_drain: Callable[[], None], on_closed: Callable[[], None]) -> None:
        """Name who is to be told each time the wire is free again, and once when the stream has ended."""
        ...

    def write(self, block: Block) -> None:
        """Send a block. Only allowed while not ``full``."""
        ...

    def close(self) -> None:
        """End the stream in good order once everything written is out."""
        ...

    def abort(self) -> None:
        """End the stream now, whatever is still unsent."""
        ...


class Block:
    """Bytes for the wire, and the same as a chunk of HTTP/1.1 (RFC 9112, section 7.1): built once for all."""

    __slots__ = ("chunk", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.chunk = b"%x\r\n%b\r\n" % (len(raw), raw)
