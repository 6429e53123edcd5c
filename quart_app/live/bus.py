"""The bus between workers: a hint that a log has grown, never the truth.

After a commit the writer announces what it appended. Whoever watches that tournament hears where its log
stands now, mostly with the events inline to save a read. A bus may drop, repeat or reorder, and be away
altogether: a listener that sees a gap, or is told that it may have missed something, rereads the log. So a
bus never fails its caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Protocol, TypeVarTuple

import msgspec
import structlog

from quart_app.domain.events import Envelope

log = structlog.stdlib.get_logger(__name__)

_Args = TypeVarTuple("_Args")


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
    """A way to hint to every worker. ``LocalBus`` serves one process, ``redis_bus.RedisBus`` any number."""

    @property
    def connected(self) -> bool:
        """Whether what is announced elsewhere reaches this process now. While it is False, poll the log."""
        ...

    async def announce(self, envelopes: Sequence[Envelope]) -> None:
        """Tell every worker what was appended: the events of one tournament, in order, after the commit.

        Never raises and takes no longer than half a second: a failure is logged with its traceback, and
        loses nothing, because the log has the events.
        """
        ...

    async def notify(self, notice: Notice) -> None:
        """Tell every worker a notice. Never raises; a failure is logged with its traceback."""
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


def ignore_state(connected: bool) -> None:
    """Nobody asked to be told of the bus's state."""


class Ear:
    """The listener of this process and the tournaments it wants to hear of.

    A listener that raises is a bug of its own: it is logged, and reaches neither the caller nor the bus.
    """

    def __init__(self, on_state: Callable[[bool], None]) -> None:
        self.wanted: set[int] = set()
        self.listener: Listener | None = None
        self.connected = False
        self._on_state = on_state

    def connect(self, connected: bool) -> None:
        """Note whether the bus is heard, and tell of a change."""
        if connected is not self.connected:
            self.connected = connected
            self._tell(self._on_state, connected)

    def hear(self, tournament_id: int, head_seq: int, envelopes: tuple[Envelope, ...]) -> None:
        """Pass on what a wanted tournament's log has reached."""
        if self.listener is not None and tournament_id in self.wanted:
            self._tell(self.listener.heard, tournament_id, head_seq, envelopes)

    def suspect(self, tournament_ids: Collection[int]) -> None:
        """Pass on a doubt about those that are wanted."""
        suspects = self.wanted.intersection(tournament_ids)
        if self.listener is not None and suspects:
            self._tell(self.listener.suspect, suspects)

    def notice(self, notice: Notice) -> None:
        """Pass on a notice."""
        if self.listener is not None:
            self._tell(self.listener.noticed, notice)

    def _tell(self, method: Callable[[*_Args], None], *args: *_Args) -> None:
        try:
            method(*args)
        except Exception:
            log.exception("bus_listener_failed", method=getattr(method, "__qualname__", repr(method)))


class LocalBus:
    """The bus of a single process: what is announced is heard before ``announce`` returns.

    ``on_state`` is called with True when the bus begins to be heard and with False when it ends.
    """

    def __init__(self, *, on_state: Callable[[bool], None] = ignore_state) -> None:
        self._ear = Ear(on_state)

    @property
    def connected(self) -> bool:
        """Whether ``run`` has a listener."""
        return self._ear.connected

    async def announce(self, envelopes: Sequence[Envelope]) -> None:
        """Let the listener hear the events, if it subscribed to their tournament."""
        if envelopes:
            self._ear.hear(envelopes[-1].tournament_id, envelopes[-1].seq, tuple(envelopes))

    async def notify(self, notice: Notice) -> None:
        """Let the listener hear the notice."""
        self._ear.notice(notice)

    async def subscribe(self, tournament_id: int) -> None:
        """Hear this tournament from now on."""
        self._ear.wanted.add(tournament_id)

    async def unsubscribe(self, tournament_id: int) -> None:
        """Hear this tournament no more."""
        self._ear.wanted.discard(tournament_id)

    async def run(self, listener: Listener) -> None:
        """Bring what is announced to the listener, until cancelled."""
        self._ear.listener = listener
        self._ear.connect(True)
        self._ear.suspect(self._ear.wanted)
        try:
            await asyncio.Event().wait()
        finally:
            self._ear.listener = None
            self._ear.connect(False)

    async def close(self) -> None:
        """There is nothing to let go of."""
