"""What a tournament answers to a wish: events, or a refusal.

``decide`` is pure: the same state, command and moment give the same events. It raises a domain error from
``errors`` when the answer is no, and gives no events when there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from msgspec import structs

from quart_app import errors
from quart_app.domain import commands, events, rules, seeding
from quart_app.domain.bracket import Match, MatchStatus
from quart_app.domain.formats import single_elimination
from quart_app.domain.tournament import Participant, Tournament, TournamentStatus

BUILDERS: Mapping[str, Callable[..., tuple[tuple[str, ...], tuple[events.MatchPlan, ...]]]] = {
    "single_elimination": single_elimination.build
}
"""What builds each format's feeder graph."""


def decide(
    tournament: Tournament, command: commands.Command, now: datetime, actor_id: int | None = None
) -> tuple[events.Event, ...]:
    """The events that carry out ``command``, in log order; empty where it changes nothing.

    Raises InvalidInput for values that never fit, NotFound for a tournament or match that does not exist, and
    a Conflict that names the state for a wish that does not fit it.
    """
    if not (tournament.seq or isinstance(command, commands.CreateTournament)):
        raise errors.NotFound(f"There is no tournament {tournament.id}.")
    at = events.rfc3339(now)
    match command:
        case commands.CreateTournament():
            return _create(tournament, command, at)
        case commands.RegisterParticipants():
            _refuse_after_draw(tournament)
            if command.version not in (None, tournament.seq):
                raise errors.Conflict(
                    "Somebody else changed this tournament meanwhile. Save again to replace their list."
                )
            rules.check_entrants(command.entrants, tournament.seeding, tournament.third_place)
            return (_registered(tournament.id, command.entrants, at),)
        case commands.GenerateBracket():
            return (_generate(tournament, at),)
        case commands.ChangeVisibility():
            return _change_visibility(tournament, command, at)
        case commands.StartMatch():
            return (_start(tournament, command),)
        case commands.UpdateScore():
            return _update_score(tournament, command, at, actor_id)
        case commands.ConfirmResult():
            completed = _confirm(tournament, command, at, actor_id)
            return completed, update_bracket_after_match(tournament, completed, now)


def update_bracket_after_match(
    tournament: Tournament, completed: events.MatchCompleted, now: datetime
) -> events.BracketUpdated:
    """What ``completed`` moves in the bracket of the ``tournament`` that it is about to be applied to."""
    after = tournament.apply(completed)
    moved = [
        match
        for match_id, match in after.matches.items()
        if match.slots != tournament.matches[match_id].slots
    ]
    return events.BracketUpdated(
        tournament_id=tournament.id,
        bracket_id=tournament.bracket_id or 1,
        updated_nodes=tuple(match.match_id for match in moved),
        next_matches=tuple(
            events.NextMatch(
                match_id=match.match_id,
                round=match.plan.round,
                position=match.plan.position,
                participant1_id=match.slots[0].participant_id,
                participant2_id=match.slots[1].participant_id,
            )
            for match in moved
            if not match.decided
        ),
        bracket_status=after.status.value,
        updated_at=events.rfc3339(now),
    )


def _create(tournament: Tournament, command: commands.CreateTournament, at: str) -> tuple[events.Event, ...]:
    if tournament.seq:
        raise errors.Conflict("This tournament exists already.")
    rules.check_tournament(command)
    created = events.TournamentCreated(
        tournament_id=tournament.id,
        name=rules.tidy(command.name),
        format=command.format,
        seeding=command.seeding,
        third_place=command.third_place,
        visibility=command.visibility,
        created_at=at,
    )
    return created, _registered(tournament.id, command.entrants, at)


def _registered(
    tournament_id: int, lines: tuple[commands.EntrantLine, ...], at: str
) -> events.ParticipantsRegistered:
    entrants, participants = [], 0
    for line in lines:
        if line.name is None:
            entrants.append(events.Entrant(id=None, name=None))
            continue
        participants += 1
        entrants.append(events.Entrant(id=participants, name=rules.tidy(line.name), seed=line.seed))
    return events.ParticipantsRegistered(
        tournament_id=tournament_id, entrants=tuple(entrants), registered_at=at
    )


def _refuse_after_draw(tournament: Tournament) -> None:
    if tournament.bracket_id is not None:
        raise errors.BracketExists("The bracket has been generated; the draw can no longer change.")


def _generate(tournament: Tournament, at: str) -> events.BracketGenerated:
    _refuse_after_draw(tournament)
    lines = seeding.draw_lines(tournament.entrants, tournament.seeding)
    rounds, matches = BUILDERS[tournament.format](lines, tournament.third_place)
    return events.BracketGenerated(
        tournament_id=tournament.id, bracket_id=1, rounds=rounds, matches=matches, generated_at=at
    )


def _change_visibility(
    tournament: Tournament, command: commands.ChangeVisibility, at: str
) -> tuple[events.Event, ...]:
    rules.check_visibility(command.visibility)
    if command.visibility == tournament.visibility:
        return ()
    return (
        events.VisibilityChanged(tournament_id=tournament.id, visibility=command.visibility, changed_at=at),
    )


def _match(tournament: Tournament, match_id: int) -> Match:
    match = tournament.matches.get(match_id)
    if match is None:
        raise errors.NotFound(f"This tournament has no match {match_id}.")
    return match


def _refuse_unless_open(match: Match) -> None:
    """Let only ready and live matches pass."""
    if match.status is MatchStatus.LOCKED:
        raise errors.MatchLocked("A participant of this match is not known yet.")
    if match.status is MatchStatus.BYE:
        raise errors.MatchAlreadyCompleted("This match was decided by a bye; there is nothing to play.")
    if match.decided:
        raise errors.MatchAlreadyCompleted(
            "This match has a confirmed result.", status_of_match=match.status.value
        )


def _start(tournament: Tournament, command: commands.StartMatch) -> events.MatchStarted:
    match = _match(tournament, command.match_id)
    _refuse_unless_open(match)
    if match.status is MatchStatus.LIVE:
        raise errors.MatchNotReady("This match has been started already.")
    first, second = _players(tournament, match)
    scheduled_time = command.scheduled_time
    if scheduled_time is not None:
        scheduled_time = rules.utc_time("scheduled_time", scheduled_time)
    return events.MatchStarted(
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


def _update_score(
    tournament: Tournament, command: commands.UpdateScore, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    match = _match(tournament, command.match_id)
    score = (command.participant1_score, command.participant2_score)
    rules.check_score(*score)
    _refuse_unless_open(match)
    if match.status is not MatchStatus.LIVE:
        raise errors.MatchNotLive("This match has not been started; start it first.")
    if score == match.score:
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
        ),
    )


def _refuse_stale(match: Match, version: int | None, entered: tuple[int, int] | None) -> None:
    if version is None or version == match.version:
        return
    now = match.score or (0, 0)
    yours = f"; you entered {entered[0]}–{entered[1]}" if entered else ""
    raise errors.VersionConflict(
        f"Somebody else changed this match meanwhile. It stands at {now[0]}–{now[1]}{yours}.",
        current={"participant1_score": now[0], "participant2_score": now[1], "version": match.version},
        entered={"participant1_score": entered[0], "participant2_score": entered[1]} if entered else None,
    )


def _confirm(
    tournament: Tournament, command: commands.ConfirmResult, at: str, actor_id: int | None
) -> events.MatchCompleted:
    match = _match(tournament, command.match_id)
    rules.check_confirmation(command)
    _refuse_unless_open(match)
    first, second = _players(tournament, match)
    if command.winner_id not in (None, first.id, second.id):
        raise errors.InvalidInput({"winner_id": f"The winner must be {first.name} or {second.name}."})
    _refuse_stale(match, command.version, None)
    unplayed = match.score in (None, (0, 0)) and command.participant1_tiebreak is None
    walkover = command.walkover or (unplayed and command.winner_id is not None)
    winner_id = command.winner_id if walkover else _winner_by_score(tournament, match, command)
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
    )


def _winner_by_score(tournament: Tournament, match: Match, command: commands.ConfirmResult) -> int:
    if match.status is not MatchStatus.LIVE or match.score is None:
        raise errors.MatchNotLive(
            "This match has not been started; start it first, or name the winner of a walkover."
        )
    first, second = _players(tournament, match)
    a, b = match.score
    if a == b:
        if command.participant1_tiebreak is None or command.participant2_tiebreak is None:
            raise errors.MatchDrawn(
                f"It stands {a}–{b}, and an elimination match needs a winner: play on or enter the tie-break."
            )
        a, b = command.participant1_tiebreak, command.participant2_tiebreak
    elif command.participant1_tiebreak is not None:
        raise errors.InvalidInput({"participant1_tiebreak": "A tie-break only settles a level score."})
    winner = first if a > b else second
    if command.winner_id not in (None, winner.id):
        raise errors.WinnerDisagrees(
            f"The score makes {winner.name} the winner. Correct the score first, or record a walkover."
        )
    return winner.id


def _players(tournament: Tournament, match: Match) -> tuple[Participant, Participant]:
    first, second = (tournament.participant(slot.participant_id) for slot in match.slots)
    if first is None or second is None:
        raise errors.MatchLocked("A participant of this match is not known yet.")
    return first, second


def accept(tournament: Tournament, told: events.Event) -> tuple[events.Event, ...]:
    """The event of play that a source outside tells of, as we log it; none where it is known already.

    It is decided anew, like the wish of a staff member, so names and places are ours. Raises NotFound for an
    unknown match, InvalidInput for players who are not in it or values that cannot be, and the Conflict that
    a staff member would get.
    """
    match told:
        case events.MatchStarted():
            wish = commands.StartMatch(match_id=told.match_id, scheduled_time=told.scheduled_time)
            started = _start(tournament, wish)
            players = (started.participant1_id, started.participant2_id)
            if (told.participant1_id, told.participant2_id) != players:
                raise errors.InvalidInput({"participant1_id": "These are not the players of this match."})
            return (started,)
        case events.ScoreUpdated():
            score = commands.UpdateScore(
                match_id=told.match_id,
                participant1_score=told.participant1_score,
                participant2_score=told.participant2_score,
            )
            at = rules.utc_time("updated_at", told.updated_at)
            return _update_score(tournament, score, at, told.updated_by)
        case events.MatchCompleted():
            return (_accept_result(tournament, told),)
        case events.BracketUpdated():
            for match_id in (*told.updated_nodes, *(following.match_id for following in told.next_matches)):
                _match(tournament, match_id)
            if told.bracket_status not in tuple(TournamentStatus):
                choices = ", ".join(TournamentStatus)
                raise errors.InvalidInput({"bracket_status": f"Choose one of: {choices}."})
            return (structs.replace(told, updated_at=rules.utc_time("updated_at", told.updated_at)),)
        case _:
            raise errors.InvalidInput({"event_type": f"{told.type!r} is not an event of play."})


def _accept_result(tournament: Tournament, told: events.MatchCompleted) -> events.MatchCompleted:
    """The result as told, confirmed at the score that it tells."""
    match = _match(tournament, told.match_id)
    _refuse_unless_open(match)
    a, b = told.participant1_score, told.participant2_score
    if (a is None) != (b is None):
        raise errors.InvalidInput({"participant1_score": "Tell the scores of both sides, or of neither."})
    if a is not None and b is not None:
        rules.check_score(a, b)
        scored = {**tournament.matches, match.match_id: replace(match, score=(a, b))}
        tournament = replace(tournament, matches=scored)
    wish = commands.ConfirmResult(
        match_id=told.match_id,
        winner_id=told.winner_id,
        walkover=told.walkover,
        participant1_tiebreak=told.participant1_tiebreak,
        participant2_tiebreak=told.participant2_tiebreak,
        notes=told.notes,
    )
    at = rules.utc_time("confirmed_at", told.confirmed_at)
    result = _confirm(tournament, wish, at, told.confirmed_by)
    if (told.winner_id, told.loser_id) != (result.winner_id, result.loser_id):
        raise errors.InvalidInput({"winner_id": "This match and its score have another winner or loser."})
    return result
