"""Events from a source of results outside the app: checked against the state, appended, announced.

A failing bus is logged and reaches nobody here: the event is in the log, and open pages get it a
little later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from quart_app.actions.services import Services
from quart_app.actions.writing.perform import record
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.decisions import accept
from quart_app.domain.events import (
    EVENT_TYPES,
    BracketUpdated,
    Event,
    MatchCompleted,
    MatchStarted,
    ScoreUpdated,
)
from quart_app.errors import InvalidInput


async def broadcast_tournament_event(
    services: Services, tournament_id: int, event_type: str, data: Mapping[str, Any]
) -> Recorded:
    """Log one of the four events of play, decided anew from what was told, and announce it.

    ``data`` has the keys of the contract (docs/feed.md); ``tournament_id`` may be left out. A score that
    stands already changes nothing, and neither does what a result moves: that is logged with the result.
    Raises InvalidInput for data that is no such event, NotFound for an unknown tournament or match, and a
    Conflict where the event cannot follow the present state.
    """
    event = _read(tournament_id, event_type, data)
    return await record(services, tournament_id, lambda tournament: accept(tournament, event), None)


async def broadcast_match_started(
    services: Services, tournament_id: int, data: Mapping[str, Any]
) -> Recorded:
    """A match has begun."""
    return await broadcast_tournament_event(services, tournament_id, MatchStarted.type, data)


async def broadcast_score_updated(
    services: Services, tournament_id: int, data: Mapping[str, Any]
) -> Recorded:
    """A live match has a new score."""
    return await broadcast_tournament_event(services, tournament_id, ScoreUpdated.type, data)


async def broadcast_match_completed(
    services: Services, tournament_id: int, data: Mapping[str, Any]
) -> Recorded:
    """A match has its result; the players move on, which a ``bracket_updated`` of ours tells."""
    return await broadcast_tournament_event(services, tournament_id, MatchCompleted.type, data)


async def broadcast_bracket_updated(
    services: Services, tournament_id: int, data: Mapping[str, Any]
) -> Recorded:
    """What a result moved: compared with what it did move, and never logged a second time."""
    return await broadcast_tournament_event(services, tournament_id, BracketUpdated.type, data)


def _read(tournament_id: int, event_type: str, data: Mapping[str, Any]) -> Event:
    if event_type not in {kind.type for kind in (MatchStarted, ScoreUpdated, MatchCompleted, BracketUpdated)}:
        raise InvalidInput({"event_type": f"{event_type!r} is not an event of play."})
    told = {"tournament_id": tournament_id, **data}
    if told["tournament_id"] != tournament_id:
        raise InvalidInput({"tournament_id": "The data names another tournament."})
    try:
        return msgspec.convert(told, EVENT_TYPES[event_type])
    except msgspec.ValidationError as error:
        raise InvalidInput({"data": f"This is no {event_type}: {error}."}) from error
