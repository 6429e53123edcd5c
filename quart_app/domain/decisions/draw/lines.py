"""What can change in a draw: as long as no match has begun, its lines, and the bracket that they give."""

from __future__ import annotations

from collections.abc import Sequence

from quart_app import errors
from quart_app.domain import events
from quart_app.domain.bracket.match import Match
from quart_app.domain.staging import drawing
from quart_app.domain.state.tournament import Tournament


def can_be_redrawn(tournament: Tournament) -> bool:
    """Whether there is a bracket, drawn from a list, and no match of it has begun or was voided. What was
    given to the opponents of those who are out does not count."""
    return (
        tournament.bracket_id is not None
        and tournament.stages[0].format.layout != "rounds"
        and not any(
            match.voided or (match.begun and not match.given_away) for match in tournament.matches.values()
        )
    )


def refuse_after_start(tournament: Tournament, version: int | None = None, *, keeping: bool = True) -> None:
    """Let a draw change that is still open; ``keeping`` all who are in it, none of whose matches may count
    for nothing."""
    if version not in (None, tournament.seq):
        raise errors.Conflict("This tournament was changed meanwhile. Look at it again.")
    if tournament.bracket_id is None:
        raise errors.DrawFixed("There is no bracket yet; change the list.")
    if tournament.stages[0].format.layout == "rounds":
        raise errors.DrawFixed("It is paired round by round; change the pairs of a round instead.")
    if not can_be_redrawn(tournament):
        raise errors.DrawFixed("A match has begun, or is void; the draw can no longer change.")
    if keeping and any(match.annulled for match in tournament.matches.values()):
        raise errors.DrawFixed(
            "Somebody is out, and their matches count for nothing. Draw it again without them, or reinstate "
            "them first."
        )


def bye_matches(tournament: Tournament) -> tuple[int, ...]:
    """The matches in which a bye stands on a line of the draw, against somebody."""
    return tuple(
        match.match_id for match in first_round(tournament) if sum(slot.bye for slot in match.plan.slots) == 1
    )


def first_round(tournament: Tournament) -> list[Match]:
    """The matches that are drawn from lines, top to bottom; none where the first stage is no bracket."""
    stage = tournament.stages[0]
    if not drawing.has_lines(stage.settings):
        return []
    return [tournament.matches[each] for each in stage.rounds[0].match_ids]


def lines_of(tournament: Tournament) -> list[events.SlotPlan]:
    """The lines of the draw, top to bottom."""
    return [slot for match in first_round(tournament) for slot in match.plan.slots]


def next_bracket(tournament: Tournament) -> int:
    """The id of the bracket that takes the place of this one."""
    return (tournament.bracket_id or 0) + 1


def drawn_from(tournament: Tournament, lines: Sequence[events.SlotPlan], at: str) -> events.BracketGenerated:
    """The bracket that these lines give."""
    return drawing.drawn(tournament.id, (), True, tournament.settings, at, next_bracket(tournament), lines)


def as_drawn(
    tournament: Tournament, drawn: events.BracketGenerated, at: str
) -> tuple[events.ParticipantsRegistered, ...]:
    """The list of a given draw in the order that it is drawn in now: the list *is* the draw."""
    if tournament.seeding != "given":
        return ()
    groups = [who for stage in drawn.stages[:1] for group in stage.groups for who in group.participants]
    lines: list[int | None] = list(groups)
    if drawing.has_lines(tournament.settings[0]):
        first = [plan for plan in drawn.matches if plan.round == 1]
        lines = [slot.participant for plan in first for slot in plan.slots]
    if not lines:
        return ()
    entrants = {each.id: each for each in tournament.entrants}
    free = events.Entrant(id=None, name=None)
    return (
        events.ParticipantsRegistered(
            tournament_id=tournament.id,
            entrants=tuple(entrants[who] if who is not None else free for who in lines),
            registered_at=at,
        ),
    )
