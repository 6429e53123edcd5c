"""What a format is to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from quart_app.domain.bracket.match import Match
from quart_app.domain.events import GroupPlan, MatchPlan, SlotPlan, StageSettings

Places = tuple[tuple[int, int], ...]
"""Who has reached which place for certain: (place, participant id), best first. Places can be shared."""

BEST_OF_MAX = 99

Setting = Literal[
    "third_place",
    "grand_final",
    "groups",
    "legs",
    "rounds",
    "best_of",
    "draws",
    "ruleset",
    "advance",
    "plans",
]
"""A setting that means something to a format, by its name in the log and the API."""


class Drawn(NamedTuple):
    """A stage as a format builds it: its rounds' names, also in short, its matches in play order, its
    groups."""

    rounds: tuple[str, ...]
    short_rounds: tuple[str, ...]
    matches: tuple[MatchPlan, ...]
    groups: tuple[GroupPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """What a format draws a stage from.

    ``lines`` are the lines of a draw, a power of two, byes among them. ``ranked`` are the participants, the
    strongest first, or as they are listed where the draw is ``given``. Matches and rounds are numbered from
    the first ones on.
    """

    settings: StageSettings
    lines: tuple[SlotPlan, ...]
    ranked: tuple[int, ...] = ()
    given: bool = False
    stage: int = 1
    first_match: int = 1
    first_round: int = 1

    def best_of(self, round_name: str) -> int:
        """The best-of of a round."""
        return self.settings.best_of_rounds.get(round_name, self.settings.best_of)


class Format(Protocol):
    """A format. ``name`` stands in the log, ``title`` is what people read, ``explains`` says in a line what
    it is. ``layout`` is how it is shown: a bracket by rounds, tables, or pairings with the table beside."""

    @property
    def name(self) -> str:
        """The word in the log and the API."""
        ...

    @property
    def title(self) -> str:
        """The words on a page."""
        ...

    @property
    def explains(self) -> str:
        """What it is, in a line."""
        ...

    @property
    def layout(self) -> Literal["bracket", "groups", "rounds"]:
        """How it is shown."""
        ...

    @property
    def uses(self) -> frozenset[Setting]:
        """The settings that mean something to it."""
        ...

    def problems(self, settings: StageSettings, participants: int) -> Mapping[str, str]:
        """What is wrong with these settings for so many participants: a sentence a field."""
        ...

    def draw(self, opening: Opening) -> Drawn:
        """The stage's graph. Feeders come before what they feed."""
        ...

    def places(self, matches: Mapping[int, Match]) -> Places:
        """The places that these matches of the stage leave no doubt of; none where a table says it."""
        ...
