"""Decisions about those who take part: their names, who takes their place, who goes home and comes back."""

from __future__ import annotations

from functools import reduce
from typing import get_args

from quart_app import errors
from quart_app.domain import commands, events, rules
from quart_app.domain.bracket.match import Match, Result
from quart_app.domain.decisions.consequences import nobody_played
from quart_app.domain.decisions.corrections import taken_back, with_what_hangs
from quart_app.domain.fold import apply
from quart_app.domain.movement import refuse_misplaced, with_movement
from quart_app.domain.state.people import group_matches
from quart_app.domain.state.roster import Participant
from quart_app.domain.state.tournament import Tournament

WITHDRAWALS: tuple[str, ...] = get_args(events.WithdrawalPolicy)


def rename(
    tournament: Tournament, command: commands.RenameParticipant, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Mend a name; the one they have already changes nothing. Raises NotFound or InvalidInput."""
    who, name = find_participant(tournament, command.participant_id), rules.tidy(command.name)
    if name == who.name:
        return ()
    _check_name(tournament, who, command.name)
    return (
        events.ParticipantRenamed(
            tournament_id=tournament.id,
            participant_id=who.id,
            name=name,
            renamed_at=at,
            renamed_by=actor_id,
            previous_name=who.name,
        ),
    )


def replace(
    tournament: Tournament, command: commands.ReplaceParticipant, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Let somebody else play in their place; who plays there already changes nothing. Raises
    ParticipantConflict once they have played, NotFound or InvalidInput."""
    who, name = find_participant(tournament, command.participant_id), rules.tidy(command.name)
    if name == who.name:
        return ()
    if who.id in tournament.roster.out:
        raise errors.ParticipantConflict(
            f"{who.name} is {tournament.roster.out[who.id]}. Reinstate them before somebody else plays."
        )
    if any(match.begun for match in tournament.matches_of(who.id)):
        raise errors.ParticipantConflict(f"{who.name} has played already; nobody can take their place.")
    _check_name(tournament, who, command.name)
    return (
        events.ParticipantReplaced(
            tournament_id=tournament.id,
            participant_id=who.id,
            name=name,
            replaced_at=at,
            replaced_by=actor_id,
            previous_name=who.name,
        ),
    )


def withdraw(
    tournament: Tournament, command: commands.WithdrawParticipant, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Take somebody out; ``consequences.forfeits`` tells what becomes of their matches.

    Raises ParticipantConflict for somebody who is out, or before there is a bracket, NotFound or
    InvalidInput.
    """
    who = find_participant(tournament, command.participant_id)
    if command.policy not in WITHDRAWALS:
        raise errors.InvalidInput({"policy": f"Choose one of: {', '.join(WITHDRAWALS)}."})
    rules.check_reason(command.reason)
    out = tournament.roster.out.get(who.id)
    if out == "disqualified" or (out is not None and not command.disqualified):
        raise errors.ParticipantConflict(f"{who.name} is out already.")
    if not tournament.stages:
        raise errors.ParticipantConflict("There is no bracket yet; take the name off the list.")
    if command.policy == "void_all" and not group_matches(tournament, who.id):
        raise errors.InvalidInput({"policy": "Only matches in groups can count for nothing."})
    withdrawn = events.ParticipantWithdrawn(
        tournament_id=tournament.id,
        participant_id=who.id,
        withdrawn_at=at,
        withdrawn_by=actor_id,
        policy="void_all" if command.policy == "void_all" else "forfeit_rest",
        because=rules.tidy(command.reason) or None,
        disqualified=command.disqualified,
    )
    refuse_misplaced(tournament, withdrawn, "Give what is left to the opponents instead.")
    return with_movement(tournament, at, withdrawn, only_if_moved=True)


def reinstate(
    tournament: Tournament, command: commands.ReinstateParticipant, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Let somebody play on, and take back the walkovers with which nobody has gone on to play.

    Raises ParticipantConflict for somebody who is not out, NotFound.
    """
    who = find_participant(tournament, command.participant_id)
    if who.id not in tournament.roster.out:
        raise errors.ParticipantConflict(f"{who.name} is not out.")
    reinstated = events.ParticipantReinstated(
        tournament_id=tournament.id, participant_id=who.id, reinstated_at=at, reinstated_by=actor_id
    )
    back = with_what_hangs(tournament, None, (reinstated,), at, actor_id)
    if not nobody_played(tournament, back):
        refuse_misplaced(tournament, reinstated, "Take those back first.")
    counting = reduce(apply, back, tournament)
    results = [
        _told_again(counting, match, match.result)
        for match_id, match in counting.matches.items()
        if match.result is not None and tournament.matches[match_id].uncounted and not match.uncounted
    ]
    told = with_movement(tournament, at, *back, *results, only_if_moved=True)
    state = reduce(apply, told, tournament)
    forfeited = [
        match.match_id
        for match in state.matches_of(who.id)
        if match.result is not None and match.result.forfeit and match.winner_id != who.id
    ]
    for match_id in sorted(forfeited, reverse=True):  # the deepest first, so that none hangs on another
        if state.matches[match_id].result is None:
            continue  # with one that hangs on it
        back = taken_back(state, match_id, at, actor_id)
        state, told = reduce(apply, back, state), (*told, *back)
    return told


def _told_again(tournament: Tournament, match: Match, result: Result) -> events.MatchCompleted:
    """A result that counts again, as it was confirmed."""
    winner, loser = tournament.participant(result.winner_id), tournament.participant(result.loser_id)
    return events.MatchCompleted(
        tournament_id=tournament.id,
        match_id=match.match_id,
        winner_id=result.winner_id,
        winner_name=winner.name if winner else None,
        loser_id=result.loser_id,
        loser_name=loser.name if loser else None,
        participant1_score=match.score[0] if match.score else None,
        participant2_score=match.score[1] if match.score else None,
        confirmed_at=result.at,
        confirmed_by=result.by,
        walkover=result.walkover,
        participant1_tiebreak=result.tiebreak[0] if result.tiebreak else None,
        participant2_tiebreak=result.tiebreak[1] if result.tiebreak else None,
        notes=result.notes,
        drawn=result.drawn,
        games=match.games,
        forfeit=result.forfeit,
        again=True,
    )


def find_participant(tournament: Tournament, participant_id: int) -> Participant:
    """The participant. Raises NotFound."""
    who = tournament.participants.get(participant_id)
    if who is None:
        raise errors.NotFound(f"This tournament has no participant {participant_id}.")
    return who


def usual_policy(tournament: Tournament, participant_id: int) -> str:
    """What is mostly done about somebody's matches in groups: none counts where under half are decided."""
    matches = group_matches(tournament, participant_id)
    return "void_all" if 2 * sum(match.decided for match in matches) < len(matches) else "forfeit_rest"


def _check_name(tournament: Tournament, who: Participant, name: str) -> None:
    renamed = tournament.roster.renamed(who.id, name)
    try:
        rules.check_entrants(rules.lines_of(renamed.entrants), tournament.seeding)
    except errors.InvalidInput as problem:
        raise errors.InvalidInput({"name": problem.detail}) from None
