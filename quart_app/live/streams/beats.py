"""Heartbeats as events: what tells a client, even through a library, that its stream is alive and not held
back.

A proxy that holds a stream back holds each piece until the next one, or all of it. From when a heartbeat
comes, how old the stream was then, and when the next one is due, a client knows how late it is told things.
"""

from __future__ import annotations

from quart_app.live.streams import frames
from quart_app.live.wires.port import Block

FIRST_SECONDS = 0.15
"""How old a stream is at its first heartbeat: past the packet of the welcome, and soon."""

APART = 8
"""How many times as old as at its last heartbeat a young stream is at its next: who waits for them knows soon
that something holds the stream back."""

ALONE = 2
"""How many must come through by themselves, pushed by no frame that can wait."""

YOUNG = 3
"""From which heartbeat on a stream is proved: what held it back would have shown by then, or shows by the
heartbeats themselves. A young one stands alone."""

PUSH = Block(frames.COMMENT)
"""What follows anything sent on a young stream once no more does: what holds each piece until the next holds
back only this, and no accident proves the stream."""

PUSH_SECONDS = 0.25


class Beats:
    """The heartbeats of one stream that was ``opened`` at that time (monotonic)."""

    __slots__ = ("due", "look", "number", "opened", "pushed", "waiting")

    def __init__(self, opened: float) -> None:
        self.opened = opened
        self.number = 0
        self.due = opened + FIRST_SECONDS
        self.look = 0.0  # when the stream, once proved, is looked at next
        self.pushed = float("inf")  # when what went out last, so that nothing behind it waits to be pushed
        self.waiting: Block | None = None  # what is put off until they have come through

    @property
    def alone(self) -> bool:
        """Whether what can wait has to."""
        return self.number < ALONE

    @property
    def young(self) -> bool:
        """Whether the stream is still to be proved."""
        return self.number < YOUNG

    def next(self, now: float, heartbeat_seconds: float, position: str | None) -> bytes:
        """The frame of the one that is sent ``now``: its number, how old the stream is, and in how many
        seconds the next one is due, whatever else is sent."""
        age = now - self.opened
        following = min((APART - 1) * age, heartbeat_seconds)
        self.number += 1
        self.due = now + following
        data = {"number": self.number, "seconds": round(age, 3), "next": round(following, 3)}
        frame = frames.notice("heartbeat", data, id=position)
        if self.waiting is not None and not self.alone:
            frame = self.waiting.raw + frame
            self.waiting = None
        return frame
