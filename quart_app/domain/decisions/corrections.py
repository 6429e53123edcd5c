"""Decisions that take back what was said: a confirmed result, or a start.

A change of mind is one transaction: what hangs on the old result is reopened, the deepest first, then the
match itself, then its right result, and one ``bracket_updated``. Its preview is these very events, not
appended.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import reduce

from msgspec.structs import replace as altered

from quart_app import errors
from quart_app.domain import commands, events, rules
from quart_app.domain.bracket.match import Match, Result
from quart_app.domain.decisions import play
from quart_app.domain.decisions.consequences import (
    consequences,
    forfeits,
    nobody_played,
    outlined,
    version_of,
)
from quart_app.domain.fold import apply
from quart_app.domain.movement import misplaced, with_movement
from quart_app.domain.state.people import given_away_by
from quart_app.domain.state.tournament import Tournament

UNDO_SECONDS = 60.0


def reopen(
    tournament: Tournament, command: commands.ReopenMatch, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Take a confirmed result back, or a start; one with a score only where ``to`` says so.

    Raises MatchUnconfirmed where there is none, ResultsAffected where matches that hang on it have begun,
    VersionConflict where those are others than the caller saw, UndoRefused, InvalidInput.
    """
    match = play.find_match(tournament, command.match_id)
    _check(command)
    _refuse_stale(command, match)
    if command.to not in (None, "live", "ready"):
        raise errors.InvalidInput({"to": "Choose one of: live, ready."})
    if not (match.begun or match.voided) or (command.to == "live" and (match.live or match.voided)):
        raise errors.MatchUnconfirmed("This match has no confirmed result that could be taken back.")
    _refuse_forfeited(tournament, match)
    if command.own:
        _refuse_unless_own(match, at, actor_id)
        command = replace(command, policy=commands.REFUSE)
    elif match.live and match.scored and command.to is None:  # perhaps the same wish has been done already
        raise errors.MatchUnconfirmed(
            "This match is being played. To take back its start, and its score with it, ask for ready."
        )
    played = match.result is not None and match.score is not None
    reopened = events.MatchReopened(
        tournament_id=tournament.id,
        match_id=match.match_id,
        to="live" if command.to == "live" or (command.to is None and played) else "ready",
        reopened_at=at,
        reopened_by=actor_id,
        because=rules.tidy(command.reason) or None,
    )
    return _carried_out(tournament, command, (reopened,), at, actor_id)


def correct(
    tournament: Tournament, command: commands.CorrectResult, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Replace a confirmed result; the one it has already changes nothing, whoever said so first.

    Raises what ``reopen`` and ``play.confirm`` raise.
    """
    match = play.find_match(tournament, command.match_id)
    _check(command)
    try:
        completed = _right_result(tournament, match, command, at, actor_id)
    except errors.AppError:
        _refuse_stale(command, match)  # what they ask for was said of another result
        raise
    if apply(tournament, completed).matches[match.match_id].confirmed == match.confirmed:
        return ()
    _refuse_stale(command, match)
    reopened = events.MatchReopened(
        tournament_id=tournament.id,
        match_id=match.match_id,
        to="correction",
        reopened_at=at,
        reopened_by=actor_id,
        because=rules.tidy(command.reason) or None,
    )
    return _carried_out(tournament, command, (reopened, completed), at, actor_id)


def _right_result(
    tournament: Tournament, match: Match, command: commands.CorrectResult, at: str, actor_id: int | None
) -> events.MatchCompleted:
    """The result that a correction asks for. Raises what ``correct`` raises for one that cannot be."""
    if match.result is None:
        raise errors.MatchUnconfirmed("This match has no confirmed result that could be corrected.")
    _refuse_forfeited(tournament, match)
    wish = _with_what_stays(match.result, replace(command.result, version=None), command.games)
    games = match.games if wish.score in (None, match.score) else ()
    if command.games and not wish.walkover:
        score = play.score_of(match, tournament.stage_of(match).settings, wish.score, command.games)
        wish, games = replace(wish, score=score), command.games
    stands = match.score if wish.walkover or wish.score is None else wish.score
    being_played = altered(match, result=None, live=True, score=stands, games=games)
    at_that_score = altered(tournament, matches={**tournament.matches, match.match_id: being_played})
    return play.result(at_that_score, wish, at, actor_id)


def void(
    tournament: Tournament, command: commands.VoidMatch, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Let a match count for nothing, played or not; one that does so already stays as it is.

    Raises MatchAlreadyCompleted for a bye and what is not needed, and what ``reopen`` raises.
    """
    match = play.find_match(tournament, command.match_id)
    _check(command)
    if match.voided:
        return ()
    _refuse_stale(command, match)
    _refuse_forfeited(tournament, match)
    if not match.played:
        raise errors.MatchAlreadyCompleted("There is nothing to play in this match.")
    voided = events.MatchVoided(
        tournament_id=tournament.id,
        match_id=match.match_id,
        voided_at=at,
        voided_by=actor_id,
        because=rules.tidy(command.reason) or None,
    )
    return _carried_out(tournament, command, (voided,), at, actor_id)


def _with_what_stays(
    old: Result, wish: commands.ConfirmResult, games: events.Games
) -> commands.ConfirmResult:
    """The right result, with what the correction does not tell as it was."""
    if wish.notes is None:
        wish = replace(wish, notes=old.notes)
    told = (wish.score, wish.winner_id, wish.participant1_tiebreak, wish.participant2_tiebreak)
    if games or wish.walkover or wish.drawn or told != (None, None, None, None):
        return wish
    first, second = old.tiebreak or (None, None)
    return replace(
        wish,
        walkover=old.walkover,
        winner_id=old.winner_id if old.walkover else None,
        participant1_tiebreak=first,
        participant2_tiebreak=second,
        drawn=old.drawn,
    )


def taken_back(
    tournament: Tournament, match_id: int, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """A walkover against somebody who is back taken back, to be played, or played on at its score; nothing
    where somebody has gone on to play from it."""
    reopened = events.MatchReopened(
        tournament_id=tournament.id,
        match_id=match_id,
        to="ready" if tournament.matches[match_id].score is None else "live",
        reopened_at=at,
        reopened_by=actor_id,
    )
    told = with_what_hangs(tournament, match_id, (reopened,), at, actor_id)
    if not nobody_played(tournament, told[:-1]):
        return ()
    return with_movement(tournament, at, *told)


def _carried_out(
    tournament: Tournament,
    command: commands.ChangeOfMind,
    change: tuple[events.Event, ...],
    at: str,
    actor_id: int | None,
) -> tuple[events.Event, ...]:
    """The change with all that it takes back, as far as its policy allows that."""
    told = with_what_hangs(tournament, command.match_id, change, at, actor_id)
    after = reduce(apply, told, tournament)
    settled = reduce(apply, forfeits(after, at, actor_id), after)
    affected = consequences(tournament, settled, command.match_id)
    version = version_of(tournament, settled, command.match_id)
    if command.version not in (None, version):
        raise errors.VersionConflict(
            "This match, or one that hangs on it, was changed meanwhile. Look again.",
            current={"version": version},
            affected=list(map(outlined, affected)),
        )
    if affected and command.policy == commands.REFUSE:
        labels = ", ".join(each.before.plan.label for each in reversed(affected))
        raise errors.ResultsAffected(
            f"This changes who plays in what has begun: {labels}.",
            affected=list(map(outlined, affected)),
            version=version,
        )
    return with_movement(tournament, at, *told)


def with_what_hangs(
    tournament: Tournament,
    cause_id: int | None,
    change: tuple[events.Event, ...],
    at: str,
    actor_id: int | None,
) -> tuple[events.Event, ...]:
    """The change, of the match ``cause_id`` if of one, and before it the reopening of every match that has
    begun and would have other players."""
    taken: set[int] = set()
    while True:
        reopenings = [
            events.MatchReopened(
                tournament_id=tournament.id,
                match_id=match_id,
                to="ready",
                reopened_at=at,
                reopened_by=actor_id,
                cause_match_id=cause_id,
            )
            for match_id in sorted(taken, reverse=True)
        ]
        told = (*reopenings, *change)
        after = reduce(apply, told, tournament)
        more = misplaced(tournament, after)
        if not more:
            return told
        taken |= more


def _check(command: commands.ChangeOfMind) -> None:
    if command.policy not in commands.POLICIES:
        raise errors.InvalidInput({"policy": f"Choose one of: {', '.join(commands.POLICIES)}."})
    rules.check_reason(command.reason)


def _refuse_stale(command: commands.ChangeOfMind, match: Match) -> None:
    if command.seen not in (None, match.version):
        score = match.confirmed.score if match.confirmed is not None else match.score
        now = f"It stands at {score[0]}–{score[1]} now" if score else "It has no score now"
        raise errors.VersionConflict(
            f"This match was changed meanwhile. {now}. Look again before you change it.",
            current={"version": match.version},
        )


def _refuse_forfeited(tournament: Tournament, match: Match) -> None:
    """What goes to the opponent of somebody who is out is settled by bringing them back."""
    if gone := given_away_by(tournament, match):
        out = tournament.roster.out[gone[0].id]
        raise errors.ParticipantConflict(f"{gone[0].name} is {out}. Reinstate them first.")


def _refuse_unless_own(match: Match, at: str, actor_id: int | None) -> None:
    """Somebody may take back a start before the first point, and their own confirmation for a minute."""
    if match.live:
        if match.scored:
            raise errors.UndoRefused("It stands no longer 0–0; an organiser can take the start back.")
        return
    if match.result is None or match.result.by != actor_id or actor_id is None:
        raise errors.UndoRefused("You are not the one who confirmed this; an organiser can take it back.")
    passed = datetime.fromisoformat(at) - datetime.fromisoformat(match.result.at)
    if passed.total_seconds() > UNDO_SECONDS:
        raise errors.UndoRefused("It was confirmed more than a minute ago; an organiser can take it back.")
