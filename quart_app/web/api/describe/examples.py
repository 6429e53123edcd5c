"""The examples in the API's description.

The answers are of a small tournament in mid-play, made by the domain itself, so that they cannot drift away
from what the API answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import msgspec

from quart_app.domain import commands
from quart_app.domain.decisions import decide
from quart_app.domain.events import Envelope, Event, encode_event, rfc3339
from quart_app.domain.fold import apply
from quart_app.domain.state.tournament import Tournament
from quart_app.show.snapshot import listed, logged, snapshot
from quart_app.store.tournaments import TournamentRow
from quart_app.web.api import schema as api_schema

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


REQUESTS: Mapping[type[msgspec.Struct], Any] = {
    api_schema.NewTournament: {
        "name": "Spring Cup",
        "participants": [{"name": name, "seed": seed} for seed, name in enumerate(_NAMES, start=1)],
    },
    api_schema.NewMatchStart: {"scheduled_time": rfc3339(_AT)},
    api_schema.NewScore: {"participant1_score": 2, "participant2_score": 1},
    api_schema.NewResult: {"notes": "Decided in extra time."},
    api_schema.Credentials: {"username": "referee", "password": "a long secret of theirs"},
    api_schema.RefreshRequest: {"refresh": "eyJhbGciOiJIUzI1NiIs…"},
}
"""An example of each body that a request holds, by its shape."""


def answers() -> Mapping[type[msgspec.Struct], Any]:
    """An example of each answer, by its shape, as plain JSON values."""
    log: list[Event] = []
    tournament = Tournament(7)
    for wish in _WISHES:
        events = decide(tournament, wish, _AT, 3)
        tournament = reduce(apply, events, tournament)
        log += events
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
            tournaments=[listed(row)], next=f"/api/tournaments/?limit=1&before={row.id}"
        ),
        api_schema.Created(tournament_id=row.id, url=f"/tournaments/{row.id}/", position=f"{_EPOCH}-3"),
        whole,
        api_schema.MatchAnswer(match=whole.matches[0], position=whole.position),
        api_schema.EventPage(events=[logged(newest)], head=whole.position, next=None),
    )
    return {type(answer): msgspec.json.decode(msgspec.json.encode(answer)) for answer in shown}
