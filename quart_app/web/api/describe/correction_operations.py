"""The part of the table of operations that is about changes of mind."""

from __future__ import annotations

from quart_app.web.api.describe.operation import MATCH, STAFF, TOURNAMENT, WRITE_ERRORS, Operation
from quart_app.web.api.shapes import correction_schema as shapes
from quart_app.web.api.shapes import people_schema

_PARTICIPANT = TOURNAMENT + "participants/{participant_id}/"

CORRECTION_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="post",
        path=MATCH + "correct/",
        id="correctResult",
        tag="Matches",
        summary="Replace a confirmed result",
        description="For organisers. With another winner, matches that hang on it change their players; "
        "those that have begun are `affected`. A 409 `match.results_affected` lists them, too.",
        body=shapes.NewCorrection,
        answer=shapes.Changed,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=MATCH + "reopen/",
        id="reopenMatch",
        tag="Matches",
        summary="Take a confirmed result back, or a start",
        description="For organisers. A scorer may take back their own confirmation for a minute, and a start "
        "at 0–0; otherwise it is 409 `match.undo_refused`.",
        body=shapes.NewReopening,
        answer=shapes.Changed,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=MATCH + "void/",
        id="voidMatch",
        tag="Matches",
        summary="Let a match count for nothing",
        description="For organisers, played or not. What it feeds waits for nobody; `reopen/` takes it back.",
        body=shapes.NewVoiding,
        answer=shapes.Changed,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=_PARTICIPANT + "rename/",
        id="renameParticipant",
        tag="Participants",
        summary="Mend a participant's name",
        description="For organisers. Everywhere at once; the story stays as it was then.",
        body=people_schema.NewName,
        answer=people_schema.ParticipantAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=_PARTICIPANT + "replace/",
        id="replaceParticipant",
        tag="Participants",
        summary="Let somebody else play in a participant's place",
        description="For organisers, before their first match. The line and the seed stay.",
        body=people_schema.NewName,
        answer=people_schema.ParticipantAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=_PARTICIPANT + "withdraw/",
        id="withdrawParticipant",
        tag="Participants",
        summary="Take somebody out",
        description="For organisers. What they have still to play goes to their opponents as walkovers.",
        body=people_schema.NewWithdrawal,
        answer=people_schema.ParticipantAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=_PARTICIPANT + "reinstate/",
        id="reinstateParticipant",
        tag="Participants",
        summary="Let somebody who was out play on",
        description="For organisers. Walkovers with which nobody has gone on to play are taken back.",
        body=people_schema.NewReinstatement,
        answer=people_schema.ParticipantAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
)
