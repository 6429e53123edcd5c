"""What becomes of a tournament as a whole: put off, called off, taken off the lists."""

from __future__ import annotations

from typing import ClassVar

from quart_app.domain.events.base import Event


class TournamentPostponed(Event, frozen=True, kw_only=True):
    """No match begins until it is resumed. ``until`` is when that may be, where somebody knows."""

    type: ClassVar[str] = "tournament_postponed"

    postponed_at: str
    postponed_by: int | None
    because: str | None = None
    until: str | None = None


class TournamentCancelled(Event, frozen=True, kw_only=True):
    """It is played no further; what was played stays."""

    type: ClassVar[str] = "tournament_cancelled"

    cancelled_at: str
    cancelled_by: int | None
    because: str | None = None


class TournamentResumed(Event, frozen=True, kw_only=True):
    """It is no longer postponed or cancelled."""

    type: ClassVar[str] = "tournament_resumed"

    resumed_at: str
    resumed_by: int | None


class TournamentArchived(Event, frozen=True, kw_only=True):
    """It stands on no list any more, or with ``archived`` false on them again. Its address stays."""

    type: ClassVar[str] = "tournament_archived"

    archived_at: str
    archived_by: int | None
    archived: bool = True


class TournamentDeleted(Event, frozen=True, kw_only=True):
    """The draft is gone for everybody; nothing follows in its log."""

    type: ClassVar[str] = "tournament_deleted"

    deleted_at: str
    deleted_by: int | None
