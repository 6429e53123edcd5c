"""What a subscriber sees of a log, and the piece of it that comes next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from quart_app.live.streams.filters import Filter
from quart_app.live.wires.port import Block


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a subscriber sees of the log: JSON frames or (``html``) rendered fragments, and which events.

    Get one with ``view_of``: who sees the same has the same object, and is compared by it.
    """

    html: bool
    filter: Filter


@lru_cache(maxsize=1024)
def view_of(html: bool, filter: Filter) -> View:
    """The one view of this kind."""
    return View(html, filter)


class Chunk(NamedTuple):
    """What to write, None where the view shows nothing, the cursor after it, and how many events it shows.

    ``owed`` says that the cursor is past the last id in the block: what follows that is not shown.
    """

    block: Block | None
    cursor: int
    events: int = 0
    owed: bool = False
