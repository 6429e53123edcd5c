"""Somebody between the workers and Redis who loses, repeats, reorders and garbles what is published."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

MESSAGE = b"*3\r\n$7\r\nmessage\r\n"
TRICKS = ("lose", "repeat", "delay", "garble")


class Meddler:
    """A relay to Redis. While ``meddling``, half of the messages get a trick played on them."""

    def __init__(self, port: int, chance: Random) -> None:
        self.meddling = False
        self.played: Counter[str] = Counter()
        self._port = port
        self._chance = chance
        self._deck: list[str] = []

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection, to its end."""
        redis_reader, redis_writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pipe(reader, redis_writer))
                tasks.create_task(self._relay(redis_reader, writer))
        except* OSError:
            pass
        finally:
            for end in (writer, redis_writer):
                end.close()

    async def _relay(self, redis: asyncio.StreamReader, worker: asyncio.StreamWriter) -> None:
        delayed = b""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                reply = await _read_reply(redis)
                if reply.startswith(MESSAGE) and self.meddling:
                    reply, delayed = self._meddle(reply, delayed)
                worker.write(reply)
                await worker.drain()
        worker.close()

    def _meddle(self, message: bytes, delayed: bytes) -> tuple[bytes, bytes]:
        """What to send now, and what after the next message."""
        if not self._deck:
            self._deck = [*TRICKS, *[""] * len(TRICKS)]
            self._chance.shuffle(self._deck)
        trick = self._deck.pop()
        self.played[trick] += 1
        match trick:
            case "lose":
                return delayed, b""
            case "repeat":
                return message + message + delayed, b""
            case "delay":
                return delayed, message
            case "garble":
                size = int(message.split(b"\r\n")[5][1:])
                noise = bytes(self._chance.randrange(256) for _ in range(size))
                return message[: -size - 2] + noise + b"\r\n" + delayed, b""
        return message + delayed, b""


@asynccontextmanager
async def meddling_with(port: int, chance: Random) -> AsyncIterator[tuple[Meddler, str]]:
    """A meddler before the Redis at this port, and the URL of Redis as it has it."""
    meddler = Meddler(port, chance)
    server = await asyncio.start_server(meddler.connect, "127.0.0.1", 0)
    try:
        yield meddler, f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        server.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _read_reply(reader: asyncio.StreamReader) -> bytes:
    """One whole reply of RESP 2, as it is."""
    line = await reader.readuntil(b"\r\n")
    kind, count = line[:1], line[1:-2]
    if kind == b"$" and int(count) >= 0:
        return line + await reader.readexactly(int(count) + 2)
    if kind == b"*":
        return line + b"".join([await _read_reply(reader) for _ in range(int(count))])
    return line
