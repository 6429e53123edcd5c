"""The examples in the API's description.

The answers are of a small tournament in mid-play, made by the domain itself, so that they cannot drift away
from what the API answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import msgspec

from quart_app.domain import commands
from quart_app.domain.decisions import decide
from quart_app.domain.events import Envelope, Event, StageSettings, encode_event, rfc3339
from quart_app.domain.fold import apply
from quart_app.domain.state.tournament import Tournament
from quart_app.show.paths import at, tournament_path
from quart_app.show.snapshot import listed, logged, snapshot
from quart_app.show.tables import Standings, stage_state
from quart_app.store.tournaments import TournamentRow
from quart_app.web.api.shapes import (
    correction_schema,
    lifecycle_schema,
    people_schema,
    round_schema,
    stage_schema,
)
from quart_app.web.api.shapes import schema as api_schema

_EPOCH = "9f2c41d0"
_AT = datetime(2026, 12, 18, 15, 0, tzinfo=UTC)
_NAMES = ("Argentina", "Croatia", "Morocco", "France")
_WISHES: tuple[commands.Command, ...] = (
    commands.CreateTournament(
        name="Spring Cup",
        entrants=tuple(
            commands.EntrantLine(name=name, seed=seed) for seed, name in enumerate(_NAMES, start=1)
        ),
    ),
    commands.GenerateBracket(),
    commands.StartMatch(match_id=1, scheduled_time=rfc3339(_AT)),
    commands.UpdateScore(match_id=1, participant1_score=2, participant2_score=1),
)
_LEAGUE: tuple[commands.Command, ...] = (
    commands.CreateTournament(
        name="Spring League",
        entrants=tuple(commands.EntrantLine(name=name) for name in _NAMES),
        stages=(StageSettings(format="round_robin"),),
    ),
    commands.GenerateBracket(),
    commands.StartMatch(match_id=1),
    commands.ConfirmResult(match_id=1, score=(2, 1)),
    commands.StartMatch(match_id=2),
    commands.ConfirmResult(match_id=2, score=(0, 0)),
)


REQUESTS: Mapping[type[msgspec.Struct], Any] = {
    api_schema.NewTournament: {
        "name": "Spring Cup",
        "participants": [{"name": name, "seed": seed} for seed, name in enumerate(_NAMES, start=1)],
    },
    api_schema.NewMatchStart: {"scheduled_time": rfc3339(_AT)},
    api_schema.NewScore: {"participant1_score": 2, "participant2_score": 1},
    api_schema.NewResult: {"notes": "Decided in extra time."},
    correction_schema.NewCorrection: {
        "participant1_score": 1,
        "participant2_score": 2,
        "reason": "The sides were swapped.",
        "preview": True,
    },
    people_schema.NewName: {"name": "Côte d’Ivoire"},
    people_schema.NewWithdrawal: {"reason": "Injured", "policy": "forfeit_rest"},
    people_schema.NewReinstatement: {},
    correction_schema.NewReopening: {"to": "live", "reason": "They play on."},
    correction_schema.NewVoiding: {"reason": "Neither came."},
    lifecycle_schema.NewDraw: {"swap": [2, 3]},
    lifecycle_schema.NewPostponement: {"reason": "Rain", "until": rfc3339(_AT)},
    lifecycle_schema.NewCancellation: {"reason": "The hall has no light."},
    lifecycle_schema.NewResumption: {},
    lifecycle_schema.NewArchiving: {"archived": True},
    round_schema.NewProposal: {"absent": [4]},
    round_schema.NewRound: {"pairs": [[1, 3], [4, 2]], "byes": [], "version": 3},
    stage_schema.NewLots: {"group": "A", "participants": [2, 3]},
    stage_schema.NewConduct: {"points": -4, "stage": 1},
    stage_schema.NewParticipant: {"name": "Japan"},
    api_schema.Credentials: {"username": "referee", "password": "a long secret of theirs"},
    api_schema.RefreshRequest: {"refresh": "eyJhbGciOiJIUzI1NiIs…"},
}
"""An example of each body that a request holds, by its shape."""


def answers() -> Mapping[type[msgspec.Struct], Any]:
    """An example of each answer, by its shape, as plain JSON values."""
    tournament, log = _played(7, _WISHES)
    league, _ = _played(8, _LEAGUE)
    whole = snapshot(_EPOCH, tournament)
    row = TournamentRow(
        id=tournament.id,
        epoch=_EPOCH,
        head_seq=tournament.seq,
        name=tournament.name,
        status=tournament.status.value,
        visibility=tournament.visibility,
        created_at=tournament.created_at,
        updated_at=rfc3339(_AT),
    )
    newest = Envelope(
        tournament_id=tournament.id,
        epoch=_EPOCH,
        seq=tournament.seq,
        event=log[-1],
        data=encode_event(log[-1]),
        at=rfc3339(_AT),
        actor_id=3,
    )
    shown = (
        api_schema.TournamentList(
            tournaments=[listed(row)], next=at(f"/api/tournaments/?limit=1&before={row.id}")
        ),
        api_schema.Created(tournament_id=row.id, url=tournament_path(row.id), position=f"{_EPOCH}-3"),
        whole,
        api_schema.MatchAnswer(match=whole.matches[0], position=whole.position),
        lifecycle_schema.StandingAnswer(tournament=whole.tournament, position=whole.position),
        lifecycle_schema.DrawAnswer(
            participants=whole.participants, matches=whole.matches, position=whole.position
        ),
        people_schema.ParticipantAnswer(participant=whole.participants[0], position=whole.position),
        correction_schema.Changed(
            affected=[
                correction_schema.AffectedMatch(
                    match_id=3, label="Final", status="live", score=(0, 1), becomes="ready"
                )
            ],
            version=9,
            match=whole.matches[0],
            position=whole.position,
        ),
        Standings(
            stages=[stage_state(league, stage) for stage in league.stages], position=f"{_EPOCH}-{league.seq}"
        ),
        round_schema.Proposed(
            stage=1,
            round=1,
            pairs=[
                round_schema.PairState(
                    participant1_id=first,
                    participant1_name=_NAMES[first - 1],
                    participant2_id=second,
                    participant2_name=_NAMES[second - 1],
                )
                for first, second in ((1, 3), (4, 2))
            ],
            byes=[],
            warnings=[],
            version=3,
        ),
        stage_schema.StageAnswer(match_ids=[1, 2], position=f"{_EPOCH}-5"),
        stage_schema.Joined(participant_id=5, position=f"{_EPOCH}-6"),
        api_schema.EventPage(events=[logged(newest)], head=whole.position, next=None),
    )
    return {type(answer): msgspec.json.decode(msgspec.json.encode(answer)) for answer in shown}


def _played(tournament_id: int, wishes: Iterable[commands.Command]) -> tuple[Tournament, list[Event]]:
    """A tournament after these wishes, and its log."""
    log: list[Event] = []
    tournament = Tournament(tournament_id)
    for wish in wishes:
        events = decide(tournament, wish, _AT, 3)
        tournament = reduce(apply, events, tournament)
        log += events
    return tournament, log
