"""An audience: a room, and everyone in it.

``fan_out`` brings what is new to all of them in passes that give way to other work: to each cohort as one, to
who stands alone by itself. As everybody is at a cursor, nobody gets anything twice or misses anything.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import cached_property

from quart_app.domain.events import UnknownEvent
from quart_app.live.rooms.cohort import Cohort
from quart_app.live.rooms.room import Room
from quart_app.live.streams.subscriber import Subscriber
from quart_app.live.streams.views import View
from quart_app.live.wires.port import Block, Fleet

SLICE_SECONDS = 0.004
"""How long one slice of a pass may keep the loop from a form post."""

SLICE_CHECK = 64
"""After how many of those who stand for themselves the clock is read."""


class Audience:
    """The subscribers of a room on this worker."""

    def __init__(self, room: Room, on_pass: Callable[[Audience], None]) -> None:
        self.room = room
        self.subscribers: dict[Subscriber, None] = {}  # a set that keeps its order
        self.loose: dict[Subscriber, None] = {}  # who stands in no cohort
        self._cohorts: dict[tuple[View, Fleet, bool], Cohort] = {}
        self.ready = False
        self.reading: asyncio.Task[None] | None = None
        self.read_again = False
        self.awaiting: list[asyncio.Future[None]] = []  # who waits for a reading that has not begun yet
        self.suspected = False
        self.gone = False  # whether there is no such tournament any more
        self.unreadable: type[UnknownEvent] | None = None  # why its log cannot be read here
        self.visibility = room.tournament.visibility
        self.empty_since = time.monotonic()
        self.undelivered: list[str] = []
        self.presence: Block | None = None  # the last total told, for those who come after
        self._on_pass = on_pass
        self._pass: Iterator[None] | None = None
        self._anew = False

    def add(self, subscriber: Subscriber) -> None:
        """Let somebody in."""
        key = subscriber.view, subscriber.wire.fleet, subscriber.beats is not None
        cohort = self._cohorts.get(key)
        if cohort is None:
            cohort = self._cohorts[key] = Cohort(self.room, *key, self.loose)
        cohort.residents += 1
        subscriber.home = cohort
        self.subscribers[subscriber] = self.loose[subscriber] = None

    def discard(self, subscriber: Subscriber) -> None:
        """Let somebody go; from now on nothing is written to them."""
        if subscriber not in self.subscribers:
            return
        if subscriber.cohort is not None:
            subscriber.cohort.let_go(subscriber)
        subscriber.home = None
        key = subscriber.view, subscriber.wire.fleet, subscriber.beats is not None
        self._cohorts[key].residents -= 1
        if not self._cohorts[key].residents:
            del self._cohorts[key]
        del self.subscribers[subscriber], self.loose[subscriber]
        self.visited()
        if not self.subscribers:
            self.presence = None  # whoever comes next is told anew

    def visited(self) -> None:
        """Somebody was here just now: the room is kept for a while, though nobody may be in it."""
        self.empty_since = time.monotonic()

    def whisper(self, block: Block) -> None:
        """Tell everyone what may as well get lost."""
        for cohort in self._cohorts.values():
            cohort.whisper(block)
        for subscriber in list(self.loose):
            subscriber.whisper(block)
        self.fan_out()

    def break_silence(self, since: float) -> int:
        """Let every cohort that has been written nothing since then (monotonic) have a heartbeat; gives how
        many stand there."""
        silent = sum(cohort.break_silence(since) for cohort in self._cohorts.values())
        if silent:
            self.fan_out()
        return silent

    def fan_out(self) -> None:
        """Bring everyone what is new, beginning with the next turn of the loop."""
        if self._pass is None:
            self._pass = self._bring()
            self._loop.call_soon(self._slice)
        else:
            self._anew = True

    @cached_property
    def _loop(self) -> asyncio.AbstractEventLoop:
        """Kept, as asking for it is a system call on Python 3.11."""
        return asyncio.get_running_loop()

    def _slice(self) -> None:
        """Carry the pass on for a little while."""
        deadline = time.monotonic() + SLICE_SECONDS
        for _ in self._pass or ():
            if time.monotonic() > deadline:
                self._loop.call_soon(self._slice)
                return
        self._pass = None
        if self._anew:
            self._anew = False
            self.fan_out()
        else:
            self._on_pass(self)

    def _bring(self) -> Iterator[None]:
        """A pass; it can be held wherever the clock may be read."""
        for cohort in list(self._cohorts.values()):
            if cohort.begin():
                while cohort.advance():
                    yield
                self._anew |= cohort.behind
                yield
        for number, subscriber in enumerate(list(self.loose), start=1):
            if subscriber in self.loose:
                subscriber.pump()
            if number % SLICE_CHECK == 0:
                yield
