"""The bus between workers: a hint that a log has grown, never the truth.

After a commit the writer announces what it appended. Whoever watches that tournament hears where its log
stands now, mostly with the events inline to save a read. A bus may drop, repeat or reorder, and be away
altogether: a listener that sees a gap, or is told that it may have missed something, rereads the log. So a
bus never fails its caller.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, Protocol

import msgspec

from quart_app.domain.events import Envelope

State = Literal["ok", "away", "cannot subscribe", "cannot publish"]
"""What a bus can do now, in words for an operator."""


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something outside the logs that every worker must know of, whatever it watches."""


class StaffChanged(Notice, frozen=True, kw_only=True, tag="staff_changed"):
    """A member of staff was disabled, or got another role or password: check their grants again."""

    staff_id: int


class Listener(Protocol):
    """Who hears the bus in this process: the hub. Its methods return at once and wait for nothing."""

    def heard(self, tournament_id: int, head_seq: int, envelopes: tuple[Envelope, ...]) -> None:
        """The log of a subscribed tournament has reached ``head_seq``.

        ``envelopes`` are the newest events, in order and without a gap, the last one at ``head_seq``; or
        nothing, and the log has to be read.
        """
        ...

    def suspect(self, tournament_ids: Collection[int]) -> None:
        """Something about these subscribed tournaments may have been missed: reread their logs.

        With all of them at once, a notice may have been missed as well.
        """
        ...

    def noticed(self, notice: Notice) -> None:
        """A notice reached this process; the one that sent it hears it as well."""
        ...


class Bus(Protocol):
    """A way to hint to every worker. ``LocalBus`` serves one process, ``RedisBus`` any number."""

    @property
    def connected(self) -> bool:
        """Whether what is announced elsewhere reaches this process now. While it is False, poll the log."""
        ...

    @property
    def state(self) -> State:
        """What does not work, if anything.

        ``away``: not ``connected``. ``cannot subscribe``: neither, and not before somebody allows it.
        ``cannot publish``: what was last announced here did not go through. It is tried again and again, but
        until then nobody else is told: other workers cannot know, and find it when they next read the log.
        """
        ...

    async def announce(self, envelopes: Sequence[Envelope]) -> None:
        """Tell every worker what was appended: the events of one tournament, in order, after the commit.

        What is known already may stand in front of them, for a listener to compare with what it knows.

        Never raises and takes no longer than half a second: a failure is logged, shows in ``state``, and
        loses nothing, because the log has the events.
        """
        ...

    async def notify(self, notice: Notice) -> None:
        """Tell every worker a notice. Never raises; a failure is logged, and shows in ``state``."""
        ...

    async def subscribe(self, tournament_id: int) -> None:
        """Hear this tournament. What is announced after this has returned is heard while ``connected``."""
        ...

    async def unsubscribe(self, tournament_id: int) -> None:
        """Hear this tournament no more; once this has been called, nothing of it reaches the listener."""
        ...

    async def run(self, listener: Listener) -> None:
        """Bring what is announced to the listener, until cancelled. Run it once at a time.

        It outlives every failure of the bus. Whenever it starts to hear (again), it calls ``suspect`` with
        all subscribed tournaments.
        """
        ...

    async def close(self) -> None:
        """Let go of what the bus holds, after ``run`` has ended; what waits to be sent gets a last chance."""
        ...
