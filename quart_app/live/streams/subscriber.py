"""A subscriber: a cursor into a room's tail, and the wire to one client.

There is no queue. ``pump`` writes what comes after the cursor as long as the wire takes it; a wire that is
full leaves the subscriber where it stands, and it goes on from there once the wire has drained. So replay,
live and catching up are one code path, and a silent reader costs no more memory than a quick one.

Who has nothing to think of – caught up, nothing waiting, the wire free – stands with the others of its cohort
(``rooms/cohort.py``), and shares their cursor and their counters until something of its own comes up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import structlog

from quart_app.live.streams import frames
from quart_app.live.streams.beats import PUSH, Beats
from quart_app.live.streams.join import End, Join
from quart_app.live.streams.position import Level
from quart_app.live.streams.views import Tail
from quart_app.live.wires.port import Block, Wire

log = structlog.stdlib.get_logger(__name__)


class Home(Protocol):
    """The cohort that a subscriber belongs to, and stands in while it is level with the others."""

    def take_in(self, subscriber: Subscriber) -> None:
        """Let it stand with the others, if it is level with them."""
        ...

    def let_go(self, subscriber: Subscriber) -> None:
        """Let it stand for itself."""
        ...

    def level_of(self, place: int) -> Level:
        """Where the member at this place stands."""
        ...

    def counted(self, place: int) -> tuple[int, int]:
        """How many events and bytes whoever had been at this place from the beginning would have got."""
        ...

    @property
    def last_write(self) -> float:
        """When something was last written to all (monotonic)."""
        ...


class Subscriber:
    """One open stream. ``home`` is the cohort that it belongs to while an audience has it; ``cohort`` is the
    same while it stands there, at ``place``, and None while it stands for itself."""

    __slots__ = (
        "_bytes",
        "_events",
        "_last_write",
        "_level",
        "beats",
        "behind_since",
        "check_at",
        "cohort",
        "end",
        "grant",
        "home",
        "join",
        "lagging",
        "notes",
        "opened",
        "place",
        "resync",
        "room",
        "view",
        "wire",
    )

    def __init__(
        self, join: Join, room: Tail, wire: Wire, cursor: int, resync: Callable[[Subscriber, str], bytes]
    ) -> None:
        self.join = join
        self.view = join.view
        self.grant = join.grant
        self.room = room
        self.wire = wire
        self.home: Home | None = None
        self.cohort: Home | None = None
        self.place = 0
        self.resync = resync
        self.notes = b""  # frames outside the log that wait for the wire; a few, never many
        self.end: End | None = None
        self.lagging = False
        self.behind_since: float | None = None
        self.check_at = 0.0
        self.opened = self._last_write = time.monotonic()
        self.beats = Beats(self.opened) if join.beats else None
        self._level = Level(room.epoch, cursor)
        self._bytes = self._events = 0  # with the others: less what they had been written before

    @property
    def level(self) -> Level:
        """Where it stands; who is put elsewhere stands alone."""
        return self._level if self.cohort is None else self.cohort.level_of(self.place)

    @level.setter
    def level(self, level: Level) -> None:
        self._step_out()
        self._level = level

    @property
    def cursor(self) -> int:
        """The seq of the last event that it is through with."""
        return self.level.cursor

    @property
    def counted(self) -> tuple[int, int]:
        """How many events and bytes it was written."""
        events, size = (0, 0) if self.cohort is None else self.cohort.counted(self.place)
        return self._events + events, self._bytes + size

    @property
    def last_write(self) -> float:
        """When something was last written to it (monotonic)."""
        own = self._last_write
        return own if self.cohort is None else max(own, self.cohort.last_write)

    @property
    def young(self) -> bool:
        """Whether it stands alone for now, as it has not yet been proved that its stream gets through."""
        return self.beats is not None and self.beats.young

    def stand_in(self, cohort: Home, place: int) -> None:
        """Share a cohort's level from now on; what was counted becomes a difference to what it counts."""
        events, size = cohort.counted(place)
        self._events -= events
        self._bytes -= size
        self._level = cohort.level_of(place)  # the very object, so that its own is not kept
        self.cohort, self.place = cohort, place

    def stand_alone(self) -> None:
        """Take all that it has shared, and go on from there."""
        self._level = self.level
        self._events, self._bytes = self.counted
        self._last_write = self.last_write
        self.cohort = None

    def pump(self) -> None:
        """Write what comes next, as long as the wire takes it.

        Never raises: whoever cannot be served, through a fault of ours, is cut and may come back. It must not
        keep the others from what is new, nor any timer.
        """
        try:
            self._step_out()
            self._pump()
        except Exception as error:
            self.fail(error)

    def begin_anew(self, reason: str) -> None:
        """Put the client at the head, whatever it has. Never raises, as ``pump``."""
        self.owe(lambda: self.resync(self, reason))
        self.pump()

    def owe(self, make: Callable[[], bytes]) -> None:
        """Let frames that are only now made wait for the wire. Never raises, as ``pump``."""
        try:
            self.notes += make()
        except Exception as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """End the stream now, because of a fault of ours; it may come back."""
        if self.end is not End.FAULT:
            log.warning("stream_failed", tournament_id=self.room.tournament_id, reason=repr(error))
        self.cut(End.FAULT)

    def _step_out(self) -> None:
        if self.cohort is not None:
            self.cohort.let_go(self)

    def _pump(self) -> None:
        while not self.wire.full:
            level = self._level
            if self.notes:
                block, self.notes = Block(self.notes), b""
            elif self.end is not None:
                self.wire.close()
                return
            elif level.cursor >= self.room.head:
                self.behind_since = None
                self.lagging = False
                if self.home is not None and not self.young:
                    self.home.take_in(self)
                return
            elif level.cursor < self.room.oldest:
                block = Block(self.resync(self, "too_far_behind"))
            else:
                chunk = self.room.chunk(self.view, level.cursor, self.lagging and self.join.conflate)
                self._events += chunk.events
                self.room.delivered_events += chunk.events
                self._level = Level(level.epoch, chunk.cursor, chunk.owed)
                if chunk.block is None:
                    continue
                block = chunk.block
            self._write(block)

    def _write(self, block: Block) -> None:
        size = len(block.raw)
        self._bytes += size
        self.room.delivered_bytes += size
        self._last_write = time.monotonic()
        self.wire.write(block)

    def note(self, frame: bytes) -> None:
        """Send a frame that is not of the log as soon as the wire is free."""
        self.notes += frame
        self.pump()

    def whisper(self, block: Block) -> None:
        """Send what may as well get lost: only if the wire is free, and to those who overhear it."""
        if self.view.overhears and not self.wire.full and self.end is None:
            self.overhear(block)
            self.pump()

    def overhear(self, block: Block) -> None:
        """Have it sent with what is sent next, to those who overhear it."""
        if not self.view.overhears:
            return
        if self.beats is not None and self.beats.alone:
            self.beats.waiting = block
        else:
            self.notes += block.raw

    def heartbeat(self, heartbeat_seconds: float = 0.0) -> None:
        """Tell how far the cursor has come, if the wire is free: with an event to who wants that, the next of
        which is due after so many seconds at the latest; else with an id or a comment."""
        self.pump()  # so that nothing comes behind it in one go
        if self.wire.full or self.end is not None:
            return
        untold, self.level = self.level.untold, self.level.told()
        if self.beats is None:
            self.note(frames.breaking_silence(untold))
        else:
            self.note(self.beats.next(time.monotonic(), heartbeat_seconds, untold))
            self.beats.pushed = self.last_write

    def push(self) -> None:
        """Send a comment behind what was sent last."""
        if self.beats is not None and not self.wire.full and self.end is None:
            self._write(PUSH)
            self.beats.pushed = self.last_write

    def say_goodbye(self, end: End, retry_ms: int | None = None) -> None:
        """End the stream with a last frame; what is unsent of the log the client resumes with."""
        if self.end is None:
            self.end = end
            self.notes = end.goodbye(retry_ms)
            self.pump()

    def cut(self, end: End) -> None:
        """End the stream now, without a word."""
        if self.end is None:
            self.end = end
        self.notes = b""
        self._step_out()
        self.wire.abort()
