"""The hub: every room that somebody here watches, and everyone in them.

It hears the bus (a hint), reads the log (the truth), and lets each audience have what is new. It keeps the
timers of all streams – heartbeat, grant, lag – in one ticker per worker, ends streams that have to end, and
drains them when the worker stops.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from functools import partial

import structlog

from quart_app.domain.events import Envelope, UnknownEvent
from quart_app.errors import NotFound, Unavailable
from quart_app.live.bus.port import Bus, Notice, StaffChanged
from quart_app.live.crowd.pace import Pace
from quart_app.live.crowd.presence import Crowd, Presence
from quart_app.live.crowd.seats import Seats
from quart_app.live.rooms.audience import Audience
from quart_app.live.rooms.lobby import LOBBY, Lobby
from quart_app.live.rooms.reading import Reading, shut_out
from quart_app.live.rooms.room import Room
from quart_app.live.rooms.tally import Tally
from quart_app.live.rooms.watch import Sources, Watch
from quart_app.live.streams import frames
from quart_app.live.streams.greetings import Greetings
from quart_app.live.streams.join import End, Join
from quart_app.live.streams.subscriber import Subscriber
from quart_app.live.streams.tending import Tending
from quart_app.live.together import together
from quart_app.live.wires.port import Wire
from quart_app.settings import Settings
from quart_app.telemetry import Metrics
from quart_app.timeline.ledger import Ledger
from quart_app.timeline.timeline import Gap
from quart_app.timeline.vantage import Vantage

log = structlog.stdlib.get_logger(__name__)

ROOM_LINGER_SECONDS = 30.0
"""How long an empty room is kept, so that a spectator's reload does not read the whole log again."""


class Hub:
    """All open streams of one worker. ``run`` it once; ``admit`` lets one client in."""

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        presence: Presence,
        ledger: Ledger,
        sources: Sources,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._bus = bus
        self._ledger = ledger
        self._sources = sources
        self._tally = Tally(metrics)
        self.audiences: dict[int, Audience] = {}  # by tournament id
        self._opening: dict[int, asyncio.Task[Audience]] = {}
        self._greetings = Greetings(settings)
        self._tending = Tending(settings, sources.renew, self._all_audiences)
        self._reading = Reading(ledger, self._tending)
        self._watch = Watch(settings, bus, sources, self._reading, self.audiences, self.noticed)
        self.lobby = Lobby(sources.read_front, self._tally.passed)
        self.seats = Seats(settings)
        self.pace = Pace()
        self._crowd = Crowd(presence, lambda: self.audiences, self.seats)
        self._on_left = self._left  # one for all streams
        self.draining = False

    @property
    def subscribers(self) -> int:
        """How many streams are open; the server's own, whose ids are below 0, do not count."""
        rooms = (len(audience.subscribers) for number, audience in self.audiences.items() if number > 0)
        return sum(rooms) + len(self.lobby.audience.subscribers)

    def current(self, tournament_id: int) -> Vantage | None:
        """The state of a tournament that is watched here and surely up to date; None otherwise.

        As new as the last hint: what this worker wrote itself is always in it.
        """
        audience = self.audiences.get(tournament_id)
        if audience is None or not audience.ready or audience.suspected or not self._bus.connected:
            return None
        return audience.room.timeline.vantage()

    def watching(self, tournament_id: int) -> int:
        """How many streams of one tournament are open."""
        audience = self.audiences.get(tournament_id)
        return len(audience.subscribers) if audience is not None else 0

    async def run(self) -> None:
        """Hear the bus, watch the log and keep the timers, until cancelled."""
        rooms = self.lobby.run(), self._leave_empty_rooms()
        await together(self._bus.run(self), self._watch.run(), self._tending.run(), self._crowd.run(), *rooms)

    # Joining and leaving

    async def open(self, tournament_id: int) -> Audience:
        """The room of a tournament, read from the log if nobody here watches it yet.

        Raises NotFound, or Unavailable when the log cannot be read or the worker is draining.
        """
        opening = self.opening(tournament_id)
        return self.audiences[tournament_id] if opening is None else await asyncio.shield(opening)

    def opening(self, tournament_id: int) -> asyncio.Task[Audience] | None:
        """What opens the room, which has begun; None where it is open. Raises what ``open`` raises."""
        if self.opened(tournament_id) is not None:
            return None
        opening = self._opening.get(tournament_id)
        if opening is None:
            opening = asyncio.create_task(self._open(tournament_id))
            self._opening[tournament_id] = opening
            opening.add_done_callback(lambda _: self._opening.pop(tournament_id, None))
        return opening

    def opened(self, tournament_id: int) -> Audience | None:
        """The room of a tournament if it is open. Raises what ``open`` raises."""
        self._require_open()
        audience = self.audiences.get(tournament_id)
        if audience is not None and audience.gone:
            raise NotFound(f"There is no tournament {tournament_id}.")
        if audience is None or not audience.ready:
            return None
        if audience.unreadable is not None:
            raise audience.unreadable("its log could not be read")
        return audience

    async def _open(self, tournament_id: int) -> Audience:
        timeline = self._ledger.kept.use(tournament_id)
        audience = self.audiences[tournament_id] = Audience(Room(timeline), self._tally.passed)
        timeline.follower = self._reading.follower(audience)
        try:
            # subscribed before the log is read, so that what is committed in between is heard
            await self._bus.subscribe(tournament_id)
            await self._reading.read(audience)
        except BaseException:
            await self._leave(audience)
            raise
        audience.ready = True
        if audience.read_again:
            self._reading.suspect(audience)
        return audience

    async def reach(self, join: Join) -> None:
        """Bring the room as far as who wants to join it has come; to be done before anything is answered.

        Raises what ``open`` raises: nobody is let in who would be taken back within an epoch.
        """
        audience, asked = await self.open(join.tournament_id), join.asked
        if asked is None or not audience.room.lacks(asked):
            return
        try:
            await self._reading.reread(audience)  # another worker may have heard of it before us
        except Unavailable:
            if audience.unreadable is not None or audience.room.epoch == asked.epoch:
                raise

    async def admit(self, join: Join, wire: Wire) -> None:
        """Let a client in whom the room has reached; the wire is the hub's from here on, to its end. Raises
        what ``open`` raises."""
        self._seat(await self.open(join.tournament_id), join, wire)

    def admission(self, join: Join) -> Callable[[Wire], None] | None:
        """What lets a client in, to be called at once; None where the log is to be read first. Raises what
        ``open`` raises."""
        audience = self.opened(join.tournament_id)
        if audience is None or (join.asked is not None and audience.room.lacks(join.asked)):
            return None
        return partial(self._seat, audience, join)

    async def catch_up(self, join: Join) -> bytes:
        """What a stream of this join, which its room has reached, would bring at once behind its welcome;
        b"" where nothing is new.

        Raises what ``open`` raises, and Unavailable for what cannot be rendered.
        """
        if join.tournament_id == LOBBY:
            lobby = await self.open_lobby()
            await lobby.keep_up()
            return self._greetings.catch_up(lobby, join)
        audience = await self.open(join.tournament_id)
        audience.visited()
        if shut_out(audience.room, join.grant):
            raise NotFound("There is no such tournament.")
        return self._greetings.catch_up(audience.room, join)

    async def open_lobby(self) -> Lobby:
        """The lobby, with what it shows. Raises Unavailable when that cannot be read, or while draining."""
        self._require_open()
        if not self.lobby.head:
            await self.lobby.look()
        return self.lobby

    async def admit_to_lobby(self, join: Join, wire: Wire) -> None:
        """Let a client into the lobby. Raises what ``open_lobby`` raises."""
        self._seat((await self.open_lobby()).audience, join, wire)

    def _require_open(self) -> None:
        if self.draining:
            raise Unavailable("This server is restarting; please reconnect.", 1)

    def _seat(self, audience: Audience, join: Join, wire: Wire) -> None:
        subscriber, outcome = self._greetings.seat(audience.room, join, wire)
        audience.add(subscriber)
        self._tending.begin(subscriber)
        if audience.presence is not None:
            subscriber.overhear(audience.presence)
        self._tally.opened(outcome)
        wire.attach(subscriber.pump, partial(self._on_left, audience, subscriber))
        if shut_out(audience.room, join.grant):
            subscriber.say_goodbye(End.REVOKED)  # it was public when they asked
        subscriber.pump()

    def _left(self, audience: Audience, subscriber: Subscriber) -> None:
        audience.discard(subscriber)
        self._tending.forget(subscriber)
        subscriber.join.on_end()
        self._tally.closed(audience, subscriber)

    # What the bus tells (live.bus.port.Listener)

    def heard(self, tournament_id: int, head_seq: int, envelopes: tuple[Envelope, ...]) -> None:
        """A log has grown to ``head_seq``; what does not follow our tail is read from the log."""
        audience = self.audiences.get(tournament_id)
        if audience is None:
            return
        if not audience.ready:
            self._reading.suspect(audience)
            return
        try:
            self._ledger.take_in(envelopes)
        except (Gap, UnknownEvent):
            self._reading.suspect(audience)
        if audience.room.head < head_seq:
            self._reading.suspect(audience)

    def suspect(self, tournament_ids: Collection[int]) -> None:
        """Something may have been missed: read the logs of these, and look who may still watch."""
        self._watch.look()
        for tournament_id in tournament_ids:
            audience = self.audiences.get(tournament_id)
            if audience is not None:
                self._reading.suspect(audience)

    def noticed(self, notice: Notice) -> None:
        """Check the grants of a changed member of staff at once."""
        if isinstance(notice, StaffChanged):
            for subscriber in self._everyone():
                if subscriber.grant.staff_id == notice.staff_id:
                    self._tending.check_now(subscriber)

    # The end

    def _all_audiences(self) -> list[Audience]:
        return [*self.audiences.values(), self.lobby.audience]

    def _everyone(self) -> list[Subscriber]:
        return [subscriber for audience in self._all_audiences() for subscriber in audience.subscribers]

    async def _leave_empty_rooms(self) -> None:
        while True:
            await asyncio.sleep(ROOM_LINGER_SECONDS / 10)
            long_ago = time.monotonic() - ROOM_LINGER_SECONDS
            for audience in list(self.audiences.values()):
                if audience.ready and not audience.subscribers and audience.empty_since < long_ago:
                    await self._leave(audience)

    async def _leave(self, audience: Audience) -> None:
        """Keep the room no more; its timeline stays with the others that nobody follows."""
        del self.audiences[audience.room.tournament_id]
        audience.room.timeline.follower = None
        await self._bus.unsubscribe(audience.room.tournament_id)

    async def drain(self, seconds: float) -> None:
        """Let nobody in any more, say goodbye to everyone, and wait (at most ``seconds``) until they left."""
        deadline = time.monotonic() + seconds
        leaving = self._everyone()
        if not self.draining:
            log.info("hub_draining", streams=len(leaving))
        self.draining = True
        for number, subscriber in enumerate(leaving, start=1):
            subscriber.say_goodbye(End.DRAINING, frames.retry_ms(self._settings.retry_seconds))
            if number % 200 == 0:
                await asyncio.sleep(0)
        while self.subscribers and time.monotonic() < deadline:  # noqa: ASYNC110 - a few looks, once
            await asyncio.sleep(0.02)
        for subscriber in self._everyone():
            subscriber.cut(End.DRAINING)
