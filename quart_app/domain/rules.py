"""What values may be: names, seeds, scores, sizes. Each rule stands here once, for forms and API alike.

The checks raise InvalidInput with a sentence for each field that does not fit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from quart_app.domain import names
from quart_app.domain.commands import (
    SEEDINGS,
    VISIBILITIES,
    ConfirmResult,
    CreateTournament,
    EntrantLine,
)
from quart_app.domain.events import Entrant, Games, StageSettings, rfc3339
from quart_app.domain.seeding import draw_size
from quart_app.domain.staging.drawing import has_lines, linked
from quart_app.domain.staging.problems import format_problems, needless, stages_problems
from quart_app.errors import InvalidInput

NAME_LENGTH_MAX = 100
NOTES_LENGTH_MAX = 500
REASON_LENGTH_MAX = 200
PARTICIPANTS_MIN = 2
PARTICIPANTS_MAX = 1024
SCORE_MAX = 9999
PROBLEMS_SHOWN = 20
"""How many of a list's problems are told at once."""


def tidy(text: str) -> str:
    """Text as we keep it: Unicode NFC, runs of white space folded to one space, none at the ends, and without
    the balanced direction marks that phones put around names."""
    return " ".join(unicodedata.normalize("NFC", names.bare(text)).split())


def utc_time(field: str, text: str) -> str:
    """A moment as events carry it (RFC 3339, UTC, ``Z``), from one with any zone."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return rfc3339(moment)
    except (ValueError, OverflowError):
        pass
    raise InvalidInput({field: "Write the time with its zone, such as 2026-11-24T18:30:00Z."})


def check_tournament(command: CreateTournament) -> None:
    """A tournament's own fields and its entrants, all problems at once."""
    problems: dict[str, str] = {}
    if problem := _name_problem(command.name):
        problems["name"] = f"The tournament's name {problem}."
    for field, value, allowed in (
        ("seeding", command.seeding, SEEDINGS),
        ("visibility", command.visibility, VISIBILITIES),
    ):
        if value not in allowed:
            problems[field] = f"Choose one of: {', '.join(allowed)}."
    problems |= format_problems(stages_of(command))
    problems |= _entrant_problems(command.entrants, command.seeding)
    if not problems.keys() & {"participants", "format"}:
        problems |= _stages_problems(stages_of(command), command.entrants)
    if not problems.keys() & {"stages", "format"}:
        problems = {**needless(_asked(command)), **problems}
    if problems:
        raise InvalidInput(problems)


def check_entrants(entrants: Sequence[EntrantLine], seeding: str) -> None:
    """A list of entrants."""
    if problems := _entrant_problems(entrants, seeding):
        raise InvalidInput(problems)


def lines_of(entrants: Iterable[Entrant]) -> list[EntrantLine]:
    """A list as it was registered, as lines to be checked."""
    return [EntrantLine(name=each.name, seed=each.seed) for each in entrants]


def check_stages(stages: Sequence[StageSettings], entrants: Sequence[EntrantLine]) -> None:
    """Whether these stages can be played by these entrants."""
    if problems := _stages_problems(stages, entrants):
        raise InvalidInput(problems)


def stages_of(command: CreateTournament) -> tuple[StageSettings, ...]:
    """The stages that a tournament is to have, as they were asked for."""
    return linked(_asked(command))


def _asked(command: CreateTournament) -> tuple[StageSettings, ...]:
    return command.stages or (StageSettings(format=command.format, third_place=command.third_place),)


def check_visibility(visibility: str) -> None:
    """``public`` or ``private``."""
    if visibility not in VISIBILITIES:
        raise InvalidInput({"visibility": f"Choose one of: {', '.join(VISIBILITIES)}."})


def check_score(participant1_score: int, participant2_score: int) -> None:
    """Two scores."""
    _check_scores(participant1_score=participant1_score, participant2_score=participant2_score)


def check_games(games: Games) -> None:
    """The points of several games."""
    for number, game in enumerate(games, start=1):
        if not all(0 <= points <= SCORE_MAX for points in game):
            points = f"whole numbers from 0 to {SCORE_MAX}"
            raise InvalidInput({"games": f"The points of game {number} must be {points}."})


def check_confirmation(command: ConfirmResult) -> None:
    """The notes, and the tie-break where there is one."""
    if command.notes is not None:
        if len(command.notes) > NOTES_LENGTH_MAX:
            raise InvalidInput({"notes": f"Keep the notes within {NOTES_LENGTH_MAX} characters."})
        if flaw := names.flaw(tidy(command.notes)):
            raise InvalidInput({"notes": f"This note {flaw}."})
    first, second = command.participant1_tiebreak, command.participant2_tiebreak
    if (first is None) != (second is None):
        missing = "participant1_tiebreak" if first is None else "participant2_tiebreak"
        raise InvalidInput({missing: "Enter both sides of the tie-break."})
    if first is not None and second is not None:
        _check_scores(participant1_tiebreak=first, participant2_tiebreak=second)
        if first == second:
            raise InvalidInput({"participant1_tiebreak": "A tie-break needs a winner too."})


def check_reason(reason: str) -> None:
    """Why something was taken back, in words."""
    if len(reason) > REASON_LENGTH_MAX:
        raise InvalidInput({"reason": f"Keep the reason within {REASON_LENGTH_MAX} characters."})
    if flaw := names.flaw(tidy(reason)):
        raise InvalidInput({"reason": f"This reason {flaw}."})


def _check_scores(**scores: int) -> None:
    wrong = {
        field: f"A score is a whole number from 0 to {SCORE_MAX}."
        for field, score in scores.items()
        if not 0 <= score <= SCORE_MAX
    }
    if wrong:
        raise InvalidInput(wrong)


def _name_problem(name: str) -> str | None:
    name = tidy(name)
    if not names.as_seen(name):
        return "is empty"
    if len(name) > NAME_LENGTH_MAX:
        return f"is longer than {NAME_LENGTH_MAX} characters"
    return names.flaw(name)


def _entrant_problems(entrants: Sequence[EntrantLine], seeding: str) -> dict[str, str]:
    named = [line for line in entrants if line.name is not None]
    if len(named) < PARTICIPANTS_MIN:
        return {"participants": f"A tournament needs at least {PARTICIPANTS_MIN} participants."}
    if len(entrants) > PARTICIPANTS_MAX:
        return {
            "participants": f"A draw holds at most {PARTICIPANTS_MAX} lines; this one has {len(entrants)}."
        }
    if len(named) < len(entrants):
        if seeding != "given":
            return {"participants": "A bye can only be placed in a given draw; standard seeding places them."}
        if len(entrants) != draw_size(len(entrants)):
            return {
                "participants": f"A draw with its byes marked needs all its {draw_size(len(entrants))} "
                f"lines; this one has {len(entrants)}."
            }
    problems: dict[str, str] = {}
    if wrong := list(_line_problems(entrants)):
        shown, more = wrong[:PROBLEMS_SHOWN], len(wrong) - PROBLEMS_SHOWN
        problems["participants"] = "\n".join([*shown, f"And {more} more."] if more > 0 else shown)
    return problems


def _stages_problems(stages: Sequence[StageSettings], entrants: Sequence[EntrantLine]) -> dict[str, str]:
    participants = sum(line.name is not None for line in entrants)
    problems = dict(stages_problems(stages, participants))
    if not problems and participants < len(entrants) and not has_lines(stages[0]):
        problems["participants"] = "A bye has a line in the draw of a bracket alone; leave it out here."
    return problems


def _line_problems(entrants: Sequence[EntrantLine]) -> Iterator[str]:
    """A sentence for each line that does not fit, in the list's order."""
    lines: dict[str, int] = {}
    seeds: dict[int, int] = {}
    for place, line in enumerate(entrants, start=1):
        number = line.line or place
        if line.name is None:
            continue
        if problem := _name_problem(line.name):
            yield f"The name on line {number} {problem}."
        elif (first := lines.setdefault(names.as_seen(tidy(line.name)), number)) != number:
            name = tidy(line.name)
            yield f"“{name}” stands on lines {first} and {number}; spectators could not tell them apart."
        if line.seed is None:
            continue
        if not 1 <= line.seed <= PARTICIPANTS_MAX:
            yield f"The seed on line {number} must be a whole number from 1 to {PARTICIPANTS_MAX}."
        elif (first := seeds.setdefault(line.seed, number)) != number:
            yield f"Seed {line.seed} stands on lines {first} and {number}; each seed is given once."
