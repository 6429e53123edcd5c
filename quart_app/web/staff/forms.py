"""Forms read into commands.

Reading only tells what was *typed*: whether the values may be is the domain's to say (``domain/rules.py``).
Every reader raises InvalidInput, with a sentence for each field that cannot be read, and nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count

import msgspec

from quart_app.actions.writing.idempotency import Once
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain import rules
from quart_app.domain.commands import (
    ChangeVisibility,
    ConfirmResult,
    RegisterParticipants,
    StartMatch,
    UpdateScore,
)
from quart_app.domain.events import Games
from quart_app.errors import InvalidInput
from quart_app.store.idempotency import KeptAnswer
from quart_app.web.staff.entrants.lists import ListReading, Wish, read_list

Form = Mapping[str, str]
"""What a browser sent, the first value of each field."""

STEPS: Mapping[str, tuple[int, int]] = {
    "participant1_plus": (1, 0),
    "participant1_minus": (-1, 0),
    "participant2_plus": (0, 1),
    "participant2_minus": (0, -1),
}
"""What each plus and minus adds to the two scores beside it."""
RESULTS: Mapping[str, tuple[int, int]] = {"1-0": (1, 0), "0-1": (0, 1), "draw": (0, 0)}
"""The results of a match that is played for its result alone."""
FORM_ID = "form_id"
"""The hidden field that tells a form sent again from another with the same in it."""
NOBODY = "nobody"
"""The answer to "who goes on?" when neither side does."""

_WHOLE = re.compile(r"[+-]?\d+")
_DIGITS_MAX = 9  # more would overflow no rule's limit, but Python refuses to read thousands of them


def sent_once(form: Form, staff_id: int, answer: Callable[[Recorded], KeptAnswer]) -> Once | None:
    """The key of a form that somebody sends, with all that is in it: what was altered since is another. None
    for a form without an id, which is carried out as often as it comes."""
    if not form.get(FORM_ID):
        return None
    digest = hashlib.sha256(msgspec.json.encode(list(form.items()))).hexdigest()
    return Once(f"form:{staff_id}", digest, digest, answer)


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
    """A new list of participants for a draft. Raises InvalidInput as ``require_seen`` does."""
    problems: dict[str, str] = {}
    version = read_version(form, problems)
    if problems:
        raise InvalidInput({"participants": problems["version"]})
    reading = read_participants(form)
    # Where a bye may stand depends on the draft, which is not known here.
    require_seen(reading, form, lambda: rules.check_entrants(reading.entrants, "given"))
    return RegisterParticipants(entrants=reading.entrants, version=version)


def read_participants(form: Form) -> ListReading:
    """The list of a form as it is read, or as the form's own choices have it."""
    split = form.get("split", "")
    roles: list[str] = []
    for number in count(1):
        if (role := form.get(f"{split}_{number}")) is None:
            break
        roles.append(role)
    wish = Wish(split, tuple(roles), form.get("heading") == "on") if split else None
    return read_list(form.get("participants", ""), wish)


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
    first = read_number(form, "participant1_score", problems)
    second = read_number(form, "participant2_score", problems)
    version = read_version(form, problems)
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


def entered_score(form: Form) -> tuple[int, int] | None:
    """The score that a form asks for, None where it is not about one."""
    try:
        wish = read_update_score(0, form)
    except InvalidInput:
        return None
    if wish.participant1_score is None or wish.participant2_score is None:
        return None
    return wish.participant1_score, wish.participant2_score


def read_confirm_result(match_id: int, form: Form) -> ConfirmResult:
    """A result: by the score with its tie-break, or a walkover.

    A walkover's form sends ``walkover`` and in ``winner_id`` who goes on, ``nobody`` for neither. Raises
    InvalidInput for a tie-break that is no whole number and a walkover that does not say who goes on.
    """
    problems: dict[str, str] = {}
    walkover = form.get("walkover") == "on"
    winner_id = read_winner(form, problems) if walkover else None
    tiebreak = [
        read_number(form, field, problems) if not walkover and form.get(field, "").strip() else None
        for field in ("participant1_tiebreak", "participant2_tiebreak")
    ]
    version = read_version(form, problems)
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
        drawn=result == (0, 0) or form.get("drawn") == "on",
    )


def _games(text: str) -> Games:
    """The games before the one at hand, "11-9 8-11". Raises InvalidInput for a form that is not ours."""
    if not re.fullmatch(r"(\d{1,4}-\d{1,4}( |$))*", text.strip()):
        raise InvalidInput({"games": "This form is out of date; load the page again."})
    pairs = (game.split("-") for game in text.split())
    return tuple((int(first), int(second)) for first, second in pairs)


def require_seen(reading: ListReading, form: Form, check: Callable[[], None]) -> None:
    """Raise InvalidInput for a list that may mean more than one thing, until the form says that its reading
    has been seen; with whatever else ``check`` finds."""
    problems: dict[str, str] = {}
    if reading.certain:
        return
    if form.get("again") or form.get("seen") != reading.seen:
        problems["reading"] = "Look at how each line was read before it is saved."
    if reading.problems:
        problems["reading"] = "\n".join(reading.problems)
    if problems:
        try:
            check()
        except InvalidInput as wrong:
            problems = dict(wrong.problems) | problems
        raise InvalidInput(problems)


def _integer(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    return sign * (int(digits) if len(digits) <= _DIGITS_MAX else 10**_DIGITS_MAX)


def read_number(form: Form, field: str, problems: dict[str, str]) -> int | None:
    """A whole number; else None, and a sentence among the problems."""
    text = form.get(field, "").strip()
    if _WHOLE.fullmatch(text):
        return _integer(text)
    problems[field] = "Enter a whole number, such as 2."
    return None


def read_version(form: Form, problems: dict[str, str], field: str = "version") -> int | None:
    """The version that a form was made from, None where it has none."""
    text = form.get(field, "").strip()
    if not text:
        return None
    if _WHOLE.fullmatch(text):
        return _integer(text)
    problems["version"] = "This form is out of date; load the page again."
    return None


def read_winner(form: Form, problems: dict[str, str]) -> int | None:
    """Who goes on, None for nobody."""
    text = form.get("winner_id", "").strip()
    if text == NOBODY:
        return None
    if _WHOLE.fullmatch(text):
        return _integer(text)
    problems["winner_id"] = "Choose who goes on, or neither."
    return None
