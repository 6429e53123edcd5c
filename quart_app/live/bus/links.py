"""The connections on which a bus hears Redis: one to each server that has channels.

A link is a plain connection of redis-py, not its PubSub: that keeps books of its own to subscribe anew after
a silent reconnect, which a link must not make, and what it does around each message costs more than reading
it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, NoReturn

from redis.asyncio import Redis
from redis.exceptions import ConnectionError

from quart_app.live.bus.servers import FAILURES, Layout, RedisServers
from quart_app.live.together import together

REDIS_SECONDS_MAX = 3.0
"""How long connecting to Redis, and each of its answers, may take."""

POLL_SECONDS = 1.0
SILENT_POLLS_MAX = 3
"""Redis is asked for a sign of life every poll; after so many without one the connection counts as dead.

Polls are counted, not the clock, so that a pause of this very process is not mistaken for one of Redis.
"""

AT_ONCE = 16
"""How many messages that have arrived already are taken before anything else has its turn."""


class Moved(ConnectionError):
    """Channels that we hear have another server now."""


class Batch:
    """Subscriptions asked for together. ``late`` are those whose callers did not wait for ``done``."""

    def __init__(self) -> None:
        self.late: set[int] = set()
        self.done = asyncio.Event()


class _Link:
    """One connection, from its first command to its first failure. It never reconnects itself.

    ``wanted`` are the channels to hear on it, ``leaving`` those that the server was asked to end.
    """

    def __init__(self, server: Redis) -> None:
        self.connection = server.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        self.wanted: set[str] = set()
        self.leaving: Counter[str] = Counter()
        self.changed = asyncio.Event()
        self.next = Batch()
        self.asked: deque[Batch] = deque()
        self.confirmed = False
        self.silent_polls = 0


class Links:
    """A link to each server of a layout: they live and fail together, and are never used again.

    ``answered`` is called when a server has confirmed what it was asked for, ``heard`` with a channel and
    each message on it.
    """

    def __init__(
        self,
        servers: RedisServers,
        layout: Layout,
        answered: Callable[[Batch], None],
        heard: Callable[[str, bytes], None],
    ) -> None:
        self._servers = servers
        self._layout = layout
        self._answered = answered
        self._heard = heard
        self._links = {server: _Link(server) for server in layout.servers}
        self.unreadable: set[str] = set()

    @property
    def confirmed(self) -> bool:
        """Whether every server has answered."""
        return all(link.confirmed for link in self._links.values())

    def want(self, channel: str) -> Batch:
        """Hear a channel; gives what its server is about to be asked."""
        link = self._of(channel)
        link.wanted.add(channel)
        link.changed.set()
        return link.next

    def leave(self, channel: str) -> None:
        """Hear a channel no more."""
        link = self._of(channel)
        link.wanted.discard(channel)
        link.changed.set()

    async def serve(self) -> NoReturn:
        """Hear every server until one fails, or is another one by now; raises what it was, Moved or any."""
        await together(self._watch(), *map(self._serve, self._links.values()))

    async def close(self) -> None:
        """Let go whoever waits for an answer that will not come, and the connections."""
        for link in self._links.values():
            for batch in (*link.asked, link.next):
                batch.done.set()
        for link in self._links.values():
            # nowait: waiting for its end can lock up with who still reads
            await link.connection.disconnect(nowait=True)

    def _of(self, channel: str) -> _Link:
        return self._links[self._layout.owner(channel)]

    async def _watch(self) -> NoReturn:
        """Notice when the servers are others; while nobody can tell, they are as they were."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            layout = self._layout
            with contextlib.suppress(*FAILURES):
                layout = await self._servers.look()
            if layout != self._layout:
                raise Moved("another server has taken over")

    async def _serve(self, link: _Link) -> NoReturn:
        async with asyncio.timeout(REDIS_SECONDS_MAX):
            await link.connection.connect()
        await together(self._ask(link), self._read(link), self._count_silence(link))

    async def _ask(self, link: _Link) -> NoReturn:
        """Keep Redis told of what is wanted, and ask it for a sign of life after every change and second.

        All that is written to the link is written here: a caller that is cancelled in the middle of a
        write would cost everybody the connection. Redis answers in order, so a PONG also confirms the
        subscriptions asked for before its PING.
        """
        subscribed: set[str] = set()
        while True:
            link.changed.clear()
            link.asked.append(link.next)
            link.next = Batch()
            wanted = set(link.wanted)
            async with asyncio.timeout(REDIS_SECONDS_MAX):
                await self._tell(link, wanted - subscribed, subscribed - wanted)
                await link.connection.send_command("PING")
            subscribed = wanted
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await link.changed.wait()

    async def _tell(self, link: _Link, more: set[str], fewer: set[str]) -> None:
        if self._servers.sharded:
            # One by one: a command may only name channels of one slot.
            for channel in more:
                await link.connection.send_command("SSUBSCRIBE", channel)
            for channel in fewer:
                link.leaving[channel] += 1
                await link.connection.send_command("SUNSUBSCRIBE", channel)
            return
        if more:
            await link.connection.send_command("SUBSCRIBE", *more)
        if fewer:
            await link.connection.send_command("UNSUBSCRIBE", *fewer)

    async def _read(self, link: _Link) -> NoReturn:
        while True:
            for _ in range(AT_ONCE):
                # without a timeout for each message, which would cost as much as reading it
                message = await link.connection.read_response(disconnect_on_error=False)
                link.silent_polls = 0
                self._take(link, message)
            # What has arrived already is read without a wait: let the others have their turn.
            await asyncio.sleep(0)

    async def _count_silence(self, link: _Link) -> NoReturn:
        while link.silent_polls < SILENT_POLLS_MAX:
            await asyncio.sleep(POLL_SECONDS)
            link.silent_polls += 1
        raise TimeoutError(f"Redis was silent for {SILENT_POLLS_MAX * POLL_SECONDS:g} seconds")

    def _take(self, link: _Link, message: Any) -> None:
        # with nothing subscribed, a PING is answered as everywhere
        kind, *rest = message if isinstance(message, list) else (message.lower(),)
        if kind in (b"message", b"smessage"):
            channel, data = rest
            self._heard(channel.decode(), data)
        elif kind == b"pong":
            link.confirmed = True
            batch = link.asked.popleft()
            batch.done.set()
            self._answered(batch)
        elif kind == b"sunsubscribe":
            # What we did not ask for says that the channel's slot has moved away.
            channel = rest[0].decode()
            if not link.leaving[channel]:
                raise Moved(f"{channel} has another server now")
            link.leaving -= Counter((channel,))
