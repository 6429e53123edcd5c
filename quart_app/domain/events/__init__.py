"""The facts: what a tournament's log holds, and what its feed sends.

An event's ``data`` is its struct, field for field, so that what a feed sends *is* the log, read forward.
The four that follow play (``match_started``, ``score_updated``, ``match_completed``, ``bracket_updated``)
keep exactly these keys for ever; a field with a default is sent only when it differs from it, so that the
common event carries exactly the keys of the contract. Times are RFC 3339, UTC, with ``Z``.
"""

from quart_app.domain.events.base import Event, rfc3339
from quart_app.domain.events.codec import (
    EVENT_TYPES,
    Envelope,
    UnknownEvent,
    decode_event,
    encode_event,
)
from quart_app.domain.events.draw import (
    MAIN,
    THIRD_PLACE,
    BracketGenerated,
    BracketUpdated,
    MatchPlan,
    NextMatch,
    SlotPlan,
)
from quart_app.domain.events.play import MatchCompleted, MatchStarted, ScoreUpdated
from quart_app.domain.events.setup import (
    Entrant,
    ParticipantsRegistered,
    TournamentCreated,
    VisibilityChanged,
)

__all__ = [
    "EVENT_TYPES",
    "MAIN",
    "THIRD_PLACE",
    "BracketGenerated",
    "BracketUpdated",
    "Entrant",
    "Envelope",
    "Event",
    "MatchCompleted",
    "MatchPlan",
    "MatchStarted",
    "NextMatch",
    "ParticipantsRegistered",
    "ScoreUpdated",
    "SlotPlan",
    "TournamentCreated",
    "UnknownEvent",
    "VisibilityChanged",
    "decode_event",
    "encode_event",
    "rfc3339",
]
