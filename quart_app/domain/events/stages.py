"""What a tournament's stages are set to be, and what happens in them besides play."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from quart_app.domain.events.base import Event
from quart_app.domain.events.draw import MatchPlan

RESET = "reset"
SINGLE = "single"
"""Grand finals: the losers' champion has to win twice, or once."""


class GameRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """When a game is over: one side has ``to`` points and leads ``by`` so many, or has reached ``cap``. The
    deciding game goes to ``last_to``, where that is set.

    ``preset`` names the rules that were chosen; with ``to`` 0 a game is over when the scorer says so. A
    ``result`` has no games at all, only who won, or that nobody did.
    """

    preset: str = ""
    to: int = 0
    by: int = 1
    cap: int = 0
    last_to: int = 0
    result: bool = False


class Crossing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who of the groups meets whom. ``lines`` are the lines of the next draw, top to bottom: "A1" is group
    A's winner, "3ABC" a third of one of these groups, "bye" nobody.

    ``table`` says, for the groups whose thirds go on ("ABCD"), from which group the third on each such line
    comes, in the order of the lines ("CDAB").
    """

    lines: tuple[str, ...]
    table: dict[str, str] = {}


class StageSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One stage as the organiser wants it. Which fields mean something depends on the format.

    ``draws`` says whether a match can end level; None leaves that to the format and the rule set.
    ``best_of_rounds`` gives another best-of to the rounds of these names. ``criteria`` are those of a rule
    set made by hand. ``advance`` is how many of each group go on to the next stage, ``best_of_rest`` how many
    of the next place. ``plans`` and ``round_names`` are the graph itself, of a format that is given one.
    """

    format: str
    name: str = ""
    third_place: bool = False
    grand_final: str = RESET
    upper: bool = False
    groups: int = 1
    legs: int = 1
    rounds: int = 0
    best_of: int = 1
    best_of_rounds: dict[str, int] = {}
    all_played: bool = False
    games: GameRules = GameRules()
    draws: bool | None = None
    ruleset: str = ""
    ruleset_version: int = 1
    criteria: tuple[str, ...] = ()
    advance: int = 0
    best_of_rest: int = 0
    crossing: Crossing | None = None
    plans: tuple[MatchPlan, ...] = ()
    round_names: tuple[str, ...] = ()


class RoundPaired(Event, frozen=True, kw_only=True):
    """A round of a Swiss as it was published: its matches, and who has a bye.

    ``byes`` score as a win; who is ``absent`` scores nothing. ``ruleset`` and its version name the rules by
    which the proposal was made, and ``edited`` tells that the organiser has changed it.
    """

    type: ClassVar[str] = "round_paired"

    stage: int
    round: int
    matches: tuple[MatchPlan, ...]
    byes: tuple[int, ...]
    paired_at: str
    absent: tuple[int, ...] = ()
    ruleset: str = ""
    ruleset_version: int = 1
    edited: bool = False

    @property
    def about(self) -> tuple[int, ...]:
        """The matches of the round."""
        return tuple(plan.match_id for plan in self.matches)


class RoundUnpaired(Event, frozen=True, kw_only=True):
    """The last round of a Swiss was taken back, none of its matches having begun."""

    type: ClassVar[str] = "round_unpaired"

    stage: int
    round: int
    match_ids: tuple[int, ...]
    unpaired_at: str

    @property
    def about(self) -> tuple[int, ...]:
        """The matches that are no more."""
        return self.match_ids


class LotsDrawn(Event, frozen=True, kw_only=True):
    """Lots were drawn among those of a group whom nothing else separates; ``order`` is best first. With an
    empty ``group`` they are among those who came to one place in several groups."""

    type: ClassVar[str] = "lots_drawn"

    stage: int
    group: str
    order: tuple[int, ...]
    drawn_at: str


class ConductRecorded(Event, frozen=True, kw_only=True):
    """A participant's points of conduct in a stage are now these: the higher, the better."""

    type: ClassVar[str] = "conduct_recorded"

    stage: int
    participant_id: int
    points: int
    recorded_at: str


class ParticipantAdded(Event, frozen=True, kw_only=True):
    """Somebody joined late: into the place of a bye, and ``matches`` are planned otherwise then; or where
    they are paired round by round, from the next round on. Else there is no bracket yet, or another one
    follows in the same transaction."""

    type: ClassVar[str] = "participant_added"

    participant_id: int
    name: str
    seed: int | None
    added_at: str
    matches: tuple[MatchPlan, ...] = ()

    @property
    def about(self) -> tuple[int, ...]:
        """The matches that are planned otherwise."""
        return tuple(plan.match_id for plan in self.matches)
