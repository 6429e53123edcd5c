"""What a subscriber sees of a log, how it is shown and what was chosen; and the next piece of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from quart_app.domain.events import EVENT_TYPES
from quart_app.domain.parts import Part
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import InvalidInput
from quart_app.live.streams.position import Position
from quart_app.live.wires.port import Block
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


class Projected(Protocol):
    """A way to show a tournament: the log itself as JSON, or the fragments of a page.

    Who is shown the same has the same object, and is compared by it.
    """

    @property
    def name(self) -> str:
        """What it is called in the log."""
        ...

    @property
    def changes(self) -> Callable[[Tournament, frozenset[Part]], str] | None:
        """What renders some changed parts as they are now, "" where it shows none of them. None for the
        projection that shows the events as they were logged."""
        ...

    @property
    def whole(self) -> Callable[[str, Tournament], bytes]:
        """What gives everything it shows of a state, whose log's epoch is the first argument."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a subscriber sees: a projection, and of which events.

    Get one with ``view_of``: who sees the same has the same object, and is compared by it.
    """

    projection: Projected
    filter: Filter

    @property
    def overhears(self) -> bool:
        """Whether it shows what is not of the log: how many watch, say. Not who asked for some types only."""
        return not self.filter.types


@lru_cache(maxsize=1024)
def view_of(projection: Projected, filter: Filter) -> View:
    """The one view of this kind."""
    return View(projection, filter)


class Chunk(NamedTuple):
    """What to write, None where the view shows nothing, the cursor after it, and how many events it shows.

    ``owed`` says that the cursor is past the last id in the block: what follows that is not shown.
    """

    block: Block | None
    cursor: int
    events: int = 0
    owed: bool = False


class Tail(Protocol):
    """What a subscriber reads: the newest end of a log, of which ``chunk`` gives the next piece."""

    delivered_events: int
    delivered_bytes: int

    @property
    def tournament_id(self) -> int:
        """Whose log it is."""
        ...

    @property
    def tournament(self) -> Tournament:
        """The state at the head."""
        ...

    @property
    def epoch(self) -> str:
        """The log's incarnation."""
        ...

    @property
    def head(self) -> int:
        """The seq of the newest event."""
        ...

    @property
    def oldest(self) -> int:
        """The least cursor that can be served."""
        ...

    @property
    def position(self) -> Position:
        """The head as a client is told it."""
        ...

    def chunk(self, view: View, cursor: int, conflate: bool) -> Chunk:
        """What a subscriber at ``cursor`` gets next."""
        ...

    def count(self, view: View, cursor: int) -> int:
        """How many events after ``cursor`` the view shows."""
        ...

    def whole(self, view: View) -> bytes:
        """All that the view's projection shows of the present state."""
        ...
