"""The wishes: what somebody asks of a tournament. Plain data, not yet allowed and perhaps impossible.

``web/forms`` and the API read requests into these; ``decisions.decide`` answers with events or a refusal.
"""

from quart_app.domain.commands.lifecycle import (
    ArchiveTournament,
    CancelTournament,
    DeleteTournament,
    PostponeTournament,
    ResumeTournament,
)
from quart_app.domain.commands.people import (
    AddParticipant,
    ReinstateParticipant,
    RenameParticipant,
    ReplaceParticipant,
    WithdrawParticipant,
)
from quart_app.domain.commands.play import (
    CASCADE,
    POLICIES,
    REFUSE,
    ChangeOfMind,
    ConfirmResult,
    CorrectResult,
    ReopenMatch,
    StartMatch,
    UpdateScore,
    VoidMatch,
)
from quart_app.domain.commands.setup import (
    PRIVATE,
    PUBLIC,
    SEEDINGS,
    VISIBILITIES,
    ChangeVisibility,
    CreateTournament,
    DrawAgain,
    EntrantLine,
    GenerateBracket,
    RegisterParticipants,
    SwapInDraw,
)
from quart_app.domain.commands.stages import (
    DrawLots,
    PublishRound,
    RecordConduct,
    UnpairRound,
)

Command = (
    ChangeVisibility
    | CreateTournament
    | DrawAgain
    | GenerateBracket
    | RegisterParticipants
    | SwapInDraw
    | ArchiveTournament
    | CancelTournament
    | DeleteTournament
    | PostponeTournament
    | ResumeTournament
    | ConfirmResult
    | CorrectResult
    | ReopenMatch
    | StartMatch
    | UpdateScore
    | VoidMatch
    | DrawLots
    | PublishRound
    | RecordConduct
    | UnpairRound
    | AddParticipant
    | ReinstateParticipant
    | RenameParticipant
    | ReplaceParticipant
    | WithdrawParticipant
)
"""Any wish."""

__all__ = [
    "CASCADE",
    "POLICIES",
    "PRIVATE",
    "PUBLIC",
    "REFUSE",
    "SEEDINGS",
    "VISIBILITIES",
    "AddParticipant",
    "ArchiveTournament",
    "CancelTournament",
    "ChangeOfMind",
    "ChangeVisibility",
    "Command",
    "ConfirmResult",
    "CorrectResult",
    "CreateTournament",
    "DeleteTournament",
    "DrawAgain",
    "DrawLots",
    "EntrantLine",
    "GenerateBracket",
    "PostponeTournament",
    "PublishRound",
    "RecordConduct",
    "RegisterParticipants",
    "ReinstateParticipant",
    "RenameParticipant",
    "ReopenMatch",
    "ReplaceParticipant",
    "ResumeTournament",
    "StartMatch",
    "SwapInDraw",
    "UnpairRound",
    "UpdateScore",
    "VoidMatch",
    "WithdrawParticipant",
]
