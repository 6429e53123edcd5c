"""Wishes about a tournament before its first match: its list, its draw, who may see it."""

from __future__ import annotations

from dataclasses import dataclass, field

from quart_app.domain.events import StageSettings

SEEDINGS = ("standard", "given")
PUBLIC = "public"
PRIVATE = "private"
VISIBILITIES = (PUBLIC, PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrantLine:
    """One line of a list of participants. ``name`` is None on a line that is a bye (``given`` draws only).

    ``line`` is the number by which whoever typed the list knows it, where that is not its place in it.
    """

    name: str | None
    seed: int | None = None
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTournament:
    """Open a tournament with its list of participants; the draw can still change.

    ``stages`` say what is played; without them it is one stage of this ``format``, with or without a match
    for third place.
    """

    name: str
    entrants: tuple[EntrantLine, ...]
    format: str = "single_elimination"
    seeding: str = "standard"
    third_place: bool = False
    visibility: str = PUBLIC
    stages: tuple[StageSettings, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterParticipants:
    """Replace the list of participants, while there is no bracket yet. ``version`` is the seq of the state
    that the list was made from; None replaces whatever is there."""

    entrants: tuple[EntrantLine, ...]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class GenerateBracket:
    """Draw and build the bracket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeVisibility:
    """Make the tournament ``public`` or ``private``."""

    visibility: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapInDraw:
    """Let two participants change places in the draw, before the first match. With ``bye_match_id`` instead
    of ``other_id`` somebody takes the bye's place in that match, and the bye goes where they were.
    ``version`` is the seq of the state that the draw was seen in."""

    participant_id: int
    other_id: int | None = None
    bye_match_id: int | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawAgain:
    """Draw the bracket anew, before the first match: from another list where ``entrants`` has one, else from
    the one that there is. ``lots`` are numbers in any order, by which those without a seed, or in a given
    draw all, come into another one; none leaves it. ``version`` is the seq of the state that the list was
    made from."""

    entrants: tuple[EntrantLine, ...] | None = None
    lots: tuple[int, ...] = ()
    version: int | None = None
