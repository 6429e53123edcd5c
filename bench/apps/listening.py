"""A queue per client, filled by one listener on Redis: what the usual SSE server in Python does."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

Event = tuple[int, str]
"""A number for the id, and the data."""


class Listening:
    """The clients of this process."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Event]] = set()

    @contextlib.contextmanager
    def client(self) -> Iterator[asyncio.Queue[Event]]:
        """A queue that gets every event while the context is open."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hear the channel that the environment names, while the context is open."""
        pubsub = Redis.from_url(os.environ["BENCH_REDIS_URL"]).pubsub()
        await pubsub.subscribe(os.environ["BENCH_CHANNEL"])
        listening = asyncio.create_task(self._listen(pubsub))
        try:
            yield
        finally:
            listening.cancel()

    async def _listen(self, pubsub: PubSub) -> None:
        number = 0
        async for message in pubsub.listen():
            if message["type"] == "message":
                number += 1
                data = message["data"].decode()
                for queue in self._queues:
                    queue.put_nowait((number, data))
