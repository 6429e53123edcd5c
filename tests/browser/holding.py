"""What a proxy or a virus scanner between browser and server does to streams, and to nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

Held = Literal["head", "body", "chunks", "nothing"]


@asynccontextmanager
async def holding_proxy(upstream: int, held: Held) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A proxy before the port ``upstream`` that holds event streams back: all of each, all but its head, or
    each piece until the next one. Gives its address, and what is set to make it think better of it: streams
    from then on pass as they are. One that holds ``nothing`` forgets then the streams that are open."""
    tasks: set[asyncio.Task[None]] = set()
    turned = asyncio.Event()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):  # the other end went away
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()

    async def pass_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting, streams, holds = b"", False, False
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if b"\r\ncontent-type: text/event-stream" in data.lower() and not turned.is_set():
                    head, end, data = data.partition(b"\r\n\r\n")
                    streams, holds = True, held != "nothing"
                    if held != "head":
                        writer.write(head + end)
                if streams and held == "nothing":
                    holds = turned.is_set()
                if not holds:
                    writer.write(data)
                elif held == "chunks" and data:
                    writer.write(waiting)
                    waiting = data
                await writer.drain()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", upstream)
        ways = {
            asyncio.create_task(pass_on(reader, far_writer)),
            asyncio.create_task(pass_back(far_reader, writer)),
        }
        tasks.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for each in (far_writer, writer):
            each.close()

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", turned
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
