"""What happens to a tournament before, and around, its draw."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from quart_app.domain.events.base import Event
from quart_app.domain.events.stages import StageSettings


class Entrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the draw: a participant, or a bye at that line (then ``id`` and ``name`` are None)."""

    id: int | None
    name: str | None
    seed: int | None = None


class TournamentCreated(Event, frozen=True, kw_only=True):
    """A tournament was opened. ``seeding`` is ``standard`` or ``given``.

    Without ``stages`` it is one stage of this format, with nothing set but its third place.
    """

    type: ClassVar[str] = "tournament_created"

    name: str
    format: str
    seeding: str
    third_place: bool
    visibility: str
    created_at: str
    stages: tuple[StageSettings, ...] = ()


class ParticipantsRegistered(Event, frozen=True, kw_only=True):
    """The whole list of entrants, replacing any earlier one; allowed until the first match begins.

    Where there is a bracket, the one that is drawn from the new list follows in the same transaction.

    An id names one person for ever: who was on an earlier list keeps theirs, and a new one was nobody's.
    """

    type: ClassVar[str] = "participants_registered"

    entrants: tuple[Entrant, ...]
    registered_at: str


class VisibilityChanged(Event, frozen=True, kw_only=True):
    """The tournament was made ``public`` or ``private``."""

    type: ClassVar[str] = "visibility_changed"

    visibility: str
    changed_at: str
