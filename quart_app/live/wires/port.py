"""The wire: where a subscriber's bytes leave the program.

``Wire`` is the port that the hub writes to. ``asgi.AsgiWire`` brings the bytes out through the ASGI server,
whatever that is; ``socket.SocketWire`` writes to a socket itself. Both put the same bytes on the wire.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Protocol


class Wire(Protocol):
    """One way to one client. Bytes go out in order; nothing is queued but what one ``write`` brought."""

    @property
    def fleet(self) -> Fleet:
        """What writes to many wires of this kind at once."""
        ...

    @property
    def descriptor(self) -> int:
        """The file to which its fleet writes; NO_DESCRIPTOR where it has none of its own."""
        ...

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


class Fleet(Protocol):
    """What writes one block to many wires of a kind."""

    @property
    def at_once(self) -> int:
        """To how many it writes before somebody should look at the clock."""
        ...

    def write(
        self, wires: Sequence[Wire], descriptors: array[int], start: int, stop: int, block: Block
    ) -> list[int]:
        """Write a block to the wires from ``start`` on, up to ``stop``, none of which is full. Never raises.

        Gives the places of those that cannot take more for now, or never again.
        """
        ...


NO_DESCRIPTOR = -1


class OneByOne:
    """The fleet of any wires: each writes for itself."""

    at_once = 64

    def write(
        self, wires: Sequence[Wire], descriptors: array[int], start: int, stop: int, block: Block
    ) -> list[int]:
        """As ``Fleet`` says."""
        full = []
        for place in range(start, stop):
            wire = wires[place]
            wire.write(block)
            if wire.full:
                full.append(place)
        return full


ONE_BY_ONE = OneByOne()


class Block:
    """Bytes for the wire, and the same as a chunk of HTTP/1.1 (RFC 9112, section 7.1): built once for all."""

    __slots__ = ("chunk", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.chunk = b"%x\r\n%b\r\n" % (len(raw), raw)


class Headed(Block):
    """A block behind what stands before any chunk: the head of the answer."""

    __slots__ = ()

    def __init__(self, head: bytes, block: Block) -> None:
        self.raw = block.raw
        self.chunk = head + block.chunk
