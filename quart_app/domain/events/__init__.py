"""The facts: what a tournament's log holds, and what its feed sends.

An event's ``data`` is its struct, field for field, so that what a feed sends *is* the log, read forward.
The four that follow play (``match_started``, ``score_updated``, ``match_completed``, ``bracket_updated``)
keep exactly these keys for ever; a field with a default is sent only when it differs from it, so that the
common event carries exactly the keys of the contract. Times are RFC 3339, UTC, with ``Z``.
"""

from quart_app.domain.events.base import Event, rfc3339
from quart_app.domain.events.codec import (
    EVENT_TYPES,
    DamagedEvent,
    Envelope,
    UnknownEvent,
    decode_event,
    encode_event,
)
from quart_app.domain.events.draw import (
    FINAL,
    LOSERS,
    MAIN,
    THIRD_PLACE,
    WINNERS,
    BracketGenerated,
    BracketUpdated,
    GroupPlan,
    MatchPlan,
    NextMatch,
    RankOf,
    SlotPlan,
    StagePlan,
)
from quart_app.domain.events.lifecycle import (
    TournamentArchived,
    TournamentCancelled,
    TournamentDeleted,
    TournamentPostponed,
    TournamentResumed,
)
from quart_app.domain.events.people import (
    ParticipantReinstated,
    ParticipantRenamed,
    ParticipantReplaced,
    ParticipantWithdrawn,
    WithdrawalPolicy,
)
from quart_app.domain.events.play import (
    Games,
    MatchCompleted,
    MatchReopened,
    MatchStarted,
    MatchVoided,
    Reopened,
    ScoreUpdated,
)
from quart_app.domain.events.setup import (
    Entrant,
    ParticipantsRegistered,
    TournamentCreated,
    VisibilityChanged,
)
from quart_app.domain.events.stages import (
    RESET,
    SINGLE,
    ConductRecorded,
    Crossing,
    GameRules,
    LotsDrawn,
    ParticipantAdded,
    RoundPaired,
    RoundUnpaired,
    StageSettings,
)

__all__ = [
    "EVENT_TYPES",
    "FINAL",
    "LOSERS",
    "MAIN",
    "RESET",
    "SINGLE",
    "THIRD_PLACE",
    "WINNERS",
    "BracketGenerated",
    "BracketUpdated",
    "ConductRecorded",
    "Crossing",
    "DamagedEvent",
    "Entrant",
    "Envelope",
    "Event",
    "GameRules",
    "Games",
    "GroupPlan",
    "LotsDrawn",
    "MatchCompleted",
    "MatchPlan",
    "MatchReopened",
    "MatchStarted",
    "MatchVoided",
    "NextMatch",
    "ParticipantAdded",
    "ParticipantReinstated",
    "ParticipantRenamed",
    "ParticipantReplaced",
    "ParticipantWithdrawn",
    "ParticipantsRegistered",
    "RankOf",
    "Reopened",
    "RoundPaired",
    "RoundUnpaired",
    "ScoreUpdated",
    "SlotPlan",
    "StagePlan",
    "StageSettings",
    "TournamentArchived",
    "TournamentCancelled",
    "TournamentCreated",
    "TournamentDeleted",
    "TournamentPostponed",
    "TournamentResumed",
    "UnknownEvent",
    "VisibilityChanged",
    "WithdrawalPolicy",
    "decode_event",
    "encode_event",
    "rfc3339",
]
