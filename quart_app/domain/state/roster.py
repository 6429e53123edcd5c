"""Who takes part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from quart_app.domain.events import Entrant


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who plays. ``seed`` is None for the unseeded."""

    id: int
    name: str
    seed: int | None


@dataclass(frozen=True, slots=True)
class Roster:
    """The list as it stands. ``last_id`` is the greatest id that anybody was ever given; ``out`` are those
    who play no more, "withdrawn" or "disqualified"."""

    entrants: tuple[Entrant, ...] = ()
    participants: Mapping[int, Participant] = field(default_factory=dict)
    last_id: int = 0
    out: Mapping[int, str] = field(default_factory=dict)

    def registered(self, entrants: tuple[Entrant, ...]) -> Roster:
        """The roster once this list has replaced the one before."""
        participants = {
            entrant.id: Participant(entrant.id, entrant.name, entrant.seed)
            for entrant in entrants
            if entrant.id is not None and entrant.name is not None
        }
        out = {who: how for who, how in self.out.items() if who in participants}
        return Roster(entrants, participants, max(self.last_id, *participants, 0), out)

    def joined(self, entrant: Entrant) -> Roster:
        """The roster with one more: at its end, or where byes are marked in the place of the first."""
        bye = next((index for index, each in enumerate(self.entrants) if each.id is None), len(self.entrants))
        return self.registered((*self.entrants[:bye], entrant, *self.entrants[bye + 1 :]))

    def renamed(self, participant_id: int, name: str) -> Roster:
        """The roster in which this participant has this name."""
        return self.registered(
            tuple(
                msgspec.structs.replace(entrant, name=name) if entrant.id == participant_id else entrant
                for entrant in self.entrants
            )
        )

    def without(self, participant_id: int, how: str) -> Roster:
        """The roster in which this participant plays no more."""
        return replace(self, out={**self.out, participant_id: how})

    def reinstated(self, participant_id: int) -> Roster:
        """The roster in which this participant plays on."""
        return replace(self, out={who: how for who, how in self.out.items() if who != participant_id})


EMPTY = Roster()
"""Before there is a list."""
