"""A timeline: one tournament's log as this worker knows it, the newest end of it, and the fold at its head.

Whoever reads, decides or streams has the same one, so no two of them can disagree. It only ever grows, within
an epoch; a log that is found to be another one begins anew.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from quart_app.domain.events import BracketGenerated, DamagedEvent, Envelope, UnknownEvent
from quart_app.domain.fold import step
from quart_app.domain.parts import Part, match_part
from quart_app.domain.state.tournament import Tournament
from quart_app.timeline.vantage import Vantage

ENTRY_BYTES = 950
"""What an event costs in memory beside its data, measured."""

MATCH_BYTES = 2_500
"""What a match of the state costs, with its plan and its revision, measured."""

OVERHEAD_BYTES = 4_000


class Gap(Exception):
    """What was told does not follow: something is missing in between, or the log is another one."""


class Entry(NamedTuple):
    """An event in the tail.

    ``parts`` are those that it changed, and the matches that it is about; ``players`` those who play in these
    matches, before it or after it.
    """

    envelope: Envelope
    parts: frozenset[Part]
    players: frozenset[int]


@dataclass(frozen=True, slots=True)
class Growth:
    """What a timeline tells its follower: the new entries, or with ``anew`` that the log is another one."""

    entries: tuple[Entry, ...]
    anew: bool = False


class Timeline:
    """See the module. ``tail_max`` bounds how many events are kept in it."""

    def __init__(self, tournament_id: int, tail_max: int) -> None:
        self.id = tournament_id
        self.epoch = ""
        self.state = Tournament(tournament_id)
        self.tail: list[Entry] = []
        self.doubted = False
        self.lock = asyncio.Lock()  # held while the log is read into this
        self.follower: Callable[[Growth], None] | None = None
        self._tail_max = tail_max
        self._tail_bytes = 0
        self._oldest = 0
        self._stories: dict[int, list[int]] = {}

    @property
    def head(self) -> int:
        """The seq of the newest event, 0 for none."""
        return self.state.seq

    @property
    def oldest(self) -> int:
        """The least position from which the tail can be read forward: it begins right after it."""
        return self._oldest

    @property
    def last(self) -> Envelope | None:
        """The newest event, None where none is kept."""
        return self.tail[-1].envelope if self.tail else None

    @property
    def size(self) -> int:
        """About how many bytes of memory this takes."""
        return self._tail_bytes + len(self.state.matches) * MATCH_BYTES + OVERHEAD_BYTES

    def vantage(self) -> Vantage:
        """The newest state, and where it stands."""
        return Vantage(self.epoch, self.state)

    def extend(self, envelopes: Sequence[Envelope]) -> tuple[Entry, ...]:
        """Take in what follows the head, and tell the follower; gives what was new.

        What is known already is compared and passed over. Raises Gap where something is missing in between,
        where the epoch is another, or where other bytes stand under a seq that is known, and DamagedEvent
        where one does not fit what was before it; what came before it is taken in.
        """
        new: list[Entry] = []
        try:
            for envelope in envelopes:
                if envelope.epoch != self.epoch or envelope.seq > self.head + 1:
                    raise Gap
                if envelope.seq > self.head:
                    new.append(self._append(envelope))
                elif not self.agrees(envelope):
                    self.doubted = True
                    raise Gap
        finally:
            if new:
                self._trim()
                self._tell(Growth(tuple(new)))
        return tuple(new)

    def begin(self, epoch: str, envelopes: Sequence[Envelope]) -> None:
        """Hold this log, from its first event on, instead of the one before. The follower is told. Raises
        DamagedEvent."""
        self.state, self._oldest = Tournament(self.id), 0
        self.tail.clear()
        self._stories.clear()
        self._tail_bytes = 0
        for envelope in envelopes:
            self._append(envelope)
        self.epoch, self.doubted = epoch, False  # only now: where it is damaged, it is to be read anew
        self._trim()
        self._tell(Growth((), anew=True))

    def agrees(self, envelope: Envelope) -> bool:
        """Whether this is the event that is known under its seq, as far as it is still kept."""
        if not self.oldest < envelope.seq <= self.head:
            return envelope.seq <= self.oldest
        known = self.tail[envelope.seq - self.oldest - 1].envelope
        return (known.data, known.at) == (envelope.data, envelope.at)

    def after(self, seq: int) -> Sequence[Entry]:
        """The entries after a position, which is at least ``oldest``."""
        return self.tail[seq - self.oldest :]

    def story(self, match_id: int, until: int) -> list[int]:
        """The seqs of the events about a match, up to one."""
        seqs = self._stories.get(match_id, [])
        return seqs[: bisect_right(seqs, until)]

    def kept(self, seqs: Sequence[int]) -> list[Envelope] | None:
        """The events with these seqs, in order; None where one of them is not kept any more."""
        if bisect_left(seqs, self.oldest + 1):
            return None
        return [self.tail[seq - self.oldest - 1].envelope for seq in seqs]

    def _append(self, envelope: Envelope) -> Entry:
        before, about = self.state, envelope.event.about
        try:
            self.state, parts = step(before, envelope.event)
        except UnknownEvent:
            raise
        except Exception as error:
            raise DamagedEvent(f"event {envelope.seq} does not fit what was before it: {error!r}") from error
        if isinstance(envelope.event, BracketGenerated):
            self._stories.clear()  # what matches there were are no more
        for match_id in about:
            self._stories.setdefault(match_id, []).append(envelope.seq)
        players = {
            slot.participant_id
            for state in (before, self.state)
            for match_id in about
            if match_id in state.matches
            for slot in state.matches[match_id].slots
        }
        known = frozenset(each for each in players if each is not None)
        entry = Entry(envelope, parts.union(map(match_part, about)), known)
        self.tail.append(entry)
        self._tail_bytes += len(envelope.data) + ENTRY_BYTES
        return entry

    def _trim(self) -> None:
        """Keep the tail within its bound; in strides, so that a long log does not shift it at every event."""
        if len(self.tail) <= self._tail_max + self._tail_max // 4:
            return
        surplus = self.tail[: len(self.tail) - self._tail_max]
        self._oldest += len(surplus)
        self._tail_bytes -= sum(len(entry.envelope.data) + ENTRY_BYTES for entry in surplus)
        del self.tail[: len(surplus)]

    def _tell(self, growth: Growth) -> None:
        if self.follower is not None:
            self.follower(growth)
