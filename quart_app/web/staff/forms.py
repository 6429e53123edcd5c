"""Forms read into commands, and lists of participants written back as text.

Reading only tells what was *typed*: whether the values may be is the domain's to say (``domain/rules.py``).
Every reader raises InvalidInput, with a sentence for each field that cannot be read, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from quart_app.domain import rules, seeding
from quart_app.domain.commands import (
    ChangeVisibility,
    ConfirmResult,
    EntrantLine,
    RegisterParticipants,
    StartMatch,
    UpdateScore,
)
from quart_app.domain.events import Entrant, Games
from quart_app.errors import InvalidInput

Form = Mapping[str, str]
"""What a browser sent, the first value of each field."""

BYE = "bye"
STEPS: Mapping[str, tuple[int, int]] = {
    "participant1_plus": (1, 0),
    "participant1_minus": (-1, 0),
    "participant2_plus": (0, 1),
    "participant2_minus": (0, -1),
}
"""What each plus and minus adds to the two scores beside it."""
RESULTS: Mapping[str, tuple[int, int]] = {"1-0": (1, 0), "0-1": (0, 1), "draw": (0, 0)}
"""The results of a match that is played for its result alone."""
NOBODY = "nobody"
"""The answer to "who goes on?" when neither side does."""

_WHOLE = re.compile(r"[+-]?\d+")
_DIGITS_MAX = 9  # more would overflow no rule's limit, but Python refuses to read thousands of them


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password as typed, and the page that was asked for."""

    name: str
    password: str
    next: str


def read_login(form: Form) -> Login:
    """The login form. Raises InvalidInput where the name or the password is missing."""
    login = Login(form.get("name", "").strip(), form.get("password", ""), form.get("next", ""))
    problems = {}
    if not login.name:
        problems["name"] = "Enter your name."
    if not login.password:
        problems["password"] = "Enter your password."  # noqa: S105 - a sentence
    if problems:
        raise InvalidInput(problems)
    return login


def read_register_participants(form: Form) -> RegisterParticipants:
    """A new list of participants for a draft. Raises InvalidInput for one that cannot be read."""
    problems: dict[str, str] = {}
    version = _version(form, problems)
    if problems:
        raise InvalidInput({"participants": problems["version"]})
    return RegisterParticipants(entrants=read_entrants(form.get("participants", "")), version=version)


def read_change_visibility(form: Form) -> ChangeVisibility:
    """``public`` or ``private``."""
    return ChangeVisibility(visibility=form.get("visibility", ""))


def read_start_match(match_id: int, form: Form) -> StartMatch:
    """A start; the form has nothing to fill in."""
    return StartMatch(match_id=match_id)


def read_update_score(match_id: int, form: Form) -> UpdateScore:
    """The score as typed, or one step from it where a plus or minus sent the form.

    With ``games``, those before the game at hand, it is that game's score. Raises InvalidInput for a score
    that is no whole number and for an unknown step.
    """
    problems: dict[str, str] = {}
    first = _score(form, "participant1_score", problems)
    second = _score(form, "participant2_score", problems)
    version = _version(form, problems)
    step = STEPS.get(form["step"]) if form.get("step") else (0, 0)
    if step is None:
        problems["step"] = "Use the plus and minus beside a score."
    if problems or first is None or second is None or step is None:
        raise InvalidInput(problems or {"participant1_score": "Enter both scores."})
    score = (first + step[0], second + step[1])
    if "games" in form:
        games = (*_games(form["games"]), score)
        return UpdateScore(match_id=match_id, games=games, version=version)
    return UpdateScore(
        match_id=match_id, participant1_score=score[0], participant2_score=score[1], version=version
    )


def read_confirm_result(match_id: int, form: Form) -> ConfirmResult:
    """A result: by the score with its tie-break, or a walkover.

    A walkover's form sends ``walkover`` and in ``winner_id`` who goes on, ``nobody`` for neither. Raises
    InvalidInput for a tie-break that is no whole number and a walkover that does not say who goes on.
    """
    problems: dict[str, str] = {}
    walkover = form.get("walkover") == "on"
    winner_id = _winner(form, problems) if walkover else None
    tiebreak = [
        _score(form, field, problems) if not walkover and form.get(field, "").strip() else None
        for field in ("participant1_tiebreak", "participant2_tiebreak")
    ]
    version = _version(form, problems)
    result = RESULTS.get(form["result"]) if form.get("result") else None
    if form.get("result") and result is None:
        problems["result"] = "Choose who has won, or a draw."
    if problems:
        raise InvalidInput(problems)
    return ConfirmResult(
        match_id=match_id,
        winner_id=winner_id,
        walkover=walkover,
        participant1_tiebreak=tiebreak[0],
        participant2_tiebreak=tiebreak[1],
        notes=form.get("notes", "").strip() or None,
        version=version,
        score=result,
        drawn=result == (0, 0),
    )


def _games(text: str) -> Games:
    """The games before the one at hand, "11-9 8-11". Raises InvalidInput for a form that is not ours."""
    if not re.fullmatch(r"(\d{1,4}-\d{1,4}( |$))*", text.strip()):
        raise InvalidInput({"games": "This form is out of date; load the page again."})
    pairs = (game.split("-") for game in text.split())
    return tuple((int(first), int(second)) for first, second in pairs)


def read_entrants(text: str) -> tuple[EntrantLine, ...]:
    """The lines of a list of participants; blank ones do not count.

    A line is a name, and after its last comma or tab a seed, or nothing. ``bye`` alone is a bye. Raises
    InvalidInput under ``participants`` for a line that breaks a rule *and* stands below a blank one.
    """
    typed = text.replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\n")
    lines = [_entrant(line) for line in typed]
    entrants = tuple(line for line in lines if line is not None)
    if entrants and len(entrants) < len(lines):
        _check_numbered(lines)
    return entrants


def write_entrants(entrants: Iterable[Entrant]) -> str:
    """The list as text, which ``read_entrants`` reads back as it was."""
    return "\n".join(_written(entrant) for entrant in entrants)


def count_entrants(text: str) -> tuple[int, int]:
    """How many participants and how many byes a list has, whether or not it may be."""
    names = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
    byes = sum(line.strip().casefold() == BYE for line in names)
    return len(names) - byes, byes


def _entrant(line: str) -> EntrantLine | None:
    line = line.strip()
    if not line:
        return None
    if line.casefold() == BYE:
        return EntrantLine(name=None)
    cut = max(line.rfind(","), line.rfind("\t"))
    after = line[cut + 1 :].strip()
    if cut >= 0 and (not after or _WHOLE.fullmatch(after)):
        return EntrantLine(name=line[:cut], seed=_integer(after) if after else None)
    return EntrantLine(name=line)


def _written(entrant: Entrant) -> str:
    if entrant.name is None:
        return BYE
    if entrant.seed is not None:
        return f"{entrant.name}, {entrant.seed}"
    line = _entrant(entrant.name)
    misread = line is None or line.name != entrant.name
    return f"{entrant.name}," if misread else entrant.name


def _check_numbered(lines: list[EntrantLine | None]) -> None:
    """Let the domain name a line by its number in the text area, blank lines included.

    It numbers the entrants that it gets. So it gets the list laid out as a given draw, in which a blank
    line, and what is missing to a whole draw, is a bye: that breaks no rule of its own.
    """
    laid_out = [line or EntrantLine(name=None) for line in lines]
    laid_out += [EntrantLine(name=None)] * (seeding.draw_size(len(lines)) - len(lines))
    if len(laid_out) <= rules.PARTICIPANTS_MAX:
        rules.check_entrants(laid_out, "given")


def _integer(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    return sign * (int(digits) if len(digits) <= _DIGITS_MAX else 10**_DIGITS_MAX)


def _score(form: Form, field: str, problems: dict[str, str]) -> int | None:
    text = form.get(field, "").strip()
    if _WHOLE.fullmatch(text):
        return _integer(text)
    problems[field] = "Enter a whole number, such as 2."
    return None


def _version(form: Form, problems: dict[str, str]) -> int | None:
    text = form.get("version", "").strip()
    if not text:
        return None
    if _WHOLE.fullmatch(text):
        return _integer(text)
    problems["version"] = "This form is out of date; load the page again."
    return None


def _winner(form: Form, problems: dict[str, str]) -> int | None:
    text = form.get("winner_id", "").strip()
    if text == NOBODY:
        return None
    if _WHOLE.fullmatch(text):
        return _integer(text)
    problems["winner_id"] = "Choose who goes on, or neither."
    return None
