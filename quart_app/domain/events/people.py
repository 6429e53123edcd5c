"""What becomes of those who take part."""

from __future__ import annotations

from typing import ClassVar, Literal

from quart_app.domain.events.base import Event

WithdrawalPolicy = Literal["forfeit_rest", "void_all"]


class ParticipantRenamed(Event, frozen=True, kw_only=True):
    """Somebody is called otherwise from here on than by their ``previous_name``."""

    type: ClassVar[str] = "participant_renamed"

    participant_id: int
    name: str
    renamed_at: str
    renamed_by: int | None
    previous_name: str | None = None


class ParticipantReplaced(Event, frozen=True, kw_only=True):
    """Somebody else plays in the place of who had the ``previous_name``, with their id, line and seed,
    before their first match."""

    type: ClassVar[str] = "participant_replaced"

    participant_id: int
    name: str
    replaced_at: str
    replaced_by: int | None
    previous_name: str | None = None


class ParticipantWithdrawn(Event, frozen=True, kw_only=True):
    """Somebody plays no more; what they have still to play goes to their opponents as walkovers.

    With ``void_all`` their matches in groups count for nothing, those that were played too.
    """

    type: ClassVar[str] = "participant_withdrawn"

    participant_id: int
    withdrawn_at: str
    withdrawn_by: int | None
    policy: WithdrawalPolicy = "forfeit_rest"
    because: str | None = None
    disqualified: bool = False


class ParticipantReinstated(Event, frozen=True, kw_only=True):
    """Somebody who had withdrawn plays on."""

    type: ClassVar[str] = "participant_reinstated"

    participant_id: int
    reinstated_at: str
    reinstated_by: int | None
