"""What a format is to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from quart_app.domain.bracket.match import Match
from quart_app.domain.events import MatchPlan

Places = tuple[tuple[int, int], ...]
"""Who has reached which place for certain: (place, participant id), best first."""


class Drawn(NamedTuple):
    """A bracket as a format builds it: its rounds' names, also in short, and the matches in play order."""

    rounds: tuple[str, ...]
    short_rounds: tuple[str, ...]
    matches: tuple[MatchPlan, ...]


class Format(Protocol):
    """A format. ``name`` stands in the log, ``title`` is what people read."""

    @property
    def name(self) -> str:
        """The word in the log and the API."""
        ...

    @property
    def title(self) -> str:
        """The words on a page."""
        ...

    def problems(self, participants: int, *, third_place: bool) -> Mapping[str, str]:
        """What is wrong with these settings for so many participants: a sentence a field."""
        ...

    def draw(self, lines: Sequence[int | None], *, third_place: bool) -> Drawn:
        """The feeder graph for a draw: the participant's id on each line, None for a bye.

        Feeders come before what they feed.
        """
        ...

    def places(self, matches: Mapping[int, Match]) -> Places:
        """The places that these matches leave no doubt of."""
        ...
