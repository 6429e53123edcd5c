"""Forms that take back or correct what was said, read into commands."""

from __future__ import annotations

import re

from quart_app.domain.bracket.match import Match
from quart_app.domain.commands import REFUSE, ConfirmResult, CorrectResult, ReopenMatch, VoidMatch
from quart_app.domain.events import Games
from quart_app.errors import InvalidInput
from quart_app.web.staff.forms import NOBODY, RESULTS, Form, read_number, read_version, read_winner


def read_reopen_match(match_id: int, form: Form, *, own: bool) -> ReopenMatch:
    """A result or a start to take back; the form says no more than how far that may reach."""
    problems: dict[str, str] = {}
    version, seen = read_version(form, problems), read_version(form, problems, "seen")
    if problems:
        raise InvalidInput(problems)
    return ReopenMatch(
        match_id=match_id,
        to=form.get("to") or None,
        reason=form.get("reason", "").strip(),
        policy=form.get("policy", REFUSE),
        version=version,
        seen=seen,
        own=own,
    )


def read_void_match(match_id: int, form: Form) -> VoidMatch:
    """A match that is to count for nothing, why, and how far that may reach."""
    problems: dict[str, str] = {}
    version, seen = read_version(form, problems), read_version(form, problems, "seen")
    if problems:
        raise InvalidInput(problems)
    return VoidMatch(
        match_id=match_id,
        reason=form.get("reason", "").strip(),
        policy=form.get("policy", REFUSE),
        version=version,
        seen=seen,
    )


def read_correct_result(match_id: int, form: Form) -> CorrectResult:
    """A result as it should have been: by its score or games with a tie-break, or, where ``winner_id`` says
    who goes on, a walkover. Raises InvalidInput for what cannot be read."""
    problems: dict[str, str] = {}
    walkover = bool(form.get("winner_id", "").strip())
    winner_id = read_winner(form, problems) if walkover else None
    score: tuple[int, int] | None = None
    games: Games = ()
    tiebreak: tuple[int | None, int | None] = (None, None)
    if not walkover and "result" in form:
        score = RESULTS.get(form["result"])
        if score is None:
            problems["result"] = "Choose who has won, or a draw."
    elif not walkover:
        tiebreak = _pair(form, "tiebreak", problems) if _typed(form, "tiebreak") else tiebreak
        if "games" in form:
            games = _typed_games(form["games"], problems)
        else:
            first, second = _pair(form, "score", problems)
            score = None if first is None or second is None else (first, second)
    version, seen = read_version(form, problems), read_version(form, problems, "seen")
    if problems:
        raise InvalidInput(problems)
    return CorrectResult(
        result=ConfirmResult(
            match_id=match_id,
            winner_id=winner_id,
            walkover=walkover,
            participant1_tiebreak=tiebreak[0],
            participant2_tiebreak=tiebreak[1],
            notes=form.get("notes", "").strip(),
            drawn=form.get("result") == "draw",
            score=score,
        ),
        games=games,
        reason=form.get("reason", "").strip(),
        policy=form.get("policy", REFUSE),
        version=version,
        seen=seen,
    )


def write_result(match: Match) -> Form:
    """A confirmed result as the form that corrects it has it."""
    form = {"notes": (match.result.notes or "") if match.result is not None else ""}
    if match.result is not None and match.result.walkover:
        form["winner_id"] = str(match.result.winner_id or NOBODY)
    pairs = {"score": match.score, "tiebreak": match.result.tiebreak if match.result is not None else None}
    for field, pair in pairs.items():
        for side, value in enumerate(pair or (), start=1):
            form[f"participant{side}_{field}"] = str(value)
    form["games"] = " ".join(f"{a}-{b}" for a, b in match.games)
    form["result"] = next((name for name, score in RESULTS.items() if score == match.score), "")
    return form


def _typed(form: Form, field: str) -> bool:
    return any(form.get(f"participant{side}_{field}", "").strip() for side in (1, 2))


def _pair(form: Form, field: str, problems: dict[str, str]) -> tuple[int | None, int | None]:
    return read_number(form, f"participant1_{field}", problems), read_number(
        form, f"participant2_{field}", problems
    )


def _typed_games(text: str, problems: dict[str, str]) -> Games:
    """Games as people write them: "11-9 8-11", "11:9, 8:11"."""
    written = re.split(r"[\s,;]+", text.strip())
    games = [re.fullmatch(r"(\d{1,4})[-–:](\d{1,4})", each) for each in written]
    if not all(games):
        problems["games"] = "Write the score of each game, apart by spaces: 11-9 8-11 11-7."
    return tuple((int(each[1]), int(each[2])) for each in games if each is not None)
