"""The part of the table of operations that is about changes of mind."""

from __future__ import annotations

from quart_app.web.api.describe.operation import MATCH, STAFF, WRITE_ERRORS, Operation
from quart_app.web.api.shapes import correction_schema as shapes

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
)
