"""Who takes part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from quart_app.domain.events import Entrant


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who plays. ``seed`` is None for the unseeded."""

    id: int
    name: str
    seed: int | None


@dataclass(frozen=True, slots=True)
class Roster:
    """The list as it stands. ``last_id`` is the greatest id that anybody was ever given."""

    entrants: tuple[Entrant, ...] = ()
    participants: Mapping[int, Participant] = field(default_factory=dict)
    last_id: int = 0

    def registered(self, entrants: tuple[Entrant, ...]) -> Roster:
        """The roster once this list has replaced the one before."""
        participants = {
            entrant.id: Participant(entrant.id, entrant.name, entrant.seed)
            for entrant in entrants
            if entrant.id is not None and entrant.name is not None
        }
        return Roster(entrants, participants, max(self.last_id, *participants, 0))


EMPTY = Roster()
"""Before there is a list."""
