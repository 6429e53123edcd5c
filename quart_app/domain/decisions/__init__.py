"""What a tournament answers to a wish: events, or a refusal.

``decide`` is pure: the same state, command and moment give the same events. It raises a domain error from
``errors`` when the answer is no, and gives no events when there is nothing to do. ``outside.accept`` answers
to what a source outside tells of.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import reduce
from typing import Any

from quart_app import errors
from quart_app.domain import commands, events
from quart_app.domain.decisions import (
    consequences,
    corrections,
    draw,
    lifecycle,
    outside,
    people,
    play,
    setup,
    stages,
)
from quart_app.domain.fold import apply
from quart_app.domain.movement import update_bracket_after_match
from quart_app.domain.state.tournament import Tournament

DECISIONS: Mapping[
    type[commands.Command], Callable[[Tournament, Any, str, int | None], tuple[events.Event, ...]]
] = {
    commands.CreateTournament: setup.create,
    commands.RegisterParticipants: setup.register,
    commands.GenerateBracket: setup.generate,
    commands.ChangeVisibility: setup.change_visibility,
    commands.SwapInDraw: draw.swap,
    commands.DrawAgain: draw.draw_again,
    commands.PostponeTournament: lifecycle.postpone,
    commands.CancelTournament: lifecycle.cancel,
    commands.ResumeTournament: lifecycle.resume,
    commands.ArchiveTournament: lifecycle.archive,
    commands.DeleteTournament: lifecycle.delete,
    commands.StartMatch: play.start,
    commands.UpdateScore: play.update_score,
    commands.ConfirmResult: play.confirm,
    commands.ReopenMatch: corrections.reopen,
    commands.CorrectResult: corrections.correct,
    commands.VoidMatch: corrections.void,
    commands.PublishRound: stages.publish,
    commands.UnpairRound: stages.unpair,
    commands.DrawLots: stages.draw_lots,
    commands.RecordConduct: stages.record_conduct,
    commands.AddParticipant: draw.add_participant,
    commands.RenameParticipant: people.rename,
    commands.ReplaceParticipant: people.replace,
    commands.WithdrawParticipant: people.withdraw,
    commands.ReinstateParticipant: people.reinstate,
}
"""What answers to each command, given the state, the command, the moment (RFC 3339) and whose wish it is."""


def decide(
    tournament: Tournament, command: commands.Command, now: datetime, actor_id: int | None = None
) -> tuple[events.Event, ...]:
    """The events that carry out ``command``, in log order; empty where it changes nothing.

    Raises InvalidInput for values that never fit, NotFound for a tournament or match that does not exist, and
    a Conflict that names the state for a wish that does not fit it.
    """
    if tournament.deleted or not (tournament.seq or isinstance(command, commands.CreateTournament)):
        raise errors.NotFound(f"There is no tournament {tournament.id}.")
    lifecycle.refuse_if_held(tournament, type(command))
    at = events.rfc3339(now)
    told = DECISIONS[type(command)](tournament, command, at, actor_id)
    return _with_forfeits(tournament, told, at, actor_id)


def accept(tournament: Tournament, told: events.Event) -> tuple[events.Event, ...]:
    """What a source outside tells of, as ``outside.accept`` has it, with what follows from it."""
    lifecycle.refuse_if_held(tournament, outside.WISHES.get(type(told)))
    made = outside.accept(tournament, told)
    moved = made[-1] if made else None
    at = moved.updated_at if isinstance(moved, events.BracketUpdated) else ""
    return _with_forfeits(tournament, made, at, None)


def _with_forfeits(
    tournament: Tournament, told: tuple[events.Event, ...], at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """The events, and the walkovers against those who are out in what they have made ready to play."""
    kinds = set(map(type, told))
    if events.ParticipantWithdrawn in kinds or (tournament.roster.out and events.BracketUpdated in kinds):
        return (*told, *consequences.forfeits(reduce(apply, told, tournament), at, actor_id))
    return told


__all__ = ["DECISIONS", "accept", "decide", "update_bracket_after_match"]
