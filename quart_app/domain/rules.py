"""What values may be: names, seeds, scores, sizes. Each rule stands here once, for forms and API alike.

The checks raise InvalidInput with a sentence for each field that does not fit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from quart_app.domain.commands import (
    SEEDINGS,
    VISIBILITIES,
    ConfirmResult,
    CreateTournament,
    EntrantLine,
)
from quart_app.domain.events import StageSettings, rfc3339
from quart_app.domain.seeding import draw_size
from quart_app.domain.staging import format_problems, has_lines, stages_problems
from quart_app.errors import InvalidInput

NAME_LENGTH_MAX = 100
NOTES_LENGTH_MAX = 500
PARTICIPANTS_MIN = 2
PARTICIPANTS_MAX = 1024
SCORE_MAX = 9999

REORDERING = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
"""Unicode's embeddings, overrides and isolates: one of them in a name turns the score beside it around."""


_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""What shows nothing without being a format character (Cf): the rest of Unicode's
Default_Ignorable_Code_Point, and the blank of Braille."""


def tidy(text: str) -> str:
    """Text as we keep it: Unicode NFC, runs of white space folded to one space, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


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
    if problems:
        raise InvalidInput(problems)


def check_entrants(entrants: Sequence[EntrantLine], seeding: str) -> None:
    """A list of entrants."""
    if problems := _entrant_problems(entrants, seeding):
        raise InvalidInput(problems)


def check_stages(stages: Sequence[StageSettings], entrants: Sequence[EntrantLine]) -> None:
    """Whether these stages can be played by these entrants."""
    if problems := _stages_problems(stages, entrants):
        raise InvalidInput(problems)


def stages_of(command: CreateTournament) -> tuple[StageSettings, ...]:
    """The stages that a tournament is to have, as they were asked for."""
    return command.stages or (StageSettings(format=command.format, third_place=command.third_place),)


def check_visibility(visibility: str) -> None:
    """``public`` or ``private``."""
    if visibility not in VISIBILITIES:
        raise InvalidInput({"visibility": f"Choose one of: {', '.join(VISIBILITIES)}."})


def check_score(participant1_score: int, participant2_score: int) -> None:
    """Two scores."""
    _check_scores(participant1_score=participant1_score, participant2_score=participant2_score)


def check_confirmation(command: ConfirmResult) -> None:
    """The notes, and the tie-break where there is one."""
    if command.notes is not None:
        if len(command.notes) > NOTES_LENGTH_MAX:
            raise InvalidInput({"notes": f"Keep the notes within {NOTES_LENGTH_MAX} characters."})
        if not _printable(command.notes):
            raise InvalidInput({"notes": "The notes hold a character that cannot be shown."})
    first, second = command.participant1_tiebreak, command.participant2_tiebreak
    if (first is None) != (second is None):
        missing = "participant1_tiebreak" if first is None else "participant2_tiebreak"
        raise InvalidInput({missing: "Enter both sides of the tie-break."})
    if first is not None and second is not None:
        _check_scores(participant1_tiebreak=first, participant2_tiebreak=second)
        if first == second:
            raise InvalidInput({"participant1_tiebreak": "A tie-break needs a winner too."})


def _check_scores(**scores: int) -> None:
    wrong = {
        field: f"A score is a whole number from 0 to {SCORE_MAX}."
        for field, score in scores.items()
        if not 0 <= score <= SCORE_MAX
    }
    if wrong:
        raise InvalidInput(wrong)


def _printable(text: str) -> bool:
    return all(
        character.isspace()
        or (unicodedata.category(character) not in ("Cc", "Cs") and character not in REORDERING)
        for character in text
    )


def as_seen(name: str) -> str:
    """What tells a name from another: neither case nor a character that has no shape of its own."""
    return "".join(
        char
        for char in tidy(name).casefold()
        if unicodedata.category(char) != "Cf" and not _UNSEEN.match(char)
    )


def _name_problem(name: str) -> str | None:
    if not as_seen(name):
        return "is empty"
    if len(tidy(name)) > NAME_LENGTH_MAX:
        return f"is longer than {NAME_LENGTH_MAX} characters"
    return None if _printable(name) else "holds a character that cannot be shown"


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
    if problem := _line_problem(entrants):
        return {"participants": problem}
    return {}


def _stages_problems(stages: Sequence[StageSettings], entrants: Sequence[EntrantLine]) -> dict[str, str]:
    participants = sum(line.name is not None for line in entrants)
    problems = dict(stages_problems(stages, participants))
    if not problems and participants < len(entrants) and not has_lines(stages[0]):
        problems["participants"] = "A bye has a line in the draw of a bracket alone; leave it out here."
    return problems


def _line_problem(entrants: Sequence[EntrantLine]) -> str | None:
    names: dict[str, int] = {}
    seeds: dict[int, int] = {}
    for number, line in enumerate(entrants, start=1):
        if line.name is None:
            continue
        if problem := _name_problem(line.name):
            return f"The name on line {number} {problem}."
        if (first := names.setdefault(as_seen(line.name), number)) != number:
            name = tidy(line.name)
            return f"“{name}” stands on lines {first} and {number}; spectators could not tell them apart."
        if line.seed is None:
            continue
        if not 1 <= line.seed <= PARTICIPANTS_MAX:
            return f"The seed on line {number} must be a whole number from 1 to {PARTICIPANTS_MAX}."
        if seeds.setdefault(line.seed, number) != number:
            return (
                f"Seed {line.seed} stands on lines {seeds[line.seed]} and {number}; each seed is given once."
            )
    return None
