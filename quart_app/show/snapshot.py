"""A tournament, a match and an event of the log as the API answers them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from quart_app.domain.bracket.match import Match, MatchStatus
from quart_app.domain.events import EVENT_TYPES, Envelope, Games, SlotPlan
from quart_app.domain.state.roster import Participant
from quart_app.domain.state.tournament import Tournament
from quart_app.show.paths import at
from quart_app.show.shapes import (
    Answer,
    Count,
    Id,
    ListedStatus,
    Moment,
    PositionId,
    Status,
    TournamentFormat,
    Visibility,
)
from quart_app.show.tables import StageState, stage_state
from quart_app.store.tournaments import TournamentRow


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
        url=at(f"/api/tournaments/{row.id}/"),
    )


def snapshot(epoch: str, tournament: Tournament) -> Snapshot:
    """The whole state of a tournament, whose log's incarnation is ``epoch``."""
    return Snapshot(
        tournament=tournament_state(tournament),
        participants=[
            participant_state(tournament, participant_id) for participant_id in tournament.participants
        ],
        rounds=[
            RoundState(round=each.number, name=each.name, matches=each.played, completed=each.completed)
            for each in tournament.rounds
        ],
        matches=[match_state(tournament, match) for match in tournament.matches.values()],
        stages=[stage_state(tournament, stage) for stage in tournament.stages],
        position=f"{epoch}-{tournament.seq}",
    )


def tournament_state(tournament: Tournament) -> TournamentState:
    """The tournament itself."""
    champion, hold = tournament.champion, tournament.held
    return TournamentState(
        id=tournament.id,
        name=tournament.name,
        format=tournament.format,
        status=tournament.status.value,
        champion=Champion(id=champion.id, name=champion.name) if champion else None,
        hold=HoldState(since=hold.since, because=hold.because or None, until=hold.until) if hold else UNSET,
        archived=tournament.archived or UNSET,
    )


def participant_state(tournament: Tournament, participant_id: int) -> ParticipantState:
    """Somebody who plays, or has played."""
    who = tournament.participants[participant_id]
    return ParticipantState(
        id=who.id, name=who.name, seed=who.seed, out=tournament.roster.out.get(who.id, UNSET)
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
        stage=match.plan.stage_number,
        group=match.plan.group or None,
        side=match.plan.side or None,
        round_name=tournament.round_name(match.plan.round),
        games=match.games,
        source1=match.plan.slots[0],
        source2=match.plan.slots[1],
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


class Champion(Answer, frozen=True, kw_only=True):
    """Who won the tournament."""

    id: Id
    name: str


class HoldState(Answer, frozen=True, kw_only=True):
    """Since when a tournament is postponed or cancelled, why, and until when if somebody knows."""

    since: Moment
    because: str | None
    until: Moment | None


class TournamentState(Answer, frozen=True, kw_only=True):
    """The tournament itself; `champion` is null until there is one. `hold` is there while it is postponed or
    cancelled, `archived` while no list shows it."""

    id: Id
    name: str
    format: TournamentFormat
    status: Status
    champion: Champion | None
    hold: HoldState | UnsetType = UNSET
    archived: Annotated[bool, Meta(extra_json_schema={"const": True})] | UnsetType = UNSET


class ParticipantState(Answer, frozen=True, kw_only=True):
    """Somebody who plays."""

    id: Id
    name: str
    seed: int | None
    out: (
        Annotated[
            str,
            Meta(
                description="Why they play no more; there for those alone.",
                extra_json_schema={"enum": ["withdrawn", "disqualified"]},
            ),
        ]
        | UnsetType
    ) = UNSET


class RoundState(Answer, frozen=True, kw_only=True):
    """A round's progress; byes do not count."""

    round: Id
    name: str
    matches: Count
    completed: Count


class MatchState(Answer, frozen=True, kw_only=True):
    """A match as it stands. `version` is the seq of the last event that changed it."""

    match_id: Id
    round: Id
    position: Annotated[int, Meta(description="Its place in the round, from the top.")]
    status: Annotated[str, Meta(extra_json_schema={"enum": [status.value for status in MatchStatus]})]
    best_of: int
    participant1_id: int | None
    participant1_name: str | None
    participant1_score: int | None
    participant2_id: int | None
    participant2_name: str | None
    participant2_score: int | None
    winner_id: int | None
    version: Count
    stage: Id
    group: str | None
    side: Annotated[str | None, Meta(description="Of a double elimination: `winners`, `losers` or `final`.")]
    round_name: str
    games: Annotated[Games, Meta(description="The scores of its games, side 1 first, where they are told.")]
    source1: SlotPlan
    source2: Annotated[SlotPlan, Meta(description="Where the side's participant comes from.")]


class Snapshot(Answer, frozen=True, kw_only=True):
    """A tournament at one point of its log; join the feed at `position` to follow it from there."""

    tournament: TournamentState
    participants: list[ParticipantState]
    rounds: list[RoundState]
    matches: list[MatchState]
    stages: list[StageState]
    position: PositionId


class Listed(Answer, frozen=True, kw_only=True):
    """A tournament as the list shows it."""

    id: Id
    name: str
    status: ListedStatus
    visibility: Visibility
    position: PositionId
    created_at: Moment
    updated_at: Moment
    url: Annotated[str, Meta(description="Where its snapshot is.")]


class LoggedEvent(Answer, frozen=True, kw_only=True):
    """An event of the log. `data` has the keys that the feed sends."""

    id: PositionId
    seq: Id
    type: Annotated[str, Meta(extra_json_schema={"enum": list(EVENT_TYPES)})]
    at: Moment
    data: Annotated[msgspec.Raw, Meta(extra_json_schema={"type": "object"})]
