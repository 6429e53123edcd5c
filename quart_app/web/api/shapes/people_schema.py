"""Shapes of what is asked about those who take part."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from quart_app.domain.rules import REASON_LENGTH_MAX
from quart_app.show.shapes import Answer, Name, PositionId
from quart_app.show.snapshot import ParticipantState
from quart_app.web.api.shapes.stage_schema import Asked


class NewName(Asked, frozen=True, kw_only=True):
    """What somebody is called, or who plays in their place."""

    name: Name


class NewWithdrawal(Asked, frozen=True, kw_only=True):
    """Somebody who plays no more."""

    policy: Annotated[
        Literal["forfeit_rest", "void_all"],
        Meta(
            description="`forfeit_rest` gives what is left to the opponents; `void_all` lets all their "
            "matches in groups count for nothing."
        ),
    ] = "forfeit_rest"
    reason: Annotated[str, Meta(extra_json_schema={"maxLength": REASON_LENGTH_MAX})] = ""
    disqualified: bool = False


class NewReinstatement(Asked, frozen=True, kw_only=True):
    """Somebody who plays on. There is nothing to say about it."""


class ParticipantAnswer(Answer, frozen=True, kw_only=True):
    """The participant after the request, and the point of the log that shows it so."""

    participant: ParticipantState
    position: PositionId
