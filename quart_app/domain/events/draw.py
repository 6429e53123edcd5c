"""The draw: the feeder graph as it was built, and what moves in it."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from quart_app.domain.events.base import Event

MAIN = "main"
THIRD_PLACE = "third_place"
"""What a match may be of: the bracket itself, or the match for third place."""

WINNERS = "winners"
LOSERS = "losers"
FINAL = "final"
"""The sides of a double elimination."""


class RankOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A place in a stage's standings: that of one ``group``, or else the ``best``-th of those who came to
    this place in their groups.

    With ``among``, whoever of those takes this slot is from one of these groups; who of them that is follows
    from who all the slots for this place can take.
    """

    stage: int
    place: int
    group: str = ""
    best: int = 0
    among: tuple[str, ...] = ()


class SlotPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a slot's participant comes from: exactly one of the fields, or ``bye``."""

    participant: int | None = None
    winner_of: int | None = None
    loser_of: int | None = None
    rank_of: RankOf | None = None
    bye: bool = False


class MatchPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One match of a feeder graph. ``match_id`` is unique in its tournament and runs in play order.

    ``label`` is its short name, unique in its tournament: "QF 2". ``stage`` tells the bracket itself from the
    match for third place; ``stage_number`` is the stage of the tournament, ``group`` its group there,
    ``side`` that of a double elimination. ``if_needed`` is a match of the same two, played again only if side
    2 has won it. With ``all_played`` the ``best_of`` games are all played.
    """

    match_id: int
    stage: str
    round: int
    position: int
    slots: tuple[SlotPlan, SlotPlan]
    best_of: int = 1
    label: str = ""
    stage_number: int = 1
    group: str = ""
    side: str = ""
    if_needed: int | None = None
    all_played: bool = False


class GroupPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of a stage: its name, "A", and who plays in it, in the order of the draw."""

    name: str
    participants: tuple[int, ...]


class StagePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A stage as it was drawn: the numbers of its first and last round, and its groups if it has any."""

    stage: int
    first_round: int
    last_round: int
    groups: tuple[GroupPlan, ...] = ()


class NextMatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A match that somebody was moved into, as ``bracket_updated`` lists it. In a ``bye`` nobody else will
    come, and who is there goes on."""

    match_id: int
    round: int
    position: int
    participant1_id: int | None
    participant2_id: int | None
    bye: bool = False


class BracketGenerated(Event, frozen=True, kw_only=True):
    """The feeder graph as built: a later version of the generator must not change an old bracket. Another one
    before the first match, with another ``bracket_id``, takes the place of all matches before it.

    ``rounds`` are the rounds' names and ``short_rounds`` the same in short, in order, through all stages.
    Without ``stages`` it is one stage without groups.
    """

    type: ClassVar[str] = "bracket_generated"
    version: ClassVar[int] = 2

    bracket_id: int
    rounds: tuple[str, ...]
    matches: tuple[MatchPlan, ...]
    generated_at: str
    short_rounds: tuple[str, ...] = ()
    stages: tuple[StagePlan, ...] = ()


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
