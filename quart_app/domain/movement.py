"""What a change moves in the bracket: the one place that makes a ``bracket_updated``.

It is read off the states before and after, whatever caused the change.
"""

from __future__ import annotations

from datetime import datetime

from quart_app import errors
from quart_app.domain import events
from quart_app.domain.bracket.match import Match
from quart_app.domain.fold import apply
from quart_app.domain.state.tournament import Tournament


def movement(before: Tournament, after: Tournament, at: str, *, every: bool = False) -> events.BracketUpdated:
    """What differs between two states for somebody who knows slots and results alone, and where their
    players go next; with ``every`` also past whom they go without an opponent, as a change of mind may have
    told otherwise."""
    moved = [
        match
        for match_id, match in after.matches.items()
        if (was := before.matches.get(match_id)) is not match and (was is None or _differs(was, match))
    ]
    redrawn = before.bracket_id is not None and after.bracket_id != before.bracket_id
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
            if not match.decided or match.uncounted or (match.result is None and (every or redrawn))
        ),
        bracket_status=after.progress.value,
        updated_at=at,
    )


def _differs(was: Match, now: Match) -> bool:
    """Whether others play in a match, or what was told of it no longer holds."""
    taken_back = (was.result is not None and now.result is None) or (was.begun and not now.begun)
    return taken_back or (was.plan, was.slots, was.void, was.uncounted) != (
        now.plan,
        now.slots,
        now.void,
        now.uncounted,
    )


def with_movement(
    before: Tournament, change: events.Event, at: str, *, only_if_moved: bool = False
) -> tuple[events.Event, ...]:
    """A change that moves players, and right after it what it has moved; with ``only_if_moved`` nothing is
    told where nobody has moved."""
    moved = movement(before, apply(before, change), at)
    return (change,) if only_if_moved and not moved.updated_nodes else (change, moved)


def update_bracket_after_match(
    tournament: Tournament, completed: events.MatchCompleted, now: datetime
) -> events.BracketUpdated:
    """What ``completed`` moves in the bracket of the ``tournament`` that it is about to be applied to."""
    return movement(tournament, apply(tournament, completed), events.rfc3339(now))


def misplaced(before: Tournament, after: Tournament) -> set[int]:
    """The matches that have begun, and that a change would give other players."""
    return {
        match_id
        for match_id, match in after.matches.items()
        if match.begun
        and (was := before.matches.get(match_id)) is not None
        and was is not match
        and (match.slots, match.void) != (was.slots, was.void)
    }


def refuse_misplaced(tournament: Tournament, change: events.Event, instead: str) -> None:
    """A change that is no correction must not change who plays in what has begun. Raises
    PlayersAffected."""
    if found := misplaced(tournament, apply(tournament, change)):
        labels = ", ".join(tournament.matches[each].plan.label for each in sorted(found))
        raise errors.PlayersAffected(f"This changes who plays in what has begun: {labels}. {instead}")
