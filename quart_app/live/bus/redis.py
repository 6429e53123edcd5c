"""The bus of several workers and machines, over the pub/sub of Redis or Valkey. See ``live/bus/port.py``."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import itertools
import random
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from quart_app.domain.events import Envelope, UnknownEvent
from quart_app.live.bus.hints import Outbox, decode_hint, encode_hint
from quart_app.live.bus.links import REDIS_SECONDS_MAX, Batch, Links
from quart_app.live.bus.local import Ear, ignore_state
from quart_app.live.bus.outage import Outage
from quart_app.live.bus.port import Listener, Notice, StaffChanged, State
from quart_app.live.bus.servers import RedisServers, answers

ANNOUNCE_SECONDS_MAX = 0.5
"""How long a caller waits for Redis to take what it announces."""

SUBSCRIBE_SECONDS_MAX = 1.0
"""How long a caller waits for Redis to confirm a subscription."""

PAUSE_SECONDS_MAX = 1.0
"""The longest pause before Redis is tried again."""

NOTICES_CHANNEL = "grandstand:notices"
TOURNAMENT_CHANNEL = "grandstand:tournament:"

log = structlog.stdlib.get_logger(__name__)


class _Relay(msgspec.Struct, frozen=True):
    """What the channel of notices carries. A further kind of notice joins StaffChanged here, as a union."""

    sender: str
    notice: StaffChanged


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
    SILENT_POLLS_MAX seconds. ``on_state`` is called whenever ``state`` becomes ok (True) or is so no more.

    On a cluster that is two connections to each master, and a channel belongs to the shard of its hash slot.
    When one of them fails, or another server takes over, all is connected anew, wherever it is by then.
    """

    def __init__(self, url: str, *, on_state: Callable[[bool], None] = ignore_state) -> None:
        self._name = secrets.token_hex(8)
        self._ear = Ear(on_state)
        self._servers = RedisServers(url)
        self._links: Links | None = None
        self._outbox = Outbox()
        self._publisher: asyncio.Task[None] | None = None
        self._hearing = Outage("bus_disconnected", "bus_connected", awaited=True)
        self._publishing = Outage("bus_announce_failed", "bus_announce_recovered")

    @property
    def connected(self) -> bool:
        """Whether Redis confirmed the subscriptions and has shown signs of life since."""
        return self._ear.connected

    @property
    def state(self) -> State:
        """What does not work, if anything; it cannot publish until what failed has gone through."""
        if not self.connected:
            return "cannot subscribe" if isinstance(self._hearing.error, NoPermissionError) else "away"
        return "cannot publish" if self._ear.mute else "ok"

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
        if self._links is None:
            return
        batch = self._links.want(_channel(tournament_id))
        if self.connected:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SUBSCRIBE_SECONDS_MAX):
                    await batch.done.wait()
        if not batch.done.is_set():
            batch.late.add(tournament_id)

    async def unsubscribe(self, tournament_id: int) -> None:
        """Hear this tournament no more."""
        self._ear.wanted.discard(tournament_id)
        if self._links is not None:
            self._links.leave(_channel(tournament_id))

    async def run(self, listener: Listener) -> None:
        """Bring what is announced to the listener, until cancelled; connect again for as long as it takes."""
        self._ear.listener = listener
        pauses = _pauses()
        try:
            while True:
                try:
                    await self._listen()
                except Exception as error:
                    if self.connected:
                        pauses = _pauses()
                    self._hearing.failed(error)
                finally:
                    links, self._links = self._links, None
                    self._ear.connect(False)
                    if links is not None:
                        await links.close()
                await asyncio.sleep(next(pauses))
        finally:
            self._ear.listener = None

    async def close(self) -> None:
        """Close the connections, after a last try to publish what waits."""
        if self._publisher is not None:
            await asyncio.wait({self._publisher}, timeout=ANNOUNCE_SECONDS_MAX)
            self._publisher.cancel()
            await asyncio.wait({self._publisher})
        await self._servers.aclose()

    # Hearing

    async def _listen(self) -> NoReturn:
        """Hear Redis until it fails; raises what made it fail."""
        async with asyncio.timeout(REDIS_SECONDS_MAX):
            layout = await self._servers.look()
        self._links = links = Links(self._servers, layout, self._confirm, self._take)
        for channel in (NOTICES_CHANNEL, *map(_channel, self._ear.wanted)):
            links.want(channel)
        await links.serve()

    def _confirm(self, batch: Batch) -> None:
        """Redis has subscribed us; what was announced before may have been missed."""
        if self.connected:
            self._ear.suspect(batch.late)
        elif self._links is not None and self._links.confirmed:
            self._hearing.over()
            self._ear.connect(True)
            self._ear.suspect(self._ear.wanted)

    def _take(self, channel: str, data: bytes) -> None:
        try:
            self._hear(channel, data)
        except (msgspec.DecodeError, UnicodeDecodeError, UnknownEvent, RecursionError) as error:
            if self._links is not None and channel not in self._links.unreadable:
                self._links.unreadable.add(channel)
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
        """Have the outbox published; wait a little for it, unless the last who waited did so in vain.

        Who waits in vain has found a failure, though Redis may still take what it was sent.
        """
        tried = self._outbox.tried
        if self._publisher is None or self._publisher.done():
            # In a context of its own: it serves others than the request that happens to start it.
            self._publisher = asyncio.create_task(
                self._publish(), name="bus-publisher", context=contextvars.Context()
            )
        if not self._ear.mute:
            try:
                async with asyncio.timeout(ANNOUNCE_SECONDS_MAX):
                    await tried.wait()
            except TimeoutError as error:
                self._fail_to_publish(error)

    async def _publish(self) -> None:
        """Publish until the outbox is empty, for as long as it takes."""
        pauses = _pauses()
        while self._outbox:
            batch, self._outbox = self._outbox, Outbox()
            try:
                await self._deliver(batch)
            except Exception as error:
                self._fail_to_publish(error)
                batch.tried.set()
                await asyncio.sleep(next(pauses))
            else:
                pauses = _pauses()
                self._publishing.over()
                self._ear.silence(False)
                batch.tried.set()

    def _fail_to_publish(self, error: Exception) -> None:
        self._publishing.failed(error)
        self._ear.silence(True)

    async def _deliver(self, batch: Outbox) -> None:
        """Publish each message where its channel is; what fails is put back, and one failure raised."""
        try:
            async with asyncio.timeout(REDIS_SECONDS_MAX):
                layout = await self._servers.layout()
        except Exception:
            self._outbox.put_back(batch)
            raise
        parts: defaultdict[Redis, Outbox] = defaultdict(Outbox)
        for tournament_id, hint in batch.hints.items():
            parts[layout.owner(_channel(tournament_id))].hints[tournament_id] = hint
        if batch.notices:
            parts[layout.owner(NOTICES_CHANNEL)].notices = batch.notices
        sent = await asyncio.gather(*map(self._send, parts, parts.values()), return_exceptions=True)
        failed = {part: error for part, error in zip(parts.values(), sent, strict=True) if error is not None}
        for part in failed:
            self._outbox.put_back(part)
        for error in failed.values():
            self._servers.forget()
            raise error

    async def _send(self, server: Redis, part: Outbox) -> None:
        messages = [
            (_channel(tournament_id), encode_hint(self._name, head, envelopes))
            for tournament_id, (head, envelopes) in part.hints.items()
        ]
        messages += [(NOTICES_CHANNEL, notice) for notice in part.notices]
        async with asyncio.timeout(REDIS_SECONDS_MAX), server.pipeline(transaction=False) as pipe:
            for message in messages:
                pipe.execute_command("SPUBLISH" if self._servers.sharded else "PUBLISH", *message)
            await answers(pipe)
