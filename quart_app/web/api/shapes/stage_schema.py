"""The shapes of stages in the JSON API: what is played, how groups go on, rounds that are paired one by
one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from quart_app.domain.events import (
    MAIN,
    RESET,
    SINGLE,
    THIRD_PLACE,
    Crossing,
    GameRules,
    MatchPlan,
    RankOf,
    SlotPlan,
    StageSettings,
)
from quart_app.domain.formats.custom import Custom
from quart_app.domain.ranking import CRITERIA, RULESETS
from quart_app.domain.scoring import PRESETS
from quart_app.errors import InvalidInput
from quart_app.show.shapes import Answer, Count, FormatName, Id, Name, PositionId, Seed


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a request. Fields that it does not know are refused."""


class BestOf(Asked, frozen=True, kw_only=True):
    """How many games a match has at most, and in which rounds it has others: `{"default": 3, "rounds":
    {"Final": 5}}`."""

    default: int = 1
    rounds: dict[str, int] = {}


class NewGameRules(Asked, frozen=True, kw_only=True):
    """When a game is over: at `to` points with a lead of `by`, or at `cap`; the deciding game at
    `last_to`."""

    to: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 999})]
    by: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 99})] = 1
    cap: Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": 999})] = 0
    last_to: Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": 999})] = 0


class NewCrossing(Asked, frozen=True, kw_only=True):
    """Who of the groups meets whom. See `crossing`."""

    lines: list[str]
    table: Annotated[
        dict[str, str],
        Meta(
            description="For the groups whose next place goes on (`ABCD`), from which of them the one on "
            "each line such as `3ABC` comes, in the order of the lines (`CDAB`)."
        ),
    ] = {}


class NewRank(Asked, frozen=True, kw_only=True):
    """A place in the table of an earlier stage; without a group, the `best`-th of all on that place."""

    stage: Id
    place: Id
    group: str = ""
    best: Count = 0
    among: list[str] = []


class NewSlot(Asked, frozen=True, kw_only=True):
    """Where a side comes from: one of these, or a bye. A `participant` is a line of the list, from 1."""

    participant: Id | None = None
    winner_of: Id | None = None
    loser_of: Id | None = None
    rank_of: NewRank | None = None
    bye: bool = False

    def plan(self) -> SlotPlan:
        """The slot as the log has it."""
        rank = self.rank_of
        return SlotPlan(
            participant=self.participant,
            winner_of=self.winner_of,
            loser_of=self.loser_of,
            rank_of=RankOf(
                stage=rank.stage, place=rank.place, group=rank.group, best=rank.best, among=tuple(rank.among)
            )
            if rank is not None
            else None,
            bye=self.bye,
        )


class NewPlan(Asked, frozen=True, kw_only=True):
    """A match of an irregular bracket. `if_needed` is the match that it repeats, if side 2 has won that."""

    match_id: Id
    round: Id
    slots: Annotated[list[NewSlot], Meta(extra_json_schema={"minItems": 2, "maxItems": 2})]
    label: str = ""
    best_of: int = 1
    side: str = ""
    third_place: bool = False
    if_needed: Id | None = None

    def plan(self) -> MatchPlan:
        """The match as the log has it. Raises InvalidInput where it has not two sides."""
        if len(self.slots) != 2:
            raise InvalidInput({"matches": f"Match {self.match_id} must have two slots."})
        return MatchPlan(
            match_id=self.match_id,
            stage=THIRD_PLACE if self.third_place else MAIN,
            round=self.round,
            position=1,
            slots=(self.slots[0].plan(), self.slots[1].plan()),
            best_of=self.best_of,
            label=self.label,
            side=self.side,
            if_needed=self.if_needed,
        )


class StageFields(Asked, frozen=True, kw_only=True):
    """What is played. Which fields mean something depends on the format."""

    format: FormatName = "single_elimination"
    third_place: Annotated[bool, Meta(description="Whether the semi-final losers play.")] = False
    grand_final: Annotated[
        str,
        Meta(
            description="`reset`: the losers' champion has to win twice.",
            extra_json_schema={"enum": [RESET, SINGLE]},
        ),
    ] = RESET
    upper: Annotated[bool, Meta(description="Say Upper and Lower instead of Winners' and Losers'.")] = False
    groups: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 32})] = 1
    legs: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 2})] = 1
    rounds: Annotated[int, Meta(description="How many rounds a Swiss has.")] = 0
    best_of: int | BestOf = 1
    all_played: Annotated[bool, Meta(description="Whether all games of a match are played.")] = False
    games: Annotated[
        str | NewGameRules, Meta(description=f"A preset ({', '.join(PRESETS)}), or rules by hand.")
    ] = "free"
    draws: Annotated[
        bool | None, Meta(description="Whether a match can end level; null leaves it to the rule set.")
    ] = None
    ruleset: Annotated[
        str | list[str] | None,
        Meta(
            description=f"How a table is made: {', '.join(RULESETS)}; or a list of criteria after points: "
            f"{', '.join(CRITERIA)}."
        ),
    ] = None
    advance: Annotated[int, Meta(description="How many of each group go on to the next stage.")] = 0
    best_of_rest: Annotated[
        int, Meta(description="How many of those on the place after them go on, too: the best thirds, say.")
    ] = 0
    crossing: Annotated[
        list[str] | NewCrossing | None,
        Meta(
            description="The lines of the next draw, top to bottom: `A1` is group A's winner, `3ABC` a third "
            "of one of these groups, `bye` nobody."
        ),
    ] = None
    matches: Annotated[
        list[NewPlan] | None,
        Meta(description="An irregular bracket, match by match; its format is `custom`."),
    ] = None
    round_names: list[str] = []

    def settings(self, name: str = "") -> StageSettings:
        """The stage as the log has it. Raises InvalidInput."""
        best_of = self.best_of if isinstance(self.best_of, BestOf) else BestOf(default=self.best_of)
        if self.ruleset == []:
            raise InvalidInput({"ruleset": "Name at least one criterion, or a rule set."})
        crossing = self.crossing
        if isinstance(crossing, list):
            crossing = NewCrossing(lines=crossing)
        return StageSettings(
            format=Custom.name if self.matches else self.format,
            name=name,
            third_place=self.third_place,
            grand_final=self.grand_final,
            upper=self.upper,
            groups=self.groups,
            legs=self.legs,
            rounds=self.rounds,
            best_of=best_of.default,
            best_of_rounds=best_of.rounds,
            all_played=self.all_played,
            games=self._games(),
            draws=self.draws,
            ruleset=self.ruleset if isinstance(self.ruleset, str) else "",
            criteria=tuple(self.ruleset) if isinstance(self.ruleset, list) else (),
            advance=self.advance,
            best_of_rest=self.best_of_rest,
            crossing=Crossing(lines=tuple(crossing.lines), table=crossing.table) if crossing else None,
            plans=tuple(plan.plan() for plan in self.matches or ()),
            round_names=tuple(self.round_names),
        )

    def _games(self) -> GameRules:
        if isinstance(self.games, NewGameRules):
            if self.games.to < 1:
                raise InvalidInput({"games": "Say to how many points a game goes, 1 or more; or “free”."})
            return GameRules(**msgspec.structs.asdict(self.games))
        if self.games not in PRESETS:
            raise InvalidInput({"games": f"Choose one of: {', '.join(PRESETS)}; or give the rules."})
        return PRESETS[self.games]


class NewStage(StageFields, frozen=True, kw_only=True):
    """One of several stages. `advance`, `best_of_rest` and `crossing` lead to the next one."""

    name: str = ""


class NewLots(Asked, frozen=True, kw_only=True):
    """Lots among those of a group whom nothing separates. Without an order the server draws them."""

    group: str = ""
    participants: list[int] = []
    order: list[int] | None = None


class NewConduct(Asked, frozen=True, kw_only=True):
    """Points of conduct: the higher, the better, so yellow and red cards count below 0."""

    points: int
    stage: Id = 1


class NewParticipant(Asked, frozen=True, kw_only=True):
    """Somebody who joins late."""

    name: Name
    seed: Seed | None = None


class StageAnswer(Answer, frozen=True, kw_only=True):
    """What a stage has become, and the position to follow it from."""

    match_ids: Annotated[Sequence[int], Meta(description="The matches that the round has, or had.")]
    position: PositionId


class Joined(Answer, frozen=True, kw_only=True):
    """Who has joined, and the position to follow the tournament from."""

    participant_id: Id
    position: PositionId
