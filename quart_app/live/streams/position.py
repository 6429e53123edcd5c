"""Where a client stands in a log: the id of the last event it has, ``<epoch>-<seq>``.

The epoch names the log's incarnation, so that an id of a log that was since restored or cut is never mistaken
for one of the present log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, Self

from quart_app.errors import MalformedRequest

_ID = re.compile(r"([0-9a-f]{1,32})-([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class Position:
    """One point of one log; seq 0 is before the first event."""

    epoch: str
    seq: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The position that an id names. Raises MalformedRequest for anything that is no id of ours."""
        match = _ID.fullmatch(text)
        if match is None:
            raise MalformedRequest("The last event id is not one that this feed has sent.")
        return cls(match[1], int(match[2]))

    def __str__(self) -> str:
        return f"{self.epoch}-{self.seq}"


class Level(NamedTuple):
    """Where somebody stands: after which event of which log. ``owed`` says that the cursor has moved on since
    the client was last told an id."""

    epoch: str
    cursor: int
    owed: bool = False

    @property
    def untold(self) -> str | None:
        """The id that the client is still to be told; None where it knows how far the cursor has come."""
        return str(Position(self.epoch, self.cursor)) if self.owed else None

    def told(self) -> Level:
        """The same, now that the client knows."""
        return self._replace(owed=False) if self.owed else self
