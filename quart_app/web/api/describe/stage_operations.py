"""The part of the table of operations that is about stages."""

from __future__ import annotations

from quart_app.show.tables import Standings
from quart_app.web.api.describe.operation import ANYONE_OR_STAFF, STAFF, TOURNAMENT, WRITE_ERRORS, Operation
from quart_app.web.api.shapes import round_schema
from quart_app.web.api.shapes import stage_schema as shapes

_STAGE = TOURNAMENT + "stages/{stage}/"

STAGE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="get",
        path=TOURNAMENT + "standings/",
        id="getStandings",
        tag="Stages",
        summary="Get the tables of all stages that have them",
        description="The same as in the snapshot, without the rest of it.",
        answer=Standings,
        security=ANYONE_OR_STAFF,
        errors=(401, 404, 503),
    ),
    Operation(
        method="get",
        path=_STAGE + "report.trf",
        id="getReport",
        tag="Stages",
        summary="A Swiss as a FIDE tournament report (TRF16)",
        description="For other pairing programs, and for rating officers.",
        answer="text/plain",
        security=ANYONE_OR_STAFF,
        errors=(401, 404, 422, 503),
    ),
    Operation(
        method="post",
        path=_STAGE + "proposal/",
        id="proposeRound",
        tag="Stages",
        summary="Propose the next round of a Swiss",
        description="For organisers. Nothing is published; the warnings say what the pairing breaks. With "
        "`pairs` and `byes` that are sent: what those break.",
        body=round_schema.NewProposal,
        answer=round_schema.Proposed,
        security=STAFF,
        errors=WRITE_ERRORS,
    ),
    Operation(
        method="post",
        path=_STAGE + "rounds/",
        id="publishRound",
        tag="Stages",
        summary="Publish the next round of a Swiss",
        description="For organisers. With `pairs` as they are sent, each of two ids, side 1 first; without "
        "them as proposed. With the `version` of a proposal it is refused if anything has changed since.",
        body=round_schema.NewRound,
        answer=shapes.StageAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=_STAGE + "unpair/",
        id="unpairRound",
        tag="Stages",
        summary="Take the last round of a Swiss back",
        description="For organisers, as long as none of its matches has begun.",
        answer=shapes.StageAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=_STAGE + "lots/",
        id="drawLots",
        tag="Stages",
        summary="Separate those of a group whom nothing else separates",
        description="For organisers. `order` is what was drawn, best first; without it the server draws "
        "among the `participants`.",
        body=shapes.NewLots,
        answer=shapes.StageAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=TOURNAMENT + "participants/{participant_id}/conduct/",
        id="recordConduct",
        tag="Stages",
        summary="Set a participant's points of conduct in a stage",
        description="For organisers. The higher, the better.",
        body=shapes.NewConduct,
        answer=shapes.StageAnswer,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
    Operation(
        method="post",
        path=TOURNAMENT + "participants/",
        id="addParticipant",
        tag="Stages",
        summary="Let somebody join late",
        description="For organisers: on a draft, from the next round of a Swiss on, in the place of a bye, "
        "or in a group before the first match.",
        body=shapes.NewParticipant,
        answer=shapes.Joined,
        status=201,
        security=STAFF,
        errors=WRITE_ERRORS,
        parameters=("IdempotencyKey",),
    ),
)
