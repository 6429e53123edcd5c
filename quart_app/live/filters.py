"""What part of a feed a client chose to see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from quart_app.domain.events import EVENT_TYPES, Event
from quart_app.domain.tournament import Tournament
from quart_app.errors import InvalidInput
from quart_app.live.frames import matches_of


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events pass; an empty set asks nothing. An event must pass all three."""

    matches: frozenset[int] = frozenset()
    participants: frozenset[int] = frozenset()
    types: frozenset[str] = frozenset()

    @classmethod
    def read(cls, matches: Collection[str], participants: Collection[str], types: Collection[str]) -> Filter:
        """The filter that a query asks for. Raises InvalidInput for what is no id or no type of event."""
        names = frozenset(name for part in types for name in part.split(",") if name)
        problems = {}
        if unknown := names - EVENT_TYPES.keys():
            problems["types"] = f"There is no event type {', '.join(sorted(unknown))[:80]!r}."
        for field, values in (("match", matches), ("participant", participants)):
            if not all(value.isascii() and value.isdigit() and len(value) < 10 for value in values):
                problems[field] = "Give the id as a whole number."
        if problems:
            raise InvalidInput(problems)
        return cls(frozenset(map(int, matches)), frozenset(map(int, participants)), names)

    def __bool__(self) -> bool:
        """Whether anything is left out at all."""
        return bool(self.matches or self.participants or self.types)

    def passes(self, event: Event, tournament: Tournament) -> bool:
        """Whether the client wants to see this event; ``tournament`` tells who plays in a match."""
        if self.types and event.type not in self.types:
            return False
        if not (self.matches or self.participants):
            return True
        about = matches_of(event)
        if self.matches and not self.matches & about:
            return False
        return not self.participants or not self.participants.isdisjoint(
            slot.participant_id
            for match_id in about
            if match_id in tournament.matches
            for slot in tournament.matches[match_id].slots
        )
