"""The feeder graph: matches, their two slots, and how a decided match fills the slots it feeds.

A format only builds the graph (a tuple of ``MatchPlan``); this one engine advances every format. A slot is
*known*, *not known yet*, or a *bye* (nobody will ever come). A match against a bye is decided by itself,
and so on down the graph. The state of a match is derived here, from its slots and facts, and stored nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from heapq import heappop, heappush

from quart_app.domain.events import MatchPlan, SlotPlan


class MatchStatus(StrEnum):
    """The states of a match."""

    LOCKED = "locked"
    READY = "ready"
    LIVE = "live"
    COMPLETED = "completed"
    WALKOVER = "walkover"
    DOUBLE_WALKOVER = "double_walkover"
    BYE = "bye"


DECIDED = frozenset(
    {MatchStatus.COMPLETED, MatchStatus.WALKOVER, MatchStatus.DOUBLE_WALKOVER, MatchStatus.BYE}
)
"""The states in which nothing more will happen in a match."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One side of a match: a participant's id, or None with ``bye`` telling never from not yet."""

    participant_id: int | None = None
    bye: bool = False

    @property
    def settled(self) -> bool:
        """Whether it is known who comes, or that nobody does."""
        return self.bye or self.participant_id is not None


UNKNOWN = Slot()
NOBODY = Slot(bye=True)


@dataclass(frozen=True, slots=True)
class Result:
    """A confirmed result; ``winner_id`` and ``loser_id`` are None on a double walkover."""

    winner_id: int | None
    loser_id: int | None
    walkover: bool = False
    tiebreak: tuple[int, int] | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A match as it stands. ``version`` is the seq of the last event that changed it."""

    plan: MatchPlan
    slots: tuple[Slot, Slot]
    version: int
    live: bool = False
    score: tuple[int, int] | None = None
    result: Result | None = None
    scheduled_time: str | None = None

    @property
    def match_id(self) -> int:
        """The match's number in its tournament."""
        return self.plan.match_id

    @property
    def status(self) -> MatchStatus:
        """The one place where a match's state is derived."""
        if self.result is not None:
            if not self.result.walkover:
                return MatchStatus.COMPLETED
            return MatchStatus.DOUBLE_WALKOVER if self.result.winner_id is None else MatchStatus.WALKOVER
        if not (self.slots[0].settled and self.slots[1].settled):
            return MatchStatus.LOCKED
        if self.slots[0].bye or self.slots[1].bye:
            return MatchStatus.BYE
        return MatchStatus.LIVE if self.live else MatchStatus.READY

    @property
    def decided(self) -> bool:
        """Whether nothing more will happen here."""
        return self.status in DECIDED

    @property
    def played(self) -> bool:
        """Whether this is a match that people see: everything but a bye."""
        return not (self.slots[0].bye or self.slots[1].bye)

    @property
    def winner_id(self) -> int | None:
        """Who goes on, None while undecided or where nobody does."""
        if self.result is not None:
            return self.result.winner_id
        if self.status is MatchStatus.BYE:
            return self.slots[0].participant_id or self.slots[1].participant_id
        return None

    def outcome(self, source: SlotPlan) -> Slot:
        """What this match puts into a slot that waits for its winner or its loser."""
        if not self.decided:
            return UNKNOWN
        if source.winner_of == self.match_id:
            return Slot(self.winner_id) if self.winner_id is not None else NOBODY
        loser_id = self.result.loser_id if self.result is not None else None
        return Slot(loser_id) if loser_id is not None else NOBODY


Feeds = Mapping[int, tuple[int, ...]]
"""Which matches each match feeds, by match id."""


def feeds_of(plans: Iterable[MatchPlan]) -> Feeds:
    """The graph's edges, from each match to those that wait for its winner or loser."""
    feeds: dict[int, list[int]] = {}
    for plan in plans:
        for source in plan.slots:
            feeder = source.winner_of or source.loser_of
            if feeder is not None:
                feeds.setdefault(feeder, []).append(plan.match_id)
    return {match_id: tuple(fed) for match_id, fed in feeds.items()}


def lay_out(plans: Iterable[MatchPlan], seq: int) -> dict[int, Match]:
    """Every match of a new graph, byes decided all the way down. Feeders come before what they feed."""
    matches: dict[int, Match] = {}
    for plan in plans:
        matches[plan.match_id] = Match(
            plan, (_fill(matches, plan.slots[0]), _fill(matches, plan.slots[1])), seq
        )
    return matches


def advance(matches: Mapping[int, Match], feeds: Feeds, changed: Match) -> dict[int, Match]:
    """The matches after ``changed`` took its new state: itself, and every match whose slots that fills."""
    after = {**matches, changed.match_id: changed}
    waiting = list(feeds.get(changed.match_id, ()))
    while waiting:
        match = after[heappop(waiting)]
        slots = (_fill(after, match.plan.slots[0]), _fill(after, match.plan.slots[1]))
        if slots == match.slots:
            continue
        after[match.match_id] = moved = replace(match, slots=slots, version=changed.version)
        if moved.status is MatchStatus.BYE:
            for fed in feeds.get(match.match_id, ()):
                heappush(waiting, fed)
    return after


def _fill(matches: Mapping[int, Match], source: SlotPlan) -> Slot:
    if source.bye:
        return NOBODY
    if source.participant is not None:
        return Slot(source.participant)
    feeder = source.winner_of or source.loser_of
    return matches[feeder].outcome(source) if feeder is not None else UNKNOWN
