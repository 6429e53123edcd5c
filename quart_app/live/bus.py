"""The bus between workers: a hint that a log has grown, never the truth.

After a commit the writer announces what it appended. Whoever watches that tournament hears where its log
stands now, mostly with the events inline to save a read. A bus may drop, repeat or reorder, and be away
altogether: a listener that sees a gap, or is told that it may have missed something, rereads the log. So a
bus never fails its caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import msgspec
import structlog

from quart_app.domain.events import Envelope

log = structlog.stdlib.get_logger(__name__)


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
        """Something about these subscribed tournaments may have been missed: reread their logs."""
        ...

    def noticed(self, notice: Notice) -> None:
        """A notice reached this process; the one that sent it hears it as well."""
        ...


class Bus(Protocol):
    """A way to hint to every worker. ``LocalBus`` serves a single process, ``RedisBus`` any number."""

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


def _ignore(connected: bool) -> None:
    """Nobody wants to know of the bus's state."""


class LocalBus:
    """The bus of a single process: what is announced is heard before ``announce`` returns.

    ``on_state`` is called with True when the bus begins to be heard and with False when it ends.
    """

    def __init__(self, *, on_state: Callable[[bool], None] = _ignore) -> None:
        self._on_state = on_state
        self._wanted: set[int] = set()
        self._listener: Listener | None = None

    @property
    def connected(self) -> bool:
        """Whether ``run`` has a listener."""
        return self._listener is not None

    async def announce(self, envelopes: Sequence[Envelope]) -> None:
        """Let the listener hear the events, if it subscribed to their tournament."""
        if not envelopes or self._listener is None:
            return
        head = envelopes[-1]
        if head.tournament_id in self._wanted:
            try:
                self._listener.heard(head.tournament_id, head.seq, tuple(envelopes))
            except Exception:
                log.exception("bus_announce_failed", tournament_id=head.tournament_id, head_seq=head.seq)

    async def notify(self, notice: Notice) -> None:
        """Let the listener hear the notice."""
        if self._listener is None:
            return
        try:
            self._listener.noticed(notice)
        except Exception:
            log.exception("bus_notify_failed", notice=type(notice).__name__)

    async def subscribe(self, tournament_id: int) -> None:
        """Hear this tournament from now on."""
        self._wanted.add(tournament_id)

    async def unsubscribe(self, tournament_id: int) -> None:
        """Hear this tournament no more."""
        self._wanted.discard(tournament_id)

    async def run(self, listener: Listener) -> None:
        """Bring what is announced to the listener, until cancelled."""
        self._listener = listener
        self._on_state(True)
        try:
            if self._wanted:
                listener.suspect(frozenset(self._wanted))
            await asyncio.Event().wait()
        finally:
            self._listener = None
            self._on_state(False)
