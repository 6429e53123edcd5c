"""Decisions about a match: start it, score it, confirm its result."""

from __future__ import annotations

from msgspec.structs import replace as altered

from quart_app import errors
from quart_app.domain import commands, events, rules, scoring
from quart_app.domain.bracket.match import Match, MatchStatus
from quart_app.domain.movement import with_movement
from quart_app.domain.state.roster import Participant
from quart_app.domain.state.tournament import Tournament


def start(
    tournament: Tournament, command: commands.StartMatch, at: str, actor_id: int | None
) -> tuple[events.MatchStarted, ...]:
    """Begin a match that is ready. Raises MatchLocked, MatchNotReady or MatchAlreadyCompleted."""
    match = find_match(tournament, command.match_id)
    refuse_unless_open(match)
    if match.status is MatchStatus.LIVE:
        raise errors.MatchNotReady("This match has been started already.")
    first, second = _players(tournament, match)
    scheduled_time = command.scheduled_time
    if scheduled_time is not None:
        scheduled_time = rules.utc_time("scheduled_time", scheduled_time)
    started = events.MatchStarted(
        tournament_id=tournament.id,
        match_id=match.match_id,
        participant1_id=first.id,
        participant1_name=first.name,
        participant2_id=second.id,
        participant2_name=second.name,
        scheduled_time=scheduled_time,
        bracket_round=match.plan.round,
        bracket_position=match.plan.position,
    )
    return (started,)


def update_score(
    tournament: Tournament, command: commands.UpdateScore, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Set the score of a live match; the one it has already changes nothing.

    Raises MatchNotLive, MatchLocked, MatchAlreadyCompleted, VersionConflict or InvalidInput.
    """
    match = find_match(tournament, command.match_id)
    refuse_unless_open(match)
    settings = tournament.stage_of(match).settings
    score = _entered_score(match, settings, command)
    if match.status is not MatchStatus.LIVE:
        raise errors.MatchNotLive("This match has not been started; start it first.")
    if (score, command.games) == (match.score, match.games):
        return ()
    _refuse_stale(match, command.version, score)
    return (
        events.ScoreUpdated(
            tournament_id=tournament.id,
            match_id=match.match_id,
            participant1_score=score[0],
            participant2_score=score[1],
            updated_at=at,
            updated_by=actor_id,
            games=command.games,
        ),
    )


def _entered_score(
    match: Match, settings: events.StageSettings, command: commands.UpdateScore
) -> tuple[int, int]:
    """The score that is meant, checked: as it was entered, or as it follows from the games."""
    first, second = command.participant1_score, command.participant2_score
    if command.games and (first is None) is not (second is None):
        raise errors.InvalidInput({"games": "The games make the score; leave it out."})
    entered = None if first is None or second is None else (first, second)
    return score_of(match, settings, entered, command.games)


def score_of(
    match: Match, settings: events.StageSettings, entered: tuple[int, int] | None, games: events.Games
) -> tuple[int, int]:
    """The score of a match: as it follows from its games, or without those as it was entered.

    Raises InvalidInput where it cannot be, or the games make it another one.
    """
    if not games:
        if entered is None:
            raise errors.InvalidInput({"participant1_score": "Enter both scores, or the games."})
        rules.check_score(*entered)
        scoring.check_games_won(match.plan, settings.games, entered)
        return entered
    rules.check_games(games)
    scoring.check_games(match.plan, settings.games, games)
    score = scoring.games_won(match.plan, settings.games, games)
    if entered not in (None, score):
        raise errors.InvalidInput(
            {"games": f"These games make it {score[0]}–{score[1]}; leave the score out."}
        )
    return score


def confirm(
    tournament: Tournament, command: commands.ConfirmResult, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Settle a match, and tell what that moves.

    Raises MatchDrawn, WinnerDisagrees, MatchNotLive, MatchLocked, MatchAlreadyCompleted, VersionConflict or
    InvalidInput.
    """
    return with_movement(tournament, at, result(tournament, command, at, actor_id))


def result(
    tournament: Tournament, command: commands.ConfirmResult, at: str, actor_id: int | None
) -> events.MatchCompleted:
    """The confirmed result alone. Raises what ``confirm`` raises."""
    match = find_match(tournament, command.match_id)
    rules.check_confirmation(command)
    refuse_unless_open(match)
    first, second = _players(tournament, match)
    if command.winner_id not in (None, first.id, second.id):
        raise errors.InvalidInput({"winner_id": f"The winner must be {first.name} or {second.name}."})
    _refuse_stale(match, command.version, None)
    if command.score is not None and not command.walkover:
        rules.check_score(*command.score)
        scoring.check_games_won(match.plan, tournament.stage_of(match).settings.games, command.score)
        match = altered(match, score=command.score, games=() if command.score != match.score else match.games)
    unplayed = (
        match.score in (None, (0, 0))
        and command.participant1_tiebreak is None
        and not command.drawn
        and command.score is None
    )
    walkover = command.walkover or (unplayed and command.winner_id is not None)
    drawn = not walkover and _is_drawn(tournament, match, command)
    winner_id = command.winner_id if walkover or drawn else _winner_by_score(tournament, match, command)
    winner = tournament.participant(winner_id)
    loser = None if winner is None else (second if winner is first else first)
    return events.MatchCompleted(
        tournament_id=tournament.id,
        match_id=match.match_id,
        winner_id=winner.id if winner else None,
        winner_name=winner.name if winner else None,
        loser_id=loser.id if loser else None,
        loser_name=loser.name if loser else None,
        participant1_score=match.score[0] if match.score else None,
        participant2_score=match.score[1] if match.score else None,
        confirmed_at=at,
        confirmed_by=actor_id,
        walkover=walkover,
        participant1_tiebreak=None if walkover else command.participant1_tiebreak,
        participant2_tiebreak=None if walkover else command.participant2_tiebreak,
        notes=rules.tidy(command.notes or "") or None,
        drawn=drawn,
        games=match.games,
    )


def find_match(tournament: Tournament, match_id: int) -> Match:
    """The match. Raises NotFound."""
    match = tournament.matches.get(match_id)
    if match is None:
        raise errors.NotFound(f"This tournament has no match {match_id}.")
    return match


def refuse_unless_open(match: Match) -> None:
    """Let only ready and live matches pass. Raises MatchLocked or MatchAlreadyCompleted."""
    if match.status is MatchStatus.LOCKED:
        raise errors.MatchLocked("A participant of this match is not known yet.")
    if match.uncounted:
        raise errors.MatchAlreadyCompleted(
            "This match counts for nothing.", status_of_match=match.status.value
        )
    if match.status is MatchStatus.BYE:
        raise errors.MatchAlreadyCompleted("This match was decided by a bye; there is nothing to play.")
    if match.decided:
        raise errors.MatchAlreadyCompleted(
            "This match has a confirmed result.", status_of_match=match.status.value
        )


def _refuse_stale(match: Match, version: int | None, entered: tuple[int, int] | None) -> None:
    if version is None or version == match.version:
        return
    now = match.score or (0, 0)
    yours = f"; you entered {entered[0]}–{entered[1]}" if entered else ""
    raise errors.VersionConflict(
        f"This match was changed meanwhile. It stands at {now[0]}–{now[1]}{yours}.",
        current={"participant1_score": now[0], "participant2_score": now[1], "version": match.version},
        entered={"participant1_score": entered[0], "participant2_score": entered[1]} if entered else None,
    )


def _is_drawn(tournament: Tournament, match: Match, command: commands.ConfirmResult) -> bool:
    """Whether it ends level, where that may be. Raises MatchNotLive, MatchDrawn or InvalidInput."""
    _refuse_unplayed(match)
    a, b = match.score or (0, 0)
    if command.drawn and a != b:
        raise errors.InvalidInput({"drawn": f"It stands {a}–{b}, which is no draw."})
    if a != b or command.participant1_tiebreak is not None:
        return False
    if not tournament.stage_of(match).settings.draws:
        raise errors.MatchDrawn(
            f"It stands {a}–{b}, and this match needs a winner: play on or enter the tie-break."
        )
    if command.winner_id is not None:
        raise errors.WinnerDisagrees(
            "The score makes it a draw. Correct the score first, or record a walkover."
        )
    if match.plan.all_played or not command.drawn:  # who asks for a draw has no time left to play on
        _refuse_undecided(match, (a, b))
    return True


def _winner_by_score(tournament: Tournament, match: Match, command: commands.ConfirmResult) -> int:
    first, second = _players(tournament, match)
    a, b = match.score or (0, 0)
    if a == b and command.participant1_tiebreak is not None and command.participant2_tiebreak is not None:
        a, b = command.participant1_tiebreak, command.participant2_tiebreak
    elif command.participant1_tiebreak is not None:
        raise errors.InvalidInput({"participant1_tiebreak": "A tie-break only settles a level score."})
    else:
        _refuse_undecided(match, (a, b))
    winner = first if a > b else second
    if command.winner_id not in (None, winner.id):
        raise errors.WinnerDisagrees(
            f"The score makes {winner.name} the winner. Correct the score first, or record a walkover."
        )
    return winner.id


def _refuse_unplayed(match: Match) -> None:
    if match.status is not MatchStatus.LIVE or match.score is None:
        raise errors.MatchNotLive(
            "This match has not been started; start it first, or name the winner of a walkover."
        )


def _refuse_undecided(match: Match, won: tuple[int, int]) -> None:
    """A match of several games ends when a side has won enough of them, or all are played."""
    if match.plan.best_of == 1 or scoring.over(match.plan, won):
        return
    takes = (
        f"takes {match.plan.best_of} games"
        if match.plan.all_played
        else f"takes {scoring.needed(match.plan)} wins"
    )
    raise errors.MatchUndecided(
        f"This match {takes}; it stands {won[0]}–{won[1]}. Play on, or record a walkover."
    )


def _players(tournament: Tournament, match: Match) -> tuple[Participant, Participant]:
    first, second = (tournament.participant(slot.participant_id) for slot in match.slots)
    if first is None or second is None:
        raise errors.MatchLocked("A participant of this match is not known yet.")
    return first, second
