"""An audience: a room, and everyone in it.

``fan_out`` brings what is new to all of them in passes that give way to other work, and may start anew at any
time: as each subscriber is a cursor, nobody gets anything twice or misses anything.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

from quart_app.live.frames import Block
from quart_app.live.room import Room, View
from quart_app.live.subscriber import Subscriber

SLICE_SECONDS = 0.004
"""How long one slice of a pass may keep the loop from a form post."""

SLICE_CHECK = 64
"""After how many subscribers the clock is read."""

Step = tuple[int, Block | None, int, int]
"""From which cursor, by which block, to which cursor, and how many bytes that is."""


class Audience:
    """The subscribers of a room on this worker."""

    def __init__(self, room: Room, on_pass: Callable[[Audience], None]) -> None:
        self.room = room
        self.subscribers: dict[Subscriber, None] = {}  # a set that keeps its order
        self.ready = False
        self.reading: asyncio.Task[None] | None = None
        self.read_again = False
        self.suspected = False
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
        self.empty_since = time.monotonic()

    def fan_out(self) -> None:
        """Bring everyone what is new, beginning with the next turn of the loop."""
        if self._pass is None:
            self._pass = iter(list(self.subscribers))
            asyncio.get_running_loop().call_soon(self._slice)
        else:
            self._anew = True

    def _slice(self) -> None:
        """Carry the pass on for a little while.

        Nearly everyone stands at the same place with nothing to think of: they take the same block, and only
        the rest is pumped.
        """
        now = time.monotonic()
        deadline = now + SLICE_SECONDS
        steps: dict[View, Step] = {}
        for number, subscriber in enumerate(self._pass or (), start=1):
            step = steps.get(subscriber.view)
            if step is None:
                step = steps[subscriber.view] = self._step(subscriber)
            at, block, cursor, size = step
            if (
                subscriber.plain
                and subscriber.cursor == at
                and block is not None
                and not subscriber.wire.full
            ):
                subscriber.take(block, size, cursor, now)
                self.room.delivered_events += cursor - at
                self.room.delivered_bytes += size
            elif subscriber in self.subscribers:
                subscriber.pump()
            if number % SLICE_CHECK == 0 and (now := time.monotonic()) > deadline:
                asyncio.get_running_loop().call_soon(self._slice)
                return
        self._pass = None
        if self._anew:
            self._anew = False
            self.fan_out()
        else:
            self._on_pass(self)

    def _step(self, subscriber: Subscriber) -> Step:
        """The step of everyone who stands where this subscriber does, without a block if there is none."""
        cursor = subscriber.cursor
        if self.room.oldest <= cursor < self.room.head:
            chunk = self.room.chunk(subscriber.view, cursor, False)
            if chunk.block is not None and chunk.cursor == self.room.head and not chunk.owed:
                return cursor, chunk.block, chunk.cursor, len(chunk.block.raw)
        return cursor, None, cursor, 0
