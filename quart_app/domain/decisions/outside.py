"""Decisions about what a source of results outside the app tells of.

It is decided anew, like the wish of a staff member, so names, places and movements are ours. Nobody of our
staff entered it, whoever is named there: that is a number of another house.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace as altered

from quart_app.domain import commands, events, rules
from quart_app.domain.decisions import play
from quart_app.domain.movement import with_movement
from quart_app.domain.state.tournament import PROGRESS, Tournament, TournamentStatus
from quart_app.errors import InvalidInput


def accept(tournament: Tournament, told: events.Event) -> tuple[events.Event, ...]:
    """The events of play that a source outside tells of, as we log them; none where they are known already.

    Raises NotFound for an unknown match, InvalidInput for players who are not in it or values that cannot be,
    and the Conflict that a staff member would get.
    """
    decision = ACCEPTED.get(type(told))
    if decision is None:
        raise InvalidInput({"event_type": f"{told.type!r} is not an event of play."})
    return decision(tournament, told)


def _started(tournament: Tournament, told: events.MatchStarted) -> tuple[events.Event, ...]:
    wish = commands.StartMatch(match_id=told.match_id, scheduled_time=told.scheduled_time)
    (started,) = play.start(tournament, wish, "", None)
    players = (started.participant1_id, started.participant2_id)
    if (told.participant1_id, told.participant2_id) != players:
        raise InvalidInput({"participant1_id": "These are not the players of this match."})
    return (started,)


def _scored(tournament: Tournament, told: events.ScoreUpdated) -> tuple[events.Event, ...]:
    wish = commands.UpdateScore(
        match_id=told.match_id,
        participant1_score=told.participant1_score,
        participant2_score=told.participant2_score,
        games=told.games,
    )
    return play.update_score(tournament, wish, rules.utc_time("updated_at", told.updated_at), None)


def _completed(tournament: Tournament, told: events.MatchCompleted) -> tuple[events.Event, ...]:
    """The result, confirmed at the score that is told, and what it moves."""
    match = play.find_match(tournament, told.match_id)
    play.refuse_unless_open(match)
    a, b = told.participant1_score, told.participant2_score
    if (a is None) != (b is None):
        raise InvalidInput({"participant1_score": "Tell the scores of both sides, or of neither."})
    at_that_score = tournament
    entered = None if a is None or b is None else (a, b)
    if entered or told.games:
        score = play.score_of(match, tournament.stage_of(match).settings, entered, told.games)
        games = told.games or (match.games if match.score == score else ())
        scored = {**tournament.matches, match.match_id: altered(match, score=score, games=games)}
        at_that_score = altered(tournament, matches=scored)
    wish = commands.ConfirmResult(
        match_id=told.match_id,
        winner_id=told.winner_id,
        walkover=told.walkover,
        participant1_tiebreak=told.participant1_tiebreak,
        participant2_tiebreak=told.participant2_tiebreak,
        notes=told.notes,
    )
    at = rules.utc_time("confirmed_at", told.confirmed_at)
    result = play.result(at_that_score, wish, at, None)
    if (told.winner_id, told.loser_id) != (result.winner_id, result.loser_id):
        raise InvalidInput({"winner_id": "This match and its score have another winner or loser."})
    return with_movement(tournament, at, result)


def _moved(tournament: Tournament, told: events.BracketUpdated) -> tuple[events.Event, ...]:
    """Nothing: what a result moves is logged with the result. What is told is only compared with the state.

    It may be a little old, so a side that was not known then may be known by now.
    """
    rules.utc_time("updated_at", told.updated_at)
    if told.bracket_status not in PROGRESS:
        raise InvalidInput({"bracket_status": f"Choose one of: {', '.join(PROGRESS)}."})
    if PROGRESS.index(TournamentStatus(told.bracket_status)) > PROGRESS.index(tournament.progress):
        raise InvalidInput({"bracket_status": f"The bracket is {tournament.progress}."})
    if told.bracket_id != tournament.bracket_id:
        raise InvalidInput({"bracket_id": f"The bracket of this tournament is {tournament.bracket_id}."})
    for match_id in told.updated_nodes:
        play.find_match(tournament, match_id)
    for following in told.next_matches:
        match = play.find_match(tournament, following.match_id)
        where = f"next_matches, match {following.match_id}"
        if (following.round, following.position) != (match.plan.round, match.plan.position):
            raise InvalidInput({where: f"It is match {match.plan.position} of round {match.plan.round}."})
        sides = (following.participant1_id, following.participant2_id)
        for side, slot in zip(sides, match.slots, strict=True):
            if side not in (None, slot.participant_id):
                raise InvalidInput({where: f"Participant {side} does not play there."})
    return ()


ACCEPTED: Mapping[type[events.Event], Callable[[Tournament, Any], tuple[events.Event, ...]]] = {
    events.MatchStarted: _started,
    events.ScoreUpdated: _scored,
    events.MatchCompleted: _completed,
    events.BracketUpdated: _moved,
}
"""What a source outside may tell of, and what becomes of it."""

WISHES: Mapping[type[events.Event], type[commands.Command]] = {
    events.MatchStarted: commands.StartMatch,
    events.ScoreUpdated: commands.UpdateScore,
    events.MatchCompleted: commands.ConfirmResult,
}
"""The wish that a staff member would have for the same."""
