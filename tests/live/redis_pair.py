"""Two buses on one Redis, and the Redis paused."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import Any

import pytest
import pytest_asyncio
import structlog.testing
from redis.asyncio import Redis

from quart_app.live.bus.redis import RedisBus
from tests.services import RedisServer


@pytest_asyncio.fixture(name="here")
async def _here(redis_server: RedisServer) -> AsyncIterator[RedisBus]:
    """The bus of the worker that listens."""
    bus = RedisBus(redis_server.url)
    yield bus
    await bus.close()


@pytest_asyncio.fixture(name="there")
async def _there(redis_server: RedisServer) -> AsyncIterator[RedisBus]:
    """The bus of another worker."""
    bus = RedisBus(redis_server.url)
    yield bus
    await bus.close()


@pytest_asyncio.fixture(name="redis")
async def _redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    """A client of the test's own."""
    async with Redis.from_url(redis_server.url) as client:
        yield client


@pytest.fixture(autouse=True, name="lines")
def _lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@contextlib.contextmanager
def paused(server: RedisServer) -> Iterator[None]:
    """Redis stopped (SIGSTOP) inside the block: its connections stay open, and nothing answers."""
    server.pause()
    try:
        yield
    finally:
        server.resume()
