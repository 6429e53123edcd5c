"""The bus of a single process, and the ear that every bus has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import TypeVarTuple

import structlog

from quart_app.domain.events import Envelope
from quart_app.live.bus.port import Listener, Notice, State

log = structlog.stdlib.get_logger(__name__)

_Args = TypeVarTuple("_Args")


def ignore_state(well: bool) -> None:
    """Nobody asked to be told of the bus's state."""


class Ear:
    """The listener of this process and the tournaments it wants to hear of.

    A listener that raises is a bug of its own: it is logged, and reaches neither the caller nor the bus.
    """

    def __init__(self, on_state: Callable[[bool], None]) -> None:
        self.wanted: set[int] = set()
        self.listener: Listener | None = None
        self.connected = False
        self.mute = False
        self._well = False
        self._on_state = on_state

    def connect(self, connected: bool) -> None:
        """Note whether the bus is heard."""
        self.connected = connected
        self._tell_state()

    def silence(self, mute: bool) -> None:
        """Note whether what is announced here reaches nobody else."""
        self.mute = mute
        self._tell_state()

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

    def _tell_state(self) -> None:
        well = self.connected and not self.mute
        if well is not self._well:
            self._well = well
            self._tell(self._on_state, well)

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

    @property
    def state(self) -> State:
        """``away`` without a listener."""
        return "ok" if self.connected else "away"

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
