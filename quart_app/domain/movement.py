"""What a change moves in the bracket: the one place that makes a ``bracket_updated``.

It is read off the states before and after, whatever caused the change.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce

from quart_app import errors
from quart_app.domain import events
from quart_app.domain.bracket.match import Match, MatchStatus
from quart_app.domain.fold import apply
from quart_app.domain.state.tournament import Tournament


def movement(before: Tournament, after: Tournament, at: str) -> events.BracketUpdated:
    """What differs between two states for somebody who knows slots and results alone: every match whose
    players, or the loss of whose result, they have not been told. A bye is one of them, and told as such."""
    moved = [
        match
        for match_id, match in after.matches.items()
        if (was := before.matches.get(match_id)) is not match and (was is None or _differs(was, match))
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
                bye=match.status is MatchStatus.BYE,
            )
            for match in moved
            if match.uncounted or (match.result is None and not _never_needed(before, match))
        ),
        bracket_status=after.progress.value,
        updated_at=at,
    )


def _never_needed(before: Tournament, match: Match) -> bool:
    """Whether nobody is to play this match, and nobody was ever told to."""
    was = before.matches.get(match.match_id)
    return match.void and (was is None or was.slots == match.slots)


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
    before: Tournament, at: str, *changes: events.Event, only_if_moved: bool = False
) -> tuple[events.Event, ...]:
    """Changes that move players, and right after them what they have moved; with ``only_if_moved`` nothing
    is told where nobody has moved, and the tournament is no further."""
    after = reduce(apply, changes, before)
    moved = movement(before, after, at)
    still = not moved.updated_nodes and after.progress is before.progress
    return changes if only_if_moved and still else (*changes, moved)


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
        matches = [tournament.matches[each] for each in sorted(found)]
        labels = ", ".join(match.plan.label for match in matches)
        raise errors.PlayersAffected(
            f"This changes who plays in what has begun: {labels}. {instead}",
            affected=list(map(outline, reversed(matches))),
        )


def outline(match: Match) -> dict[str, object]:
    """A match that would be affected, as it is told: ``{match_id, label, status, score}``."""
    return {
        "match_id": match.match_id,
        "label": match.plan.label,
        "status": match.status.value,
        "score": list(match.score) if match.score is not None else None,
    }
