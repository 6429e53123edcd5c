"""What a subscriber sees of a log, and the piece of it that comes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from quart_app.domain.parts import Part
from quart_app.domain.state.tournament import Tournament
from quart_app.live.streams.filters import Filter
from quart_app.live.wires.port import Block


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
