"""How much one caller may ask for. Over a limit the answer is 429 with ``Retry-After``.

Logins and posts are counted for all workers together through Redis, if there is one; connects, which protect
the worker's own time, by each worker for itself. While Redis is away every worker counts alone: a limit must
never be what stops a tournament.
"""

from __future__ import annotations

import asyncio
import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from quart_app.errors import TooManyRequests
from quart_app.live.bus.outage import Outage
from quart_app.live.bus.servers import FAILURES, RedisServers
from quart_app.settings import Settings
from quart_app.store.staff import name_key

SHARED_SECONDS_MAX = 0.25
"""How long a request waits for the shared count before it is counted here."""

ALONE_SECONDS = 5.0
"""How long we count alone after Redis has failed."""

PREFIX = "grandstand:limit"
"""What the keys in Redis begin with."""


class Limits:
    """The limits of one worker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._alone = FixedWindowRateLimiter(MemoryStorage())
        self._servers = None if settings.redis_url is None else RedisServers(settings.redis_url)
        self._shared: dict[object, FixedWindowRateLimiter] = {}  # by server
        self._alone_until = 0.0
        self._outage = Outage("limits_unshared", "limits_shared")
        self._logins_by_name = RateLimitItemPerMinute(settings.limit_logins_per_name, namespace="login")
        self._logins_by_address = RateLimitItemPerMinute(settings.limit_logins_per_address, namespace="login")
        self._posts = RateLimitItemPerMinute(settings.limit_posts_per_staff, namespace="post")
        self._connects = RateLimitItemPerSecond(settings.limit_connects_per_address, namespace="connect")

    async def sign_in(self, address: str, name: str) -> None:
        """Count a try to sign in. Raises TooManyRequests, whether or not there is such an account."""
        await self._count(self._logins_by_address, "address", address)
        await self._count(self._logins_by_name, "name", name_key(name.strip())[:200])

    async def post(self, staff_id: int) -> None:
        """Count a post of a staff member. Raises TooManyRequests."""
        await self._count(self._posts, "staff", str(staff_id))

    async def connect(self, address: str) -> None:
        """Count the opening of a feed, or the token for one. Raises TooManyRequests."""
        await _count(self._alone, self._connects, "address", address)

    async def close(self) -> None:
        """Let go of any connection."""
        if self._servers is not None:
            await self._servers.aclose()

    async def _count(self, item: RateLimitItem, *key: str) -> None:
        if self._servers is not None and time.monotonic() >= self._alone_until:
            try:
                async with asyncio.timeout(SHARED_SECONDS_MAX):
                    await _count(await self._limiter(self._servers, item.key_for(*key)), item, *key)
                self._outage.over()
                return
            except (StorageError, *FAILURES) as error:
                self._servers.forget()
                self._alone_until = time.monotonic() + ALONE_SECONDS
                self._outage.failed(error.storage_error if isinstance(error, StorageError) else error)
        await _count(self._alone, item, *key)

    async def _limiter(self, servers: RedisServers, key: str) -> FixedWindowRateLimiter:
        """The one that counts on the server which has the key."""
        server = (await servers.layout()).owner(f"{PREFIX}:{key}")
        if server not in self._shared:
            storage = RedisStorage(
                "async+redis://",
                implementation="redispy",
                wrap_exceptions=True,
                key_prefix=PREFIX,
                connection_pool=server.connection_pool,  # type: ignore[arg-type]
            )
            self._shared[server] = FixedWindowRateLimiter(storage)
        return self._shared[server]


async def _count(limiter: FixedWindowRateLimiter, item: RateLimitItem, *key: str) -> None:
    if await limiter.hit(item, *key):
        return
    window = await limiter.get_window_stats(item, *key)
    wait = max(1, math.ceil(window.reset_time - time.time()))
    raise TooManyRequests(f"That was too often; please try again in {wait} seconds.", wait)
