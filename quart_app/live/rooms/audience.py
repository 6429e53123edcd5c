"""An audience: a room, and everyone in it.

``fan_out`` brings what is new to all of them in passes that give way to other work, and may start anew at any
time: as each subscriber is a cursor, nobody gets anything twice or misses anything.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import islice

from quart_app.live.rooms.room import Room, Unrenderable
from quart_app.live.streams.subscriber import Subscriber
from quart_app.live.wires.port import Block

SLICE_SECONDS = 0.004
"""How long one slice of a pass may keep the loop from a form post."""

SLICE_CHECK = 64
"""After how many subscribers the clock is read."""

Step = tuple[int, Block | None, int, int, int]
"""From which cursor, by which block, to which cursor, and how many bytes and events that is."""


class Audience:
    """The subscribers of a room on this worker."""

    def __init__(self, room: Room, on_pass: Callable[[Audience], None]) -> None:
        self.room = room
        self.subscribers: dict[Subscriber, None] = {}  # a set that keeps its order
        self.ready = False
        self.reading: asyncio.Task[None] | None = None
        self.read_again = False
        self.awaiting: list[asyncio.Future[None]] = []  # who waits for a reading that has not begun yet
        self.suspected = False
        self.gone = False  # whether there is no such tournament any more
        self.unreadable = False  # whether a newer program has written its log
        self.visibility = room.tournament.visibility
        self.empty_since = time.monotonic()
        self.undelivered: list[str] = []
        self.presence: Block | None = None  # the last total told, for those who come after
        self._on_pass = on_pass
        self._pass: Iterator[Subscriber] | None = None
        self._anew = False

    def add(self, subscriber: Subscriber) -> None:
        """Let somebody in."""
        self.subscribers[subscriber] = None

    def discard(self, subscriber: Subscriber) -> None:
        """Let somebody go; from now on nothing is written to them."""
        subscriber.plain = False
        self.subscribers.pop(subscriber, None)
        self.visited()
        if not self.subscribers:
            self.presence = None  # whoever comes next is told anew

    def visited(self) -> None:
        """Somebody was here just now: the room is kept for a while, though nobody may be in it."""
        self.empty_since = time.monotonic()

    def fan_out(self) -> None:
        """Bring everyone what is new, beginning with the next turn of the loop."""
        if self._pass is None:
            self._pass = iter(list(self.subscribers))
            asyncio.get_running_loop().call_soon(self._slice)
        else:
            self._anew = True

    def _slice(self) -> None:
        """Carry the pass on for a little while."""
        deadline = time.monotonic() + SLICE_SECONDS
        while batch := list(islice(self._pass or (), SLICE_CHECK)):
            self._hand_out(batch)
            if time.monotonic() > deadline:
                asyncio.get_running_loop().call_soon(self._slice)
                return
        self._pass = None
        if self._anew:
            self._anew = False
            self.fan_out()
        else:
            self._on_pass(self)

    def _hand_out(self, batch: list[Subscriber]) -> None:
        """Bring some subscribers what is new.

        Nearly everyone stands at the same place with nothing to think of: they take the same block here, in
        as few steps as Python allows, and only the rest is pumped.
        """
        now = time.monotonic()
        view, at, block, cursor, size, events = None, -1, None, -1, 0, 0
        shown = written = 0
        for subscriber in batch:
            wire = subscriber.wire
            if not subscriber.plain or wire.full:
                if subscriber in self.subscribers:
                    subscriber.pump()
                continue
            if subscriber.view is not view or subscriber.cursor != at:
                view = subscriber.view
                at, block, cursor, size, events = self._step(subscriber)
            if block is None:
                subscriber.pump()
                continue
            subscriber.cursor = cursor
            subscriber.events += events
            subscriber.bytes += size
            subscriber.last_write = now
            shown += events
            written += size
            wire.write(block)
        self.room.delivered_events += shown
        self.room.delivered_bytes += written

    def _step(self, subscriber: Subscriber) -> Step:
        """The step of everyone who stands where this subscriber does, without a block if there is none."""
        cursor = subscriber.cursor
        if self.room.oldest <= cursor < self.room.head:
            try:
                chunk = self.room.chunk(subscriber.view, cursor, False)
            except Unrenderable:
                return cursor, None, cursor, 0, 0  # each is pumped, and cut
            if chunk.block is not None and chunk.cursor == self.room.head and not chunk.owed:
                return cursor, chunk.block, chunk.cursor, len(chunk.block.raw), chunk.events
        return cursor, None, cursor, 0, 0
