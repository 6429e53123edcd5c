"""What is wrong with the stages that an organiser sets: a sentence a field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from quart_app.domain import names, seeding
from quart_app.domain.events import GameRules, SlotPlan, StageSettings
from quart_app.domain.formats import FORMATS, Opening
from quart_app.domain.formats.crossing import advancing, crossed, starved
from quart_app.domain.formats.port import BEST_OF_MAX, Setting
from quart_app.domain.formats.round_robin import group_name
from quart_app.domain.ranking import RULESETS, by_hand
from quart_app.domain.staging.drawing import follows, ranks_of
from quart_app.errors import InvalidInput

STAGES_MAX = 2
POINTS_MAX = 999
NAME_LENGTH_MAX = 60
_MEANS: Mapping[str, Setting] = {
    "third_place": "third_place",
    "grand_final": "grand_final",
    "upper": "grand_final",
    "groups": "groups",
    "legs": "legs",
    "rounds": "rounds",
    "draws": "draws",
    "ruleset": "ruleset",
    "criteria": "ruleset",
    "advance": "advance",
    "best_of_rest": "advance",
    "crossing": "advance",
    "round_names": "plans",
}
"""The fields that mean something only where a format uses the setting that they belong to."""


def _rank_problems(number: int, stages: Sequence[StageSettings], participants: int) -> dict[str, str]:
    """The places that a given graph waits for are places of an earlier stage, and somebody comes to each."""
    ranks = ranks_of(stages[number - 1])
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


def needless(stages: Sequence[StageSettings]) -> Mapping[str, str]:
    """What is set for known formats and would mean nothing, as two legs of a knock-out: whoever asks for that
    wants to be told. To be asked once, of what somebody asks for."""
    problems: dict[str, str] = {}
    for number, settings in enumerate(stages, start=1):
        for field, sentence in _needless(settings, last=number == len(stages)).items():
            problems[field] = sentence if number == 1 else f"Stage {number}: {sentence}"
    return problems


def _needless(settings: StageSettings, *, last: bool) -> dict[str, str]:
    format, usual = FORMATS[settings.format], StageSettings(format=settings.format)
    problems: dict[str, str] = {}
    for field, setting in _MEANS.items():
        value = getattr(settings, field)
        name = "ruleset" if field == "criteria" else field
        if not value or value == getattr(usual, field):
            continue
        if setting not in format.uses:
            problems[name] = f"{format.title} has no use for this; leave it out."
        elif last and setting == "advance":
            problems[name] = "No stage follows this one, so nobody goes on; leave it out, or add a stage."
    return problems


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
