"""The draw: the feeder graph as it was built, and what moves in it."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from quart_app.domain.events.base import Event

MAIN = "main"
THIRD_PLACE = "third_place"
"""What a match may be of: the bracket itself, or the match for third place."""


class SlotPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a slot's participant comes from: exactly one of the fields, or ``bye``."""

    participant: int | None = None
    winner_of: int | None = None
    loser_of: int | None = None
    bye: bool = False


class MatchPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One match of a feeder graph. ``match_id`` is unique in its tournament and runs in play order.

    ``label`` is its short name, unique in its tournament: "QF 2".
    """

    match_id: int
    stage: str
    round: int
    position: int
    slots: tuple[SlotPlan, SlotPlan]
    best_of: int = 1
    label: str = ""


class NextMatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A match that somebody was moved into, as ``bracket_updated`` lists it."""

    match_id: int
    round: int
    position: int
    participant1_id: int | None
    participant2_id: int | None


class BracketGenerated(Event, frozen=True, kw_only=True):
    """The feeder graph as built: a later version of the generator must not change an old bracket.

    ``rounds`` are the rounds' names and ``short_rounds`` the same in short, in order.
    """

    type: ClassVar[str] = "bracket_generated"
    version: ClassVar[int] = 2

    bracket_id: int
    rounds: tuple[str, ...]
    matches: tuple[MatchPlan, ...]
    generated_at: str
    short_rounds: tuple[str, ...] = ()


class BracketUpdated(Event, frozen=True, kw_only=True):
    """What the events before it moved: the matches whose slots changed, and where the players go next.

    It repeats what the state says already, for clients that follow the bracket by events alone; the fold
    passes over it.
    """

    type: ClassVar[str] = "bracket_updated"

    bracket_id: int
    updated_nodes: tuple[int, ...]
    next_matches: tuple[NextMatch, ...]
    bracket_status: str
    updated_at: str

    @property
    def about(self) -> tuple[int, ...]:
        """The matches whose slots changed."""
        return self.updated_nodes
