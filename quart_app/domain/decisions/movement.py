"""What a change moves in the bracket: the one place that makes a ``bracket_updated``, and that gives matches
to the opponents of those who are out.

It is read off the states before and after, whatever caused the change.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce

from quart_app.domain import events
from quart_app.domain.bracket.match import Match
from quart_app.domain.fold import apply
from quart_app.domain.state.tournament import Tournament


def movement(before: Tournament, after: Tournament, at: str) -> events.BracketUpdated:
    """What differs between the slots of two states, with what was taken back, and where their players go
    next."""
    moved = [
        match
        for match_id, match in after.matches.items()
        if (was := before.matches.get(match_id)) is None
        or (match.slots, match.void) != (was.slots, was.void)
        or (was.begun and not match.begun)
        or (was.result is not None and match.result is None)
    ]
    return events.BracketUpdated(
        tournament_id=after.id,
        bracket_id=after.bracket_id or 1,
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
        updated_at=at,
    )


def with_movement(
    before: Tournament, change: events.Event, at: str, *, only_if_moved: bool = False
) -> tuple[events.Event, ...]:
    """A change that moves players, and right after it what it has moved; with ``only_if_moved`` nothing is
    told where nobody has moved."""
    moved = movement(before, apply(before, change), at)
    return (change,) if only_if_moved and not moved.updated_nodes else (change, moved)


def forfeits(tournament: Tournament, at: str, actor_id: int | None) -> tuple[events.Event, ...]:
    """What goes to somebody as a walkover by now, as their opponent plays no more, with what that moves."""
    told: tuple[events.Event, ...] = ()
    out = tournament.roster.out
    while out:
        agenda = tournament.agenda
        matches = [tournament.matches[each] for each in sorted((*agenda.live, *agenda.ready))]
        given = [match for match in matches if any(slot.participant_id in out for slot in match.slots)]
        if not given:
            break
        more = with_movement(tournament, _forfeit(tournament, given[0], at, actor_id), at)
        tournament, told = reduce(apply, more, tournament), (*told, *more)
    return told


def _forfeit(tournament: Tournament, match: Match, at: str, actor_id: int | None) -> events.MatchCompleted:
    sides = [tournament.participant(slot.participant_id) for slot in match.slots]
    staying = [who for who in sides if who is not None and who.id not in tournament.roster.out]
    winner = staying[0] if staying else None
    loser = next((who for who in sides if who is not winner), None) if winner else None
    score = match.score or (None, None)
    return events.MatchCompleted(
        tournament_id=tournament.id,
        match_id=match.match_id,
        winner_id=winner.id if winner else None,
        winner_name=winner.name if winner else None,
        loser_id=loser.id if loser else None,
        loser_name=loser.name if loser else None,
        participant1_score=score[0],
        participant2_score=score[1],
        confirmed_at=at,
        confirmed_by=actor_id,
        walkover=True,
        games=match.games,
        forfeit=True,
    )


def update_bracket_after_match(
    tournament: Tournament, completed: events.MatchCompleted, now: datetime
) -> events.BracketUpdated:
    """What ``completed`` moves in the bracket of the ``tournament`` that it is about to be applied to."""
    return movement(tournament, apply(tournament, completed), events.rfc3339(now))
