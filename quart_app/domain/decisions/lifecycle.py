"""Decisions about a tournament as a whole: put off, called off, resumed, taken off the lists, deleted."""

from __future__ import annotations

from quart_app import errors
from quart_app.domain import commands, events, rules
from quart_app.domain.state.tournament import Tournament, TournamentStatus

NOT_WHILE_POSTPONED = (commands.StartMatch, commands.PublishRound)
"""What begins something. What has begun is played to its end."""

NOT_WHILE_CANCELLED = (
    *NOT_WHILE_POSTPONED,
    commands.GenerateBracket,
    commands.UpdateScore,
    commands.ConfirmResult,
)


def refuse_if_held(tournament: Tournament, wish: type[commands.Command] | None) -> None:
    """Let nothing be played that is put off or called off. Raises TournamentHeld."""
    hold = tournament.held
    if hold is None:
        return
    cancelled = hold.status is TournamentStatus.CANCELLED
    if wish in (NOT_WHILE_CANCELLED if cancelled else NOT_WHILE_POSTPONED):
        why = f": {hold.because}" if hold.because else ""
        raise errors.TournamentHeld(
            f"This tournament is {hold.status.value}{why}. An organiser can resume it."
        )


def postpone(
    tournament: Tournament, command: commands.PostponeTournament, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Put it off, or say otherwise why or until when. Raises TournamentHeld where it is cancelled or over,
    InvalidInput."""
    _refuse_if_over(tournament)
    if tournament.status is TournamentStatus.CANCELLED:
        raise errors.TournamentHeld("This tournament is cancelled; resume it first.")
    rules.check_reason(command.reason)
    until = rules.utc_time("until", command.until) if command.until else None
    because = rules.tidy(command.reason)
    hold = tournament.hold
    if hold is not None and (hold.because, hold.until) == (because, until):
        return ()
    return (
        events.TournamentPostponed(
            tournament_id=tournament.id,
            postponed_at=at,
            postponed_by=actor_id,
            because=because or None,
            until=until,
        ),
    )


def cancel(
    tournament: Tournament, command: commands.CancelTournament, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Call it off, or say otherwise why. Raises TournamentHeld where it is over, InvalidInput."""
    _refuse_if_over(tournament)
    rules.check_reason(command.reason)
    because, hold = rules.tidy(command.reason), tournament.hold
    if hold is not None and (hold.status, hold.because) == (TournamentStatus.CANCELLED, because):
        return ()
    return (
        events.TournamentCancelled(
            tournament_id=tournament.id, cancelled_at=at, cancelled_by=actor_id, because=because or None
        ),
    )


def resume(
    tournament: Tournament, command: commands.ResumeTournament, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Let it be played on; changes nothing where it can be."""
    if tournament.hold is None:
        return ()
    return (events.TournamentResumed(tournament_id=tournament.id, resumed_at=at, resumed_by=actor_id),)


def archive(
    tournament: Tournament, command: commands.ArchiveTournament, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Take it off the lists or put it back; changes nothing where it is there already."""
    if command.archived == tournament.archived:
        return ()
    return (
        events.TournamentArchived(
            tournament_id=tournament.id, archived_at=at, archived_by=actor_id, archived=command.archived
        ),
    )


def delete(
    tournament: Tournament, command: commands.DeleteTournament, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Remove a draft. Raises BracketExists once there is a bracket."""
    if tournament.bracket_id is not None:
        raise errors.BracketExists("Only a draft can be deleted; archive this tournament instead.")
    return (events.TournamentDeleted(tournament_id=tournament.id, deleted_at=at, deleted_by=actor_id),)


def _refuse_if_over(tournament: Tournament) -> None:
    if tournament.progress is TournamentStatus.COMPLETED:
        raise errors.TournamentHeld("This tournament is over.")
