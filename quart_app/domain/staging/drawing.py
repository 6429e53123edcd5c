"""A tournament's stages, from what an organiser sets to the graph that is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from quart_app.domain import names, seeding
from quart_app.domain.events import (
    BracketGenerated,
    Entrant,
    GameRules,
    MatchPlan,
    RankOf,
    SlotPlan,
    StagePlan,
    StageSettings,
)
from quart_app.domain.formats import FORMATS, Opening
from quart_app.domain.formats.crossing import advancing, crossed, starved
from quart_app.domain.formats.port import BEST_OF_MAX
from quart_app.domain.formats.round_robin import group_name
from quart_app.domain.ranking import RULESETS, by_hand
from quart_app.errors import InvalidInput

STAGES_MAX = 2
POINTS_MAX = 999
WITHOUT_DRAWS = frozenset({"racket", "volleyball", "esports_swiss"})
"""Rule sets of games that always have a winner."""
TIMED = frozenset({"tcg"})
"""Rule sets of games whose time runs out, so that a match of several can end level."""
NAME_LENGTH_MAX = 60
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
        ranks = _ranks(following)
        if ranks and not found[index].advance:
            found[index] = msgspec.structs.replace(
                found[index],
                advance=max((rank.place for rank in ranks if rank.group), default=0),
                best_of_rest=sum(not rank.group for rank in ranks),
            )
    return tuple(found)


def _ranks(settings: StageSettings) -> list[RankOf]:
    return [source.rank_of for plan in settings.plans for source in plan.slots if source.rank_of is not None]


def _rank_problems(number: int, stages: Sequence[StageSettings], participants: int) -> dict[str, str]:
    """The places that a given graph waits for are places of an earlier stage, and somebody comes to each."""
    ranks = _ranks(stages[number - 1])
    for rank in ranks:
        if not 1 <= rank.stage < number:
            return {"matches": f"A match waits for a place of stage {rank.stage}, which is no earlier stage."}
        groups = max(1, stages[rank.stage - 1].groups)
        known = {group_name(index) for index in range(groups)}
        smallest = participants // groups if rank.stage == 1 else advancing(stages[rank.stage - 2])
        if not 1 <= rank.place <= smallest:
            return {"matches": f"A match waits for place {rank.place}; a group has {smallest} members."}
        if not {*rank.among, *([rank.group] if rank.group else ())} <= known:
            return {"matches": f"A match waits for a group that stage {rank.stage} does not have."}
        if not rank.group and not 1 <= rank.best <= groups:
            return {"matches": "A match waits for a place without a group, and must say which of the best."}
    best = sorted({rank for rank in ranks if not rank.group}, key=lambda rank: (rank.stage, rank.place))
    for (stage, place), found in groupby(best, key=lambda rank: (rank.stage, rank.place)):
        same = list(found)
        if sorted(rank.best for rank in same) != list(range(1, len(same) + 1)):
            return {"matches": f"Of place {place} the best {len(same)} go on: number them 1 to {len(same)}."}
        if any(rank.group and (rank.stage, rank.place) == (stage, place) for rank in ranks):
            return {"matches": f"Place {place} is waited for of a group and of the best; it is one or other."}
        names = [group_name(index) for index in range(max(1, stages[stage - 1].groups))]
        if sentence := starved([rank.among for rank in same], names):
            return {"matches": sentence}
    return {}


def format_problems(stages: Sequence[StageSettings]) -> Mapping[str, str]:
    """Whether there is such a format."""
    if all(settings.format in FORMATS for settings in stages):
        return {}
    return {"format": f"Choose one of: {', '.join(FORMATS)}."}


def stages_problems(stages: Sequence[StageSettings], participants: int) -> Mapping[str, str]:
    """What is wrong with the stages for so many participants: a sentence a field. A later stage's are told
    with its number."""
    problems: dict[str, str] = {}
    if len(stages) > STAGES_MAX:
        return {"stages": f"A tournament has at most {STAGES_MAX} stages."}
    for settings in stages[1:]:
        if not follows(settings):
            titles = ", ".join(name for name in FORMATS if follows(StageSettings(format=name)))
            return {"stages": f"What follows the first stage is one of: {titles}."}
    for number in range(1, len(stages) + 1):
        if waits := _rank_problems(number, stages, participants):
            return waits
    entrants = participants
    for number, settings in enumerate(stages, start=1):
        for field, sentence in _stage_problems(settings, entrants, last=number == len(stages)).items():
            problems[field] = sentence if number == 1 else f"Stage {number}: {sentence}"
        if problems:
            break  # how many come to the next one is not known
        entrants = advancing(settings)
    return problems


def _stage_problems(settings: StageSettings, entrants: int, *, last: bool) -> Mapping[str, str]:
    format = FORMATS[settings.format]
    problems = dict(format.problems(settings, entrants))
    problems |= _best_of_problems(settings) | _games_problems(settings.games)
    if len(settings.name) > NAME_LENGTH_MAX:
        problems["name"] = f"Keep a stage's name within {NAME_LENGTH_MAX} characters."
    elif (wrong := names.flaw(settings.name)) is not None:
        problems["name"] = f"The stage's name {wrong}."
    if "ruleset" in format.uses:
        problems |= _ruleset_problems(settings)
    if not problems and settings.best_of_rounds:
        problems |= _round_problems(settings, entrants)
    return problems if last else problems | _advance_problems(settings, entrants)


def _best_of_problems(settings: StageSettings) -> dict[str, str]:
    """A best-of has a winner, so it is odd; it need not be where all games are played and a match can be
    drawn."""
    counts = (settings.best_of, *settings.best_of_rounds.values())
    if not all(1 <= count <= BEST_OF_MAX for count in counts):
        return {"best_of": f"A match has 1 to {BEST_OF_MAX} games."}
    level_may_be = settings.all_played and "draws" in FORMATS[settings.format].uses
    if not level_may_be and any(count % 2 == 0 for count in counts):
        return {"best_of": "A match is best of 1, 3, 5 …: an odd number, so that it has a winner."}
    return {}


def _games_problems(rules: GameRules) -> dict[str, str]:
    """Rules by which a game comes to an end."""
    if not rules.to:
        return {}
    if not (1 <= rules.to <= POINTS_MAX and 1 <= rules.by <= rules.to):
        return {"games": f"A game goes to 1 to {POINTS_MAX} points, by 1 or more, and no more than those."}
    if rules.cap and not rules.to <= rules.cap <= POINTS_MAX:
        return {"games": f"A game's cap is no less than the points it goes to, {rules.to}."}
    if rules.last_to and not rules.by <= rules.last_to <= POINTS_MAX:
        return {"games": f"The last game goes to {rules.by} to {POINTS_MAX} points."}
    return {}


def _round_problems(settings: StageSettings, entrants: int) -> dict[str, str]:
    """A best-of for a round is for one that there is."""
    lines = tuple(SlotPlan(participant=line + 1) for line in range(seeding.draw_size(entrants)))
    opening = Opening(settings, lines, tuple(range(1, entrants + 1)))
    rounds = FORMATS[settings.format].draw(opening).rounds
    unknown = [name for name in settings.best_of_rounds if name not in rounds]
    return {"best_of": f"There is no round “{unknown[0]}”; there are {', '.join(rounds)}."} if unknown else {}


def _ruleset_problems(settings: StageSettings) -> Mapping[str, str]:
    try:
        if settings.criteria:
            by_hand(settings.criteria)
        elif settings.ruleset not in ("", *RULESETS):
            return {"ruleset": f"Choose one of: {', '.join(RULESETS)}; or give a list of criteria."}
    except InvalidInput as problem:
        return problem.problems
    return {}


def _advance_problems(settings: StageSettings, entrants: int) -> dict[str, str]:
    if "advance" not in FORMATS[settings.format].uses:
        return {"stages": "Only from groups or a Swiss can some go on to another stage."}
    smallest = entrants // settings.groups if settings.groups else 0
    if not 1 <= settings.advance <= smallest:
        return {"advance": f"Of each group 1 to {max(smallest, 1)} can go on."}
    if not 0 <= settings.best_of_rest <= settings.groups or (
        settings.best_of_rest and settings.advance >= smallest
    ):
        return {
            "best_of_rest": f"Of those on the next place, at most {settings.groups} can go on, one a group."
        }
    if advancing(settings) < 2:
        return {"advance": "At least two have to go on."}
    try:
        crossed(1, settings)
    except InvalidInput as problem:
        return dict(problem.problems)
    return {}


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
