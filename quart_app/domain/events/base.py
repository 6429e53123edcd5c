"""What every event is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fact of a tournament: past tense, small, never changed once logged."""

    type: ClassVar[str]
    version: ClassVar[int] = 1

    tournament_id: int

    @property
    def about(self) -> tuple[int, ...]:
        """The ids of the matches that this event is about: it tells their story, and a filter by match or
        participant goes by them."""
        return ()


class MatchEvent(Event, frozen=True, kw_only=True):
    """A fact of one match."""

    match_id: int

    @property
    def about(self) -> tuple[int, ...]:
        """The match."""
        return (self.match_id,)


def rfc3339(moment: datetime) -> str:
    """An aware datetime as RFC 3339 in UTC with milliseconds and ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
