"""How much one caller may ask for. Over a limit the answer is 429 with ``Retry-After``.

Logins and posts are counted for all workers together through Redis, if there is one; connects, which protect
the worker's own time, by each worker for itself, and so are tries to sign in that are not over yet. While
Redis is away every worker counts alone: a limit must never be what stops a tournament.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from limits import RateLimitItem, RateLimitItemPerMinute, WindowStats
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError

from quart_app.errors import TooManyRequests, Unauthenticated
from quart_app.live.bus.outage import Outage
from quart_app.live.bus.servers import FAILURES, RedisServers
from quart_app.settings import Settings
from quart_app.store.staff import name_key
from quart_app.web.doors.callers import caller_of

SHARED_SECONDS_MAX = 0.25
"""How long a request waits for the shared count before it is counted here."""

ASKED_AT_ONCE = 8
"""How many requests ask for a shared count at a time; the others wait for their turn. Each needs a
connection, which redis-py keeps once it is made, and it refuses the hundred-and-first."""

ALONE_SECONDS = 5.0
"""How long we count alone after Redis has failed."""

PREFIX = "grandstand:limit"
"""What the keys in Redis begin with."""

STRANGERS_FACTOR = 10
"""How many more wrong tries under one name are let pass from all addresses together than from one."""

_Answer = TypeVar("_Answer")


Key = tuple[RateLimitItem, str, str]
"""A limit, and whose it is: the kind of caller and which."""


class Second:
    """How often each caller came within a second, ``most`` times at most: an estimate, as thousands come.

    What came in the second of the clock before this one counts for as much of it as is not a second ago yet,
    as though it had come evenly. ``clock`` tells the seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.time) -> None:
        self._most = most
        self._clock = clock
        self._number = 0
        self._this: Counter[str] = Counter()
        self._last: Counter[str] = Counter()

    def full(self, caller: str) -> bool:
        """Whether this caller may not come once more now."""
        now = self._clock()
        number = int(now)
        if number != self._number:
            self._last = self._this if number == self._number + 1 else Counter()
            self._this, self._number = Counter(), number
        return int(self._last[caller] * (number + 1 - now) + self._this[caller]) >= self._most

    def count(self, caller: str) -> None:
        """It has come, right after it was asked whether it may."""
        self._this[caller] += 1


class Limits:
    """The limits of one worker. Their windows slide: there is no edge at which twice as much passes."""

    def __init__(self, settings: Settings) -> None:
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._servers = None if settings.redis_url is None else RedisServers(settings.redis_url)
        self._shared: dict[object, MovingWindowRateLimiter] = {}  # by server
        self._turns = asyncio.Semaphore(ASKED_AT_ONCE)
        self._alone_until = 0.0
        self._outage = Outage("limits_unshared", "limits_shared")
        per_name = settings.limit_logins_per_name
        self._logins = RateLimitItemPerMinute(per_name, namespace="login")
        self._logins_by_name = RateLimitItemPerMinute(per_name * STRANGERS_FACTOR, namespace="login")
        self._logins_by_address = RateLimitItemPerMinute(settings.limit_logins_per_address, namespace="login")
        self._posts = RateLimitItemPerMinute(settings.limit_posts_per_staff, namespace="post")
        self._connects = Second(settings.limit_connects_per_address)
        self._trying: Counter[Key] = Counter()
        self._counting = asyncio.Lock()

    @asynccontextmanager
    async def signing_in(self, address: str, name: str, device: str | None) -> AsyncIterator[None]:
        """A try to sign in: it counts if it ends with Unauthenticated. Raises TooManyRequests before it
        begins.

        Wrong tries count by name and address together, so that nobody elsewhere can keep the owner of a name
        out; by address alone; and by name alone, at STRANGERS_FACTOR times as many, against guessing from
        many addresses at once. A ``device`` that has signed in under the name before has a count of its own.
        """
        keys = self._login_keys(caller_of(address), name_key(name.strip())[:200], device)
        # One after the other: the shared counts take time to ask, in which a herd would pass by them.
        async with self._counting:
            for key in keys:
                await self._require_left(key)
            self._trying.update(keys)
        try:
            yield
        except Unauthenticated:
            async with self._counting:
                for key in keys:
                    await self._hit(key)
            raise
        finally:
            self._trying -= Counter(keys)

    async def post(self, staff_id: int) -> None:
        """Count a post of a staff member. Raises TooManyRequests."""
        key = (self._posts, "staff", str(staff_id))
        if not await self._hit(key):
            window = await self._ask(key, lambda limiter: limiter.get_window_stats(*key))
            raise _too_often(_seconds_left(window))

    def require_connect(self, address: str) -> None:
        """Raise TooManyRequests where ``connect`` would now; nothing is counted."""
        if self._connects.full(caller_of(address)):
            raise _too_often(1)

    def connect(self, address: str) -> None:
        """Count the opening of a feed, or the token for one. Raises TooManyRequests."""
        self.require_connect(address)
        self._connects.count(caller_of(address))

    async def close(self) -> None:
        """Let go of any connection."""
        if self._servers is not None:
            await self._servers.aclose()

    def _login_keys(self, caller: str, name: str, device: str | None) -> list[Key]:
        if device is not None:
            return [(self._logins, "device", device)]
        return [
            (self._logins, "name and address", f"{name} {caller}"),
            (self._logins_by_name, "name", name),
            (self._logins_by_address, "address", caller),
        ]

    async def _require_left(self, key: Key) -> None:
        """Raise TooManyRequests unless one more may be tried beside those that are being tried now."""
        window = await self._ask(key, lambda limiter: limiter.get_window_stats(*key))
        if window.remaining <= self._trying[key]:
            raise _too_often(_seconds_left(window))

    async def _hit(self, key: Key) -> bool:
        return await self._ask(key, lambda limiter: limiter.hit(*key))

    async def _ask(
        self, key: Key, question: Callable[[MovingWindowRateLimiter], Awaitable[_Answer]]
    ) -> _Answer:
        """What the count that all workers share says; while it cannot be asked, our own."""
        if self._servers is not None and time.monotonic() >= self._alone_until:
            asked = False
            try:
                async with asyncio.timeout(SHARED_SECONDS_MAX), self._turns:
                    asked = True
                    answer = await question(await self._limiter(self._servers, key[0].key_for(*key[1:])))
                self._outage.over()
                return answer
            except (StorageError, *FAILURES) as error:
                if asked:  # else it was only not its turn yet
                    self._servers.forget()
                    self._alone_until = time.monotonic() + ALONE_SECONDS
                    self._outage.failed(error.storage_error if isinstance(error, StorageError) else error)
        return await question(self._alone)

    async def _limiter(self, servers: RedisServers, key: str) -> MovingWindowRateLimiter:
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
            self._shared[server] = MovingWindowRateLimiter(storage)
        return self._shared[server]


def _seconds_left(window: WindowStats) -> int:
    return max(1, math.ceil(window.reset_time - time.time()))


def _too_often(wait: int) -> TooManyRequests:
    return TooManyRequests(f"That was too often; please try again in {wait} seconds.", wait)
