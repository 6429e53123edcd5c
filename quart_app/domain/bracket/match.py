"""A match: its two slots, its facts, and the state that follows from them.

A slot is *known*, *not known yet*, or a *bye* (nobody will ever come). The state of a match is derived here,
from its slots and facts, and stored nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import msgspec

from quart_app.domain.events import Games, MatchCompleted, MatchPlan, SlotPlan


class MatchStatus(StrEnum):
    """The states of a match."""

    LOCKED = "locked"
    READY = "ready"
    LIVE = "live"
    COMPLETED = "completed"
    WALKOVER = "walkover"
    DOUBLE_WALKOVER = "double_walkover"
    BYE = "bye"
    VOID = "void"


class Slot(msgspec.Struct, frozen=True):
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
    """A confirmed result; ``winner_id`` and ``loser_id`` are None on a double walkover and on a draw.

    A ``forfeit`` is the walkover of somebody who had withdrawn. ``by`` is the staff member who confirmed it
    ``at`` that moment (RFC 3339), None for a source outside.
    """

    winner_id: int | None
    loser_id: int | None
    walkover: bool = False
    tiebreak: tuple[int, int] | None = None
    notes: str | None = None
    drawn: bool = False
    forfeit: bool = False
    by: int | None = field(default=None, compare=False)
    at: str = field(default="", compare=False)


class Confirmed(NamedTuple):
    """A result with the score that it was confirmed at."""

    score: tuple[int, int] | None
    games: Games
    result: Result


class Match(msgspec.Struct, frozen=True):
    """A match as it stands. ``version`` is the seq of the last event that changed it.

    ``games`` are the scores of its games, where they are told. A ``void`` match turned out not to be needed.
    An ``annulled`` one counts for nothing, whatever its result, as somebody is out; a ``voided`` one as an
    organiser says so. ``retracted`` is the last confirmed result that was taken back here, to be replaced by
    a right one.
    """

    plan: MatchPlan
    slots: tuple[Slot, Slot]
    version: int
    live: bool = False
    score: tuple[int, int] | None = None
    result: Result | None = None
    scheduled_time: str | None = None
    games: Games = ()
    void: bool = False
    retracted: Confirmed | None = None
    annulled: bool = False
    voided: bool = False

    @property
    def match_id(self) -> int:
        """The match's number in its tournament."""
        return self.plan.match_id

    @property
    def status(self) -> MatchStatus:
        """Where the match stands."""
        if self.uncounted:
            return MatchStatus.VOID
        if self.result is not None:
            if not self.result.walkover:
                return MatchStatus.COMPLETED
            return MatchStatus.DOUBLE_WALKOVER if self.result.winner_id is None else MatchStatus.WALKOVER
        if self.void:
            return MatchStatus.VOID
        if self.unopposed:
            return MatchStatus.BYE
        if not (self.slots[0].settled and self.slots[1].settled):
            return MatchStatus.LOCKED
        return MatchStatus.LIVE if self.live else MatchStatus.READY

    @property
    def unopposed(self) -> bool:
        """Whether nobody comes to one of its slots, and it is known who comes to the other, if anybody."""
        first, second = self.slots
        return (first.bye and second.settled) or (second.bye and first.settled)

    @property
    def uncounted(self) -> bool:
        """Whether it counts for nothing, though it was to be played."""
        return self.annulled or self.voided

    @property
    def decided(self) -> bool:
        """Whether nothing more will happen here."""
        return self.result is not None or self.void or self.uncounted or self.unopposed

    @property
    def played(self) -> bool:
        """Whether this is a match that people see: everything but a bye, and what is not needed."""
        return not (self.void or self.slots[0].bye or self.slots[1].bye)

    @property
    def winner_id(self) -> int | None:
        """Who goes on, None while undecided or where nobody does."""
        if self.uncounted:
            return None
        if self.result is not None:
            return self.result.winner_id
        if self.unopposed and not self.void:
            return self.slots[0].participant_id or self.slots[1].participant_id
        return None

    @property
    def loser_id(self) -> int | None:
        """Who was beaten, None while undecided or where nobody was."""
        return self.result.loser_id if self.result is not None and not self.uncounted else None

    @property
    def begun(self) -> bool:
        """Whether it is being played, or has a confirmed result."""
        return self.live or self.result is not None

    @property
    def given_away(self) -> bool:
        """Whether nobody has played here: the opponent of somebody who is out goes on."""
        return self.result is not None and self.result.forfeit and self.score is None

    @property
    def scored(self) -> bool:
        """Whether anybody has a point in it."""
        return any(self.score or ()) or any(map(any, self.games))

    @property
    def confirmed(self) -> Confirmed | None:
        """Its result with its score, None while there is none."""
        return Confirmed(self.score, self.games, self.result) if self.result is not None else None

    @property
    def corrected(self) -> bool:
        """Whether its result is another than one that was confirmed before."""
        return self.result is not None and self.retracted not in (None, self.confirmed)

    def outcome(self, source: SlotPlan) -> Slot:
        """What this match puts into a slot that waits for its winner or its loser."""
        if not self.decided:
            return UNKNOWN
        who = self.winner_id if source.winner_of == self.match_id else self.loser_id
        return Slot(who) if who is not None else NOBODY


def confirmed_by(event: MatchCompleted) -> Confirmed:
    """The result that an event confirms."""
    result = Result(
        event.winner_id,
        event.loser_id,
        event.walkover,
        _pair(event.participant1_tiebreak, event.participant2_tiebreak),
        event.notes,
        event.drawn,
        event.forfeit,
        event.confirmed_by,
        event.confirmed_at,
    )
    return Confirmed(_pair(event.participant1_score, event.participant2_score), event.games, result)


def _pair(first: int | None, second: int | None) -> tuple[int, int] | None:
    return None if first is None or second is None else (first, second)
