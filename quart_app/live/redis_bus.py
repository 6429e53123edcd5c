"""The bus of several workers and machines, over the pub/sub of Redis or Valkey. See ``live/bus.py``."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import itertools
import random
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import msgspec
import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from quart_app.domain.events import Envelope, UnknownEvent
from quart_app.live.bus import Ear, Listener, Notice, StaffChanged, ignore_state
from quart_app.live.hints import Outbox, decode_hint, encode_hint

ANNOUNCE_SECONDS_MAX = 0.5
"""How long a caller waits for Redis to take what it announces."""

SUBSCRIBE_SECONDS_MAX = 1.0
"""How long a caller waits for Redis to confirm a subscription."""

REDIS_SECONDS_MAX = 3.0
"""How long connecting to Redis, and each of its answers, may take."""

POLL_SECONDS = 1.0
SILENT_POLLS_MAX = 3
"""Redis is asked for a sign of life every poll; after so many without one the connection counts as dead.

Polls are counted, not the clock, so that a pause of this very process is not mistaken for one of Redis.
"""

PAUSE_SECONDS_MAX = 1.0
"""The longest pause before Redis is tried again."""

NOTICES_CHANNEL = "grandstand:notices"
TOURNAMENT_CHANNEL = "grandstand:tournament:"

log = structlog.stdlib.get_logger(__name__)


class _Relay(msgspec.Struct, frozen=True):
    """What the channel of notices carries. A further kind of notice joins StaffChanged here, as a union."""

    sender: str
    notice: StaffChanged


class _Batch:
    """Subscriptions asked for together. ``late`` are those whose callers did not wait for ``done``."""

    def __init__(self) -> None:
        self.late: set[int] = set()
        self.done = asyncio.Event()


class _Link:
    """One connection that hears, from its first command to its first failure. It never reconnects itself."""

    def __init__(self, pubsub: PubSub) -> None:
        self.pubsub = pubsub
        self.changed = asyncio.Event()
        self.next = _Batch()
        self.asked: deque[_Batch] = deque()
        self.unreadable: set[str] = set()

    def release(self) -> None:
        """Let go whoever waits for an answer that will not come."""
        for batch in (*self.asked, self.next):
            batch.done.set()


def _open(url: str) -> Redis:
    """A client that neither retries nor reconnects by itself, nor bounds what it waits for.

    A silent reconnect would hide that messages were lost. redis-py's own timeouts of writes use
    ``asyncio.wait_for``, which can swallow a cancellation on Python 3.11. RESP 2, because redis-py formats
    each RESP 3 push for a debug log.
    """
    return Redis.from_url(
        url,
        protocol=2,
        socket_timeout=None,
        socket_connect_timeout=REDIS_SECONDS_MAX,
        retry=Retry(NoBackoff(), 0, supported_errors=()),
    )


def _pauses() -> Iterator[float]:
    """How long to wait before each further try, in seconds, jittered so that workers do not come as one."""
    for tries in itertools.count():
        yield min(PAUSE_SECONDS_MAX, 0.05 * 2 ** min(tries, 8)) * random.uniform(0.5, 1.0)  # noqa: S311


def _channel(tournament_id: int) -> str:
    return f"{TOURNAMENT_CHANNEL}{tournament_id}"


class RedisBus:
    """The bus of any number of workers and machines, over the pub/sub of Redis or Valkey.

    This process hears what it announces at once, so that Redis being away touches nobody who is connected
    here. Everything else goes out in the background, over one connection, and what could not be published
    is hinted at again until it can. Hearing takes a second connection, whose failure is noticed within
    SILENT_POLLS_MAX seconds. ``on_state`` is called with each change of ``connected``.
    """

    def __init__(self, url: str, *, on_state: Callable[[bool], None] = ignore_state) -> None:
        self._name = secrets.token_hex(8)
        self._ear = Ear(on_state)
        self._redis = _open(url)
        self._link: _Link | None = None
        self._outbox = Outbox()
        self._publisher: asyncio.Task[None] | None = None
        self._patient = True

    @property
    def connected(self) -> bool:
        """Whether Redis confirmed the subscriptions and has shown signs of life since."""
        return self._ear.connected

    async def announce(self, envelopes: Sequence[Envelope]) -> None:
        """Let this process hear the events and publish them, waiting at most ANNOUNCE_SECONDS_MAX."""
        if envelopes:
            tournament_id, head = envelopes[-1].tournament_id, envelopes[-1].seq
            self._ear.hear(tournament_id, head, tuple(envelopes))
            self._outbox.add(tournament_id, head, tuple(envelopes))
            await self._dispatch()

    async def notify(self, notice: Notice) -> None:
        """Let this process hear the notice and publish it, waiting at most ANNOUNCE_SECONDS_MAX."""
        self._ear.notice(notice)
        self._outbox.notices[msgspec.json.encode({"sender": self._name, "notice": notice})] = None
        await self._dispatch()

    async def subscribe(self, tournament_id: int) -> None:
        """Hear this tournament. Waits for the confirmation, at most SUBSCRIBE_SECONDS_MAX, if connected."""
        self._ear.wanted.add(tournament_id)
        if (link := self._link) is None:
            return
        batch = link.next
        link.changed.set()
        if self.connected:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SUBSCRIBE_SECONDS_MAX):
                    await batch.done.wait()
        if not batch.done.is_set():
            batch.late.add(tournament_id)

    async def unsubscribe(self, tournament_id: int) -> None:
        """Hear this tournament no more."""
        self._ear.wanted.discard(tournament_id)
        if self._link is not None:
            self._link.changed.set()

    async def run(self, listener: Listener) -> None:
        """Bring what is announced to the listener, until cancelled; connect again for as long as it takes."""
        self._ear.listener = listener
        pauses, failures = _pauses(), 0
        try:
            while True:
                link = _Link(self._redis.pubsub())
                try:
                    await self._listen(link)
                except Exception as error:
                    if self.connected:
                        pauses, failures = _pauses(), 0
                    if not failures:
                        expected = isinstance(error, RedisError | OSError)
                        log.warning("bus_disconnected", reason=repr(error), exc_info=not expected)
                    failures += 1
                finally:
                    self._link = None
                    self._ear.connect(False)
                    link.release()
                    await link.pubsub.aclose()  # type: ignore[no-untyped-call]
                await asyncio.sleep(next(pauses))
        finally:
            self._ear.listener = None

    async def close(self) -> None:
        """Close the connections, after a last try to publish what waits."""
        if self._publisher is not None:
            await asyncio.wait({self._publisher}, timeout=ANNOUNCE_SECONDS_MAX)
            self._publisher.cancel()
            await asyncio.wait({self._publisher})
        await self._redis.aclose()

    # Hearing

    async def _listen(self, link: _Link) -> NoReturn:
        """Serve the link until it fails; raises what made it fail."""
        async with asyncio.timeout(REDIS_SECONDS_MAX):
            await link.pubsub.subscribe(NOTICES_CHANNEL)
        self._link = link
        asking = asyncio.create_task(self._ask(link), name="bus-asker")
        silent_polls = 0
        try:
            while True:
                if asking.done():
                    asking.result()
                message = await link.pubsub.get_message(timeout=POLL_SECONDS)
                if message is not None:
                    silent_polls = 0
                    self._take(link, message)
                    # What has arrived already is read without a wait: let the others have their turn.
                    await asyncio.sleep(0)
                elif (silent_polls := silent_polls + 1) == SILENT_POLLS_MAX:
                    raise TimeoutError(f"Redis was silent for {SILENT_POLLS_MAX * POLL_SECONDS:g} seconds")
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _ask(self, link: _Link) -> NoReturn:
        """Keep Redis told of what is wanted, and ask it for a sign of life after every change and second.

        All that is written to the link is written here: a caller that is cancelled in the middle of a
        write would cost everybody the connection. Redis answers in order, so a PONG also confirms the
        subscriptions asked for before its PING.
        """
        subscribed: set[int] = set()
        while True:
            link.changed.clear()
            link.asked.append(link.next)
            link.next = _Batch()
            wanted = set(self._ear.wanted)
            async with asyncio.timeout(REDIS_SECONDS_MAX):
                if more := wanted - subscribed:
                    await link.pubsub.subscribe(*map(_channel, more))
                if fewer := subscribed - wanted:
                    await link.pubsub.unsubscribe(*map(_channel, fewer))
                await link.pubsub.ping()
            subscribed = wanted
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await link.changed.wait()

    def _take(self, link: _Link, message: dict[str, Any]) -> None:
        if message["type"] == "pong":
            batch = link.asked.popleft()
            batch.done.set()
            if not self.connected:
                log.info("bus_connected", tournaments=len(self._ear.wanted))
                self._ear.connect(True)
                self._ear.suspect(self._ear.wanted)
            else:
                self._ear.suspect(batch.late)
        elif message["type"] == "message":
            channel, data = message["channel"].decode(), message["data"]
            try:
                self._hear(channel, data)
            except (msgspec.DecodeError, UnknownEvent, RecursionError) as error:
                if channel not in link.unreadable:
                    link.unreadable.add(channel)
                    log.warning("bus_message_unreadable", channel=channel, reason=str(error))
                if channel.startswith(TOURNAMENT_CHANNEL):
                    self._ear.suspect({int(channel.removeprefix(TOURNAMENT_CHANNEL))})

    def _hear(self, channel: str, data: bytes) -> None:
        if channel == NOTICES_CHANNEL:
            relay = msgspec.json.decode(data, type=_Relay)
            if relay.sender != self._name:
                self._ear.notice(relay.notice)
            return
        hint = decode_hint(data)
        if hint.sender != self._name:
            tournament_id = int(channel.removeprefix(TOURNAMENT_CHANNEL))
            self._ear.hear(tournament_id, hint.head, hint.envelopes(tournament_id))

    # Publishing

    async def _dispatch(self) -> None:
        """Have the outbox published; wait a little for it, unless the last who waited did so in vain."""
        tried = self._outbox.tried
        if self._publisher is None or self._publisher.done():
            # In a context of its own: it serves others than the request that happens to start it.
            self._publisher = asyncio.create_task(
                self._publish(), name="bus-publisher", context=contextvars.Context()
            )
        if self._patient:
            try:
                async with asyncio.timeout(ANNOUNCE_SECONDS_MAX):
                    await tried.wait()
            except TimeoutError:
                self._patient = False
                log.warning("bus_announce_slow", seconds=ANNOUNCE_SECONDS_MAX)

    async def _publish(self) -> None:
        """Publish until the outbox is empty, for as long as it takes."""
        pauses, failures = _pauses(), 0
        while self._outbox:
            batch, self._outbox = self._outbox, Outbox()
            try:
                async with (
                    asyncio.timeout(REDIS_SECONDS_MAX),
                    self._redis.pipeline(transaction=False) as pipe,
                ):
                    for tournament_id, (head, envelopes) in batch.hints.items():
                        pipe.publish(_channel(tournament_id), encode_hint(self._name, head, envelopes))
                    for notice in batch.notices:
                        pipe.publish(NOTICES_CHANNEL, notice)
                    await pipe.execute()
            except Exception:
                failures += 1
                if failures == 1:
                    log.exception("bus_announce_failed", tournaments=len(batch.hints))
                self._patient = False
                self._outbox.put_back(batch)
                batch.tried.set()
                await asyncio.sleep(next(pauses))
            else:
                if failures:
                    log.info("bus_announce_recovered", failures=failures)
                pauses, failures = _pauses(), 0
                self._patient = True
                batch.tried.set()
