"""A tournament's stages, from what an organiser sets to the graph that is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from quart_app.domain import seeding
from quart_app.domain.events import (
    BracketGenerated,
    Entrant,
    MatchPlan,
    RankOf,
    SlotPlan,
    StagePlan,
    StageSettings,
)
from quart_app.domain.formats import FORMATS, Opening
from quart_app.domain.formats.crossing import crossed
from quart_app.domain.ranking import RULESETS

WITHOUT_DRAWS = frozenset({"racket", "volleyball", "esports_swiss"})
"""Rule sets of games that always have a winner."""
TIMED = frozenset({"tcg"})
"""Rule sets of games whose time runs out, so that a match of several can end level."""
SEVERAL_STAGES = "two_stages"
"""What the log and the API call the format of a tournament that has another stage after its first."""


def complete(settings: StageSettings) -> StageSettings:
    """The settings with what is left to the format filled in: the rule set, and whether a match can be
    drawn."""
    if "ruleset" not in FORMATS[settings.format].uses:
        return settings
    ruleset = settings.ruleset or ("" if settings.criteria else _usual_ruleset(settings))
    draws = settings.draws
    if draws is None:
        decided_by_games = settings.best_of % 2 == 1 and settings.best_of > 1 and not settings.all_played
        level_may_be = settings.all_played and settings.best_of % 2 == 0
        plays_on = decided_by_games or ruleset in WITHOUT_DRAWS or settings.games.to
        draws = level_may_be or ruleset in TIMED or not plays_on
    version = RULESETS[ruleset].version if ruleset else 1
    return msgspec.structs.replace(settings, ruleset=ruleset, draws=draws, ruleset_version=version)


def linked(stages: Sequence[StageSettings]) -> tuple[StageSettings, ...]:
    """The stages, each telling how many go on from it, also where that follows from a graph that is given."""
    found = list(stages)
    for index, following in enumerate(found[1:]):
        ranks = ranks_of(following)
        if ranks and not found[index].advance:
            found[index] = msgspec.structs.replace(
                found[index],
                advance=max((rank.place for rank in ranks if rank.group), default=0),
                best_of_rest=sum(not rank.group for rank in ranks),
            )
    return tuple(found)


def ranks_of(settings: StageSettings) -> list[RankOf]:
    """The places of earlier stages that a graph which is given waits for."""
    return [source.rank_of for plan in settings.plans for source in plan.slots if source.rank_of is not None]


def _usual_ruleset(settings: StageSettings) -> str:
    if settings.games.preset in ("table_tennis", "badminton", "tennis"):
        return "racket"
    if settings.games.preset == "volleyball":
        return "volleyball"
    swiss = FORMATS[settings.format].layout == "rounds"
    if settings.games.result or swiss:
        return "chess_swiss" if swiss else "chess_round_robin"
    return "football"


def drawn(
    tournament_id: int,
    entrants: Sequence[Entrant],
    given: bool,
    stages: Sequence[StageSettings],
    at: str,
    bracket_id: int = 1,
    lines: Sequence[SlotPlan] | None = None,
) -> BracketGenerated:
    """All stages drawn: what is known of their matches, rounds and groups. ``lines`` are those of the first
    one, where they do not follow from the list."""
    rounds: list[str] = []
    shorts: list[str] = []
    matches: list[MatchPlan] = []
    plans: list[StagePlan] = []
    ranked = tuple(seeding.ranked(entrants, given=given))
    if lines is None:
        lines = _lines(entrants, given) if has_lines(stages[0]) else ()
    for number, settings in enumerate(stages, start=1):
        opening = Opening(
            settings,
            tuple(lines),
            ranked if number == 1 else (),
            given,
            number,
            len(matches) + 1,
            len(rounds) + 1,
        )
        built = FORMATS[settings.format].draw(opening)
        plans.append(
            StagePlan(
                stage=number,
                first_round=len(rounds) + 1,
                last_round=len(rounds) + len(built.rounds),
                groups=built.groups,
            )
        )
        rounds += built.rounds
        shorts += built.short_rounds
        matches += built.matches
        if number < len(stages):
            lines = crossed(number, settings)
    plain = len(stages) == 1 and not plans[0].groups
    return BracketGenerated(
        tournament_id=tournament_id,
        bracket_id=bracket_id,
        rounds=tuple(rounds),
        short_rounds=tuple(shorts),
        matches=tuple(matches),
        generated_at=at,
        stages=() if plain else tuple(plans),
    )


def has_lines(settings: StageSettings) -> bool:
    """Whether the stage is drawn from lines, a power of two, with byes on those that stay free."""
    return FORMATS[settings.format].layout == "bracket" and "plans" not in FORMATS[settings.format].uses


def follows(settings: StageSettings) -> bool:
    """Whether a stage can be drawn from the places of an earlier one."""
    return FORMATS[settings.format].layout == "bracket"


def _lines(entrants: Sequence[Entrant], given: bool) -> tuple[SlotPlan, ...]:
    lines = seeding.draw_lines(entrants, "given" if given else "standard")
    return tuple(SlotPlan(participant=line) if line is not None else SlotPlan(bye=True) for line in lines)
