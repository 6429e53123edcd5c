"""A socket wire and a reader as quick as itself: it never waits for a drain that has already happened."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvloop

from quart_app.live.wires.port import Block
from quart_app.live.wires.socket import WRITES, SocketWire


async def write_what_the_kernel_takes_in_two_steps(head: bytes) -> tuple[bool, bytes]:
    """Whether the wire is full after a write whose second part found room at once; and what has arrived."""
    near, far = socket.socketpair()
    near.setblocking(False)
    descriptor = near.fileno()
    transport, wire = await asyncio.get_running_loop().create_connection(
        lambda: SocketWire(descriptor, WRITES, head), sock=near
    )
    try:
        wire.write(Block(b"data: twice\n\n"))
        return wire.full, far.recv(100)
    finally:
        transport.abort()
        far.close()
        await asyncio.sleep(0)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 \r\n\r\n"])
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_room_made_between_two_tries_is_noticed(
    new_loop: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """The kernel has room for a part, and a moment later for the rest: the wire is free again by then. The
    head of the answer goes before the first block, whatever the parts."""
    real_write = os.write

    def write_half(file: int, data: bytes) -> int:
        return real_write(file, data[: len(data) // 2])

    monkeypatch.setattr("quart_app.live.wires.socket.os.write", write_half)

    def run() -> tuple[bool, bytes]:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(write_what_the_kernel_takes_in_two_steps(head))

    with ThreadPoolExecutor(1) as aside:  # the tests' own loop stays what it is
        full, arrived = aside.submit(run).result()
    assert (full, arrived) == (False, head + b"d\r\ndata: twice\n\n\r\n")
