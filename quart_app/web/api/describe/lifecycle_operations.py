"""The part of the table of operations that is about a tournament as a whole, and its draw."""

from __future__ import annotations

from quart_app.web.api.describe.operation import STAFF, TOURNAMENT, WRITE_ERRORS, Operation
from quart_app.web.api.shapes import lifecycle_schema as shapes

LIFECYCLE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="post",
        path=TOURNAMENT + "draw/",
        id="changeDraw",
        tag="Tournaments",
        summary="Change the draw",
        description="For organisers, before the first match: two change places, or it is drawn anew. "
        "All matches are others then.",
        body=shapes.NewDraw,
        answer=shapes.DrawAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=TOURNAMENT + "postpone/",
        id="postponeTournament",
        tag="Tournaments",
        summary="Put a tournament off",
        description="For organisers. No match begins until it is resumed; what has begun is played to its "
        "end.",
        body=shapes.NewPostponement,
        answer=shapes.StandingAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=TOURNAMENT + "cancel/",
        id="cancelTournament",
        tag="Tournaments",
        summary="Call a tournament off",
        description="For organisers. It is played no further until it is resumed.",
        body=shapes.NewCancellation,
        answer=shapes.StandingAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=TOURNAMENT + "resume/",
        id="resumeTournament",
        tag="Tournaments",
        summary="Play a tournament on",
        description="For organisers: it is no longer postponed or cancelled.",
        body=shapes.NewResumption,
        answer=shapes.StandingAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=TOURNAMENT + "archive/",
        id="archiveTournament",
        tag="Tournaments",
        summary="Take a tournament off the lists, or put it back",
        description="For organisers. Its address stays.",
        body=shapes.NewArchiving,
        answer=shapes.StandingAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="delete",
        path=TOURNAMENT,
        id="deleteTournament",
        tag="Tournaments",
        summary="Remove a draft",
        description="For organisers. Once there is a bracket it is 409 `bracket.exists`: archive it instead.",
        answer=shapes.StandingAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
)
