"""A tournament, a match and an event of the log as the API answers them."""

from __future__ import annotations

import msgspec

from quart_app.domain.bracket import Match
from quart_app.domain.events import Envelope
from quart_app.domain.tournament import Participant, Tournament
from quart_app.store.tournaments import TournamentRow
from quart_app.web.api_schema import (
    Champion,
    Listed,
    LoggedEvent,
    MatchState,
    ParticipantState,
    RoundState,
    Snapshot,
    TournamentState,
)


def listed(row: TournamentRow) -> Listed:
    """A row of the list."""
    return Listed(
        id=row.id,
        name=row.name,
        status=row.status,
        visibility=row.visibility,
        position=f"{row.epoch}-{row.head_seq}",
        created_at=row.created_at,
        updated_at=row.updated_at,
        url=f"/api/tournaments/{row.id}/",
    )


def snapshot(epoch: str, tournament: Tournament) -> Snapshot:
    """The whole state of a tournament, whose log's incarnation is ``epoch``."""
    champion = tournament.champion
    return Snapshot(
        tournament=TournamentState(
            id=tournament.id,
            name=tournament.name,
            format=tournament.format,
            status=tournament.status.value,
            champion=Champion(id=champion.id, name=champion.name) if champion else None,
        ),
        participants=[
            ParticipantState(id=each.id, name=each.name, seed=each.seed)
            for each in tournament.participants.values()
        ],
        rounds=[
            RoundState(round=each.number, name=each.name, matches=each.played, completed=each.completed)
            for each in tournament.rounds
        ],
        matches=[match_state(tournament, match) for match in tournament.matches.values()],
        position=f"{epoch}-{tournament.seq}",
    )


def match_state(tournament: Tournament, match: Match) -> MatchState:
    """A match, with the names of those who are known to play it."""
    first, second = (tournament.participant(slot.participant_id) for slot in match.slots)
    scores = match.score or (None, None)
    return MatchState(
        match_id=match.match_id,
        round=match.plan.round,
        position=match.plan.position,
        status=match.status.value,
        best_of=match.plan.best_of,
        participant1_id=_id(first),
        participant1_name=first.name if first else None,
        participant1_score=scores[0],
        participant2_id=_id(second),
        participant2_name=second.name if second else None,
        participant2_score=scores[1],
        winner_id=match.winner_id,
        version=match.version,
    )


def logged(envelope: Envelope) -> LoggedEvent:
    """An event of the log; its data goes out as it was encoded."""
    return LoggedEvent(
        id=envelope.id,
        seq=envelope.seq,
        type=envelope.event.type,
        at=envelope.at,
        data=msgspec.Raw(envelope.data),
    )


def _id(participant: Participant | None) -> int | None:
    return participant.id if participant else None
