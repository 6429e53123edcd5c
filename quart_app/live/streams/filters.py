"""What part of a feed a client chose to see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from quart_app.domain.events import EVENT_TYPES
from quart_app.errors import InvalidInput
from quart_app.timeline.timeline import Entry

IDS_MAX = 200
"""How many matches, or participants, one filter may name."""


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
            if len(values) > IDS_MAX:
                problems[field] = f"Give at most {IDS_MAX} of them; without any, all are shown."
            elif not all(value.isascii() and value.isdigit() and len(value) < 10 for value in values):
                problems[field] = "Give the id as a whole number."
        if problems:
            raise InvalidInput(problems)
        return cls(frozenset(map(int, matches)), frozenset(map(int, participants)), names)

    def __bool__(self) -> bool:
        """Whether anything is left out at all."""
        return bool(self.matches or self.participants or self.types)

    def passes(self, entry: Entry) -> bool:
        """Whether the client wants to see this event. Who moves into a match later did not play in it then: a
        replay shows what was shown live."""
        event = entry.envelope.event
        if self.types and event.type not in self.types:
            return False
        if self.matches and self.matches.isdisjoint(event.about):
            return False
        return not self.participants or not self.participants.isdisjoint(entry.players)
